//! Eigenvalues against rank.

use super::{
    axis::{Axis, Frame, Plot},
    canvas::{Canvas, Pen, SMALL, Type, svg},
    layer_name,
    panels::{BELOW, LEFT, Look, TITLE, distinct, legend, legend_height, nothing, ranges, row},
    style::{self, INK},
};
use crate::geometry::powerlaw::POSITIVE;

/// A layer and its spectra.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectra {
    /// From 1; 0: the images.
    pub layer: usize,
    /// The first in the ink of the page, the others coloured by their order.
    pub levels: Vec<Level>,
}

/// A spectrum.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// In the legend; levels of one label look alike in all panels.
    pub label: String,
    /// Largest first.
    pub eigenvalues: Vec<f64>,
    /// The line fitted.
    pub fit: Option<Line>,
}

/// `ln lambda_n = intercept - alpha ln n` over ranks from 1, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// The exponent.
    pub alpha: f64,
    /// `ln lambda` at rank 1.
    pub intercept: f64,
    /// The first rank of the fit.
    pub first: usize,
    /// The last rank of the fit, or beyond the spectrum.
    pub last: usize,
}

const HEIGHT: f64 = 240.0;

/// A line of the list of exponents, and its width, px.
const EXPONENT: f64 = 16.0;
const EXPONENTS: f64 = 92.0;

/// Eigenvalues against rank, both on log axes: a panel a layer, a line a level; the lines
/// fitted are dashed over their ranks, end in short bars, and have their alpha beside the
/// level's colour in the lower left corner, which a falling spectrum leaves empty.
#[must_use]
pub fn spectra(layers: &[Spectra]) -> String {
    let levels = || layers.iter().flat_map(|layer| &layer.levels);
    let labels = distinct(levels().map(|level| level.label.as_str()));
    let look = |label: &str| match labels.iter().position(|other| *other == label) {
        None | Some(0) => Look { colour: INK, marker: None, dash: None, width: 2.0 },
        Some(index) => Look {
            colour: style::of_strength(index - 1, labels.len() - 1),
            marker: Some(style::marker(index - 1)),
            dash: None,
            width: 2.0,
        },
    };
    let fit = levels().any(|level| level.fit.is_some());
    let fit = fit.then_some((FIT, "power law fitted, over its ranks"));
    let entries: Vec<_> = labels.iter().map(|label| (look(label), *label)).chain(fit).collect();
    let (columns, head) = (layers.len().clamp(1, 3), legend_height(&entries));
    let pitch = TITLE + HEIGHT + BELOW;
    let rows = layers.len().div_ceil(columns).max(1);
    let title = "Eigenvalues of hidden activations against rank, by layer, clean and attacked";
    svg(title, head + rows as f64 * pitch, |canvas| {
        legend(canvas, &entries, 4.0);
        for (number, layers) in layers.chunks(columns).enumerate() {
            let frames = row(columns, head + number as f64 * pitch + TITLE, HEIGHT, LEFT + 2.0);
            for (layer, frame) in layers.iter().zip(frames) {
                panel(canvas, layer, frame, look);
            }
        }
    })
}

const FIT: Look = Look { colour: INK, marker: None, dash: Some((4.0, 2.5)), width: 1.3 };

