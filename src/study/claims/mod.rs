//! The paper's claims, and those beside them, judged by rules written down
//! beforehand: `thresholds`.
//!
//! A statistic is taken of each seed; what counts is its 95 % interval over the
//! seeds. A claim holds in a layer when the lower end of the interval reaches
//! the threshold; it is `reproduced` when that is so in all layers, `partly` in
//! some, `not reproduced` in none, and `undecided`, with the reason, when there are too
//! few seeds or points to say, or when accuracy hardly moves.

mod beside;
mod curves;
mod decide;
mod paper;
mod statistics;
mod thresholds;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    Error,
    geometry::powerlaw::Method,
    io::read,
    study::{
        catalogue::{Catalogue, Family},
        table::{self, Estimator, Row},
    },
};
use beside::of_clean_images;
use paper::of_attacks;
pub use statistics::Interval;
pub use thresholds::{
    MIN_RANGE, MIN_SEEDS, MONOTONICITY, POSITIVE, PROMINENCE, RESOLUTION, RHO, Threshold,
};

/// A line of `claims`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claim {
    /// Its short name: C1, C2 or C3 of the paper, or one beside them.
    pub claim: String,
    /// What is claimed.
    pub statement: String,
    /// The learning rule.
    pub rule: String,
    /// The attack, where it is about one.
    pub attack: Option<String>,
    /// How alpha was estimated.
    pub method: Method,
    /// First rank of the fit.
    pub first: usize,
    /// Last rank of the fit.
    pub last: usize,
    /// What is compared with the threshold.
    pub statistic: String,
    /// What the lower end of its interval must reach.
    pub threshold: f64,
    /// The statistic of each layer; of all together as layer null.
    pub layers: Vec<LayerVerdict>,
    /// The outcome.
    pub verdict: Verdict,
    /// Why it is undecided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Seeds there are.
    pub seeds: usize,
    /// Rows of the table that were used.
    pub rows: usize,
}

impl Claim {
    /// The layers in which it holds.
    #[must_use]
    pub fn holding(&self) -> Vec<usize> {
        let holding = self.layers.iter().filter(|layer| layer.holds == Some(true));
        holding.filter_map(|layer| layer.layer).collect()
    }

    /// The verdict in words, with the layers in which the claim holds.
    #[must_use]
    pub fn outcome(&self) -> String {
        let layers: Vec<String> = self.holding().iter().map(ToString::to_string).collect();
        let name = self.verdict.name();
        match layers.as_slice() {
            [] => name.into(),
            [layer] => format!("{name} (layer {layer})"),
            layers => format!("{name} (layers {})", layers.join(" ")),
        }
    }

    /// How alpha was estimated.
    #[must_use]
    pub fn estimator(&self) -> Estimator {
        Estimator { method: self.method, first: self.first, last: self.last }
    }
}

/// A statistic of one layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LayerVerdict {
    /// From 1; none for a statistic of all layers together.
    pub layer: Option<usize>,
    /// The statistic; none where it is undecided.
    pub statistic: Option<Interval>,
    /// Whether the claim holds here.
    pub holds: Option<bool>,
    /// Seeds that have the statistic: fewer than there are where some have no exponent.
    #[serde(default)]
    pub seeds: usize,
    /// Why it is undecided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of C3, where the curve turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurningPoint>,
}

/// Where alpha turns along falling accuracy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TurningPoint {
    /// Of the mean over seeds.
    pub strength: f64,
    /// The mean there.
    pub alpha: f64,
    /// The mean there.
    pub accuracy: f64,
    /// Whether alpha falls before and rises after it.
    pub valley: bool,
    /// Slope of alpha on strength up to the point.
    pub slope_before: Option<Interval>,
    /// Slope of alpha on strength from the point on.
    pub slope_after: Option<Interval>,
}

/// The outcome of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// In all layers.
    Reproduced,
    /// In some of them.
    Partly,
    /// In none.
    NotReproduced,
    /// Too little is known.
    Undecided,
}

