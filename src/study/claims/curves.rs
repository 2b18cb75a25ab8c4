//! The table's rows as curves: what each seed's network does along the strengths of an attack.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    statistics::mean,
    thresholds::{MIN_POINTS, MIN_RANGE, MIN_SEEDS, RESOLUTION},
};
use crate::study::table::{Estimator, Row};

/// What a claim is judged on: a rule, and an estimator of alpha.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// The learning rule.
    pub rule: String,
    /// How alpha was estimated.
    pub estimator: Estimator,
}

/// A point of a curve.
#[derive(Clone, Copy, Debug)]
pub struct CurvePoint {
    /// Strength, layer or epoch.
    pub at: f64,
    /// Of the layer, or of the network where the layer has no readout.
    pub accuracy: f64,
    /// The exponent.
    pub alpha: f64,
    /// Of the spectrum.
    pub participation_ratio: f64,
}

/// The curves of one layer, one for each seed; that of a seed whose layer has no exponent is
/// empty.
pub type Seeds = BTreeMap<u64, Vec<CurvePoint>>;

/// All that rules and estimators there are, in the table's order.
pub fn subjects(rows: &[Row]) -> BTreeSet<Subject> {
    let of = |row: &Row| Some(Subject { rule: row.rule.clone()?, estimator: row.estimator() });
    rows.iter().filter_map(of).collect()
}

/// The rows of final networks under this attack, `clean` among them as strength 0.
pub fn along_strength(rows: &[Row], subject: &Subject, attack: &str) -> BTreeMap<usize, Seeds> {
    curves(rows, subject, |row| {
        let wanted = row.epoch.is_none() && (row.attack == attack || row.attack == "clean");
        wanted.then_some(row.strength)
    })
}

/// The rows of clean images along the epochs of snapshots.
pub fn along_epochs(rows: &[Row], subject: &Subject) -> BTreeMap<usize, Seeds> {
    curves(rows, subject, |row| {
        (row.attack == "clean").then_some(row.epoch).flatten().map(|epoch| epoch as f64)
    })
}

/// One curve for each seed: the clean images of final networks along the layers.
pub fn along_layers(rows: &[Row], subject: &Subject) -> Seeds {
    let mut seeds = Seeds::new();
    for (layer, curves) in along_strength(rows, subject, "clean") {
        for (seed, points) in curves {
            let points = points.into_iter().map(|point| CurvePoint { at: layer as f64, ..point });
            seeds.entry(seed).or_default().extend(points);
        }
    }
    seeds
}

/// Points by layer and seed, sorted by what `at` gives; rows without an alpha are left out.
fn curves(
    rows: &[Row],
    subject: &Subject,
    at: impl Fn(&Row) -> Option<f64>,
) -> BTreeMap<usize, Seeds> {
    let mut layers: BTreeMap<usize, Seeds> = BTreeMap::new();
    let same = |row: &&Row| {
        row.rule.as_ref() == Some(&subject.rule) && row.estimator() == subject.estimator
    };
    for row in rows.iter().filter(same) {
        let (Some(at), Some(seed)) = (at(row), row.seed) else { continue };
        // A layer without variance has no exponent, but it is a layer.
        let curve = layers.entry(row.layer).or_default().entry(seed).or_default();
        let accuracy = row.accuracy.or(row.network_accuracy);
        let values = (accuracy, row.alpha, row.participation_ratio);
        if let (Some(accuracy), Some(alpha), Some(participation_ratio)) = values {
            curve.push(CurvePoint { at, accuracy, alpha, participation_ratio });
        }
    }
    for curve in layers.values_mut().flat_map(BTreeMap::values_mut) {
        curve.sort_by(|a, b| a.at.total_cmp(&b.at));
    }
    layers
}

/// Curves of several seeds at the same strengths, of which the mean accuracy moves: what a
/// relation of accuracy to alpha can be judged on. There is at least one.
pub struct Comparable(Vec<Vec<CurvePoint>>);

