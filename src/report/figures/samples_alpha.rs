//! alpha against the number of samples.

use super::{Axis, Colours, Curve, Layout, Panel, panels};

/// alpha against the number of images its spectrum was computed from, on a log axis: a
/// line a layer, the band one standard deviation over seeds or subsamples.
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
        colours: Colours::Layers,
    };
    panels(&[panel], &layout)
}
