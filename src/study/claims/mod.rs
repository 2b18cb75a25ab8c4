//! The paper's claims and further ones, judged by thresholds (see `thresholds`), and the paper's claims in
//! all ways in which the analysis could have been made (see `choices`).
//!
//! A statistic is computed for each seed, and the lower confidence bound of its median over the seeds
//! is compared with a threshold. A claim holds in a layer if this bound reaches the threshold.
//! It is `reproduced` if it holds in all layers, `partly` reproduced in some, and `not reproduced` in
//! none. It is `undecided`, with the reason, if there are too few seeds or points, or if accuracy
//! hardly varies.
//!
//! A claim about an attack also names the checks that the attack fails: without them, a result may
//! show a weak attack and not a strong network (see `checks`).

mod checks;
mod choices;
mod curves;
mod decide;
mod further_claims;
mod paper;
mod statistics;
mod thresholds;
mod verdict_lines;

use serde::{Deserialize, Serialize};

use crate::{
    spectrum::powerlaw::Method,
    study::{
        catalogue::{AttackEntry, Catalogue},
        table::{self, Estimator, Row},
    },
};
pub use checks::{Check, CheckName};
pub use choices::{Analysis, Floor, Matrix, Survey, surveys};
use further_claims::about_clean_images;
use paper::about_attacks;
pub use statistics::OverSeeds;
pub use thresholds::{
    CONFIDENCE, MIN_CLEAN, MIN_RANGE, MIN_SEEDS, MONOTONICITY, POSITIVE, PROMINENCE, RESOLUTION,
    RHO, StudySizes, Threshold,
};
pub use verdict_lines::verdicts;

/// One line of the output of `claims`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claim {
    /// Short name: C1, C2 or C3 for the paper's claims, or the name of a further one.
    pub claim: String,
    /// The claim as a sentence.
    pub statement: String,
    /// The learning rule.
    pub rule: String,
    /// The attack, if the claim is about one.
    pub attack: Option<String>,
    /// The method by which alpha was estimated.
    pub method: Method,
    /// First rank of the fit.
    pub rank_first: usize,
    /// Last rank of the fit.
    pub rank_last: usize,
    /// Name of the statistic that is compared with the threshold.
    pub statistic: String,
    /// The value that the lower confidence bound of the statistic's median over seeds must reach.
    pub threshold: f64,
    /// The result of each layer, or of each strength for a statistic over the layers at one strength,
    /// or a single one for a statistic over the layers on clean images.
    pub layers: Vec<LayerVerdict>,
    /// The verdict over all layers.
    pub verdict: Verdict,
    /// Why the claim is undecided, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Number of seeds in the table.
    pub seeds: usize,
    /// Number of rows of the table that were used.
    pub rows: usize,
    /// Names of the checks that the attack fails for this rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_checks: Vec<String>,
}

impl Claim {
    /// What the claim says without the attack, in each reading of a claim of the paper; `None` for a further
    /// claim.
    #[must_use]
    pub fn saying(&self) -> Option<&'static str> {
        let name = self.claim.split('-').next();
        OF_THE_PAPER.into_iter().find(|(own, _)| Some(*own) == name).map(|(_, saying)| saying)
    }

    /// The layers in which the claim holds.
    #[must_use]
    pub fn holding(&self) -> Vec<usize> {
        let holding = self.layers.iter().filter(|layer| layer.holds == Some(true));
        holding.filter_map(|layer| layer.layer).collect()
    }

    /// The verdict in words, with the layers or strengths at which the claim holds.
    #[must_use]
    pub fn outcome(&self) -> String {
        let holding = self.layers.iter().filter(|layer| layer.holds == Some(true));
        let (of, places): (Vec<&str>, Vec<String>) =
            holding.filter_map(LayerVerdict::place).unzip();
        let name = self.verdict.name();
        match (of.first(), places.as_slice()) {
            (None, _) => name.into(),
            (Some(of), [place]) => format!("{name} ({of} {place})"),
            (Some(of), places) => format!("{name} ({of}s {})", places.join(" ")),
        }
    }

    /// In words, which checks the attack fails; `None` if it fails none.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        match self.failed_checks.as_slice() {
            [] => None,
            [one] => Some(format!("the attack fails the check {one}")),
            [most @ .., last] => {
                Some(format!("the attack fails the checks {} and {last}", most.join(", ")))
            }
        }
    }

    /// The estimator of alpha.
    #[must_use]
    pub fn estimator(&self) -> Estimator {
        Estimator { method: self.method, first: self.rank_first, last: self.rank_last }
    }
}

