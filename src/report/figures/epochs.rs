//! Geometry during training.

use super::{Axis, Curve, Layout, Palette, Panel, panels};

/// alpha and accuracy of clean test images against the epoch, on a log axis: one line per layer. The
/// bands reach one standard deviation over seeds to either side. `accuracies` are fractions.
#[must_use]
pub fn epochs(alphas: &[Curve], accuracies: &[Curve]) -> String {
    let panel = |title: &str, y: Axis, curves: Vec<Curve>| {
        Panel { title: title.into(), x: Axis::log("epoch"), y, curves }.with_ticks_at_points()
    };
    let layout = Layout {
        title: "Power-law exponent alpha and accuracy against the epoch, by layer".into(),
        columns: 2,
        height: 240,
        share_y: false,
        palette: Palette::Sequence,
    };
    let accuracies = accuracies.iter().map(Curve::percent).collect();
    let both = [
        panel("decay of the spectrum", Axis::linear("α"), alphas.to_vec()),
        panel("test images", Axis::linear("accuracy (%)"), accuracies),
    ];
    panels(&both, &layout)
}
