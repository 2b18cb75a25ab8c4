//! Bias and spread of the estimators of alpha.

use super::{Axis, Curve, Layout, Palette, Panel, Point, panels};
use crate::spectrum::{
    estimator_bias::{Condition, Outcome},
    powerlaw::Method,
};

/// Estimate minus true exponent against the number of samples, on a log axis: one row of panels each for
/// spectra without noise, under noise and from repeats, one panel per method, one line per true exponent.
/// The bands reach one standard deviation over draws to either side.
#[must_use]
pub fn estimators(outcomes: &[Outcome]) -> String {
    let mut alphas: Vec<f64> = outcomes.iter().map(|outcome| outcome.alpha).collect();
    alphas.sort_by(f64::total_cmp);
    alphas.dedup();
    let panel = |source: Condition, method: Method| {
        let curve = |&alpha: &f64| {
            let same = outcomes.iter().filter(|outcome| {
                (outcome.source, outcome.method) == (source, method)
                    && outcome.alpha.total_cmp(&alpha).is_eq()
            });
            let point = |outcome: &Outcome| Point {
                x: outcome.samples as f64,
                y: outcome.bias,
                sd: outcome.sd,
            };
            Curve { label: format!("α = {alpha}"), points: same.map(point).collect() }
        };
        let name = match source {
            Condition::Plain => "no noise",
            Condition::Noisy => "noise",
            Condition::Repeat => "two repeats, cvPCA",
        };
        Panel {
            title: format!("{name}: {}", method.name()),
            x: Axis::log("number of samples"),
            y: Axis { within: vec![0.0], ..Axis::linear("α found − α") },
            curves: alphas.iter().map(curve).collect(),
        }
    };
    let rows =
        Condition::ALL.iter().flat_map(|&source| Method::ALL.map(|method| panel(source, method)));
    let layout = Layout {
        title: "Bias and spread of the estimators of alpha against the number of samples".into(),
        columns: Method::ALL.len(),
        height: 190,
        share_y: true,
        palette: Palette::Sequence,
    };
    panels(&rows.collect::<Vec<_>>(), &layout)
}
