//! The sheet that a figure is drawn on. Places and sizes are in px, from the upper left corner.

use maud::{Markup, PreEscaped, html};

use super::style::{Colour, Dash, INK, Marker};

/// Width in px that all figures are drawn for.
pub(super) const WIDTH: f64 = 900.0;
/// Size of text, px.
pub(super) const FONT: f64 = 12.5;
/// Size of the numbers at ticks, px.
pub(super) const SMALL: f64 = 11.5;

/// A place on the sheet: across, down.
pub(super) type Place = (f64, f64);

/// How a line looks.
#[derive(Clone, Copy)]
pub(super) struct Pen {
    pub(super) colour: Colour,
    pub(super) opacity: f64,
    pub(super) width: f64,
    pub(super) dash: Dash,
}

impl Pen {
    pub(super) fn new(colour: Colour, width: f64) -> Self {
        Self { colour, opacity: 1.0, width, dash: None }
    }

    /// Translucent ink, for what stays in the background.
    pub(super) fn faint(width: f64, opacity: f64) -> Self {
        Self { opacity, ..Self::new(INK, width) }
    }
}

/// How text looks, and on which side of its place it stands.
#[derive(Clone, Copy)]
pub(super) struct TextStyle {
    size: f64,
    bold: bool,
    colour: Colour,
    anchor: &'static str,
    upwards: bool,
}

impl TextStyle {
    pub(super) fn new(size: f64) -> Self {
        Self { size, bold: false, colour: INK, anchor: "start", upwards: false }
    }

    pub(super) fn centred(self) -> Self {
        Self { anchor: "middle", ..self }
    }

    /// The text ends at its place.
    pub(super) fn before(self) -> Self {
        Self { anchor: "end", ..self }
    }

    pub(super) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(super) fn coloured(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }

    /// The text runs from bottom to top.
    pub(super) fn upwards(self) -> Self {
        Self { upwards: true, ..self }
    }
}

/// What has been drawn, in order.
pub(super) struct Canvas {
    marks: Vec<Markup>,
}

/// The SVG that `draw` draws, `height` px high. Browsers show `title`, and screen readers read it.
pub(super) fn svg(title: &str, height: f64, draw: impl FnOnce(&mut Canvas)) -> String {
    let mut canvas = Canvas { marks: Vec::new() };
    draw(&mut canvas);
    let view_box = format!("0 0 {WIDTH} {}", px(height));
    let svg = html! {
        svg xmlns="http://www.w3.org/2000/svg" width="100%" viewBox=(view_box) role="img" aria-label=(title)
            fill="none" stroke-linejoin="round" font-family="sans-serif" {
            "\n" title { (title) } "\n"
            @for mark in canvas.marks { (mark) "\n" }
        }
        "\n"
    };
    svg.into_string()
}

/// About how wide text is, px: no font is available to measure it.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.56
}

impl Canvas {
    /// A line through points.
    pub(super) fn line(&mut self, points: &[Place], pen: Pen) {
        if points.len() > 1 {
            let dash = pen.dash.map(|(dash, gap)| format!("{dash} {gap}"));
            self.marks.push(html! {
                polyline points=(pairs(points)) stroke=(pen.colour) stroke-width=(pen.width)
                    opacity=[translucent(pen.opacity)] stroke-dasharray=[dash] {}
            });
        }
    }

    /// A filled shape.
    pub(super) fn fill(&mut self, points: &[Place], colour: Colour, opacity: f64) {
        self.marks.push(html! {
            polygon points=(pairs(points)) fill=(colour) opacity=[translucent(opacity)] {}
        });
    }

    /// The outline of a rectangle, given by two opposite corners.
    pub(super) fn rectangle(&mut self, [(x0, y0), (x1, y1)]: [Place; 2], pen: Pen) {
        self.line(&[(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], pen);
    }

    /// A filled marker of about the area of a circle of radius `size`.
    pub(super) fn marker(&mut self, (x, y): Place, marker: Marker, size: f64, colour: Colour) {
        match marker.corners((x, y), size) {
            Some(corners) => self.fill(&corners, colour, 1.0),
            None => self
                .marks
                .push(html! { circle cx=(px(x)) cy=(px(y)) r=(px(size)) fill=(colour) {} }),
        }
    }

    /// The outline of a marker.
    pub(super) fn ring(&mut self, (x, y): Place, marker: Marker, size: f64, pen: Pen) {
        match marker.corners((x, y), size) {
            Some(mut corners) => {
                corners.extend_from_within(..1);
                self.line(&corners, pen);
            }
            None => self.marks.push(html! {
                circle cx=(px(x)) cy=(px(y)) r=(px(size)) stroke=(pen.colour) stroke-width=(pen.width) {}
            }),
        }
    }

    /// Text whose middle line is at the place.
    pub(super) fn text(&mut self, text: &str, (x, y): Place, style: TextStyle) {
        let (x, y) = (px(x), px(y));
        let weight = style.bold.then_some("bold");
        let turn = style.upwards.then(|| format!("rotate(270 {x} {y})"));
        self.marks.push(html! {
            text x=(x) y=(y) dy="0.5ex" text-anchor=(style.anchor) font-size=(style.size) font-weight=[weight]
                fill=(style.colour) transform=[turn] { (text) }
        });
    }

    /// A PNG in base64. Its pixels are not smoothed.
    pub(super) fn image(&mut self, (x, y): Place, (width, height): (f64, f64), png: &str) {
        self.marks.push(html! {
            image x=(px(x)) y=(px(y)) width=(px(width)) height=(px(height)) preserveAspectRatio="none"
                style="image-rendering:pixelated" href=(PreEscaped(format!("data:image/png;base64,{png}"))) {}
        });
    }
}

/// To a tenth of a px.
fn px(length: f64) -> f64 {
    // Adding 0 makes 0 of -0.
    (10.0 * length).round() / 10.0 + 0.0
}

fn pairs(points: &[Place]) -> String {
    let pairs: Vec<_> = points.iter().map(|&(x, y)| format!("{},{}", px(x), px(y))).collect();
    pairs.join(" ")
}

fn translucent(opacity: f64) -> Option<f64> {
    (opacity < 1.0).then_some(opacity)
}
