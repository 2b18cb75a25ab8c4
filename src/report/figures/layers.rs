//! Geometry against depth.

use super::{Axis, Colours, Curve, Layout, Panel, Point, panels};

/// A learning rule, or a control.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// In the legend.
    pub name: String,
    /// x the layer, y alpha.
    pub alpha: Vec<Point>,
    /// x the layer, y the participation ratio.
    pub participation_ratio: Vec<Point>,
}

/// alpha and participation ratio against the layer (0: the images), clean test images: a
/// line a rule, the band one standard deviation over seeds to either side.
#[must_use]
pub fn layers(rules: &[Rule]) -> String {
    let panel = |title: &str, y: Axis, of: fn(&Rule) -> &Vec<Point>| Panel {
        title: title.into(),
        x: Axis::whole("layer"),
        y,
        curves: rules
            .iter()
            .map(|rule| Curve { label: rule.name.clone(), points: of(rule).clone() })
            .collect(),
    };
    let layout = Layout {
        title: "Power-law exponent alpha and participation ratio against the layer".into(),
        columns: 2,
        height: 240,
        share_y: false,
        colours: Colours::Names,
    };
    let dimensions = Axis { within: vec![0.0], ..Axis::linear("participation ratio (dimensions)") };
    let both = [
        panel("decay of the spectrum", Axis::linear("α"), |rule| &rule.alpha),
        panel("dimensionality", dimensions, |rule| &rule.participation_ratio),
    ];
    panels(&both, &layout)
}
