//! Geometry against depth.

use super::{Axis, Curve, Layout, Palette, Panel, Point, panels};

/// What the layers of one learning rule, or of a control, measure.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerProfile {
    /// In the legend.
    pub name: String,
    /// x is the layer, y alpha.
    pub alpha: Vec<Point>,
    /// x is the layer, y the participation ratio.
    pub participation_ratio: Vec<Point>,
}

/// alpha and participation ratio of clean test images against the layer (0 for the images themselves):
/// one line per profile. The bands reach one standard deviation over seeds to either side.
#[must_use]
pub fn layers(profiles: &[LayerProfile]) -> String {
    let panel = |title: &str, y: Axis, of: fn(&LayerProfile) -> &Vec<Point>| Panel {
        title: title.into(),
        x: Axis::whole("layer"),
        y,
        curves: profiles
            .iter()
            .map(|profile| Curve { label: profile.name.clone(), points: of(profile).clone() })
            .collect(),
    };
    let layout = Layout {
        title: "Power-law exponent alpha and participation ratio against the layer".into(),
        columns: 2,
        height: 240,
        share_y: false,
        palette: Palette::Distinct,
    };
    let dimensions = Axis { within: vec![0.0], ..Axis::linear("participation ratio (dimensions)") };
    let both = [
        panel("decay of the spectrum", Axis::linear("α"), |profile| &profile.alpha),
        panel("dimensionality", dimensions, |profile| &profile.participation_ratio),
    ];
    panels(&both, &layout)
}
