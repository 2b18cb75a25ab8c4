//! The paper's claims C1, C2 and C3, along the strengths of attacks.

use std::collections::BTreeMap;

use super::{
    Claim, DECAY, MONOTONIC, MONOTONICITY, PROMINENCE, RHO, TURNING, TurningPoint,
    curves::{self, Comparable, CurvePoint, Seeds, Subject, accuracies, alphas, places},
    decide::About,
    statistics::{interval, mean, monotonicity, prominence, slope, spearman, turning_point},
};
use crate::study::{catalogue::Family, table::Row};

/// C1 of every attack, C2 of noise, and C3 of attacks along a gradient.
pub fn of_attacks(rows: &[Row], subject: &Subject, attacks: &[(&str, Family)]) -> Vec<Claim> {
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

/// The statistic of C1.
pub fn of_decay(points: &[CurvePoint]) -> Option<f64> {
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
