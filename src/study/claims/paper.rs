//! The paper's claims C1, C2 and C3: in each layer along the strengths of an attack, and at each strength
//! across the layers.

use std::collections::BTreeMap;

use super::{
    Claim, DECAY, MONOTONIC, MONOTONICITY, PROMINENCE, RHO, TURNING, Threshold, TurningPoint,
    choices::Choice,
    curves::{self, Comparable, CurvePoint, Seeds, Subject, accuracies, alphas, positions},
    decide::Definition,
    statistics::{mean, monotonicity, over_seeds, prominence, slope, spearman, turning_point},
};
use crate::study::{
    catalogue::{AttackEntry, Family},
    table::Row,
};

/// The paper's claims about each attack.
pub fn about_attacks(rows: &[Row], subject: &Subject, attacks: &[AttackEntry]) -> Vec<Claim> {
    let mut claims = Vec::new();
    for attack in attacks {
        let choice = Choice { largest: attack.largest(), ..Choice::default() };
        let layers = curves::along_strength(rows, subject, &attack.name);
        let layers = curves::up_to(layers, choice.largest);
        let across = curves::at_strengths(&layers);
        for about in About::all(subject, attack, choice) {
            claims.push(about.along_strengths(&layers));
            claims.push(about.at_each_strength(&across));
        }
    }
    let missing = |about: About<'_>, reason: &str| {
        about.along_strengths(&BTreeMap::new()).with_reason_if_empty(reason)
    };
    let choice = Choice::default();
    if attacks.is_empty() {
        let reason = "the table has no attack";
        claims.push(missing(About::decay(subject, None, choice), reason));
    }
    let has = |family: Family| attacks.iter().any(|attack| attack.family == family);
    if !has(Family::Noise) {
        let reason = "the table has no attack by noise";
        claims.push(missing(About::monotonic(subject, None, choice), reason));
    }
    if !has(Family::Gradient) {
        let reason = "the table has no attack along a gradient";
        claims.push(missing(About::turning(subject, None, choice), reason));
    }
    claims
}

/// The statistic of C1: the rank correlation of alpha and accuracy.
pub fn alpha_accuracy_correlation(points: &[CurvePoint]) -> Option<f64> {
    spearman(&alphas(points), &accuracies(points))
}

/// [`alpha_accuracy_correlation`] of each seed that has it.
pub fn correlations(comparable: &Comparable) -> Result<Vec<f64>, String> {
    let curves = comparable.down_to_floor()?;
    Ok(curves.iter().filter_map(|points| alpha_accuracy_correlation(points)).collect())
}

/// A claim of the paper about an attack.
pub struct About<'a> {
    pub claim: &'static str,
    statement: &'static str,
    /// What the statement is about if there is no attack to name.
    nameless: &'static str,
    subject: &'a Subject,
    attack: Option<&'a str>,
    choice: Choice,
    threshold: Threshold,
    /// The statistic of each seed that has one.
    statistic: fn(&Comparable) -> Result<Vec<f64>, String>,
}

impl<'a> About<'a> {
    /// C1 for every attack, C2 for noise, and C3 for attacks along a gradient.
    pub fn all(subject: &'a Subject, attack: &'a AttackEntry, choice: Choice) -> Vec<Self> {
        let name = Some(attack.name.as_str());
        let shape = match attack.family {
            Family::Noise => Some(Self::monotonic(subject, name, choice)),
            Family::Gradient => Some(Self::turning(subject, name, choice)),
            Family::Other => None,
        };
        [Self::decay(subject, name, choice)].into_iter().chain(shape).collect()
    }

    /// C1: high accuracy goes with a fast decay.
    fn decay(subject: &'a Subject, attack: Option<&'a str>, choice: Choice) -> Self {
        let (claim, statement, nameless) = ("C1", DECAY, "an attack");
        let threshold = RHO.scaled(choice.scale);
        let statistic = correlations;
        Self { claim, statement, nameless, subject, attack, choice, threshold, statistic }
    }

