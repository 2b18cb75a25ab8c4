//! The paper's claims and further ones, judged by thresholds that were fixed before the results were
//! known (see `thresholds`).
//!
//! A statistic is computed for each seed, and its 95 % confidence interval over the seeds is compared
//! with a threshold. A claim holds in a layer if the lower end of the interval reaches the threshold.
//! It is `reproduced` if it holds in all layers, `partly` reproduced in some, and `not reproduced` in
//! none. It is `undecided`, with the reason, if there are too few seeds or points, or if accuracy
//! hardly varies.

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
    pub first: usize,
    /// Last rank of the fit.
    pub last: usize,
    /// Name of the statistic that is compared with the threshold.
    pub statistic: String,
    /// The value that the lower end of the statistic's confidence interval must reach.
    pub threshold: f64,
    /// The result of each layer, or a single one with layer null for a statistic over all layers.
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
}

impl Claim {
    /// The layers in which the claim holds.
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

    /// The estimator of alpha.
    #[must_use]
    pub fn estimator(&self) -> Estimator {
        Estimator { method: self.method, first: self.first, last: self.last }
    }
}

/// The result of a claim for one layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LayerVerdict {
    /// The layer, counted from 1; `None` for a statistic over all layers.
    pub layer: Option<usize>,
    /// Mean and confidence interval of the statistic; `None` if undecided.
    pub statistic: Option<Interval>,
    /// Whether the claim holds in this layer; `None` if undecided.
    pub holds: Option<bool>,
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
    pub slope_before: Option<Interval>,
    /// Slope of alpha as a function of strength, from the turning point on.
    pub slope_after: Option<Interval>,
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

/// The dimension of the image set in a file written by `dimension`: that of its first line with an
/// estimate.
///
/// # Errors
/// If the file cannot be read, has no estimate, or has one that is not positive.
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
                format!("has an impossible dimension (found {dimension}, expected above 0)");
            Err(Error::data(message).in_file(file))
        }
        None => {
            let message = format!(
                "gives no dimension (found {} lines, expected the output of dimension)",
                lines.len()
            );
            Err(Error::data(message).in_file(file))
        }
    }
}

/// Judge all claims on the rows of a table with one data set. `catalogue` describes its rules and
/// attacks. `stimulus_dimension` is the dimension d of the image set, for the claim `alpha > 1 + 2/d`.
/// The result includes the paper's claims for which the table has no rows; they are undecided.
#[must_use]
pub fn judge(rows: &[Row], catalogue: &Catalogue, stimulus_dimension: Option<f64>) -> Vec<Claim> {
    let clean_once = table::clean_once(rows.iter().map(|row| ((), row.clone())).collect());
    let clean_once: Vec<Row> = clean_once.into_iter().map(|((), row)| row).collect();
    let mut claims = Vec::new();
    for subject in curves::subjects(rows) {
        let of_rule = rows.iter().filter(|row| row.rule.as_ref() == Some(&subject.rule));
        // An attack that has only strength 0 is included, so that its claims appear as undecided.
        let attacks = table::attacks(of_rule).into_keys();
        let attacks: Vec<(&str, Family)> =
            attacks.map(|attack| (attack, catalogue.attack(attack).family)).collect();
        claims.extend(about_attacks(&clean_once, &subject, &attacks));
        claims.extend(about_clean_images(&clean_once, &subject, stimulus_dimension));
    }
    claims
}

/// The verdicts on C1, C2 and C3 as lines of text, for the estimator of the main results and for the
/// rules and attacks that are not controls. The first rule is included even if it is a control.
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

/// The verdict on a claim as a line of text; `None` for claims other than C1, C2 and C3.
fn line(claim: &Claim) -> Option<String> {
    let statement = match claim.claim.as_str() {
        "C1" => DECAY,
        "C2" => MONOTONIC,
        "C3" => TURNING,
        _ => return None,
    };
    let Claim { claim: name, rule, first, last, .. } = claim;
    let attack = claim.attack.as_ref().map_or(String::new(), |attack| format!(", {attack}"));
    let reason = claim.reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
    let outcome = claim.outcome();
    Some(format!("{name} {rule}{attack}, ranks {first}-{last}: {statement}: {outcome}{reason}"))
}

/// The statements of C1, C2 and C3 without the attack.
const DECAY: &str = "high accuracy goes with a fast decay";
const MONOTONIC: &str = "accuracy against alpha is monotonic";
const TURNING: &str = "accuracy against alpha is not monotonic";

/// C1 for every attack, C2 for noise, and C3 for attacks along a gradient.
fn about_attacks(rows: &[Row], subject: &Subject, attacks: &[(&str, Family)]) -> Vec<Claim> {
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
        claims.push(claim.with_reason_if_empty("the table has no attack"));
    }
    let has = |family: Family| attacks.iter().any(|(_, other)| *other == family);
    if !has(Family::Noise) {
        let claim = monotonic(subject, None, &none);
        claims.push(claim.with_reason_if_empty("the table has no attack by noise"));
    }
    if !has(Family::Gradient) {
        let claim = turning(subject, None, &none);
        claims.push(claim.with_reason_if_empty("the table has no attack along a gradient"));
    }
    claims
}