impl Comparable {
    /// The seeds that have an exponent at [`MIN_POINTS`] strengths or more, at the strengths that
    /// all of these have; or why there are too few, or accuracy hardly moves.
    pub fn new(seeds: &Seeds) -> Result<Self, String> {
        let mut curves: Vec<Vec<CurvePoint>> =
            seeds.values().filter(|points| points.len() >= MIN_POINTS).cloned().collect();
        if curves.is_empty() || curves.len() < MIN_SEEDS.min(seeds.len()) {
            return Err(format!(
                "{} of {} seeds have an exponent at {MIN_POINTS} strengths or more (expected at \
                 least {MIN_SEEDS})",
                curves.len(),
                seeds.len()
            ));
        }
        let has =
            |curve: &Vec<CurvePoint>, at: f64| curve.iter().any(|p| p.at.total_cmp(&at).is_eq());
        let first = curves[0].iter().map(|point| point.at);
        let common: Vec<f64> =
            first.filter(|&at| curves.iter().all(|curve| has(curve, at))).collect();
        for curve in &mut curves {
            curve.retain(|point| common.iter().any(|at| at.total_cmp(&point.at).is_eq()));
        }
        if common.len() < MIN_POINTS {
            return Err(format!(
                "{} strengths that all seeds have (expected at least {MIN_POINTS}, with the clean \
                 images)",
                common.len()
            ));
        }
        let comparable = Self(curves);
        let accuracies = comparable.mean_accuracies();
        let (low, high) = range(&accuracies);
        if high - low < MIN_RANGE {
            return Err(format!(
                "accuracy moves by {:.1} points (expected at least {:.0})",
                100.0 * (high - low),
                100.0 * MIN_RANGE
            ));
        }
        Ok(comparable)
    }

    /// A curve for each seed, strengths rising.
    pub fn curves(&self) -> &[Vec<CurvePoint>] {
        &self.0
    }

    /// A curve for each seed in the order of falling accuracy, as long as accuracy is above its
    /// floor. The order is one for all seeds, that of the mean; accuracies that differ by no more than
    /// [`RESOLUTION`] are the same, and stand in the order of their strengths.
    pub fn above_floor(&self) -> Result<Vec<Vec<CurvePoint>>, String> {
        self.by_accuracy(0)
    }

    /// The same, and the first point at the floor, where the fall of accuracy ends.
    pub fn down_to_floor(&self) -> Result<Vec<Vec<CurvePoint>>, String> {
        self.by_accuracy(1)
    }

    fn by_accuracy(&self, at_floor: usize) -> Result<Vec<Vec<CurvePoint>>, String> {
        let accuracies = self.mean_accuracies();
        let order = falling(&accuracies);
        let floor = range(&accuracies).0;
        let above = order.iter().filter(|&&i| accuracies[i] > floor + RESOLUTION).count();
        if above + at_floor < MIN_POINTS {
            return Err(format!(
                "accuracy is above its floor at {above} strengths (expected at least {})",
                MIN_POINTS - at_floor
            ));
        }
        let order = &order[..above + at_floor];
        let reordered = |curve: &Vec<CurvePoint>| order.iter().map(|&i| curve[i]).collect();
        Ok(self.0.iter().map(reordered).collect())
    }

    fn mean_accuracies(&self) -> Vec<f64> {
        let at = |i: usize| self.0.iter().map(|curve| curve[i].accuracy).collect::<Vec<_>>();
        (0..self.0[0].len()).map(|i| mean(&at(i))).collect()
    }
}

/// Indices from the largest value to the smallest; those of values that are nearly the same, within
/// [`RESOLUTION`] of the largest of them, rise.
fn falling(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let mut rest = order.as_mut_slice();
    while let Some(&best) = rest.first() {
        let same = rest.iter().take_while(|&&i| values[best] - values[i] <= RESOLUTION).count();
        let (tied, others) = rest.split_at_mut(same.max(1));
        tied.sort_unstable();
        rest = others;
    }
    order
}

