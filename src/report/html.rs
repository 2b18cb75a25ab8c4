//! Pieces of HTML.

use std::fmt::Write;

/// Text in HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A table; cells are HTML.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut html = String::from("<div class=\"wide\"><table><thead><tr>");
    for cell in header {
        let _ = write!(html, "<th>{cell}</th>");
    }
    html.push_str("</tr></thead><tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for cell in row {
            let _ = write!(html, "<td>{cell}</td>");
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

/// A figure with what it shows, and a link to its file where there is one.
pub fn figure(svg: &str, caption: &str, file: Option<&str>) -> String {
    // A page has no use for an XML declaration.
    let svg = svg.find("<svg").map_or("", |start| &svg[start..]);
    let link = file.map(|file| format!(" <a href=\"{file}\">SVG</a>")).unwrap_or_default();
    format!("<figure>{svg}<figcaption>{caption}{link}</figcaption></figure>\n")
}

/// A number with this many digits after the point, of a power of ten where it is far from 1; a dash
/// for none.
pub fn number(value: Option<f64>, digits: usize) -> String {
    match value.filter(|value| value.is_finite()) {
        None => "–".into(),
        Some(value) if value.abs() < 1e9 => format!("{value:.digits$}").replace('-', "−"),
        Some(value) => format!("{value:.digits$e}").replace('-', "−"),
    }
}

/// Mean and standard deviation.
pub fn spread(mean: Option<f64>, sd: Option<f64>, digits: usize) -> String {
    match sd {
        Some(_) => format!("{} ± {}", number(mean, digits), number(sd, digits)),
        None => number(mean, digits),
    }
}
