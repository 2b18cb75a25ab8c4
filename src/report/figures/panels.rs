//! Panels of curves with one legend: most figures are made of these.

use super::{
    axis::{Axis, Frame, Plot, Range},
    canvas::{Canvas, FONT, Pen, TextStyle, WIDTH, svg, text_width},
    style::{self, Colour, Dash, Marker},
};

/// A point of a curve: a mean and its standard deviation over seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Along the x axis.
    pub x: f64,
    /// Along the y axis; none if it is missing.
    pub y: Option<f64>,
    /// Half the height of the band around it.
    pub sd: Option<f64>,
}

/// Points that are joined by a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// In the legend. Curves with the same label look alike in all panels.
    pub label: String,
    /// In the order in which they are joined.
    pub points: Vec<Point>,
}

/// One plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Above it.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn.
    pub curves: Vec<Curve>,
}

/// How curves with different labels are told apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Palette {
    /// By colours of a sequence, for labels that have an order.
    Sequence,
    /// By distinct colours and dashes, for labels without an order.
    Distinct,
}

/// How panels are arranged.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Browsers show it, and screen readers read it.
    pub title: String,
    /// The number of panels beside each other.
    pub columns: usize,
    /// Height of a plot, px; the figure is 900 px wide.
    pub height: u32,
    /// Whether the panels of a row share one y axis, which has its numbers at the left.
    pub share_y: bool,
    /// How curves with different labels are told apart.
    pub palette: Palette,
}

impl Point {
    /// A point without a band.
    #[must_use]
    pub fn new(x: f64, y: Option<f64>) -> Self {
        Self { x, y, sd: None }
    }

    /// A fraction in %.
    #[must_use]
    pub fn percent(self) -> Self {
        Self { y: self.y.map(|y| 100.0 * y), sd: self.sd.map(|sd| 100.0 * sd), ..self }
    }

    fn extent(&self) -> impl Iterator<Item = f64> {
        let (y, sd) = (self.y.unwrap_or(f64::NAN), self.band());
        [y, y - sd, y + sd].into_iter()
    }

    fn band(&self) -> f64 {
        self.sd.filter(|sd| sd.is_finite()).unwrap_or(0.0)
    }
}

impl Panel {
    /// With ticks on the x axis at the points of its curves.
    #[must_use]
    pub fn with_ticks_at_points(self) -> Self {
        let points = self.curves.iter().flat_map(|curve| &curve.points);
        let x = self.x.clone().with_ticks(points.map(|point| point.x));
        Self { x, ..self }
    }
}

impl Curve {
    /// Fractions in %.
    #[must_use]
    pub fn percent(&self) -> Self {
        let points = self.points.iter().map(|point| point.percent()).collect();
        Self { label: self.label.clone(), points }
    }
}

/// How a curve looks.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub(super) colour: Colour,
    pub(super) marker: Option<Marker>,
    pub(super) dash: Dash,
    /// Width of the line, px.
    pub(super) width: f64,
}

impl Look {
    fn marker_size(&self) -> f64 {
        2.2 + 0.6 * self.width
    }
}

/// Room around a plot for text, px.
pub(super) const LEFT: f64 = 58.0;
const RIGHT: f64 = 12.0;
pub(super) const TITLE: f64 = 24.0;
pub(super) const BELOW: f64 = 40.0;

/// Frames beside each other, at `top`. The first is `LEFT` from the edge, and `gap` px are between them.
pub(super) fn frames(columns: usize, top: f64, height: f64, gap: f64) -> Vec<Frame> {
    let columns = columns.max(1) as f64;
    let width = (WIDTH - LEFT - RIGHT - (columns - 1.0) * gap) / columns;
    (0..columns as usize)
        .map(|column| Frame { left: LEFT + column as f64 * (width + gap), top, width, height })
        .collect()
}

/// Draw panels in rows below one legend.
#[must_use]
pub fn panels(panels: &[Panel], layout: &Layout) -> String {
    let curves = panels.iter().flat_map(|panel| &panel.curves);
    let labels = distinct(curves.map(|curve| curve.label.as_str()));
    let look = |index: usize| Look {
        colour: match layout.palette {
            Palette::Sequence => style::of_layer(index, labels.len()),
            Palette::Distinct => style::of_name(index),
        },
        marker: Some(style::marker(index)),
        dash: if layout.palette == Palette::Distinct { style::dash(index) } else { None },
        // Curves of layers may lie upon each other: those of the lower layers, drawn first, are wider.
        width: match layout.palette {
            Palette::Sequence => {
                1.4 + 1.9 * (labels.len() - 1 - index) as f64 / labels.len() as f64
            }
            Palette::Distinct => 1.8,
        },
    };
    let entries: Vec<_> =
        labels.iter().enumerate().map(|(index, label)| (look(index), *label)).collect();
    // A single curve without a name needs no legend.
    let entries = if labels == [""] { Vec::new() } else { entries };
    let columns = layout.columns.clamp(1, panels.len().max(1));
    let (height, head) = (f64::from(layout.height), legend_height(&entries));
    let pitch = TITLE + height + BELOW;
    let rows = panels.len().div_ceil(columns);
    svg(&layout.title, head + rows.max(1) as f64 * pitch, |canvas| {
        draw_legend(canvas, &entries);
        for (number, panels) in panels.chunks(columns).enumerate() {
            let gap = if layout.share_y { 18.0 } else { LEFT + 4.0 };
            let frames = frames(columns, head + number as f64 * pitch + TITLE, height, gap);
            let most = frames.first().map_or(2, Frame::ticks_down);
            let shared = panels
                .first()
                .filter(|_| layout.share_y)
                .map(|first| first.y.over(panels.iter().flat_map(values), most));
            for (column, (panel, frame)) in panels.iter().zip(frames).enumerate() {
                let x = panel.x.over(
                    panel.curves.iter().flat_map(|curve| &curve.points).map(|point| point.x),
                    frame.ticks_across(),
                );
                let own = panel.y.over(values(panel), most);
                let plot = Plot { frame, x: &x, y: shared.as_ref().unwrap_or(&own) };
                let first = column == 0 || !layout.share_y;
                plot.draw_axes(canvas, &panel.title, first);
                let named = first.then_some((panel.y.label.as_str(), LEFT - 10.0));
                plot.draw_labels(canvas, &panel.x.label, named);
                if panel.curves.iter().all(|curve| curve.points.iter().all(|p| p.y.is_none())) {
                    say_empty(canvas, frame);
                }
                for curve in &panel.curves {
                    let index = labels.iter().position(|label| *label == curve.label);
                    let index = index.expect("labels are those of all curves");
                    draw_curve(canvas, &plot, curve, look(index), index);
                }
            }
        }
    })
}

