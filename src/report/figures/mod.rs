//! The figures of the report: plain numbers in, the text of an SVG out.
//!
//! A figure reads no file and the same numbers give the same bytes. What is missing
//! (`None`, not finite, or not positive on a log axis) is left out and breaks its line.
//! Accuracies and errors come as fractions, as in the tables, and are drawn in %.
//!
//! An SVG stands alone or inside a page: text and axes are in `currentColor`, the
//! background is transparent, the size follows the page. It is drawn for 900 px.
//! Layers run from blue to green, strengths from purple to orange: both sequences grow
//! lighter steadily, so that they survive grey printing, and keep their distance from
//! white and from black. Layers and rules differ by marker or dash as well.

mod accuracy_alpha;
mod accuracy_strength;
mod alpha_strength;
mod axis;
mod canvas;
mod epochs;
mod estimators;
mod layers;
mod panels;
mod png;
mod samples;
mod samples_alpha;
mod spectra;
mod style;
mod training;

pub use accuracy_alpha::{AccuracyAlpha, Row, State, accuracy_alpha};
pub use accuracy_strength::{AccuracyStrength, accuracy_strength};
pub use alpha_strength::{AlphaStrength, alpha_strength};
pub use axis::{Axis, Scale};
pub use epochs::epochs;
pub use estimators::estimators;
pub use layers::{Rule, layers};
pub use panels::{Colours, Curve, Layout, Panel, Point, panels};
pub use samples::{Sample, SampleRow, samples};
pub use samples_alpha::samples_alpha;
pub use spectra::{Level, Line, Spectra, spectra};
pub use training::training;

/// What a figure calls a layer; layer 0 is the images.
#[must_use]
pub fn layer_name(layer: usize) -> String {
    match layer {
        0 => "images".into(),
        layer => format!("layer {layer}"),
    }
}

#[cfg(test)]
mod tests;
