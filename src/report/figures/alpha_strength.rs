//! alpha against the strength of attacks.

use super::{Axis, Colours, Curve, Layout, Panel, panels};

/// One attack.
#[derive(Clone, Debug, PartialEq)]
pub struct AlphaStrength {
    /// The attack's name.
    pub title: String,
    /// The strength's name and unit: `σ (pixel units)`.
    pub strength: String,
    /// A curve a layer: x the strength (0: clean), y alpha.
    pub layers: Vec<Curve>,
    /// The same for alpha less that of clean images, seed by seed: the spread is then of
    /// the change alone. May be empty.
    pub changes: Vec<Curve>,
}

/// alpha against strength: a panel an attack, a line a layer, the band one standard
/// deviation over seeds to either side. Below them the change from clean images, which
/// the distances between layers hide, where any attack gives it.
#[must_use]
pub fn alpha_strength(attacks: &[AlphaStrength]) -> String {
    let panel = |attack: &AlphaStrength, title: &str, y: &str, curves: &[Curve]| Panel {
        title: title.into(),
        x: Axis::linear(&attack.strength),
        y: Axis::linear(y),
        curves: curves.to_vec(),
    };
    let alpha = attacks.iter().map(|attack| panel(attack, &attack.title, "α", &attack.layers));
    let change = attacks.iter().map(|attack| panel(attack, "", "α − α(clean)", &attack.changes));
    let with_changes = attacks.iter().any(|attack| !attack.changes.is_empty());
    let all: Vec<_> = alpha.chain(change.filter(|_| with_changes)).collect();
    let layout = Layout {
        title: "Power-law exponent alpha against the strength of attacks, by layer".into(),
        columns: attacks.len(),
        height: 210,
        share_y: false,
        colours: Colours::Layers,
    };
    panels(&all, &layout)
}
