//! The paper's claims, and those beside them, judged by rules written down
//! beforehand: `thresholds`.
//!
//! A statistic is taken of each seed; what counts is its 95 % interval over the
//! seeds. A claim holds in a layer when the lower end of the interval reaches
//! the threshold; it is `reproduced` when that is so in all layers, `partly` in
//! some, `not reproduced` in none, and `undecided` when there are too few seeds
//! or points to say.

mod curves;
mod statistics;
mod thresholds;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use statistics::Interval;

use crate::table::{self, Row};
use curves::{Fitted, Point, Seeds};
use statistics::{interval, mean, monotonicity, prominence, slope, spearman, turning_point};
pub use thresholds::{ABOVE_FLOOR, MIN_SEEDS, MONOTONICITY, POSITIVE, PROMINENCE, RHO, Threshold};

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
    pub method: String,
    /// First rank of the fit.
    pub first: usize,
    /// Last rank of the fit.
    pub last: usize,
    /// What is compared with the threshold.
    pub statistic: String,
    /// What the lower end of its interval must reach.
    pub threshold: f64,
    /// The statistic of each layer; of all together as layer null.
    pub layers: Vec<Layer>,
    /// The outcome.
    pub verdict: Verdict,
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
}

/// A statistic of one layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Layer {
    /// From 1; none for a statistic of all layers together.
    pub layer: Option<usize>,
    /// The statistic; none where it is undecided.
    pub statistic: Option<Interval>,
    /// Whether the claim holds here.
    pub holds: Option<bool>,
    /// Of C3, where the curve turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurningPoint>,
}

/// Where alpha turns along the strengths of an attack.
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

/// Judge all claims on the rows of one data set's table. `stimulus_dimension` is
/// the dimension d of the set of images, for `alpha > 1 + 2/d`.
#[must_use]
pub fn judge(rows: &[Row], stimulus_dimension: Option<f64>) -> Vec<Claim> {
    let mut claims = Vec::new();
    for fitted in curves::fitted(rows) {
        let of_rule = rows.iter().filter(|row| row.rule.as_ref() == Some(&fitted.rule));
        for attack in table::attacks(of_rule).into_keys() {
            let layers = curves::along_strength(rows, &fitted, attack);
            claims.push(decay_along_strength(&fitted, attack, &layers));
            // Noise without a direction, or the gradient's direction. C3 is about FGSM, whose one
            // step may miss what PGD finds: of other attacks, C1 alone.
            if attack.starts_with("gauss") {
                claims.push(monotonic(&fitted, attack, &layers));
            } else if attack.starts_with("fgsm") {
                claims.push(turning(&fitted, attack, &layers));
            }
        }
        claims.extend(of_clean_images(rows, &fitted, stimulus_dimension));
    }
    claims
}

fn of_clean_images(rows: &[Row], fitted: &Fitted, dimension: Option<f64>) -> Vec<Claim> {
    let clean = curves::along_strength(rows, fitted, "clean");
    let depth = curves::along_layers(rows, fitted);
    let epochs = curves::along_epochs(rows, fitted);
    let mut claims = vec![
        together(
            "C1-layers",
            "across layers, high accuracy goes with a fast decay",
            fitted,
            &depth,
            |points| spearman(&alphas(points), &accuracies(points)),
        ),
        together("accuracy-depth", "accuracy rises with depth", fitted, &depth, |points| {
            spearman(&places(points), &accuracies(points))
        }),
        together(
            "dimensionality-depth",
            "the participation ratio falls with depth",
            fitted,
            &depth,
            |points| {
                let ratios: Vec<f64> = points.iter().map(|p| -p.participation_ratio).collect();
                spearman(&places(points), &ratios)
            },
        ),
    ];
    if !epochs.is_empty() {
        let statement = "during training, high accuracy goes with a fast decay";
        claims.push(per_layer("C1-epochs", statement, fitted, None, RHO, &epochs, |points| {
            spearman(&alphas(points), &accuracies(points))
        }));
    }
    if let Some(d) = dimension {
        let statement = format!("the manifold is smooth: alpha > 1 + 2/d, d = {d:.1}");
        claims.push(per_layer("smoothness", statement, fitted, None, POSITIVE, &clean, |points| {
            points.first().map(|point| point.alpha - (1.0 + 2.0 / d))
        }));
    }
    if fitted.rule == "local" {
        let backprop = Fitted { rule: "backprop".into(), ..fitted.clone() };
        let other = curves::along_strength(rows, &backprop, "clean");
        if !other.is_empty() {
            claims.push(faster_than(fitted, &clean, &other));
        }
    }
    claims
}

