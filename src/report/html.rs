//! What all pages are made of.

use std::collections::BTreeSet;

use maud::{DOCTYPE, Markup, PreEscaped, Render, html};

use super::links::{FileLink, Links};

/// A part of a page under its own heading.
pub struct Section {
    heading: String,
    body: Markup,
}

impl Section {
    pub fn new(heading: impl Into<String>, body: Markup) -> Self {
        Self { heading: heading.into(), body }
    }
}

/// A page: its heading, what it begins with, its contents with links to `files`, and its sections.
pub fn page(heading: &str, opening: &Markup, files: &[FileLink], sections: &[Section]) -> String {
    let anchors = anchors(sections.iter().map(|section| section.heading.as_str()));
    let page = html! {
        (DOCTYPE) "\n"
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (heading) } "\n"
                style { "\n" (PreEscaped(include_str!("style.css"))) }
            }
            body {
                "\n" h1 { (heading) } "\n"
                (opening)
                "\n"
                nav aria-label="Contents" {
                    ul {
                        @for (section, anchor) in sections.iter().zip(&anchors) {
                            li { a href={ "#" (anchor) } { (section.heading) } } "\n"
                        }
                    }
                    @if !files.is_empty() {
                        p {
                            "Files:"
                            @for (index, FileLink { name, url }) in files.iter().enumerate() {
                                @if index > 0 { "," } " " a href=(url) { (name) }
                            }
                        }
                    }
                }
                @for (section, anchor) in sections.iter().zip(&anchors) {
                    "\n" h2 id=(anchor) { (section.heading) } "\n"
                    (section.body)
                }
            }
        }
        "\n"
    };
    page.into_string()
}

/// The anchors of headings: their words joined by hyphens. A heading that is there already gets a number.
fn anchors<'a>(headings: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut anchor = |heading: &str| {
        let lowercase = heading.to_lowercase().replace('α', "alpha");
        let words = lowercase.split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let plain = if words.is_empty() { "section".into() } else { words.join("-") };
        let numbered = (2..).map(|number| format!("{plain}-{number}"));
        let mut names = [plain.clone()].into_iter().chain(numbered);
        names.find(|name| taken.insert(name.clone())).expect("there is always a next number")
    };
    headings.map(&mut anchor).collect()
}

/// The figures of a page, in order.
pub struct FigureList {
    links: Option<Links>,
    figures: Vec<(String, String)>,
}

impl FigureList {
    /// No figures yet. `links` lead to their files if there are any.
    pub fn new(links: Option<Links>) -> Self {
        Self { links, figures: Vec::new() }
    }

    /// Put a figure on the page. Its caption begins with the networks that it shows.
    pub fn add(&mut self, name: &str, svg: String, networks: &str, caption: &str) -> Markup {
        let file = self.links.as_ref().map(|links| links.to([format!("{name}.svg")]));
        let figure = html! {
            figure {
                (PreEscaped(&svg))
                figcaption {
                    b { (networks) } " " (caption)
                    @if let Some(file) = file { " " a href=(file) { "SVG" } }
                }
            }
            "\n"
        };
        self.figures.push((name.into(), svg));
        figure
    }

    /// Name and SVG of each figure.
    pub fn take(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.figures)
    }
}

/// A table that scrolls if it is wider than the page.
pub fn table<T: Render>(header: &[&str], rows: &[Vec<T>]) -> Markup {
    html! {
        div.wide {
            table {
                (head(header))
                tbody {
                    "\n"
                    @for row in rows { tr { @for cell in row { td { (cell) } } } "\n" }
                }
            }
        }
        "\n"
    }
}

/// A table whose rows become blocks on a narrow screen. The first cell is the heading of its block; the
/// others are labelled by the header.
pub fn cards(header: &[&str], rows: &[Vec<Markup>]) -> Markup {
    html! {
        div.wide {
            table.cards {
                (head(header))
                tbody {
                    "\n"
                    @for row in rows {
                        tr {
                            @for (cell, label) in row.iter().zip(header) { td data-label=(label) { (cell) } }
                        }
                        "\n"
                    }
                }
            }
        }
        "\n"
    }
}

