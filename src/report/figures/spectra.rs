//! Eigenvalues against rank.

use super::{
    axis::{Axis, Frame, Plot},
    canvas::{Canvas, Pen, SMALL, TextStyle, svg},
    panels::{
        BELOW, LEFT, Look, TITLE, distinct, draw_legend, frames, legend_height, ranges, say_empty,
    },
    style::{self, INK},
};
use crate::spectrum::powerlaw::{Fit, POSITIVE};

/// The spectra of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerSpectra {
    /// The name of the layer.
    pub title: String,
    /// The first has the colour of the page's text, the others the colours of strengths, in their order.
    pub spectra: Vec<LabelledSpectrum>,
}

/// A spectrum.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledSpectrum {
    /// In the legend. Spectra with the same label look alike in all panels.
    pub label: String,
    /// Largest first.
    pub eigenvalues: Vec<f64>,
    /// The power laws that were fitted.
    pub fits: Vec<FittedLine>,
}

/// `ln lambda_n = intercept - alpha ln n` from the first to the last rank; ranks are numbered from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FittedLine {
    /// The exponent.
    pub alpha: f64,
    /// `ln lambda` at rank 1.
    pub intercept: f64,
    /// The first rank that was fitted.
    pub first: usize,
    /// The last rank that was fitted. It may lie beyond the end of the spectrum.
    pub last: usize,
}

impl FittedLine {
    /// The line of a fit; `None` if the method gives no line.
    #[must_use]
    pub fn of(fit: &Fit) -> Option<Self> {
        let (first, points) = (fit.rank_first, fit.points);
        let last = (first + points).saturating_sub(1);
        Some(Self { alpha: fit.alpha?, intercept: fit.intercept?, first, last })
    }
}

const HEIGHT: f64 = 240.0;

/// Height of a line of the list of exponents, px.
const EXPONENT: f64 = 16.0;
/// Width of the list of exponents, px.
const EXPONENTS: f64 = 92.0;

/// Eigenvalues against rank, both on log axes: one panel per layer, one line per spectrum. Fitted power
/// laws are dashed lines over their ranks, which end in short bars. Their alpha stands beside the
/// spectrum's colour in the lower left corner, which a falling spectrum leaves empty.
#[must_use]
pub fn spectra(layers: &[LayerSpectra]) -> String {
    let all = || layers.iter().flat_map(|layer| &layer.spectra);
    let labels = distinct(all().map(|spectrum| spectrum.label.as_str()));
    let look = |label: &str| match labels.iter().position(|other| *other == label) {
        None | Some(0) => Look { colour: INK, marker: None, dash: None, width: 2.0 },
        Some(index) => Look {
            colour: style::of_strength(index - 1, labels.len() - 1),
            marker: Some(style::marker(index - 1)),
            dash: None,
            width: 2.0,
        },
    };
    let fit = all().any(|spectrum| !spectrum.fits.is_empty());
    let fit = fit.then_some((FIT, "fitted power law, over its ranks"));
    let entries: Vec<_> = labels.iter().map(|label| (look(label), *label)).chain(fit).collect();
    let (columns, head) = (layers.len().clamp(1, 3), legend_height(&entries));
    let pitch = TITLE + HEIGHT + BELOW;
    let rows = layers.len().div_ceil(columns).max(1);
    let title = "Eigenvalues against rank, with fitted power laws";
    svg(title, head + rows as f64 * pitch, |canvas| {
        draw_legend(canvas, &entries);
        for (number, layers) in layers.chunks(columns).enumerate() {
            let frames = frames(columns, head + number as f64 * pitch + TITLE, HEIGHT, LEFT + 2.0);
            for (layer, frame) in layers.iter().zip(frames) {
                draw_panel(canvas, layer, frame, look);
            }
        }
    })
}

const FIT: Look = Look { colour: INK, marker: None, dash: Some((4.0, 2.5)), width: 1.3 };

