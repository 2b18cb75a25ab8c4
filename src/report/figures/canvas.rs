//! The sheet a figure is drawn on, in px from the upper left corner.

use std::fmt::Write as _;

use plotters::{
    coord::Shift,
    element::DashedPathElement,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use super::style::{Dash, INK, Marker};

/// Width in px that all figures are drawn for.
pub(super) const WIDTH: f64 = 900.0;
/// Text, px.
pub(super) const FONT: f64 = 12.5;
/// Numbers at ticks, px.
pub(super) const SMALL: f64 = 11.5;

/// Plotters places in whole units; so a unit is a tenth of a px.
const UNITS: f64 = 10.0;
/// Plotters divides the size of text by this.
const TEXT: f64 = 1.24;

/// A line's look.
#[derive(Clone, Copy)]
pub(super) struct Pen {
    pub(super) colour: RGBColor,
    pub(super) opacity: f64,
    pub(super) width: f64,
    pub(super) dash: Dash,
}

impl Pen {
    pub(super) fn new(colour: RGBColor, width: f64) -> Self {
        Self { colour, opacity: 1.0, width, dash: None }
    }

    /// Seen through: a grid, a seed.
    pub(super) fn faint(width: f64, opacity: f64) -> Self {
        Self { colour: INK, opacity, width, dash: None }
    }

    fn style(self) -> ShapeStyle {
        let width = (self.width * UNITS).round().max(1.0) as u32;
        self.colour.mix(self.opacity).stroke_width(width)
    }
}

/// Where text stands from its place, and how.
#[derive(Clone, Copy)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) colour: RGBColor,
    pub(super) across: HPos,
    pub(super) up: bool,
}

impl Type {
    pub(super) fn new(size: f64) -> Self {
        Self { size, bold: false, colour: INK, across: HPos::Left, up: false }
    }

    pub(super) fn centred(self) -> Self {
        Self { across: HPos::Center, ..self }
    }

    pub(super) fn before(self) -> Self {
        Self { across: HPos::Right, ..self }
    }

    pub(super) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// Read from below.
    pub(super) fn up(self) -> Self {
        Self { up: true, ..self }
    }
}

/// What drawing into a `String` returns cannot be an error, hence the `ok()` below.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    /// What plotters cannot write.
    beside: String,
}

/// The SVG that `draw` draws, `height` px high; `title` is read out and shown by browsers.
pub(super) fn svg(title: &str, height: f64, draw: impl FnOnce(&mut Canvas<'_>)) -> String {
    let mut text = String::new();
    let (width, height) = (units(WIDTH), units(height));
    let size = (width.unsigned_abs(), height.unsigned_abs());
    let beside = {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        let mut canvas = Canvas { area, beside: String::new() };
        draw(&mut canvas);
        canvas.area.present().ok();
        canvas.beside
    };
    // Plotters' head fixes the size in its own units.
    let body = text.split_once('\n').map_or("", |(_, body)| body);
    let body = body.rsplit_once("</svg>").map_or(body, |(body, _)| body);
    let body = body
        .replace("\"#000000\"", "\"currentColor\"")
        .replace(" opacity=\"1\"", "")
        .replace(" \"/>", "\"/>")
        .replace("\">\n", "\">")
        .replace("\n</text>", "</text>");
    let title = escaped(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100%\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" stroke-linejoin=\"round\" aria-label=\"{title}\">\n\
         <title>{title}</title>\n{body}{beside}</svg>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn units(px: f64) -> i32 {
    (px * UNITS).round() as i32
}

fn place((x, y): (f64, f64)) -> (i32, i32) {
    (units(x), units(y))
}

/// About what text takes, px: no font is at hand to measure it.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.56
}

impl Canvas<'_> {
    /// A line through points.
    pub(super) fn line(&self, points: &[(f64, f64)], pen: Pen) {
        if points.len() < 2 {
            return;
        }
        let points: Vec<_> = points.iter().copied().map(place).collect();
        match pen.dash {
            None => self.area.draw(&PathElement::new(points, pen.style())).ok(),
            Some((dash, gap)) => {
                let (dash, gap) = (units(dash), units(gap));
                self.area.draw(&DashedPathElement::new(points, dash, gap, pen.style())).ok()
            }
        };
    }

    /// A filled shape.
    pub(super) fn fill(&self, points: &[(f64, f64)], colour: RGBColor, opacity: f64) {
        let points: Vec<_> = points.iter().copied().map(place).collect();
        self.area.draw(&Polygon::new(points, colour.mix(opacity))).ok();
    }

    /// A rectangle of two corners: filled, or its outline.
    pub(super) fn rectangle(&self, corners: [(f64, f64); 2], pen: Pen, filled: bool) {
        let [(x0, y0), (x1, y1)] = corners;
        if filled {
            let style = pen.colour.mix(pen.opacity).filled();
            self.area.draw(&Rectangle::new(corners.map(place), style)).ok();
        } else {
            self.line(&[(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], pen);
        }
    }

    /// A filled marker of about the area of a circle of radius `size`.
    pub(super) fn marker(&self, at: (f64, f64), marker: Marker, size: f64, colour: RGBColor) {
        if marker == Marker::Circle {
            self.area.draw(&Circle::new(place(at), units(size), colour.filled())).ok();
        } else {
            self.fill(&outline(at, marker, size), colour, 1.0);
        }
    }

    /// Its outline alone.
    pub(super) fn ring(&self, at: (f64, f64), marker: Marker, size: f64, pen: Pen) {
        if marker == Marker::Circle {
            self.area.draw(&Circle::new(place(at), units(size), pen.style())).ok();
        } else {
            let mut corners = outline(at, marker, size);
            corners.extend_from_within(..1);
            self.line(&corners, pen);
        }
    }

    /// Text, its middle line at the place.
    pub(super) fn text(&self, text: &str, at: (f64, f64), kind: Type) {
        let font = ("sans-serif", kind.size * UNITS * TEXT).into_font();
        let font = if kind.bold { font.style(FontStyle::Bold) } else { font };
        let font = if kind.up { font.transform(FontTransform::Rotate270) } else { font };
        let style = font.color(&kind.colour).pos(Pos::new(kind.across, VPos::Center));
        self.area.draw(&Text::new(text.to_owned(), place(at), style)).ok();
    }

    /// A PNG, given in base64, its pixels kept apart.
    pub(super) fn image(&mut self, at: (f64, f64), size: (f64, f64), png: &str) {
        let ((x, y), (width, height)) = (place(at), place(size));
        writeln!(
            self.beside,
            "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
             preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" \
             href=\"data:image/png;base64,{png}\"/>"
        )
        .ok();
    }
}

fn outline((x, y): (f64, f64), marker: Marker, size: f64) -> Vec<(f64, f64)> {
    marker.corners().iter().map(|(dx, dy)| (x + size * dx, y + size * dy)).collect()
}
