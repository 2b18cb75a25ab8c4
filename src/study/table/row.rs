//! A row of the table, and its columns.

use serde::{Deserialize, Serialize, Serializer};

use super::{
    Estimator,
    runs::{Audit, Run},
};
use crate::{
    geometry::powerlaw::{Fit, Method},
    network::accuracy::Accuracy,
    number,
};

/// The columns, in the table's order: the name and type of each, and where a run has it.
macro_rules! columns {
    (
        |$($part:ident: $part_type:ty),* $(,)?|
        $($(#[$meta:meta])* $name:ident: $type:ty = $value:expr,)*
    ) => {
        /// A row of the table: a run, a layer and a fit of its spectrum. Empty cells are what a run
        /// does not have.
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
    |run: &Run, layer: usize, own: Option<&Accuracy>, last: Option<&Accuracy>, fit: &Fit, audit: &Audit|
    /// Name of the data set.
    dataset: String = run.dataset.clone(),
    /// Learning rule; none for the images themselves.
    rule: Option<String> = run.rule.clone(),
    /// Seed of the network.
    seed: Option<u64> = run.seed,
    /// Epoch of a snapshot; none for the final network.
    epoch: Option<usize> = run.epoch,
    /// Name of the attack; `clean`, or `subset` for the first of the clean images.
    attack: String = run.attack.clone(),
    /// In pixel units; 0 for `clean`, the number of images for `subset`.
    #[serde(serialize_with = "plain")]
    strength: f64 = run.strength,
    /// From 1; 0 for the images themselves.
    layer: usize = layer,
    /// Images measured.
    samples: Option<usize> = own.map(|own| own.samples),
    /// Images classified correctly.
    correct: Option<usize> = own.and_then(|own| own.correct),
    /// Part of them, by the layer's own readout.
    accuracy: Option<f64> = own.and_then(|own| own.accuracy),
    /// Part of them, by the last layer's readout.
    network_accuracy: Option<f64> = last.and_then(|last| last.accuracy),
    /// Mean of `-ln p_y`.
    loss: Option<f64> = own.and_then(|own| own.loss),
    /// Units that are 0 on every image.
    dead: Option<usize> = own.map(|own| own.dead),
    /// Units of the layer.
    units: usize = fit.units,
    /// Eigenvalues that are not round-off.
    positive: usize = fit.positive,
    /// How alpha was estimated.
    method: Method = fit.method,
    /// First rank asked for.
    first: usize = fit.first,
    /// Last rank asked for.
    last: usize = fit.last,
    /// Ranks used.
    points: usize = fit.points,
    /// The exponent.
    alpha: Option<f64> = fit.alpha,
    /// Its standard error.
    stderr: Option<f64> = fit.stderr,
    /// `ln lambda` of the line at rank 1.
    intercept: Option<f64> = fit.intercept,
    /// Share of the variance explained.
    r2: Option<f64> = fit.r2,
    /// 0 for a power law.
    curvature: Option<f64> = fit.curvature,
    /// `(sum lambda)² / sum lambda²`
    participation_ratio: Option<f64> = fit.participation_ratio,
    /// Exponential of the entropy of the spectrum.
    effective_rank: Option<f64> = fit.effective_rank,
    /// Of the audit of an attack: images whose gradient lacks the term of their own class.
    #[serde(default)]
    lost_label_images: Option<usize> = audit.lost_label_images,
    /// Of the audit of an attack.
    zero_gradient_images: Option<usize> = audit.zero_gradient_images,
    /// Of the audit of an attack.
    zero_sign_pixels: Option<usize> = audit.zero_sign_pixels,
    /// Of the audit of an attack.
    max_change: Option<f64> = audit.max_change,
    /// Codes of the fit's warnings, separated by spaces.
    warnings: String = fit.warnings.iter().map(|w| w.code()).collect::<Vec<_>>().join(" "),
}

/// Columns that a table may lack: those that were added after the others.
pub(crate) const OPTIONAL: [&str; 1] = ["lost_label_images"];

/// More units than a covariance could be computed of.
const MAX_UNITS: usize = 1 << 20;

impl Row {
    /// How its alpha was estimated.
    #[must_use]
    pub fn estimator(&self) -> Estimator {
        Estimator { method: self.method, first: self.first, last: self.last }
    }

    /// Whether its images are attacked: neither the clean ones nor the first of them.
    pub(super) fn is_attacked(&self) -> bool {
        !["clean", "subset"].contains(&self.attack.as_str())
    }

    /// What the row is of, in words.
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
            self.first,
            self.last
        )
    }

    /// What columns say only together, or as a part of what their type allows.
    pub(super) fn check(&self) -> std::result::Result<(), String> {
        let fraction = |accuracy: Option<f64>| accuracy.is_none_or(|a| (0.0..=1.0).contains(&a));
        let wrong = if self.dataset.is_empty() || self.attack.is_empty() {
            "has no dataset or no attack (expected names)"
        } else if self.rule.is_some() != self.seed.is_some() {
            "has a rule without a seed, or a seed without a rule (expected both, or neither of the \
             images themselves)"
        } else if self.rule.is_some() != (self.layer > 0) {
            "has layer 0 with a rule, or another layer without (expected layer 0 of the images \
             themselves alone)"
        } else if self.attack == "clean" && self.strength != 0.0 {
            "has clean images of a strength that is not 0"
        } else if !fraction(self.accuracy) || !fraction(self.network_accuracy) {
            "has an accuracy that is no fraction (expected 0 to 1)"
        } else if self.first == 0 || self.first > self.last {
            "has ranks first and last that are no range (expected 1 or more, and last not before \
             first)"
        } else if self.units > MAX_UNITS {
            "has more units than a covariance can be taken of (expected at most 1048576)"
        } else {
            return Ok(());
        };
        Err(wrong.into())
    }
}

/// As file names have it: `1`, not `1.0`.
#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
pub(super) fn plain<S: Serializer>(
    number: &f64,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}
