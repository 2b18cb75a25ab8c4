//! Noise of the same shape as the activations: spectra without any structure.

use crate::{
    report::{
        figures::{LabelledSpectrum, LayerProfile, Point},
        rule_view::RuleView,
        study_files::StudyFiles,
    },
    spectrum::{
        marchenko_pastur,
        powerlaw::{self, Fit, Order, Ranks},
    },
    study::table::{Estimator, Row},
};

/// What the page calls it.
pub const NAME: &str = "noise of the same shape";

/// The spectrum that a layer would have if its clean activations were noise of the same variance. None if
/// the number of images is not known.
pub fn spectrum(study: &StudyFiles, clean: &[f64]) -> Option<LabelledSpectrum> {
    let samples =
        study.rows.iter().filter(|row| row.attack == "clean").find_map(degrees_of_freedom)?;
    let variance = clean.iter().sum::<f64>() / clean.len() as f64;
    let eigenvalues = marchenko_pastur::spectrum(clean.len(), samples, variance);
    Some(LabelledSpectrum { label: NAME.into(), eigenvalues, fits: Vec::new() })
}

/// Fits to noise of the shape of each layer's clean activations, with the layer.
pub fn fits(rule: RuleView<'_>) -> Vec<(usize, Fit)> {
    let networks = rule.networks();
    let Estimator { method, first, last } = rule.estimator;
    let fit = |layer: usize| {
        let row = networks.rows.iter().find(|row| row.layer == layer && row.attack == "clean")?;
        let spectrum = marchenko_pastur::spectrum(row.units, degrees_of_freedom(row)?, 1.0);
        let fit = powerlaw::fit(
            &spectrum,
            Some(layer),
            Ranks::new(first, last).ok()?,
            method,
            Order::AsGiven,
        );
        Some((layer, fit.expect("a spectrum in any order can be fitted")))
    };
    networks.layers().into_iter().filter_map(fit).collect()
}

/// alpha of the noise against the layer.
pub fn profile(rule: RuleView<'_>) -> LayerProfile {
    let point = |(layer, fit): (usize, Fit)| Point::new(layer as f64, fit.alpha);
    LayerProfile {
        name: NAME.into(),
        alpha: fits(rule).into_iter().map(point).collect(),
        // It is nearly the number of units, so large that all rules would look the same.
        participation_ratio: Vec::new(),
    }
}

/// Samples, less one for the mean; none if unknown or if nothing is left.
fn degrees_of_freedom(row: &Row) -> Option<usize> {
    row.samples?.checked_sub(1).filter(|&samples| samples > 0)
}
