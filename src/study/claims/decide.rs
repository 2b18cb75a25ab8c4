//! The verdict on a claim, from the statistic of each layer and seed.

use std::collections::BTreeMap;

use super::{
    Claim, LayerVerdict, MIN_SEEDS, Threshold, Verdict,
    curves::{Seeds, Subject},
    statistics::interval,
    thresholds::MIN_POINTS,
};
use crate::study::table::Estimator;

/// What a claim is about.
pub struct About<'a> {
    pub claim: &'a str,
    pub statement: &'a str,
    pub subject: &'a Subject,
    pub attack: Option<&'a str>,
    pub threshold: Threshold,
}

impl About<'_> {
    /// Judge a claim whose statistic is taken of each layer and seed: `statistic` gives those that
    /// a layer's seeds have, or why they have none.
    pub fn judged(
        &self,
        layers: &BTreeMap<usize, Seeds>,
        statistic: impl Fn(usize, &Seeds) -> Result<Vec<f64>, String>,
    ) -> Claim {
        let judged: Vec<LayerVerdict> = layers
            .iter()
            .map(|(&number, seeds)| {
                decide(number, seeds.len(), statistic(number, seeds), self.threshold)
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
            first,
            last,
            statistic: self.threshold.name.into(),
            threshold: self.threshold.value,
            verdict,
            reason: (verdict == Verdict::Undecided).then(|| reason(&judged)),
            layers: judged,
            seeds: layers.values().map(BTreeMap::len).max().unwrap_or(0),
            rows: layers.values().flat_map(BTreeMap::values).map(Vec::len).sum(),
        }
    }
}

impl Claim {
    /// Say why there is nothing to judge it on, if that is so.
    pub(super) fn without(self, reason: &str) -> Self {
        if !self.layers.is_empty() {
            return self;
        }
        Self { reason: Some(reason.into()), ..self }
    }
}

/// Compare the statistics of the seeds with the threshold.
fn decide(
    number: usize,
    seeds: usize,
    found: Result<Vec<f64>, String>,
    threshold: Threshold,
) -> LayerVerdict {
    let undecided = |reason: String, seeds: usize| LayerVerdict {
        layer: Some(number),
        statistic: None,
        holds: None,
        seeds,
        reason: Some(reason),
        turn: None,
    };
    if seeds < MIN_SEEDS {
        return undecided(format!("{seeds} seeds (expected at least {MIN_SEEDS})"), seeds);
    }
    let found = match found {
        Ok(found) => found,
        Err(reason) => return undecided(reason, 0),
    };
    let Some(statistic) = interval(&found).filter(|_| found.len() >= MIN_SEEDS) else {
        let reason = format!(
            "{} of {seeds} seeds have the statistic (expected at least {MIN_SEEDS}): it needs \
             {MIN_POINTS} points with an exponent, and values that vary",
            found.len()
        );
        return undecided(reason, found.len());
    };
    let holds = match threshold {
        // A difference of exactly 0 is none.
        Threshold { value: 0.0, .. } => statistic.low > 0.0,
        Threshold { value, .. } => statistic.low >= value,
    };
    LayerVerdict {
        layer: Some(number),
        statistic: Some(statistic),
        holds: Some(holds),
        seeds: found.len(),
        reason: None,
        turn: None,
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

/// Why a claim is undecided, from its layers: once what they share.
fn reason(layers: &[LayerVerdict]) -> String {
    let reasons: Vec<&str> = layers.iter().filter_map(|layer| layer.reason.as_deref()).collect();
    match reasons.as_slice() {
        [] => "the table has no rows for it".into(),
        [first, others @ ..] if others.iter().all(|other| other == first) => (*first).into(),
        _ => {
            let of = |layer: &LayerVerdict| {
                Some(format!("layer {}: {}", layer.layer?, layer.reason.as_deref()?))
            };
            layers.iter().filter_map(of).collect::<Vec<_>>().join("; ")
        }
    }
}