    /// C2: under noise, accuracy against alpha is monotonic. As accuracy falls, alpha either only falls
    /// or only rises.
    fn monotonic(subject: &'a Subject, attack: Option<&'a str>, choice: Choice) -> Self {
        let statistic = |comparable: &Comparable| {
            let curves = comparable.down_to_floor()?;
            Ok(curves.iter().filter_map(|points| monotonicity(&alphas(points))).collect())
        };
        let (claim, statement, nameless) = ("C2", MONOTONIC, "noise");
        let threshold = MONOTONICITY.scaled(choice.scale);
        Self { claim, statement, nameless, subject, attack, choice, threshold, statistic }
    }

    /// C3: under attacks along a gradient, accuracy against alpha is not monotonic. As accuracy falls,
    /// alpha has a turning point. For each seed, the turning point is located on the mean curve of the
    /// other seeds, so that noise cannot create one. Points at the floor of accuracy are left out.
    fn turning(subject: &'a Subject, attack: Option<&'a str>, choice: Choice) -> Self {
        let statistic = |comparable: &Comparable| {
            let curves = comparable.above_floor()?;
            let values: Vec<Vec<f64>> = curves.iter().map(|points| alphas(points)).collect();
            let prominence_of_seed = |seed: usize| {
                let others = values.iter().enumerate().filter(|(other, _)| *other != seed);
                let others: Vec<&Vec<f64>> = others.map(|(_, values)| values).collect();
                prominence(&values[seed], turning_point(&mean_curve(&others))?)
            };
            Ok((0..values.len()).filter_map(prominence_of_seed).collect())
        };
        let (claim, statement, nameless) = ("C3", TURNING, "attacks along a gradient");
        let threshold = PROMINENCE.scaled(choice.scale);
        Self { claim, statement, nameless, subject, attack, choice, threshold, statistic }
    }

    /// In each layer, along the strengths of the attack.
    pub fn in_each_layer(&self, layers: &BTreeMap<usize, Seeds>) -> Claim {
        let place = format!("along the strengths of {}", self.attack.unwrap_or(self.nameless));
        self.judge(self.claim, &place, layers, &[])
    }

    /// The same, with the turning points of C3.
    fn along_strengths(&self, layers: &BTreeMap<usize, Seeds>) -> Claim {
        let mut claim = self.in_each_layer(layers);
        if self.claim == "C3" {
            for (layer, seeds) in claim.layers.iter_mut().zip(layers.values()) {
                let curves = Comparable::new(seeds, "strengths", self.choice)
                    .and_then(|comparable| comparable.above_floor());
                layer.turn = curves.ok().and_then(|curves| mean_turning_point(&curves));
            }
        }
        claim
    }

    /// At each strength of the attack, across the layers.
    fn at_each_strength(&self, across: &[(f64, Seeds)]) -> Claim {
        let (strengths, seeds): (Vec<f64>, Vec<Seeds>) = across.iter().cloned().unzip();
        let attack = self.attack.unwrap_or(self.nameless);
        let place = format!("across the layers at each strength of {attack}");
        let seeds = seeds.into_iter().enumerate().collect();
        self.judge(&format!("{}-at-strength", self.claim), &place, &seeds, &strengths)
    }

    /// Judge curves along strengths, of each layer; or along layers, at each of these strengths.
    fn judge(
        &self,
        claim: &str,
        place: &str,
        curves: &BTreeMap<usize, Seeds>,
        strengths: &[f64],
    ) -> Claim {
        let &Self { subject, attack, threshold, .. } = self;
        let points = if strengths.is_empty() { "strengths" } else { "layers" };
        let statement = &format!("{place}, {}", self.statement);
        let definition = Definition { claim, statement, subject, attack, threshold, strengths };
        definition.judge(curves, |_, seeds| {
            (self.statistic)(&Comparable::new(seeds, points, self.choice)?)
        })
    }
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
        over_seeds(&curves.iter().filter_map(slope_of).collect::<Vec<_>>())
    };
    let strength = at.first()?.at; // all curves have the same strengths
    let alpha = mean(&alphas(&at));
    alpha.is_finite().then(|| TurningPoint {
        strength,
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
