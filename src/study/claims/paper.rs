//! The paper's claims C1, C2 and C3, along the strengths of attacks.

use std::collections::BTreeMap;

use super::{
    Claim, DECAY, MONOTONIC, MONOTONICITY, PROMINENCE, RHO, TURNING, TurningPoint,
    curves::{self, Comparable, CurvePoint, Seeds, Subject, accuracies, alphas, positions},
    decide::Definition,
    statistics::{interval, mean, monotonicity, prominence, slope, spearman, turning_point},
};
use crate::study::{catalogue::Family, table::Row};

/// C1 for every attack, C2 for noise, and C3 for attacks along a gradient.
pub fn about_attacks(rows: &[Row], subject: &Subject, attacks: &[(&str, Family)]) -> Vec<Claim> {
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

/// The statistic of C1: the rank correlation of alpha and accuracy.
pub fn alpha_accuracy_correlation(points: &[CurvePoint]) -> Option<f64> {
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
