//! Accuracy against the strength of attacks.

use super::{Axis, Curve, Layout, Palette, Panel, panels};

/// One attack.
#[derive(Clone, Debug, PartialEq)]
pub struct AccuracyStrength {
    /// The attack's name.
    pub title: String,
    /// Name and unit of the strength: `σ (pixel units)`.
    pub strength_label: String,
    /// One curve per layer: x is the strength (0 for clean images), y the accuracy as a fraction.
    pub layers: Vec<Curve>,
}

/// Accuracy (%) against strength: one panel per attack, one line per layer. The bands reach one standard
/// deviation over seeds to either side.
#[must_use]
pub fn accuracy_strength(attacks: &[AccuracyStrength]) -> String {
    let panel = |attack: &AccuracyStrength| {
        let panel = Panel {
            title: attack.title.clone(),
            x: Axis::linear(&attack.strength_label),
            y: Axis::percent("accuracy (%)"),
            curves: attack.layers.iter().map(Curve::percent).collect(),
        };
        panel.with_ticks_at_points()
    };
    let layout = Layout {
        title: "Accuracy against the strength of attacks, by layer".into(),
        columns: attacks.len().min(4),
        height: 220,
        share_y: true,
        palette: Palette::Sequence,
    };
    panels(&attacks.iter().map(panel).collect::<Vec<_>>(), &layout)
}
