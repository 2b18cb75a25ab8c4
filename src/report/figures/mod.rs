//! The figures of the report: each function takes numbers and returns the text of an SVG.
//!
//! A figure reads no file, and the same numbers give the same bytes. A value that is missing (`None`,
//! not finite, or not positive on a log axis) is left out and interrupts its line. Accuracies and errors
//! are given as fractions, as in the tables, and drawn in %.
//!
//! An SVG can be a file or part of a page: text and axes have the colour of the text around it
//! (`currentColor`), the background is transparent, and it is scaled to the width of the page. Its
//! coordinates are for a width of 900 px. Layers run from blue to green, strengths from purple to
//! orange: both sequences become steadily lighter, so that they survive printing in grey, and are
//! visible on white and on black. Layers and rules also differ by marker or dash.

mod accuracy_alpha;
mod accuracy_strength;
mod alpha_strength;
mod axis;
mod canvas;
mod epochs;
mod estimators;
mod layers;
mod local_slopes;
mod panels;
mod png;
mod samples;
mod samples_alpha;
mod specifications;
mod spectra;
mod style;
mod training;

pub use accuracy_alpha::{AccuracyAlpha, LayerMeasurements, Measurement, accuracy_alpha};
pub use accuracy_strength::{AccuracyStrength, accuracy_strength};
pub use alpha_strength::{AlphaStrength, alpha_strength};
pub use axis::{Axis, AxisScale};
pub use epochs::epochs;
pub use estimators::estimators;
pub use layers::{LayerProfile, layers};
pub use local_slopes::local_slopes;
pub use panels::{Curve, Layout, Palette, Panel, Point, panels};
pub use samples::{Sample, SampleRow, samples};
pub use samples_alpha::samples_alpha;
pub use specifications::{Specification, Specifications, specifications};
pub use spectra::{FittedLine, LabelledSpectrum, LayerSpectra, spectra};
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