fn head(header: &[&str]) -> Markup {
    html! { thead { tr { @for cell in header { th { (cell) } } } } }
}

/// What a screen shows when it is asked for, and paper always.
pub fn folded(summary: &str, content: &Markup) -> Markup {
    html! { details { summary { (summary) } "\n" (content) } "\n" }
}

/// A table of many rows, which is folded.
pub fn long_table<T: Render>(name: &str, header: &[&str], rows: &[Vec<T>]) -> Markup {
    folded(&format!("{name}: {} rows", rows.len()), &table(header, rows))
}

/// A number with this many digits after the point, times a power of ten if it is very large; a dash for
/// none.
pub fn number(value: Option<f64>, digits: usize) -> String {
    match value.filter(|value| value.is_finite()) {
        None => "–".into(),
        Some(value) if value.abs() < 1e9 => format!("{value:.digits$}").replace('-', "−"),
        Some(value) => format!("{value:.digits$e}").replace('-', "−"),
    }
}

/// Mean ± standard deviation, which stay on one line.
pub fn spread(mean: Option<f64>, sd: Option<f64>, digits: usize) -> String {
    match sd {
        Some(_) => format!("{}\u{a0}±\u{a0}{}", number(mean, digits), number(sd, digits)),
        None => number(mean, digits),
    }
}

/// What `with` of `all` seeds have, saying so if they are not all.
pub fn of_seeds(value: String, (with, all): (usize, usize)) -> String {
    if 0 < with && with < all { format!("{value} ({with} of {all} seeds)") } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_svg_is_not() {
        let mut figures = FigureList::new(None);
        let svg = "<svg><text>&lt;b&gt;</text></svg>\n";
        let figure = figures.add("a", svg.into(), "<n>", "<i> & \"j\"");
        let sections = [Section::new("<h>", figure)];
        let page = page("<script>", &html! {}, &[], &sections);
        assert!(page.contains("<h1>&lt;script&gt;</h1>") && !page.contains("<script>"));
        assert!(page.contains("<h2 id=\"h\">&lt;h&gt;</h2>"));
        assert!(page.contains("<a href=\"#h\">&lt;h&gt;</a>"));
        assert!(page.contains("<svg><text>&lt;b&gt;</text></svg>"));
        let caption = "<figcaption><b>&lt;n&gt;</b> &lt;i&gt; &amp; &quot;j&quot;</figcaption>";
        assert!(page.contains(caption));
        assert_eq!(figures.take().len(), 1);
        let cells = vec![vec!["<td>".to_owned()]];
        assert!(table(&["a"], &cells).into_string().contains("<td>&lt;td&gt;</td>"));
        let card = cards(&["\"a\""], &[vec![html! { "<b>" }]]).into_string();
        assert!(card.contains("<td data-label=\"&quot;a&quot;\">&lt;b&gt;</td>"), "{card}");
    }

    #[test]
    fn every_heading_has_an_anchor_of_its_own() {
        let headings =
            ["Why α moves: local errors", "Numbers", "numbers!", "ρ", "α > 1 + 2/d", "é"];
        let expected = [
            "why-alpha-moves-local-errors",
            "numbers",
            "numbers-2",
            "section",
            "alpha-1-2-d",
            "section-2",
        ];
        assert_eq!(anchors(headings.into_iter()), expected);
    }

    #[test]
    fn numbers_are_short_and_have_minus_signs() {
        assert_eq!(number(Some(-1.005), 1), "−1.0");
        assert_eq!(number(Some(2.5e12), 2), "2.50e12");
        assert_eq!(number(Some(f64::NAN), 2), "–");
        assert_eq!(spread(Some(1.0), Some(0.25), 2), "1.00\u{a0}±\u{a0}0.25");
        assert_eq!(spread(Some(1.0), None, 2), "1.00");
        assert_eq!(of_seeds("1".into(), (2, 3)), "1 (2 of 3 seeds)");
        assert_eq!(of_seeds("1".into(), (3, 3)), "1");
    }
}
