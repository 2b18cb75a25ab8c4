//! The verdict on a claim, from the statistics of each layer and seed.

use std::collections::BTreeMap;

use super::{
    Claim, LayerVerdict, MIN_SEEDS, Threshold, Verdict,
    curves::{Seeds, Subject},
    statistics::over_seeds,
    thresholds::{MIN_POINTS, ROUND_OFF},
};
use crate::{study::table::Estimator, words::counted};

/// The definition of a claim.
pub struct Definition<'a> {
    pub claim: &'a str,
    pub statement: &'a str,
    pub subject: &'a Subject,
    pub attack: Option<&'a str>,
    pub threshold: Threshold,
    /// If the claim is judged at strengths and not in layers: their values, by number.
    pub strengths: &'a [f64],
}

impl Definition<'_> {
    /// Judge the claim in each layer. `statistic` computes the statistics of the seeds of a layer; its
    /// error is the reason why they have none.
    pub fn judge(
        &self,
        layers: &BTreeMap<usize, Seeds>,
        statistic: impl Fn(usize, &Seeds) -> Result<Vec<f64>, String>,
    ) -> Claim {
        let judged: Vec<LayerVerdict> = layers
            .iter()
            .map(|(&number, seeds)| {
                let strength = self.strengths.get(number).copied();
                let layer = if self.strengths.is_empty() { Some(number) } else { None };
                let place = LayerVerdict { layer, strength, ..LayerVerdict::default() };
                decide(place, seeds.len(), statistic(number, seeds), self.threshold)
            })
            .collect();
        let Estimator { method, first, last } = self.subject.estimator;
        let verdict = verdict(&judged);
        Claim {
            claim: self.claim.into(),
            statement: self.statement.into(),
            rule: self.subject.rule.clone(),
            attack: self.attack.map(Into::into),
            method,
            rank_first: first,
            rank_last: last,
            statistic: self.threshold.name.into(),
            threshold: self.threshold.value,
            verdict,
            reason: (verdict == Verdict::Undecided).then(|| reason(&judged)),
            layers: judged,
            seeds: layers.values().map(BTreeMap::len).max().unwrap_or(0),
            rows: layers.values().flat_map(BTreeMap::values).map(Vec::len).sum(),
            failed_checks: Vec::new(), // known when the attacks are checked
        }
    }
}

impl Claim {
    /// Set the reason of a claim for which the table has no rows.
    pub(super) fn with_reason_if_empty(self, reason: &str) -> Self {
        if !self.layers.is_empty() {
            return self;
        }
        Self { reason: Some(reason.into()), ..self }
    }
}

/// How many reasons a claim names.
const MAX_REASONS: usize = 2;

/// Judge a layer or strength, `place`: compare the lower bound of the median of the seeds' statistics with the threshold.
fn decide(
    place: LayerVerdict,
    seeds: usize,
    found: Result<Vec<f64>, String>,
    threshold: Threshold,
) -> LayerVerdict {
    let undecided = |reason: String, seeds: usize| LayerVerdict {
        seeds,
        reason: Some(reason),
        ..place.clone()
    };
    if seeds < MIN_SEEDS {
        return undecided(format!("{}, {MIN_SEEDS} needed", counted(seeds, "seed")), seeds);
    }
    let found = match found {
        Ok(found) => found,
        Err(reason) => return undecided(reason, 0),
    };
    let Some(statistic) = over_seeds(&found) else {
        let reason = format!(
            "{} of {seeds} seeds have the statistic, {MIN_SEEDS} needed (it takes {MIN_POINTS} points \
             with an exponent, and values that vary)",
            found.len()
        );
        return undecided(reason, found.len());
    };
    // A difference must be above 0, and not just reach it.
    let reaches = |value: f64| match threshold.value {
        0.0 => value > 0.0,
        least => value >= least - ROUND_OFF,
    };
    LayerVerdict {
        statistic: Some(statistic),
        holds: Some(reaches(statistic.low)),
        above: Some(found.iter().filter(|value| reaches(**value)).count()),
        seeds: found.len(),
        ..place
    }
}

fn verdict(layers: &[LayerVerdict]) -> Verdict {
    let decided: Vec<bool> = layers.iter().filter_map(|layer| layer.holds).collect();
    match decided.iter().filter(|holds| **holds).count() {
        _ if decided.is_empty() => Verdict::Undecided,
        0 => Verdict::NotReproduced,
        holds if holds == layers.len() => Verdict::Reproduced,
        _ => Verdict::Partly,
    }
}

/// Why a claim is undecided: the reason that all layers share, or else the reasons of the first ones.
fn reason(layers: &[LayerVerdict]) -> String {
    let reasons: Vec<&str> = layers.iter().filter_map(|layer| layer.reason.as_deref()).collect();
    match reasons.as_slice() {
        [] => "the table has no rows for it".into(),
        [first, others @ ..] if others.iter().all(|other| other == first) => (*first).into(),
        _ => {
            let text = |layer: &LayerVerdict| {
                Some(format!("{}: {}", layer.name()?, layer.reason.as_deref()?))
            };
            let mut texts: Vec<String> = layers.iter().filter_map(text).collect();
            let more = texts.split_off(texts.len().min(MAX_REASONS)).len();
            let and = if more > 0 { format!("; {more} more alike") } else { String::new() };
            texts.join("; ") + &and
        }
    }
}