/// C1 along the strengths of an attack.
fn decay_along_strength(fitted: &Fitted, attack: &str, layers: &BTreeMap<usize, Seeds>) -> Claim {
    let statement =
        format!("along the strengths of {attack}, high accuracy goes with a fast decay");
    per_layer("C1", statement, fitted, Some(attack), RHO, layers, |points| {
        spearman(&alphas(points), &accuracies(points))
    })
}

/// C2: under Gaussian attacks accuracy against alpha is monotonic.
fn monotonic(fitted: &Fitted, attack: &str, layers: &BTreeMap<usize, Seeds>) -> Claim {
    let statement = format!("under {attack}, accuracy against alpha is monotonic");
    per_layer("C2", statement, fitted, Some(attack), MONOTONICITY, layers, |points| {
        // Accuracy falls along the strengths, so alpha must do one thing along them too.
        monotonicity(&alphas(points))
    })
}

/// C3: under FGSM accuracy against alpha is not monotonic: alpha turns along the
/// strengths, at a place that the other seeds tell.
fn turning(fitted: &Fitted, attack: &str, layers: &BTreeMap<usize, Seeds>) -> Claim {
    let statement = format!("under {attack}, accuracy against alpha is not monotonic");
    let mut claim = per_layer("C3", statement, fitted, Some(attack), PROMINENCE, layers, |_| None);
    for (layer, curves) in claim.layers.iter_mut().zip(layers.values()) {
        let curves = above_floor(curves);
        let values: Vec<Vec<f64>> = curves.iter().map(|points| alphas(points)).collect();
        let of_seed = |seed: usize| {
            let others: Vec<&Vec<f64>> =
                values.iter().enumerate().filter(|(s, _)| *s != seed).map(|(_, v)| v).collect();
            prominence(&values[seed], turning_point(&mean_curve(&others))?)
        };
        let found: Option<Vec<f64>> = (0..values.len()).map(of_seed).collect();
        decide(layer, found.as_deref().unwrap_or_default(), PROMINENCE);
        layer.turn = turning_place(&curves, &values);
    }
    claim.verdict = verdict(&claim.layers);
    claim
}

/// The strengths that all seeds have and where the mean accuracy is above its floor.
fn above_floor(curves: &Seeds) -> Vec<Vec<Point>> {
    let curves: Vec<&Vec<Point>> = curves.values().collect();
    let length = curves.iter().map(|points| points.len()).min().unwrap_or(0);
    let same = |i: usize| curves.windows(2).all(|c| c[0][i].at.total_cmp(&c[1][i].at).is_eq());
    if !(0..length).all(same) {
        return Vec::new();
    }
    let accuracy = |i: usize| mean(&curves.iter().map(|c| c[i].accuracy).collect::<Vec<_>>());
    let floor = (0..length).map(accuracy).fold(f64::INFINITY, f64::min);
    let kept: Vec<usize> = (0..length).filter(|&i| accuracy(i) > floor + ABOVE_FLOOR).collect();
    curves.iter().map(|curve| kept.iter().map(|&i| curve[i]).collect()).collect()
}