/// Each label once, in order of first appearance.
pub(super) fn distinct<'a>(labels: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut once = Vec::new();
    for label in labels {
        if !once.contains(&label) {
            once.push(label);
        }
    }
    once
}

fn values(panel: &Panel) -> impl Iterator<Item = f64> {
    panel.curves.iter().flat_map(|curve| &curve.points).flat_map(Point::extent)
}

/// Say that a plot without values is empty.
pub(super) fn say_empty(canvas: &mut Canvas, frame: Frame) {
    let middle = (frame.middle(), frame.top + frame.height / 2.0);
    canvas.text("no values", middle, TextStyle::new(FONT).centred());
}

/// Draw band, line and markers. A long curve has markers at some of its points, which differ between
/// curves.
fn draw_curve(canvas: &mut Canvas, plot: &Plot<'_>, curve: &Curve, look: Look, index: usize) {
    let at = |point: &Point| point.y.and_then(|y| plot.at(point.x, y));
    for run in curve.points.split(|point| at(point).is_none()) {
        let edge = |side: f64| {
            move |point: &Point| {
                let y = point.y? + side * point.band();
                // A band that reaches below a log axis ends at its lower end.
                plot.at(point.x, y).or_else(|| Some((at(point)?.0, plot.frame.bottom())))
            }
        };
        let mut band: Vec<_> = run.iter().filter_map(edge(1.0)).collect();
        band.extend(run.iter().rev().filter_map(edge(-1.0)));
        if run.len() > 1 && run.iter().any(|point| point.band() > 0.0) {
            canvas.fill(&band, look.colour, 0.14);
        }
        let line: Vec<_> = run.iter().filter_map(at).collect();
        canvas.line(&line, Pen { dash: look.dash, ..Pen::new(look.colour, look.width) });
    }
    let Some(marker) = look.marker else { return };
    let every = curve.points.len().div_ceil(14).max(1);
    for point in curve.points.iter().skip(index % every).step_by(every) {
        if let Some(place) = at(point) {
            canvas.marker(place, marker, look.marker_size(), look.colour);
        }
    }
}

/// Height of a line of the legend, px.
const LEGEND: f64 = 20.0;
/// Width of a curve's sample in the legend, px.
const SWATCH: f64 = 34.0;

/// Where entries stand, as (line, x), and the number of lines.
fn legend_places(labels: &[&str]) -> (Vec<(usize, f64)>, usize) {
    let (mut line, mut x, mut places) = (0, LEFT, Vec::new());
    for label in labels {
        let width = SWATCH + 6.0 + text_width(label, FONT) + 18.0;
        if x > LEFT && x + width > WIDTH {
            (line, x) = (line + 1, LEFT);
        }
        places.push((line, x));
        x += width;
    }
    (places, if labels.is_empty() { 0 } else { line + 1 })
}

pub(super) fn legend_height(entries: &[(Look, &str)]) -> f64 {
    let labels: Vec<_> = entries.iter().map(|(_, label)| *label).collect();
    legend_places(&labels).1 as f64 * LEGEND + 6.0
}

/// Draw the legend, above the plots.
pub(super) fn draw_legend(canvas: &mut Canvas, entries: &[(Look, &str)]) {
    let labels: Vec<_> = entries.iter().map(|(_, label)| *label).collect();
    let (places, _) = legend_places(&labels);
    for ((look, label), (line, x)) in entries.iter().zip(places) {
        let y = 4.0 + (line as f64 + 0.5) * LEGEND;
        let pen = Pen { dash: look.dash, ..Pen::new(look.colour, look.width) };
        canvas.line(&[(x, y), (x + SWATCH, y)], pen);
        if let Some(marker) = look.marker {
            canvas.marker((x + SWATCH / 2.0, y), marker, look.marker_size(), look.colour);
        }
        canvas.text(label, (x + SWATCH + 6.0, y), TextStyle::new(FONT));
    }
}

/// Ranges of both axes that contain the points of a plot.
pub(super) fn ranges(x: &Axis, y: &Axis, points: &[(f64, f64)], frame: Frame) -> (Range, Range) {
    // A point that lacks a value is not drawn and needs no room.
    let points = points.iter().filter(|(x, y)| x.is_finite() && y.is_finite());
    (
        x.over(points.clone().map(|(x, _)| *x), frame.ticks_across()),
        y.over(points.map(|(_, y)| *y), frame.ticks_down()),
    )
}
