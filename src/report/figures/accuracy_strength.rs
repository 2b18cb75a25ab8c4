//! Accuracy against the strength of attacks.

use super::{Axis, Colours, Curve, Layout, Panel, panels};

/// One attack.
#[derive(Clone, Debug, PartialEq)]
pub struct AccuracyStrength {
    /// The attack's name.
    pub title: String,
    /// The strength's name and unit: `σ (pixel units)`.
    pub strength: String,
    /// A curve a layer: x the strength (0: clean), y the accuracy as a fraction.
    pub layers: Vec<Curve>,
}

/// Accuracy (%) against strength: a panel an attack, a line a layer, the band one standard
/// deviation over seeds to either side.
#[must_use]
pub fn accuracy_strength(attacks: &[AccuracyStrength]) -> String {
    let panel = |attack: &AccuracyStrength| Panel {
        title: attack.title.clone(),
        x: Axis::linear(&attack.strength),
        y: Axis::percent("accuracy (%)"),
        curves: attack.layers.iter().map(Curve::percent).collect(),
    };
    let layout = Layout {
        title: "Accuracy against the strength of attacks, by layer".into(),
        columns: attacks.len().min(4),
        height: 220,
        share_y: true,
        colours: Colours::Layers,
    };
    panels(&attacks.iter().map(panel).collect::<Vec<_>>(), &layout)
}
