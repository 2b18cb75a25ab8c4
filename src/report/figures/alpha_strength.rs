//! alpha against the strength of attacks.

use super::{Axis, Curve, Layout, Palette, Panel, panels};

/// One attack.
#[derive(Clone, Debug, PartialEq)]
pub struct AlphaStrength {
    /// The attack's name.
    pub title: String,
    /// Name and unit of the strength: `σ (pixel units)`.
    pub strength_label: String,
    /// One curve per layer: x is the strength (0 for clean images), y alpha.
    pub layers: Vec<Curve>,
    /// The same for alpha minus alpha of the clean images, taken for each seed: its standard deviation is
    /// that of the change alone. May be empty.
    pub changes: Vec<Curve>,
}

/// alpha against strength: one panel per attack, one line per layer. The bands reach one standard
/// deviation over seeds to either side. A second row shows the change from clean images, which is small
/// beside the differences between layers, if any attack gives it.
#[must_use]
pub fn alpha_strength(attacks: &[AlphaStrength]) -> String {
    let panel = |attack: &AlphaStrength, title: &str, y: &str, curves: &[Curve]| {
        let panel = Panel {
            title: title.into(),
            x: Axis::linear(&attack.strength_label),
            y: Axis::linear(y),
            curves: curves.to_vec(),
        };
        panel.with_ticks_at_points()
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
        palette: Palette::Sequence,
    };
    panels(&all, &layout)
}