fn range(values: &[f64]) -> (f64, f64) {
    let all = values.iter();
    all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)))
}

pub fn places(points: &[CurvePoint]) -> Vec<f64> {
    points.iter().map(|point| point.at).collect()
}

pub fn alphas(points: &[CurvePoint]) -> Vec<f64> {
    points.iter().map(|point| point.alpha).collect()
}

pub fn accuracies(points: &[CurvePoint]) -> Vec<f64> {
    points.iter().map(|point| point.accuracy).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_falling_values_and_ties_keep_theirs() {
        assert_eq!(falling(&[0.9, 0.5, 0.7, 0.1]), [0, 2, 1, 3]);
        assert_eq!(falling(&[0.5, 0.9, 0.5, 0.9]), [1, 3, 0, 2]);
        // Within a hundredth of the best of them.
        assert_eq!(falling(&[0.892, 0.899, 0.9, 0.889, 0.5, 0.508]), [0, 1, 2, 3, 4, 5]);
        assert_eq!(falling(&[]), [0; 0]);
    }

    fn seeds(curves: &[&[(f64, f64)]]) -> Seeds {
        let point = |&(at, accuracy): &(f64, f64)| CurvePoint {
            at,
            accuracy,
            alpha: 1.0,
            participation_ratio: 1.0,
        };
        let curve = |curve: &&[(f64, f64)]| curve.iter().map(point).collect();
        (1..).zip(curves.iter().map(curve)).collect()
    }

    fn strengths(curves: &[Vec<CurvePoint>]) -> Vec<Vec<f64>> {
        curves.iter().map(|curve| curve.iter().map(|point| point.at).collect()).collect()
    }

    #[test]
    fn seeds_without_exponents_are_left_out_and_the_others_share_their_strengths() {
        let whole = [(0.0, 0.9), (0.1, 0.8), (0.2, 0.6), (0.3, 0.4), (0.4, 0.2)];
        let gap = [whole[0], whole[1], whole[3], whole[4]];
        let found = Comparable::new(&seeds(&[&whole, &gap, &whole, &whole[..3], &[]])).unwrap();
        assert_eq!(strengths(found.curves()), vec![vec![0.0, 0.1, 0.3, 0.4]; 3]);
        let dead = Comparable::new(&seeds(&[&whole, &whole, &[], &[]]));
        assert!(dead.err().unwrap().starts_with("2 of 4 seeds have an exponent"));
        let apart = [(1.0, 0.9), (2.0, 0.8), (3.0, 0.7), (4.0, 0.1)];
        let apart = Comparable::new(&seeds(&[&whole, &apart, &whole]));
        assert!(apart.err().unwrap().starts_with("0 strengths that all seeds have"));
    }

    #[test]
    fn points_at_the_floor_of_accuracy_are_left_out_but_for_the_first() {
        let curve = [
            (0.0, 0.9),
            (0.1, 0.105),
            (0.2, 0.6),
            (0.3, 0.101),
            (0.4, 0.3),
            (0.5, 0.1),
            (0.6, 0.7),
        ];
        let found = Comparable::new(&seeds(&[&curve, &curve, &curve])).unwrap();
        let above = found.above_floor().unwrap();
        assert_eq!(strengths(&above), vec![vec![0.0, 0.6, 0.2, 0.4]; 3]);
        let down = found.down_to_floor().unwrap();
        assert_eq!(strengths(&down), vec![vec![0.0, 0.6, 0.2, 0.4, 0.1]; 3]);
        // Of two strengths above it nothing is said.
        let steep = [(0.0, 0.9), (0.1, 0.5), (0.2, 0.1), (0.3, 0.1), (0.4, 0.1)];
        let found = Comparable::new(&seeds(&[&steep, &steep, &steep])).unwrap();
        for undecided in [found.above_floor(), found.down_to_floor()] {
            assert!(undecided.unwrap_err().contains("at 2 strengths"));
        }
    }
}