/// The claims about depth, training, smoothness and the learning rule, on clean images.
fn about_clean_images(rows: &[Row], subject: &Subject, dimension: Option<f64>) -> Vec<Claim> {
    let clean = curves::along_strength(rows, subject, "clean");
    let depth = BTreeMap::from([(0, curves::along_layers(rows, subject))]);
    let epochs = curves::along_epochs(rows, subject);
    let across_layers =
        |claim: &str, statement: &str, statistic: fn(&[CurvePoint]) -> Option<f64>| {
            let definition = Definition { claim, statement, subject, attack: None, threshold: RHO };
            let mut claim = definition.judge(&depth, |_, seeds| Ok(per_seed(seeds, statistic)));
            for layer in &mut claim.layers {
                layer.layer = None;
            }
            claim
        };
    let mut claims = vec![
        across_layers(
            "C1-layers",
            "across layers, high accuracy goes with a fast decay",
            alpha_accuracy_correlation,
        ),
        across_layers("accuracy-depth", "accuracy rises with depth", |points| {
            spearman(&positions(points), &accuracies(points))
        }),
        across_layers(
            "dimensionality-depth",
            "the participation ratio falls with depth",
            |points| {
                let ratios: Vec<f64> = points.iter().map(|p| -p.participation_ratio).collect();
                spearman(&positions(points), &ratios)
            },
        ),
    ];
    let statement = format!("during training, {DECAY}");
    let definition = Definition {
        claim: "C1-epochs",
        statement: &statement,
        subject,
        attack: None,
        threshold: RHO,
    };
    let claim =
        definition.judge(&epochs, |_, seeds| Ok(per_seed(seeds, alpha_accuracy_correlation)));
    claims.push(
        claim.with_reason_if_empty("the table has no snapshots of this rule during training"),
    );
    claims.extend(dimension.map(|d| smoothness(rows, subject, &clean, d)));
    if subject.rule == "local" {
        let backprop = Subject { rule: "backprop".into(), ..subject.clone() };
        let other = curves::along_strength(rows, &backprop, "clean");
        if !other.is_empty() {
            claims.push(faster_decay_than(subject, &clean, &other));
        }
    }
    claims
}

/// The statistic of C1: the rank correlation of alpha and accuracy.
fn alpha_accuracy_correlation(points: &[CurvePoint]) -> Option<f64> {
    spearman(&alphas(points), &accuracies(points))
}

/// C1 along the strengths of an attack.
fn decay_along_strength(
    subject: &Subject,
    attack: Option<&str>,
    layers: &BTreeMap<usize, Seeds>,
) -> Claim {
    let statement = format!("along the strengths of {}, {DECAY}", attack.unwrap_or("an attack"));
    let definition =
        Definition { claim: "C1", statement: &statement, subject, attack, threshold: RHO };
    definition.judge(layers, |_, seeds| {
        let comparable = Comparable::new(seeds)?;
        let curves = comparable.curves().iter();
        Ok(curves.filter_map(|points| alpha_accuracy_correlation(points)).collect())
    })
}

/// C2: under noise, accuracy against alpha is monotonic. As accuracy falls, alpha either only falls or
/// only rises.
fn monotonic(subject: &Subject, attack: Option<&str>, layers: &BTreeMap<usize, Seeds>) -> Claim {
    let statement = format!("under {}, {MONOTONIC}", attack.unwrap_or("noise"));
    let threshold = MONOTONICITY;
    let definition = Definition { claim: "C2", statement: &statement, subject, attack, threshold };
    definition.judge(layers, |_, seeds| {
        let curves = Comparable::new(seeds)?.down_to_floor()?;
        Ok(curves.iter().filter_map(|points| monotonicity(&alphas(points))).collect())
    })
}

/// C3: under attacks along a gradient, accuracy against alpha is not monotonic. As accuracy falls,
/// alpha has a turning point. For each seed, the turning point is located on the mean curve of the
/// other seeds, so that noise cannot create one. Points at the floor of accuracy are left out.
fn turning(subject: &Subject, attack: Option<&str>, layers: &BTreeMap<usize, Seeds>) -> Claim {
    let statement = format!("under {}, {TURNING}", attack.unwrap_or("attacks along a gradient"));
    let threshold = PROMINENCE;
    let definition = Definition { claim: "C3", statement: &statement, subject, attack, threshold };
    let curves = |seeds: &Seeds| Comparable::new(seeds)?.above_floor();
    let mut claim = definition.judge(layers, |_, seeds| {
        let values: Vec<Vec<f64>> = curves(seeds)?.iter().map(|points| alphas(points)).collect();
        let prominence_of_seed = |seed: usize| {
            let others = values.iter().enumerate().filter(|(other, _)| *other != seed);
            let others: Vec<&Vec<f64>> = others.map(|(_, values)| values).collect();
            prominence(&values[seed], turning_point(&mean_curve(&others))?)
        };
        Ok((0..values.len()).filter_map(prominence_of_seed).collect())
    });
    for (layer, seeds) in claim.layers.iter_mut().zip(layers.values()) {
        layer.turn = curves(seeds).ok().and_then(|curves| mean_turning_point(&curves));
    }
    claim
}