impl Verdict {
    /// In words.
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

/// The dimension of the set of images that the first line of `dimension` with one gives.
pub fn stimulus_dimension(file: &Path) -> crate::Result<f64> {
    #[derive(Deserialize)]
    struct Measured {
        dimension: Option<f64>,
    }
    let lines: Vec<Measured> = read::json_lines(file)?;
    match lines.iter().find_map(|line| line.dimension) {
        Some(dimension) if dimension > 0.0 => Ok(dimension),
        Some(dimension) => {
            let message =
                format!("has a dimension that is none (found {dimension}, expected above 0)");
            Err(Error::data(message).in_file(file))
        }
        None => {
            let message = format!(
                "gives no dimension (found {} lines, expected what dimension writes)",
                lines.len()
            );
            Err(Error::data(message).in_file(file))
        }
    }
}

/// Judge all claims on the rows of one data set's table, whose attacks `catalogue` describes.
/// `stimulus_dimension` is the dimension d of the set of images, for `alpha > 1 + 2/d`. A claim of
/// the paper is judged also where the table has nothing to judge it on: it is undecided then.
#[must_use]
pub fn judge(rows: &[Row], catalogue: &Catalogue, stimulus_dimension: Option<f64>) -> Vec<Claim> {
    let once = table::clean_once(rows.to_vec());
    let mut claims = Vec::new();
    for subject in curves::subjects(rows) {
        let of_rule = rows.iter().filter(|row| row.rule.as_ref() == Some(&subject.rule));
        // Also one of strength 0 alone, of which nothing can be said but that.
        let attacks = table::attacks(of_rule).into_keys();
        let attacks: Vec<(&str, Family)> =
            attacks.map(|attack| (attack, catalogue.attack(attack).family)).collect();
        claims.extend(of_attacks(&once, &subject, &attacks));
        claims.extend(of_clean_images(&once, &subject, stimulus_dimension));
    }
    claims
}

/// C1, C2 and C3 in a line each, by the estimator that stands first, of the rules and attacks that
/// are no controls; where all rules are, of the one that is shown first.
#[must_use]
pub fn verdicts(claims: &[Claim], rows: &[Row], catalogue: &Catalogue) -> Vec<String> {
    let headline = table::headline(rows, &catalogue.ranks);
    let rules = rows.iter().filter_map(|row| row.rule.clone()).collect();
    let rules = catalogue.in_order(rules).into_iter().enumerate();
    let rules = rules.filter(|(place, rule)| *place == 0 || !catalogue.is_control_rule(rule));
    let is_control = |attack: &String| catalogue.attack(attack).is_control();
    let shown = |claim: &&Claim| {
        Some(claim.estimator()) == headline && !claim.attack.as_ref().is_some_and(is_control)
    };
    let of_rule = |(_, rule): (usize, String)| {
        let mut of_rule: Vec<&Claim> =
            claims.iter().filter(shown).filter(|claim| claim.rule == rule).collect();
        of_rule.sort_by_key(|claim| &claim.claim);
        of_rule.into_iter().filter_map(line).collect::<Vec<_>>()
    };
    rules.flat_map(of_rule).collect()
}

/// A claim that is about attacks in one line.
fn line(claim: &Claim) -> Option<String> {
    let what = match claim.claim.as_str() {
        "C1" => DECAY,
        "C2" => MONOTONIC,
        "C3" => TURNING,
        _ => return None,
    };
    let Claim { claim: name, rule, first, last, .. } = claim;
    let attack = claim.attack.as_ref().map_or(String::new(), |attack| format!(", {attack}"));
    let reason = claim.reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
    let outcome = claim.outcome();
    Some(format!("{name} {rule}{attack}, ranks {first}-{last}: {what}: {outcome}{reason}"))
}

/// What C1, C2 and C3 claim, whatever the attack.
const DECAY: &str = "high accuracy goes with a fast decay";
const MONOTONIC: &str = "accuracy against alpha is monotonic";
const TURNING: &str = "accuracy against alpha is not monotonic";

#[cfg(test)]
mod tests;