fn turning_place(curves: &[Vec<Point>], values: &[Vec<f64>]) -> Option<TurningPoint> {
    let turn = turning_point(&mean_curve(&values.iter().collect::<Vec<_>>()))?;
    let at: Vec<Point> = curves.iter().map(|curve| curve[turn.index]).collect();
    let slopes = |range: std::ops::RangeInclusive<usize>| {
        let of = |curve: &Vec<Point>| {
            let part = &curve[range.clone()];
            slope(&places(part), &alphas(part))
        };
        interval(&curves.iter().filter_map(of).collect::<Vec<_>>())
    };
    Some(TurningPoint {
        strength: mean(&places(&at)),
        alpha: mean(&alphas(&at)),
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

/// Local errors against backpropagation.
fn faster_than(
    fitted: &Fitted,
    local: &BTreeMap<usize, Seeds>,
    other: &BTreeMap<usize, Seeds>,
) -> Claim {
    let statement = "local errors give clean images a faster decay than backpropagation";
    let mut claim = per_layer("local-backprop", statement, fitted, None, POSITIVE, local, |_| None);
    for (layer, (number, curves)) in claim.layers.iter_mut().zip(local) {
        let difference = |(seed, points): (&u64, &Vec<Point>)| {
            let other = other.get(number)?.get(seed)?;
            Some(points.first()?.alpha - other.first()?.alpha)
        };
        let found: Vec<f64> = curves.iter().filter_map(difference).collect();
        decide(layer, &found, POSITIVE);
    }
    claim.verdict = verdict(&claim.layers);
    claim
}

/// A claim whose statistic is taken of each layer and seed.
fn per_layer(
    claim: &str,
    statement: impl Into<String>,
    fitted: &Fitted,
    attack: Option<&str>,
    threshold: Threshold,
    layers: &BTreeMap<usize, Seeds>,
    statistic: impl Fn(&[Point]) -> Option<f64>,
) -> Claim {
    let judged = layers.iter().map(|(number, seeds)| {
        let mut layer = Layer { layer: Some(*number), statistic: None, holds: None, turn: None };
        let found: Option<Vec<f64>> = seeds.values().map(|points| statistic(points)).collect();
        decide(&mut layer, found.as_deref().unwrap_or_default(), threshold);
        layer
    });
    let judged: Vec<Layer> = judged.collect();
    Claim {
        claim: claim.into(),
        statement: statement.into(),
        rule: fitted.rule.clone(),
        attack: attack.map(Into::into),
        method: fitted.method.into(),
        first: fitted.first,
        last: fitted.last,
        statistic: threshold.name.into(),
        threshold: threshold.value,
        verdict: verdict(&judged),
        layers: judged,
        seeds: layers.values().map(BTreeMap::len).max().unwrap_or(0),
        rows: layers.values().flat_map(BTreeMap::values).map(Vec::len).sum(),
    }
}

/// A claim whose statistic, a rank correlation, is taken of all layers together.
fn together(
    claim: &str,
    statement: &str,
    fitted: &Fitted,
    depth: &Seeds,
    statistic: impl Fn(&[Point]) -> Option<f64>,
) -> Claim {
    let all = BTreeMap::from([(0, depth.clone())]);
    let mut claim = per_layer(claim, statement, fitted, None, RHO, &all, statistic);
    for layer in &mut claim.layers {
        layer.layer = None;
    }
    claim
}

/// Compare the statistics of the seeds with the threshold.
fn decide(layer: &mut Layer, found: &[f64], threshold: Threshold) {
    if found.len() >= MIN_SEEDS {
        layer.statistic = interval(found);
        layer.holds = layer.statistic.map(|s| match threshold {
            // A difference of exactly 0 is none.
            Threshold { value: 0.0, .. } => s.low > 0.0,
            Threshold { value, .. } => s.low >= value,
        });
    }
}

fn verdict(layers: &[Layer]) -> Verdict {
    let decided: Vec<bool> = layers.iter().filter_map(|layer| layer.holds).collect();
    match decided.iter().filter(|holds| **holds).count() {
        _ if decided.is_empty() => Verdict::Undecided,
        0 => Verdict::NotReproduced,
        holds if holds == layers.len() => Verdict::Reproduced,
        _ => Verdict::Partly,
    }
}

fn places(points: &[Point]) -> Vec<f64> {
    points.iter().map(|point| point.at).collect()
}

fn alphas(points: &[Point]) -> Vec<f64> {
    points.iter().map(|point| point.alpha).collect()
}

fn accuracies(points: &[Point]) -> Vec<f64> {
    points.iter().map(|point| point.accuracy).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::powerlaw::Method;

    /// A table of two layers, whose alpha at the strength number i of seed s in
    /// layer l is `alpha(l, s, i)`; accuracy falls along the strengths.
    fn table(
        attack: &str,
        seeds: u64,
        strengths: usize,
        alpha: impl Fn(usize, u64, usize) -> Option<f64>,
    ) -> Vec<Row> {
        let mut rows = Vec::new();
        for layer in 1..=2 {
            for seed in 1..=seeds {
                for i in 0..strengths {
                    rows.push(Row {
                        dataset: "made".into(),
                        rule: Some("local".into()),
                        seed: Some(seed),
                        attack: if i == 0 { "clean".into() } else { attack.into() },
                        strength: i as f64 / 10.0,
                        layer,
                        accuracy: Some(0.95 - 0.05 * i as f64),
                        alpha: alpha(layer, seed, i),
                        participation_ratio: Some(10.0),
                        method: Method::Ols,
                        first: 1,
                        last: 50,
                        ..Row::default()
                    });
                }
            }
        }
        rows
    }

    fn judged(rows: &[Row], claim: &str) -> Claim {
        let claims = judge(rows, Some(4.0));
        claims.into_iter().find(|c| c.claim == claim).unwrap()
    }

    /// A small number that differs between seeds and strengths, from -1 to 1.
    fn noise(seed: u64, i: usize) -> f64 {
        let x = (seed * 37 + i as u64 * 101) as f64;
        (x.sin() * 43_758.545).fract()
    }

    #[allow(clippy::unnecessary_wraps)] // as `table` takes it
    fn falling(_: usize, seed: u64, i: usize) -> Option<f64> {
        Some(3.0 - 0.1 * i as f64 + 0.001 * noise(seed, i))
    }

    /// Falls to the sixth strength, then rises again.
    #[allow(clippy::unnecessary_wraps)] // as `table` takes it
    fn valley(_: usize, seed: u64, i: usize) -> Option<f64> {
        Some(2.0 + 0.1 * (i as f64 - 6.0).abs() + 0.005 * noise(seed, i))
    }

    #[test]
    fn a_falling_curve_is_monotonic_and_does_not_turn() {
        let gauss = table("gauss", 5, 12, falling);
        assert_eq!(judged(&gauss, "C1").verdict, Verdict::Reproduced);
        assert_eq!(judged(&gauss, "C2").verdict, Verdict::Reproduced);
        let fgsm = table("fgsm", 5, 12, falling);
        assert_eq!(judged(&fgsm, "C3").verdict, Verdict::NotReproduced);
    }

    #[test]
    fn a_valley_turns_where_it_does() {
        let claim = judged(&table("fgsm", 5, 12, valley), "C3");
        assert_eq!(claim.verdict, Verdict::Reproduced);
        for layer in &claim.layers {
            let turn = layer.turn.as_ref().unwrap();
            assert!((turn.strength - 0.6).abs() < 1e-12 && turn.valley);
            assert!(turn.slope_before.unwrap().high < 0.0 && turn.slope_after.unwrap().low > 0.0);
        }
        let gauss = table("gauss", 5, 12, valley);
        assert_eq!(judged(&gauss, "C2").verdict, Verdict::NotReproduced);
        assert_eq!(judged(&gauss, "C1").verdict, Verdict::NotReproduced);
    }

    #[test]
    fn a_peak_turns_too() {
        let peak = |layer, seed, i| valley(layer, seed, i).map(|alpha| 5.0 - alpha);
        let claim = judged(&table("fgsm", 5, 12, peak), "C3");
        assert_eq!(claim.verdict, Verdict::Reproduced);
        assert!(!claim.layers[0].turn.as_ref().unwrap().valley);
    }

    #[test]
    fn one_layer_of_two_is_partly() {
        let either = |layer, seed, i| {
            if layer == 1 { falling(layer, seed, i) } else { valley(layer, seed, i) }
        };
        let claim = judged(&table("fgsm", 5, 12, either), "C3");
        assert_eq!(claim.verdict, Verdict::Partly);
        let holds: Vec<_> = claim.layers.iter().map(|layer| layer.holds).collect();
        assert_eq!(holds, [Some(false), Some(true)]);
    }

    #[test]
    fn noise_alone_shows_nothing() {
        let noisy = |_, seed, i| Some(2.0 + 0.1 * noise(seed, i));
        for (attack, claim) in [("gauss", "C1"), ("gauss", "C2"), ("fgsm", "C3")] {
            let rows = table(attack, 5, 12, noisy);
            assert_eq!(judged(&rows, claim).verdict, Verdict::NotReproduced, "{claim}");
        }
    }

    #[test]
    fn a_flat_curve_too_few_seeds_and_too_few_strengths_decide_nothing() {
        let flat = |_, _, _| Some(2.0);
        for rows in [
            table("gauss", 5, 12, flat),
            table("gauss", 2, 12, falling),
            table("gauss", 5, 3, falling),
        ] {
            let claim = judged(&rows, "C2");
            assert_eq!(claim.verdict, Verdict::Undecided);
            assert!(claim.layers.iter().all(|layer| layer.holds.is_none()));
        }
        assert_eq!(judged(&table("gauss", 3, 12, falling), "C2").verdict, Verdict::Reproduced);
    }

    #[test]
    fn a_collapsed_layer_is_named_and_stops_nothing() {
        let collapsed = |layer, seed, i| if layer == 2 { None } else { falling(layer, seed, i) };
        let claim = judged(&table("gauss", 5, 12, collapsed), "C2");
        assert_eq!(claim.verdict, Verdict::Partly);
        assert_eq!((claim.layers[1].layer, claim.layers[1].holds), (Some(2), None));
    }

    /// Curves of exactly the same shape in all seeds: the interval is the value.
    #[test]
    fn each_threshold_parts_what_is_just_beside_it() {
        // 11 steps down of 1 and one up of `back`: M = (11 - back) / (11 + back).
        let stepped = |back: f64| {
            move |_: usize, _: u64, i: usize| {
                Some(if i <= 11 { 20.0 - i as f64 } else { 9.0 + back })
            }
        };
        let back_at = 11.0 * (1.0 - MONOTONICITY.value) / (1.0 + MONOTONICITY.value);
        for (back, expected) in
            [(back_at * 0.99, Verdict::Reproduced), (back_at * 1.01, Verdict::NotReproduced)]
        {
            let rows = table("gauss", 3, 13, stepped(back));
            assert_eq!(judged(&rows, "C2").verdict, expected, "{back}");
        }
        // The last strength is the floor of accuracy; before it the curve rises by `back` of 10.
        let turned = |back: f64| {
            move |_: usize, _: u64, i: usize| {
                Some(if i <= 10 { 20.0 - i as f64 } else { 10.0 + back })
            }
        };
        let back_at = 10.0 * PROMINENCE.value;
        for (back, expected) in
            [(back_at * 1.01, Verdict::Reproduced), (back_at * 0.99, Verdict::NotReproduced)]
        {
            let rows = table("fgsm", 3, 13, turned(back));
            assert_eq!(judged(&rows, "C3").verdict, expected, "{back}");
        }
        // rho of n points with two distant ones swapped: 1 - 6 (2 d²) / (n (n² - 1)).
        let swapped = |d: usize| {
            move |_: usize, _: u64, i: usize| {
                let place = if i == 0 {
                    d
                } else if i == d {
                    0
                } else {
                    i
                };
                Some(20.0 - place as f64)
            }
        };
        let rho = |d: usize| 1.0 - 12.0 * (d * d) as f64 / (12.0 * 143.0);
        for (d, expected) in [(5, Verdict::Reproduced), (6, Verdict::NotReproduced)] {
            assert_eq!(rho(d) >= RHO.value, expected == Verdict::Reproduced);
            assert_eq!(judged(&table("gauss", 3, 12, swapped(d)), "C1").verdict, expected);
        }
        // alpha - (1 + 2/4) of the clean images.
        for (alpha, expected) in [
            (1.501, Verdict::Reproduced),
            (1.499, Verdict::NotReproduced),
            (1.5, Verdict::NotReproduced),
        ] {
            let rows = table("gauss", 3, 5, move |_, _, i| Some(alpha - i as f64));
            assert_eq!(judged(&rows, "smoothness").verdict, expected, "{alpha}");
        }
    }

    #[test]
    fn local_errors_are_compared_with_backpropagation_seed_by_seed() {
        let mut rows = table("gauss", 4, 5, |_, seed, _| Some(2.0 + seed as f64));
        let mut other = table("gauss", 4, 5, |_, seed, _| Some(1.9 + seed as f64));
        for row in &mut other {
            row.rule = Some("backprop".into());
        }
        rows.extend(other);
        // The spread between seeds is far larger than the difference within them.
        assert_eq!(judged(&rows, "local-backprop").verdict, Verdict::Reproduced);
    }

    #[test]
    fn snapshots_are_judged_along_the_epochs() {
        let mut rows = table("gauss", 3, 6, falling);
        assert!(judge(&rows, None).iter().all(|claim| claim.claim != "C1-epochs"));
        for row in &mut rows {
            row.epoch = Some((row.strength * 10.0) as usize + 1);
            row.attack = "clean".into();
        }
        assert_eq!(judged(&rows, "C1-epochs").verdict, Verdict::Reproduced);
    }
}