/// The result of a claim for one layer, or for one strength.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LayerVerdict {
    /// The layer, counted from 1; `None` for a statistic over all layers.
    pub layer: Option<usize>,
    /// The strength of the attack, for a statistic over all layers at this strength.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<f64>,
    /// The statistic over seeds; `None` if undecided.
    pub statistic: Option<OverSeeds>,
    /// Whether the claim holds in this layer; `None` if undecided.
    pub holds: Option<bool>,
    /// Number of seeds whose own statistic reaches the threshold; `None` if undecided.
    #[serde(default)]
    pub above: Option<usize>,
    /// Number of seeds that have the statistic; seeds without an exponent do not.
    #[serde(default)]
    pub seeds: usize,
    /// Why the layer is undecided, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// For C3, the turning point of the curve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurningPoint>,
}

impl LayerVerdict {
    /// What the result is of, `layer` or `strength`, and which one; `None` if it is of all layers.
    fn place(&self) -> Option<(&'static str, String)> {
        let layer = self.layer.map(|layer| ("layer", layer.to_string()));
        layer.or_else(|| self.strength.map(|strength| ("strength", strength.to_string())))
    }

    /// [`Self::place`] as one text.
    fn name(&self) -> Option<String> {
        self.place().map(|(of, place)| format!("{of} {place}"))
    }
}

/// The turning point of alpha along falling accuracy, of the mean curve over seeds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TurningPoint {
    /// Strength of the attack at the turning point.
    pub strength: f64,
    /// Mean alpha at the turning point.
    pub alpha: f64,
    /// Mean accuracy at the turning point.
    pub accuracy: f64,
    /// Whether it is a valley of alpha, or a peak.
    pub valley: bool,
    /// Slope of alpha as a function of strength, up to the turning point.
    pub slope_before: Option<OverSeeds>,
    /// Slope of alpha as a function of strength, from the turning point on.
    pub slope_after: Option<OverSeeds>,
}

/// The verdict on a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The claim holds in all layers.
    Reproduced,
    /// The claim holds in some layers.
    Partly,
    /// The claim holds in no layer.
    NotReproduced,
    /// The data do not allow a decision in any layer.
    Undecided,
}

impl Verdict {
    /// The verdict in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reproduced => "reproduced",
            Self::Partly => "partly",
            Self::NotReproduced => "not reproduced",
            Self::Undecided => "undecided",
        }
    }
}

/// The claims about a study, and the checks of its attacks.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The claims with their verdicts.
    pub claims: Vec<Claim>,
    /// The paper's claims with their verdicts in all combinations of choices.
    pub analyses: Vec<Analysis>,
    /// The checks with their outcomes.
    pub checks: Vec<Check>,
}

/// Judge all claims on the rows of a table with one data set, and check its attacks. `catalogue`
/// describes its rules and attacks. The result includes the paper's claims for which the table has no rows;
/// they are undecided.
#[must_use]
pub fn judge(rows: &[Row], catalogue: &Catalogue) -> Judgement {
    let clean_once = table::clean_once(rows.to_vec());
    let mut claims = Vec::new();
    for subject in curves::subjects(rows) {
        let of_rule = rows.iter().filter(|row| row.rule.as_ref() == Some(&subject.rule));
        // An attack that has only strength 0 is included, so that its claims appear as undecided.
        let attacks = table::attacks(of_rule).into_keys();
        let attacks: Vec<AttackEntry> = attacks.map(|attack| catalogue.attack(attack)).collect();
        claims.extend(about_attacks(&clean_once, &subject, &attacks));
        claims.extend(about_clean_images(&clean_once, &subject));
    }
    let checks = checks::checks(&clean_once, catalogue);
    for claim in &mut claims {
        if let Some(attack) = &claim.attack {
            claim.failed_checks = checks::failed(&checks, &claim.rule, attack);
        }
    }
    let analyses = choices::analyses(&clean_once, catalogue);
    Judgement { claims, analyses, checks }
}

/// The paper's claims: their short names, and what they say without the attack.
pub const OF_THE_PAPER: [(&str, &str); 3] = [("C1", DECAY), ("C2", MONOTONIC), ("C3", TURNING)];

const DECAY: &str = "high accuracy goes with a fast decay";
const MONOTONIC: &str = "accuracy against alpha is monotonic";
const TURNING: &str = "accuracy against alpha is not monotonic";

#[cfg(test)]
mod tests;