fn panel(canvas: &Canvas<'_>, layer: &Spectra, frame: Frame, look: impl Fn(&str) -> Look) {
    let fitted: Vec<_> =
        layer.levels.iter().filter_map(|level| Some((level, line(level)?))).collect();
    let ends = fitted.iter().flat_map(|(_, (_, ends))| *ends);
    let points: Vec<_> = layer.levels.iter().flat_map(drawn).chain(ends).collect();
    let (x, y) = axes(&points, fitted.len(), frame);
    let (x_range, y_range) = ranges(&x, &y, &points, frame);
    let plot = Plot { frame, x: &x_range, y: &y_range };
    plot.axes(canvas, &layer_name(layer.layer), true);
    plot.names(canvas, &x.label, Some((&y.label, LEFT - 10.0)));
    if points.is_empty() {
        nothing(canvas, frame);
    }
    // The first, clean images as a rule, lies upon the others.
    for (index, level) in layer.levels.iter().enumerate().rev() {
        let (look, points) = (look(&level.label), drawn(level));
        let line: Vec<_> = points.iter().filter_map(|&(n, l)| plot.at(n, l)).collect();
        canvas.line(&line, Pen::new(look.colour, look.width));
        // At ranks evenly apart on the axis, each level's between those of the others.
        let shift = index as f64 / layer.levels.len() as f64;
        let ranks = (0..12).map(|power| (f64::from(power) + shift).exp2().round() as usize);
        for (place, marker) in ranks.filter_map(|n| Some((*line.get(n - 1)?, look.marker?))) {
            canvas.marker(place, marker, 3.0, look.colour);
        }
    }
    for (index, (level, (alpha, ends))) in fitted.iter().enumerate().rev() {
        let Look { colour, marker, .. } = look(&level.label);
        let ends: Vec<_> = ends.iter().filter_map(|&(n, l)| plot.at(n, l)).collect();
        canvas.line(&ends, Pen { dash: FIT.dash, ..Pen::new(colour, FIT.width) });
        for (x, y) in ends {
            canvas.line(&[(x, y - 4.0), (x, y + 4.0)], Pen::new(colour, FIT.width));
        }
        let up = (fitted.len() - index) as f64 * EXPONENT - 4.0;
        let (x, y) = (frame.left + 8.0, frame.bottom() - up);
        canvas.line(&[(x, y), (x + 14.0, y)], Pen::new(colour, 2.5));
        if let Some(marker) = marker {
            canvas.marker((x + 7.0, y), marker, 3.0, colour);
        }
        let text = format!("α = {alpha:.2}").replace('-', "−");
        canvas.text(&text, (x + 19.0, y), Type::new(SMALL));
    }
}

/// Of ranks and eigenvalues; the latter longer where a spectrum is so flat that the list of
/// `exponents` would cover it.
fn axes(points: &[(f64, f64)], exponents: usize, frame: Frame) -> (Axis, Axis) {
    let (x, mut y) = (Axis::log("rank n"), Axis::log("eigenvalue λ"));
    let (x_range, y_range) = ranges(&x, &y, points, frame);
    let plot = Plot { frame, x: &x_range, y: &y_range };
    let list = exponents as f64 * EXPONENT + 6.0;
    let covered = |&(n, l): &(f64, f64)| {
        plot.at(n, l).is_some_and(|(x, y)| x < frame.left + EXPONENTS && y > frame.bottom() - list)
    };
    if exponents > 0 && points.iter().any(covered) {
        let eigenvalues = || points.iter().map(|point| point.1);
        let (low, high) =
            (eigenvalues().fold(f64::INFINITY, f64::min), eigenvalues().fold(0.0, f64::max));
        let part = list / (frame.height - list).max(1.0);
        y.within.push(low * (low / high).min(0.5).powf(part));
    }
    (x, y)
}

/// (rank, eigenvalue) of those above round-off.
fn drawn(level: &Level) -> Vec<(f64, f64)> {
    let finite = level.eigenvalues.iter().copied().filter(|value| value.is_finite());
    let largest = finite.fold(0.0, f64::max);
    let ranked = level.eigenvalues.iter().enumerate().map(|(n, &value)| ((n + 1) as f64, value));
    ranked.filter(|&(_, value)| value.is_finite() && value > POSITIVE * largest).collect()
}

/// alpha and the ends of the line fitted, which is cut where the spectrum ends, as the fit is.
fn line(level: &Level) -> Option<(f64, [(f64, f64); 2])> {
    let Line { alpha, intercept, first, last } = level.fit?;
    let end = |rank: usize| {
        let n = rank as f64;
        (n, (intercept - alpha * n.ln()).exp())
    };
    let ends = [end(first), end(last.min(drawn(level).len()))];
    let sound = first >= 1 && ends[0].0 < ends[1].0 && ends.iter().all(|(_, l)| l.is_normal());
    sound.then_some((alpha, ends))
}
