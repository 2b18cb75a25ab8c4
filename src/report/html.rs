//! What all pages are made of.

use maud::{DOCTYPE, Markup, PreEscaped, Render, html};

use super::links::Links;

/// A page with a heading.
pub fn page(heading: &str, sections: &Markup) -> String {
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
                (sections)
            }
        }
        "\n"
    };
    page.into_string()
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

    /// Put a figure on the page.
    pub fn add(&mut self, name: &str, svg: String, caption: &str) -> Markup {
        let file = self.links.as_ref().map(|links| links.to([format!("{name}.svg").as_str()]));
        let figure = html! {
            figure {
                (PreEscaped(&svg))
                figcaption { (caption) @if let Some(file) = file { " " a href=(file) { "SVG" } } }
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
                thead { tr { @for cell in header { th { (cell) } } } }
                tbody {
                    "\n"
                    @for row in rows { tr { @for cell in row { td { (cell) } } } "\n" }
                }
            }
        }
        "\n"
    }
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

/// Mean ± standard deviation.
pub fn spread(mean: Option<f64>, sd: Option<f64>, digits: usize) -> String {
    match sd {
        Some(_) => format!("{} ± {}", number(mean, digits), number(sd, digits)),
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
        let figure = figures.add("a", "<svg><text>&lt;b&gt;</text></svg>\n".into(), "<i> & \"j\"");
        let page = page("<script>", &figure);
        assert!(page.contains("<h1>&lt;script&gt;</h1>") && !page.contains("<script>"));
        assert!(page.contains("<svg><text>&lt;b&gt;</text></svg>"));
        assert!(page.contains("<figcaption>&lt;i&gt; &amp; &quot;j&quot;</figcaption>"));
        assert_eq!(figures.take().len(), 1);
        let cells = vec![vec!["<td>".to_owned()]];
        assert!(table(&["a"], &cells).into_string().contains("<td>&lt;td&gt;</td>"));
    }

    #[test]
    fn numbers_are_short_and_have_minus_signs() {
        assert_eq!(number(Some(-1.005), 1), "−1.0");
        assert_eq!(number(Some(2.5e12), 2), "2.50e12");
        assert_eq!(number(Some(f64::NAN), 2), "–");
        assert_eq!(spread(Some(1.0), Some(0.25), 2), "1.00 ± 0.25");
        assert_eq!(spread(Some(1.0), None, 2), "1.00");
        assert_eq!(of_seeds("1".into(), (2, 3)), "1 (2 of 3 seeds)");
        assert_eq!(of_seeds("1".into(), (3, 3)), "1");
    }
}
