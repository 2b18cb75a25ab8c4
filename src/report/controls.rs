//! What the results are compared with: other rules, other attacks, noise, fewer images.

use super::{
    Level, Report, Study,
    curves::{images, part},
};
use crate::{
    geometry::{
        marchenko_pastur,
        powerlaw::{self, Fit, Order, Ranks},
    },
    report::figures::{self, Point},
    study::table::Estimator,
};

impl Report {
    /// Each rule but the first, as the first is shown.
    pub(super) fn other_rules(&mut self, study: &Study, rules: &[String], estimator: Estimator) {
        for rule in rules.iter().skip(1) {
            self.heading(&format!("For comparison: {}", study.catalogue.rule_title(rule)));
            self.claims_of_the_paper(study, rule, estimator);
            self.accuracy_against_alpha(study, rule, estimator);
            self.against_strength(study, rule, estimator);
        }
    }

    /// Attacks that serve to understand others.
    pub(super) fn control_attacks(&mut self, study: &Study, rule: &str, estimator: Estimator) {
        let rows = part(&study.rows, rule, estimator);
        let drawn: Vec<figures::Row> = rows
            .attacks(&study.catalogue)
            .iter()
            .filter(|attack| {
                attack.is_control() && study.catalogue.signal_of(&attack.name).is_none()
            })
            .map(|attack| rows.accuracy_alpha(attack, study.turning(rule, attack, estimator)))
            .collect();
        if drawn.is_empty() {
            return;
        }
        self.heading(&format!("Control attacks: {}", study.catalogue.rule_title(rule)));
        self.draw(
            &format!("controls-{rule}"),
            figures::accuracy_alpha(&drawn),
            "Accuracy against α as above. Clipping to [0, 1] makes the noise depend on the pixel: at 0 and at 1 half of it is cut \
             off, which leaves less variance, and a shift that differs from pixel to pixel and from image to image and passes the \
             threshold of the ReLU. (A constant shift would change no covariance.) Random signs change pixels as much as FGSM does, \
             in no direction of the network's.",
        );
    }

    /// α of the plain spectrum under noise, beside that of the signal alone.
    pub(super) fn signal_alone(&mut self, study: &Study, rule: &str, estimator: Estimator) {
        let rows = part(&study.rows, rule, estimator);
        let attacks = rows.attacks(&study.catalogue);
        let pairs = attacks.iter().filter_map(|repeat| {
            let plain = study.catalogue.signal_of(&repeat.name)?;
            Some([attacks.iter().find(|attack| attack.name == plain)?, repeat])
        });
        let drawn: Vec<_> = pairs.flatten().map(|attack| rows.alpha_strength(attack)).collect();
        if drawn.is_empty() {
            return;
        }
        self.heading(&format!("The signal under noise: {}", study.catalogue.rule_title(rule)));
        self.draw(
            &format!("signal-{rule}"),
            figures::alpha_strength(&drawn),
            "α of the plain spectrum, and of the signal alone: its variance along the components that one draw of the \
             noise has, as another draw confirms it (cvPCA, Stringer et al. 2019). What differs is the variance \
             that the noise itself adds. Missing where fewer than three ranks have a positive estimate.",
        );
    }

    /// α of the first of the clean images, more and more of them.
    pub(super) fn number_of_samples(&mut self, study: &Study, rule: &str, estimator: Estimator) {
        let curves = part(&study.rows, rule, estimator).alpha_samples();
        if curves.iter().all(|curve| curve.points.len() < 2) {
            return;
        }
        self.heading(&format!("Number of images: {}", study.catalogue.rule_title(rule)));
        self.draw(
            "alpha-samples",
            figures::samples_alpha(&curves),
            "α of clean images against the number of them that the spectrum is of: where a line is not flat, α is \
             still moved by how few images there are.",
        );
    }
}

/// α and dimensionality of the images, which are layer 0, joined to those of the layers of a
/// rule.
pub fn with_images(study: &Study, rule: &str, estimator: Estimator) -> figures::Rule {
    let mut drawn = images(&study.rows, estimator).against_layer(study.catalogue.rule_title(rule));
    let layers = part(&study.rows, rule, estimator).against_layer("");
    drawn.alpha.extend(layers.alpha);
    drawn.participation_ratio.extend(layers.participation_ratio);
    drawn
}

/// What a page calls it.
pub const NOISE: &str = "noise of the same shape";

/// What the clean spectrum of a layer would be if there were nothing in it but its variance.
pub fn noise_level(study: &Study, layer: usize, clean: &Level) -> Option<figures::Level> {
    let eigenvalues = clean.eigenvalues.get(layer - 1)?;
    let row = study.rows.iter().find(|row| row.attack == "clean" && row.samples.is_some())?;
    let variance = eigenvalues.iter().sum::<f64>() / eigenvalues.len() as f64;
    let samples = row.samples?.checked_sub(1).filter(|&samples| samples > 0)?;
    Some(figures::Level {
        label: NOISE.into(),
        eigenvalues: marchenko_pastur::spectrum(eigenvalues.len(), samples, variance),
        fit: None,
    })
}

/// Fits of noise of the shape of each layer's activations.
pub fn noise(study: &Study, rule: &str, estimator: Estimator) -> Vec<(usize, Fit)> {
    let rows = part(&study.rows, rule, estimator);
    let clean = |layer: usize| {
        let row = rows.rows.iter().find(|row| row.layer == layer && row.attack == "clean")?;
        let samples = row.samples?.checked_sub(1).filter(|&samples| samples > 0)?;
        let spectrum = marchenko_pastur::spectrum(row.units, samples, 1.0);
        let Estimator { method, first, last } = estimator;
        let ranks = Ranks::new(first, last).ok()?;
        Some((layer, powerlaw::fit(&spectrum, Some(layer), ranks, method, Order::Falling).ok()?))
    };
    rows.layers().into_iter().filter_map(clean).collect()
}

/// The same as a line of a figure.
pub fn noise_against_layer(study: &Study, rule: &str, estimator: Estimator) -> figures::Rule {
    let fits = noise(study, rule, estimator).into_iter();
    figures::Rule {
        name: NOISE.into(),
        alpha: fits.map(|(layer, fit)| Point::new(layer as f64, fit.alpha)).collect(),
        // Nearly the number of units, beside which the others' would be one line.
        participation_ratio: Vec::new(),
    }
}
