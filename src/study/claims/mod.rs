//! The paper's claims, and those beside them, judged by rules written down
//! beforehand: `thresholds`.
//!
//! A statistic is taken of each seed; what counts is its 95 % interval over the
//! seeds. A claim holds in a layer when the lower end of the interval reaches
//! the threshold; it is `reproduced` when that is so in all layers, `partly` in
//! some, `not reproduced` in none, and `undecided`, with the reason, when there are too
//! few seeds or points to say, or when accuracy hardly moves.

mod curves;
mod statistics;
mod thresholds;

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};

pub use statistics::Interval;

use crate::{
    Error,
    geometry::powerlaw::Method,
    io::read,
    study::{
        catalogue::{Catalogue, Family},
        table::{self, Estimator, Row},
    },
};
use curves::{Comparable, CurvePoint, Seeds, Subject};
use statistics::{interval, mean, monotonicity, prominence, slope, spearman, turning_point};
use thresholds::MIN_POINTS;
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
    let once = table::clean_once(rows.iter().map(|row| ((), row.clone())).collect());
    let once: Vec<Row> = once.into_iter().map(|((), row)| row).collect();
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

/// C1 of every attack, C2 of noise, and C3 of attacks along a gradient.
fn of_attacks(rows: &[Row], subject: &Subject, attacks: &[(&str, Family)]) -> Vec<Claim> {
    let mut claims = Vec::new();
    for &(attack, family) in attacks {
        let layers = curves::along_strength(rows, subject, attack);
        claims.push(decay_along_strength(subject, Some(attack), &layers));
        match family {
            Family::Noise => claims.push(monotonic(subject, Some(attack), &layers)),
            Family::Gradient => claims.push(turning(subject, Some(attack), &layers)),
            Family::Other => {}
        }
    }
    let none = BTreeMap::new();
    if attacks.is_empty() {
        let claim = decay_along_strength(subject, None, &none);
        claims.push(claim.without("the table has no attack"));
    }
    let has = |family: Family| attacks.iter().any(|(_, of)| *of == family);
    if !has(Family::Noise) {
        claims.push(monotonic(subject, None, &none).without("the table has no attack by noise"));
    }
    if !has(Family::Gradient) {
        let claim = turning(subject, None, &none);
        claims.push(claim.without("the table has no attack along a gradient"));
    }
    claims
}

fn of_clean_images(rows: &[Row], subject: &Subject, dimension: Option<f64>) -> Vec<Claim> {
    let clean = curves::along_strength(rows, subject, "clean");
    let depth = BTreeMap::from([(0, curves::along_layers(rows, subject))]);
    let epochs = curves::along_epochs(rows, subject);
    let together = |claim: &str, statement: &str, statistic: fn(&[CurvePoint]) -> Option<f64>| {
        let about = About { claim, statement, subject, attack: None, threshold: RHO };
        let mut claim = about.judged(&depth, |_, seeds| Ok(each(seeds, statistic)));
        for layer in &mut claim.layers {
            layer.layer = None;
        }
        claim
    };
    let mut claims = vec![
        together("C1-layers", "across layers, high accuracy goes with a fast decay", of_decay),
        together("accuracy-depth", "accuracy rises with depth", |points| {
            spearman(&places(points), &accuracies(points))
        }),
        together("dimensionality-depth", "the participation ratio falls with depth", |points| {
            let ratios: Vec<f64> = points.iter().map(|p| -p.participation_ratio).collect();
            spearman(&places(points), &ratios)
        }),
    ];
    let statement = format!("during training, {DECAY}");
    let about =
        About { claim: "C1-epochs", statement: &statement, subject, attack: None, threshold: RHO };
    let claim = about.judged(&epochs, |_, seeds| Ok(each(seeds, of_decay)));
    claims.push(claim.without("the table has no snapshots of this rule during training"));
    claims.extend(dimension.map(|d| smooth(rows, subject, &clean, d)));
    if subject.rule == "local" {
        let backprop = Subject { rule: "backprop".into(), ..subject.clone() };
        let other = curves::along_strength(rows, &backprop, "clean");
        if !other.is_empty() {
            claims.push(faster_than(subject, &clean, &other));
        }
    }
    claims
}

/// The statistic of C1.
fn of_decay(points: &[CurvePoint]) -> Option<f64> {
    spearman(&alphas(points), &accuracies(points))
}

/// C1 along the strengths of an attack.
fn decay_along_strength(
    subject: &Subject,
    attack: Option<&str>,
    layers: &BTreeMap<usize, Seeds>,
) -> Claim {
    let statement = format!("along the strengths of {}, {DECAY}", attack.unwrap_or("an attack"));
    let about = About { claim: "C1", statement: &statement, subject, attack, threshold: RHO };
    about.judged(layers, |_, seeds| {
        Ok(Comparable::new(seeds)?.curves().iter().filter_map(|points| of_decay(points)).collect())
    })
}

/// C2: under noise accuracy against alpha is monotonic: as accuracy falls, alpha does one thing.
fn monotonic(subject: &Subject, attack: Option<&str>, layers: &BTreeMap<usize, Seeds>) -> Claim {
    let statement = format!("under {}, {MONOTONIC}", attack.unwrap_or("noise"));
    let threshold = MONOTONICITY;
    let about = About { claim: "C2", statement: &statement, subject, attack, threshold };
    about.judged(layers, |_, seeds| {
        let curves = Comparable::new(seeds)?.down_to_floor()?;
        Ok(curves.iter().filter_map(|points| monotonicity(&alphas(points))).collect())
    })
}

