//! Panels of lines with one legend: what most figures are.

use super::{
    axis::{Axis, Frame, Plot, Range},
    canvas::{Canvas, FONT, Pen, Type, WIDTH, svg, text_width},
    style::{self, Dash, Marker},
};
use plotters::style::RGBColor;

/// A mean with its standard deviation over seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Along the x axis.
    pub x: f64,
    /// Along the y axis; none where missing.
    pub y: Option<f64>,
    /// Half the height of the band around it.
    pub sd: Option<f64>,
}

/// Points in their order, joined.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// In the legend; curves of one label look alike in all panels.
    pub label: String,
    /// In the order they are joined.
    pub points: Vec<Point>,
}

/// A plot of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Above it.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The lines.
    pub curves: Vec<Curve>,
}

/// What the labels of curves are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Colours {
    /// Of an order, as layers are.
    Layers,
    /// Of none, as rules are.
    Names,
}

/// How panels stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Read out for those who cannot see the figure.
    pub title: String,
    /// Panels beside each other.
    pub columns: usize,
    /// Height of a plot, px of 900 across.
    pub height: u32,
    /// Whether the panels of a row have one y axis, numbered at the left.
    pub share_y: bool,
    /// What the labels of curves are.
    pub colours: Colours,
}

impl Point {
    /// Without a band.
    #[must_use]
    pub fn new(x: f64, y: Option<f64>) -> Self {
        Self { x, y, sd: None }
    }

    /// As a percentage of a fraction.
    pub(super) fn percent(self) -> Self {
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

impl Curve {
    /// With accuracies in %.
    pub(super) fn percent(&self) -> Self {
        let points = self.points.iter().map(|point| point.percent()).collect();
        Self { label: self.label.clone(), points }
    }
}

/// The look of a curve.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub(super) colour: RGBColor,
    pub(super) marker: Option<Marker>,
    pub(super) dash: Dash,
    /// Of the line, px.
    pub(super) width: f64,
}

impl Look {
    fn marker_size(&self) -> f64 {
        2.2 + 0.6 * self.width
    }
}

/// Around the plots, px.
pub(super) const LEFT: f64 = 58.0;
const RIGHT: f64 = 12.0;
pub(super) const TITLE: f64 = 24.0;
pub(super) const BELOW: f64 = 40.0;

/// Frames beside each other, from `top`; the first plot stands `LEFT` from the edge, the
/// others `gap` px from each other.
pub(super) fn row(columns: usize, top: f64, height: f64, gap: f64) -> Vec<Frame> {
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
        colour: match layout.colours {
            Colours::Layers => style::of_layer(index, labels.len()),
            Colours::Names => style::of_name(index),
        },
        marker: Some(style::marker(index)),
        dash: if layout.colours == Colours::Names { style::dash(index) } else { None },
        // Layers may lie upon each other: the lower are the wider.
        width: match layout.colours {
            Colours::Layers => 1.4 + 1.9 * (labels.len() - 1 - index) as f64 / labels.len() as f64,
            Colours::Names => 1.8,
        },
    };
    let entries: Vec<_> =
        labels.iter().enumerate().map(|(index, label)| (look(index), *label)).collect();
    // One line needs no legend if it has no name.
    let entries = if labels == [""] { Vec::new() } else { entries };
    let columns = layout.columns.clamp(1, panels.len().max(1));
    let (height, head) = (f64::from(layout.height), legend_height(&entries));
    let pitch = TITLE + height + BELOW;
    let rows = panels.len().div_ceil(columns);
    svg(&layout.title, head + rows.max(1) as f64 * pitch, |canvas| {
        legend(canvas, &entries, 4.0);
        for (number, panels) in panels.chunks(columns).enumerate() {
            let gap = if layout.share_y { 18.0 } else { LEFT + 4.0 };
            let frames = row(columns, head + number as f64 * pitch + TITLE, height, gap);
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
                plot.axes(canvas, &panel.title, first);
                let named = first.then_some((panel.y.label.as_str(), LEFT - 10.0));
                plot.names(canvas, &panel.x.label, named);
                if panel.curves.iter().all(|curve| curve.points.iter().all(|p| p.y.is_none())) {
                    nothing(canvas, frame);
                }
                for curve in &panel.curves {
                    let index = labels.iter().position(|label| *label == curve.label);
                    let index = index.unwrap_or_default();
                    draw(canvas, &plot, curve, look(index), index);
                }
            }
        }
    })
}

/// Labels as they first appear, once each.
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

/// Said where a plot would be empty.
pub(super) fn nothing(canvas: &Canvas<'_>, frame: Frame) {
    let middle = (frame.middle(), frame.top + frame.height / 2.0);
    canvas.text("no values", middle, Type::new(FONT).centred());
}

/// Band, line and markers; markers of long curves are few, and not above each other.
fn draw(canvas: &Canvas<'_>, plot: &Plot<'_>, curve: &Curve, look: Look, index: usize) {
    let at = |point: &Point| point.y.and_then(|y| plot.at(point.x, y));
    for run in curve.points.split(|point| at(point).is_none()) {
        let edge = |side: f64| {
            move |point: &Point| {
                let y = point.y? + side * point.band();
                // A band that reaches below a log axis ends with it.
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

/// A line of the legend, px.
const LEGEND: f64 = 20.0;
/// A sample of a curve, px.
const SWATCH: f64 = 34.0;

/// Where entries stand: (line, x), and lines in all.
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

/// Entries beside each other, above the plots.
pub(super) fn legend(canvas: &Canvas<'_>, entries: &[(Look, &str)], top: f64) {
    let labels: Vec<_> = entries.iter().map(|(_, label)| *label).collect();
    let (places, _) = legend_places(&labels);
    for ((look, label), (line, x)) in entries.iter().zip(places) {
        let y = top + (line as f64 + 0.5) * LEGEND;
        let pen = Pen { dash: look.dash, ..Pen::new(look.colour, look.width) };
        canvas.line(&[(x, y), (x + SWATCH, y)], pen);
        if let Some(marker) = look.marker {
            canvas.marker((x + SWATCH / 2.0, y), marker, look.marker_size(), look.colour);
        }
        canvas.text(label, (x + SWATCH + 6.0, y), Type::new(FONT));
    }
}

/// Ranges of both axes for points of a plot.
pub(super) fn ranges(x: &Axis, y: &Axis, points: &[(f64, f64)], frame: Frame) -> (Range, Range) {
    // A pair of which one value is missing is not drawn and takes no room.
    let points = points.iter().filter(|(x, y)| x.is_finite() && y.is_finite());
    (
        x.over(points.clone().map(|(x, _)| *x), frame.ticks_across()),
        y.over(points.map(|(_, y)| *y), frame.ticks_down()),
    )
}
