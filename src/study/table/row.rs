//! The rows and columns of the table.

use serde::{Deserialize, Serialize, Serializer};

use super::{
    Estimator,
    runs::{Audit, Inside, Run},
};
use crate::{
    network::accuracy::Accuracy,
    number,
    spectrum::powerlaw::{Description, Fit, Method},
};

/// Defines the columns in the order of the table: the name and type of each, and its value for a fit
/// of a run.
macro_rules! columns {
    (
        |$($part:ident: $part_type:ty),* $(,)?|
        $($(#[$meta:meta])* $name:ident: $type:ty = $value:expr,)*
    ) => {
        /// One row of the table: one fit of the spectrum of one layer of one run. Values that the run
        /// does not have are empty cells.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        pub struct Row {
            $($(#[$meta])* pub $name: $type,)*
        }

        impl Row {
            pub(super) fn of($($part: $part_type),*) -> Self {
                Self { $($name: $value,)* }
            }
        }
    };
}

columns! {
    |
        run: &Run,
        layer: usize,
        own: Option<&Accuracy>,
        last: Option<&Accuracy>,
        fit: &Fit,
        audit: &Audit,
        inside: &Inside,
    |
    /// Name of the data set.
    dataset: String = run.dataset.clone(),
    /// Learning rule; empty for the images themselves.
    rule: Option<String> = run.rule.clone(),
    /// Seed of the training; empty for the images themselves.
    seed: Option<u64> = run.seed,
    /// Epoch of a snapshot; empty for the final network.
    epoch: Option<usize> = run.epoch,
    /// Name of the attack; `clean` for the clean images, and `subset` for the first of them.
    attack: String = run.attack.clone(),
    /// Strength of the attack, usually in pixel units; 0 for `clean`, and the number of images for
    /// `subset`.
    #[serde(serialize_with = "plain")]
    strength: f64 = run.strength,
    /// The layer, counted from 1; 0 for the images themselves.
    layer: usize = layer,
    /// Number of images measured.
    samples: Option<usize> = own.map(|own| own.samples),
    /// Number of images that the layer's readout classifies correctly.
    correct: Option<usize> = own.and_then(|own| own.correct),
    /// Fraction of images that the layer's readout classifies correctly.
    accuracy: Option<f64> = own.and_then(|own| own.accuracy),
    /// Fraction of images that the last layer's readout classifies correctly.
    network_accuracy: Option<f64> = last.and_then(|last| last.accuracy),
    /// Mean of the cross-entropy `-ln p_y` of the layer's readout.
    loss: Option<f64> = own.and_then(|own| own.loss),
    /// Whether the layer's readout is a probe.
    #[serde(default)]
    probe: bool = own.is_some_and(|own| own.probe),
    /// Number of units that take one value on all images.
    dead: Option<usize> = own.map(|own| own.dead),
    /// Number of units of the layer.
    units: usize = fit.units,
    /// Number of eigenvalues above round-off.
    positive: usize = fit.positive,
    /// The method by which alpha was estimated.
    method: Method = fit.method,
    /// First rank requested.
    rank_first: usize = fit.rank_first,
    /// Last rank requested.
    rank_last: usize = fit.rank_last,
    /// Number of ranks used.
    points: usize = fit.points,
    /// The exponent.
    alpha: Option<f64> = fit.alpha,
    /// Standard error of alpha.
    stderr: Option<f64> = fit.stderr,
    /// `ln lambda` of the fitted line at rank 1.
    intercept: Option<f64> = fit.intercept,
    /// Fraction of the variance of `ln lambda` that the line explains.
    r2: Option<f64> = fit.r2,
    /// Coefficient of `(ln n)²` in a quadratic fit; 0 for a power law.
    curvature: Option<f64> = fit.curvature,
    /// The description of the ranks with the lowest BIC.
    preferred: Option<Description> = fit.comparison.as_ref().and_then(|comparison| comparison.preferred),
    /// Participation ratio of the spectrum, `(sum lambda)² / sum lambda²`.
    participation_ratio: Option<f64> = fit.participation_ratio,
    /// Effective rank: exponential of the entropy of the normalised spectrum.
    effective_rank: Option<f64> = fit.effective_rank,
    /// From the audit of an attack: number of images whose gradient lacks the term of the true class.
    lost_label_images: Option<usize> = audit.lost_label_images,
    /// From the audit of an attack: number of images whose gradient is 0 in every pixel.
    zero_gradient_images: Option<usize> = audit.zero_gradient_images,
    /// From the audit of an attack: number of pixels whose gradient is 0.
    zero_sign_pixels: Option<usize> = audit.zero_sign_pixels,
    /// From the audit of an attack: largest absolute change of a pixel.
    max_change: Option<f64> = audit.max_change,
    /// Of the classes: between-class over within-class scatter.
    class_ratio: Option<f64> = inside.classes(layer, |classes| classes.ratio),
    /// Of the classes: the first measure of neural collapse.
    nc1: Option<f64> = inside.classes(layer, |classes| classes.nc1),
    /// Of the classes: the fraction of the variance in the directions of their centres.
    centre_span: Option<f64> = inside.classes(layer, |classes| classes.centre_span),
    /// Of the classes: mean participation ratio.
    class_dimension: Option<f64> = inside.classes(layer, |classes| classes.class_dimension),
    /// Of the classes: mean radius, in units of the distance of the centre from the mean of all images.
    class_radius: Option<f64> = inside.classes(layer, |classes| classes.class_radius),
    /// Of the classes: mean absolute cosine between their centres.
    centre_correlation: Option<f64> = inside.classes(layer, |classes| classes.centre_correlation),
    /// Mean squared displacement by the attack, over the trace of the clean covariance.
    displacement: Option<f64> = inside.displaced(layer, |summary| summary.total),
    /// Fraction of it that is the squared mean displacement.
    mean_shift: Option<f64> = inside.displaced(layer, |summary| summary.mean_shift),
    /// Fraction of the displacement's variance in the first 10 directions.
    displaced_first_10: Option<f64> = inside.displaced(layer, |summary| summary.first_10),
    /// The same in the first 50 directions.
    displaced_first_50: Option<f64> = inside.displaced(layer, |summary| summary.first_50),
    /// Median over images of the distance to the nearest boundary that DeepFool found.
    median_distance: Option<f64> = inside.median_distance,
    /// Codes of the fit's warnings, separated by spaces.
    warnings: String = fit.warnings.iter().map(|w| w.code()).collect::<Vec<_>>().join(" "),
}

/// Columns that a table may lack, because tables of early versions do not have them.
pub(crate) const OPTIONAL: [&str; 14] = [
    "lost_label_images",
    "probe",
    "preferred",
    "class_ratio",
    "nc1",
    "centre_span",
    "class_dimension",
    "class_radius",
    "centre_correlation",
    "displacement",
    "mean_shift",
    "displaced_first_10",
    "displaced_first_50",
    "median_distance",
];

/// Largest plausible number of units: a covariance of more would not fit in memory.
const MAX_UNITS: usize = 1 << 20;

impl Row {
    /// The estimator of alpha.
    #[must_use]
    pub fn estimator(&self) -> Estimator {
        Estimator { method: self.method, first: self.rank_first, last: self.rank_last }
    }

    /// Whether the images are attacked: the attacks `clean` and `subset` change no image.
    pub(super) fn is_attacked(&self) -> bool {
        !["clean", "subset"].contains(&self.attack.as_str())
    }

    /// Describes the point that the row measures.
    pub(super) fn name(&self) -> String {
        let network = self.rule.as_ref().map_or("images".into(), |rule| {
            let seed = self.seed.map_or(String::new(), |seed| format!(" seed {seed}"));
            let epoch = self.epoch.map_or(String::new(), |epoch| format!(" epoch {epoch}"));
            format!("{rule}{seed}{epoch}")
        });
        let level = match self.attack.as_str() {
            "clean" => "clean".into(),
            attack => format!("{attack}-{}", number(self.strength)),
        };
        format!(
            "{} {network} {level}, layer {}, {} of ranks {}-{}",
            self.dataset,
            self.layer,
            self.method.name(),
            self.rank_first,
            self.rank_last
        )
    }

    /// Check the ranges of values, and that columns are consistent with one another.
    pub(super) fn check(&self) -> std::result::Result<(), String> {
        let fraction = |accuracy: Option<f64>| accuracy.is_none_or(|a| (0.0..=1.0).contains(&a));
        let wrong = if self.dataset.is_empty() || self.attack.is_empty() {
            "has an empty dataset or attack (expected names)"
        } else if self.rule.is_some() != self.seed.is_some() {
            "has a rule without a seed, or a seed without a rule (expected both, or neither for the \
             images themselves)"
        } else if self.rule.is_some() != (self.layer > 0) {
            "has layer 0 with a rule, or another layer without one (expected layer 0 for the images \
             themselves only)"
        } else if self.attack == "clean" && self.strength != 0.0 {
            "has clean images with a strength other than 0"
        } else if !fraction(self.accuracy) || !fraction(self.network_accuracy) {
            "has an accuracy that is not a fraction (expected 0 to 1)"
        } else if self.rank_first == 0 || self.rank_first > self.rank_last {
            "has ranks that are not a range (expected rank_first at least 1, and rank_last at least rank_first)"
        } else if self.units > MAX_UNITS {
            "has more units than a covariance can have (expected at most 1048576)"
        } else {
            return Ok(());
        };
        Err(wrong.into())
    }
}

/// Write a number as file names do: `1` in place of `1.0`.
#[allow(clippy::trivially_copy_pass_by_ref)] // serde passes a reference
pub(super) fn plain<S: Serializer>(
    number: &f64,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}
