//! Local slopes of spectra against rank.

use super::{Axis, Curve, Layout, Palette, Panel, panels};

/// Local slopes against rank, both on log axes: one line per layer. A power law is a horizontal line.
#[must_use]
pub fn local_slopes(layers: &[Curve]) -> String {
    let panel = Panel {
        title: String::new(),
        x: Axis::log("rank n"),
        y: Axis::log("local slope, −d ln λ / d ln n"),
        curves: layers.to_vec(),
    };
    let layout = Layout {
        title: "Local slopes of the spectra against rank, by layer".into(),
        columns: 1,
        height: 280,
        share_y: false,
        palette: Palette::Sequence,
    };
    panels(&[panel], &layout)
}