fn draw_panel(
    canvas: &mut Canvas,
    layer: &LayerSpectra,
    frame: Frame,
    look: impl Fn(&str) -> Look,
) {
    let fits = |spectrum| fitted(spectrum).into_iter().map(move |fit| (spectrum, fit));
    let fitted: Vec<_> = layer.spectra.iter().flat_map(fits).collect();
    let ends = fitted.iter().flat_map(|(_, (_, ends))| *ends);
    let points: Vec<_> = layer.spectra.iter().flat_map(drawn).chain(ends).collect();
    let (x, y) = axes(&points, fitted.len(), frame);
    let (x_range, y_range) = ranges(&x, &y, &points, frame);
    let plot = Plot { frame, x: &x_range, y: &y_range };
    plot.draw_axes(canvas, &layer.title, true);
    plot.draw_labels(canvas, &x.label, Some((&y.label, LEFT - 10.0)));
    if points.is_empty() {
        say_empty(canvas, frame);
    }
    // The first, normally that of the clean images, lies upon the others.
    for (index, spectrum) in layer.spectra.iter().enumerate().rev() {
        let (look, points) = (look(&spectrum.label), drawn(spectrum));
        let line: Vec<_> = points.iter().filter_map(|&(n, l)| plot.at(n, l)).collect();
        canvas.line(&line, Pen::new(look.colour, look.width));
        // Markers stand at ranks that are evenly spaced on the log axis, shifted between spectra.
        let shift = index as f64 / layer.spectra.len() as f64;
        let ranks = (0..12).map(|power| (f64::from(power) + shift).exp2().round() as usize);
        for (place, marker) in ranks.filter_map(|n| Some((*line.get(n - 1)?, look.marker?))) {
            canvas.marker(place, marker, 3.0, look.colour);
        }
    }
    for (index, (spectrum, (fit, ends))) in fitted.iter().enumerate().rev() {
        let Look { colour, marker, .. } = look(&spectrum.label);
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
        let FittedLine { alpha, first, last, .. } = fit;
        let ranks =
            if spectrum.fits.len() > 1 { format!(", {first}–{last}") } else { String::new() };
        let text = format!("α = {alpha:.2}{ranks}").replace('-', "−");
        canvas.text(&text, (x + 19.0, y), TextStyle::new(SMALL));
    }
}

/// The axes of ranks and of eigenvalues. If a spectrum is so flat that the list of `exponents` would
/// cover it, the axis of eigenvalues is extended downwards.
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
        let extension = list / (frame.height - list).max(1.0);
        y.within.push(low * (low / high).min(0.5).powf(extension));
    }
    (x, y)
}

/// (rank, eigenvalue) of the eigenvalues that are above round-off.
fn drawn(spectrum: &LabelledSpectrum) -> Vec<(f64, f64)> {
    let finite = spectrum.eigenvalues.iter().copied().filter(|value| value.is_finite());
    let largest = finite.fold(0.0, f64::max);
    let ranked = spectrum.eigenvalues.iter().enumerate().map(|(n, &value)| ((n + 1) as f64, value));
    ranked.filter(|&(_, value)| value.is_finite() && value > POSITIVE * largest).collect()
}

/// The fitted lines with their ends. A line ends with the spectrum at the latest.
fn fitted(spectrum: &LabelledSpectrum) -> Vec<(FittedLine, [(f64, f64); 2])> {
    let drawn = drawn(spectrum).len();
    let ends = |fit: &FittedLine| {
        let FittedLine { alpha, intercept, first, last } = *fit;
        let end = |rank: usize| {
            let n = rank as f64;
            (n, (intercept - alpha * n.ln()).exp())
        };
        let ends = [end(first), end(last.min(drawn))];
        let sound = first >= 1 && ends[0].0 < ends[1].0 && ends.iter().all(|(_, l)| l.is_normal());
        sound.then_some((*fit, ends))
    };
    spectrum.fits.iter().filter_map(ends).collect()
}
