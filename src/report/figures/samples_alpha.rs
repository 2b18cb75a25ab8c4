//! alpha against the number of samples.

use super::{Axis, Curve, Layout, Palette, Panel, panels};

/// alpha against the number of images that its spectrum was computed from, on a log axis: one line per
/// layer. The bands reach one standard deviation over seeds to either side.
#[must_use]
pub fn samples_alpha(layers: &[Curve]) -> String {
    let panel = Panel {
        title: String::new(),
        x: Axis::log("number of samples"),
        y: Axis::linear("α"),
        curves: layers.to_vec(),
    };
    let layout = Layout {
        title: "Power-law exponent alpha against the number of samples, by layer".into(),
        columns: 1,
        height: 260,
        share_y: false,
        palette: Palette::Sequence,
    };
    panels(&[panel.with_ticks_at_points()], &layout)
}