/// The turning point of the mean curve over seeds, with the slopes before and after it.
fn mean_turning_point(curves: &[Vec<CurvePoint>]) -> Option<TurningPoint> {
    let values: Vec<Vec<f64>> = curves.iter().map(|points| alphas(points)).collect();
    let turn = turning_point(&mean_curve(&values.iter().collect::<Vec<_>>()))?;
    let at: Vec<CurvePoint> = curves.iter().map(|curve| curve[turn.index]).collect();
    let slopes = |range: std::ops::RangeInclusive<usize>| {
        let slope_of = |curve: &Vec<CurvePoint>| {
            let points = &curve[range.clone()];
            slope(&positions(points), &alphas(points))
        };
        interval(&curves.iter().filter_map(slope_of).collect::<Vec<_>>())
    };
    let alpha = mean(&alphas(&at));
    alpha.is_finite().then(|| TurningPoint {
        strength: mean(&positions(&at)),
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

/// The necessary condition `alpha > 1 + 2/d` for a smooth manifold of dimension d (Stringer et al.,
/// Nature 571, 361, 2019). The statement quotes alpha of the images themselves for comparison.
fn smoothness(rows: &[Row], subject: &Subject, clean: &BTreeMap<usize, Seeds>, d: f64) -> Claim {
    let bound = 1.0 + 2.0 / d;
    let is_images = |row: &&Row| row.rule.is_none() && row.attack == "clean";
    let images = rows.iter().filter(is_images).find(|row| row.estimator() == subject.estimator);
    let images = images.and_then(|row| row.alpha);
    let rounded = |number: f64, digits: usize| {
        if number.abs() < 1e9 {
            format!("{number:.digits$}")
        } else {
            format!("{number:.digits$e}")
        }
    };
    let statement = format!(
        "a smooth manifold is not excluded: alpha > 1 + 2/d = {}, d = {}; the images themselves, \
         layer 0, have {}",
        rounded(bound, 2),
        rounded(d, 1),
        images.map_or("no alpha at these ranks".into(), |alpha| format!(
            "alpha {}",
            rounded(alpha, 2)
        ))
    );
    let threshold = POSITIVE;
    let definition =
        Definition { claim: "smoothness", statement: &statement, subject, attack: None, threshold };
    let difference = |points: &[CurvePoint]| Some(points.first()?.alpha - bound);
    definition.judge(clean, |_, seeds| Ok(per_seed(seeds, difference)))
}

/// The difference in alpha between local errors and backpropagation, seed by seed.
fn faster_decay_than(
    subject: &Subject,
    local: &BTreeMap<usize, Seeds>,
    other: &BTreeMap<usize, Seeds>,
) -> Claim {
    let statement = "local errors give clean images a faster decay than backpropagation";
    let threshold = POSITIVE;
    let definition =
        Definition { claim: "local-backprop", statement, subject, attack: None, threshold };
    definition.judge(local, |number, seeds| {
        let difference = |(seed, points): (&u64, &Vec<CurvePoint>)| {
            let other = other.get(&number)?.get(seed)?;
            Some(points.first()?.alpha - other.first()?.alpha)
        };
        Ok(seeds.iter().filter_map(difference).collect())
    })
}

/// The statistic of each seed that has one.
fn per_seed(seeds: &Seeds, statistic: impl Fn(&[CurvePoint]) -> Option<f64>) -> Vec<f64> {
    seeds.values().filter_map(|points| statistic(points)).collect()
}

/// The definition of a claim.
struct Definition<'a> {
    claim: &'a str,
    statement: &'a str,
    subject: &'a Subject,
    attack: Option<&'a str>,
    threshold: Threshold,
}

impl Definition<'_> {
    /// Judge the claim in each layer. `statistic` computes the statistics of the seeds of a layer; its
    /// error is the reason why they have none.
    fn judge(
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
    /// Set the reason of a claim for which the table has no rows.
    fn with_reason_if_empty(self, reason: &str) -> Self {
        if !self.layers.is_empty() {
            return self;
        }
        Self { reason: Some(reason.into()), ..self }
    }
}

/// Judge a layer: compare the confidence interval of the seeds' statistics with the threshold.
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
        // The interval must lie above 0, not just reach it.
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

/// Why a claim is undecided: the reason that all layers share, or else the reason of each layer.
fn reason(layers: &[LayerVerdict]) -> String {
    let reasons: Vec<&str> = layers.iter().filter_map(|layer| layer.reason.as_deref()).collect();
    match reasons.as_slice() {
        [] => "the table has no rows for it".into(),
        [first, others @ ..] if others.iter().all(|other| other == first) => (*first).into(),
        _ => {
            let text = |layer: &LayerVerdict| {
                Some(format!("layer {}: {}", layer.layer?, layer.reason.as_deref()?))
            };
            layers.iter().filter_map(text).collect::<Vec<_>>().join("; ")
        }
    }
}

fn positions(points: &[CurvePoint]) -> Vec<f64> {
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