/// C3: under attacks along a gradient accuracy against alpha is not monotonic: as accuracy falls,
/// alpha turns, at a place that the other seeds tell. What alpha does at the floor of accuracy is no
/// turn.
fn turning(subject: &Subject, attack: Option<&str>, layers: &BTreeMap<usize, Seeds>) -> Claim {
    let statement = format!("under {}, {TURNING}", attack.unwrap_or("attacks along a gradient"));
    let threshold = PROMINENCE;
    let about = About { claim: "C3", statement: &statement, subject, attack, threshold };
    let curves = |seeds: &Seeds| Comparable::new(seeds)?.above_floor();
    let mut claim = about.judged(layers, |_, seeds| {
        let values: Vec<Vec<f64>> = curves(seeds)?.iter().map(|points| alphas(points)).collect();
        let of_seed = |seed: usize| {
            let others = values.iter().enumerate().filter(|(other, _)| *other != seed);
            let others: Vec<&Vec<f64>> = others.map(|(_, values)| values).collect();
            prominence(&values[seed], turning_point(&mean_curve(&others))?)
        };
        Ok((0..values.len()).filter_map(of_seed).collect())
    });
    for (layer, seeds) in claim.layers.iter_mut().zip(layers.values()) {
        layer.turn = curves(seeds).ok().and_then(|curves| turning_place(&curves));
    }
    claim
}

fn turning_place(curves: &[Vec<CurvePoint>]) -> Option<TurningPoint> {
    let values: Vec<Vec<f64>> = curves.iter().map(|points| alphas(points)).collect();
    let turn = turning_point(&mean_curve(&values.iter().collect::<Vec<_>>()))?;
    let at: Vec<CurvePoint> = curves.iter().map(|curve| curve[turn.index]).collect();
    let slopes = |range: std::ops::RangeInclusive<usize>| {
        let of = |curve: &Vec<CurvePoint>| {
            let part = &curve[range.clone()];
            slope(&places(part), &alphas(part))
        };
        interval(&curves.iter().filter_map(of).collect::<Vec<_>>())
    };
    let alpha = mean(&alphas(&at));
    alpha.is_finite().then(|| TurningPoint {
        strength: mean(&places(&at)),
        alpha,
        accuracy: mean(&accuracies(&at)),
        valley: turn.valley,
        slope_before: slopes(0..=turn.index),
        slope_after: slopes(turn.index..=values[0].len() - 1),
    })
}

fn mean_curve(curves: &[&Vec<f64>]) -> Vec<f64> {
    let length = curves.iter().map(|curve| curve.len()).min().unwrap_or(0);
    (0..length).map(|i| mean(&curves.iter().map(|curve| curve[i]).collect::<Vec<_>>())).collect()
}

/// What a smooth manifold needs, which is not enough for one to be smooth; the images beside it.
fn smooth(rows: &[Row], subject: &Subject, clean: &BTreeMap<usize, Seeds>, d: f64) -> Claim {
    let bound = 1.0 + 2.0 / d;
    let is_images = |row: &&Row| row.rule.is_none() && row.attack == "clean";
    let images = rows.iter().filter(is_images).find(|row| row.estimator() == subject.estimator);
    let images = images.and_then(|row| row.alpha);
    let short = |number: f64, digits: usize| {
        if number.abs() < 1e9 {
            format!("{number:.digits$}")
        } else {
            format!("{number:.digits$e}")
        }
    };
    let statement = format!(
        "a smooth manifold is not excluded: alpha > 1 + 2/d = {}, d = {}; the images themselves, \
         layer 0, have {}",
        short(bound, 2),
        short(d, 1),
        images
            .map_or("no alpha at these ranks".into(), |alpha| format!("alpha {}", short(alpha, 2)))
    );
    let threshold = POSITIVE;
    let about =
        About { claim: "smoothness", statement: &statement, subject, attack: None, threshold };
    about.judged(clean, |_, seeds| Ok(each(seeds, |points| Some(points.first()?.alpha - bound))))
}

/// Local errors against backpropagation.
fn faster_than(
    subject: &Subject,
    local: &BTreeMap<usize, Seeds>,
    other: &BTreeMap<usize, Seeds>,
) -> Claim {
    let statement = "local errors give clean images a faster decay than backpropagation";
    let threshold = POSITIVE;
    let about = About { claim: "local-backprop", statement, subject, attack: None, threshold };
    about.judged(local, |number, seeds| {
        let difference = |(seed, points): (&u64, &Vec<CurvePoint>)| {
            let other = other.get(&number)?.get(seed)?;
            Some(points.first()?.alpha - other.first()?.alpha)
        };
        Ok(seeds.iter().filter_map(difference).collect())
    })
}

/// The statistic of each seed that has it.
fn each(seeds: &Seeds, statistic: impl Fn(&[CurvePoint]) -> Option<f64>) -> Vec<f64> {
    seeds.values().filter_map(|points| statistic(points)).collect()
}

/// What a claim is about.
struct About<'a> {
    claim: &'a str,
    statement: &'a str,
    subject: &'a Subject,
    attack: Option<&'a str>,
    threshold: Threshold,
}

impl About<'_> {
    /// Judge a claim whose statistic is taken of each layer and seed: `statistic` gives those that
    /// a layer's seeds have, or why they have none.
    fn judged(
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
    fn without(self, reason: &str) -> Self {
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

fn places(points: &[CurvePoint]) -> Vec<f64> {
    points.iter().map(|point| point.at).collect()
}

fn alphas(points: &[CurvePoint]) -> Vec<f64> {
    points.iter().map(|point| point.alpha).collect()
}

fn accuracies(points: &[CurvePoint]) -> Vec<f64> {
    points.iter().map(|point| point.accuracy).collect()
}

#[cfg(test)]
mod tests;
