//! How the layers learn.

use super::{Axis, Curve, Layout, Palette, Panel, panels};

/// Test error (%) and training loss (nats), on log axes, against the epoch: one line per layer.
/// `test_errors` are fractions.
#[must_use]
pub fn training(test_errors: &[Curve], train_losses: &[Curve]) -> String {
    let panel = |title: &str, y: &str, curves: Vec<Curve>| Panel {
        title: title.into(),
        x: Axis::whole("epoch"),
        y: Axis::log(y),
        curves,
    };
    let layout = Layout {
        title: "Test error and training loss against the epoch, by layer".into(),
        columns: 2,
        height: 250,
        share_y: false,
        palette: Palette::Sequence,
    };
    let errors = test_errors.iter().map(Curve::percent).collect();
    let both = [
        panel("after each epoch, test images", "test error (%)", errors),
        panel("during each epoch, training images", "loss (nats)", train_losses.to_vec()),
    ];
    panels(&both, &layout)
}
