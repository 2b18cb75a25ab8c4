//! Curves from the rows of the table: accuracy and alpha of each seed's network along the strengths of
//! an attack, the layers, or the epochs.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    choices::{Choice, Floor},
    statistics::mean,
    thresholds::{MIN_POINTS, MIN_RANGE, MIN_SEEDS, RESOLUTION, ROUND_OFF},
};
use crate::study::table::{Estimator, Row};

/// What a claim is judged for: a learning rule and an estimator of alpha.
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
    /// The strength, layer or epoch.
    pub at: f64,
    /// Accuracy of the layer, or of the network if the layer has no readout.
    pub accuracy: f64,
    /// The power-law exponent.
    pub alpha: f64,
    /// Number of ranks over which alpha was fitted.
    pub ranks: usize,
    /// Participation ratio of the spectrum.
    pub participation_ratio: f64,
}

/// The curves of one layer by seed. The curve of a seed is empty if its layer has no exponent.
pub type Seeds = BTreeMap<u64, Vec<CurvePoint>>;

/// All combinations of rule and estimator in the table, in its order.
pub fn subjects(rows: &[Row]) -> BTreeSet<Subject> {
    let subject = |row: &Row| Some(Subject { rule: row.rule.clone()?, estimator: row.estimator() });
    rows.iter().filter_map(subject).collect()
}

/// The curves of final networks along the strengths of an attack, by layer. The clean images are the
/// point at strength 0.
pub fn along_strength(rows: &[Row], subject: &Subject, attack: &str) -> BTreeMap<usize, Seeds> {
    curves(rows, subject, |row| {
        let wanted = row.epoch.is_none() && (row.attack == attack || row.attack == "clean");
        wanted.then_some(row.strength)
    })
}

/// The curves without the points beyond `largest`.
pub fn up_to(mut layers: BTreeMap<usize, Seeds>, largest: f64) -> BTreeMap<usize, Seeds> {
    for curve in layers.values_mut().flat_map(BTreeMap::values_mut) {
        curve.retain(|point| point.at <= largest);
    }
    layers
}

/// The curves on clean images along the epochs of snapshots, by layer.
pub fn along_epochs(rows: &[Row], subject: &Subject) -> BTreeMap<usize, Seeds> {
    curves(rows, subject, |row| {
        (row.attack == "clean").then_some(row.epoch).flatten().map(|epoch| epoch as f64)
    })
}

/// The curves of final networks on clean images along the layers.
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

/// The curves of an attack along the layers at each strength, from those [`along_strength`] in each
/// layer. The clean images are left out.
pub fn at_strengths(layers: &BTreeMap<usize, Seeds>) -> Vec<(f64, Seeds)> {
    let points = layers.values().flat_map(BTreeMap::values).flatten();
    let mut strengths: Vec<f64> = points.map(|point| point.at).filter(|at| *at > 0.0).collect();
    strengths.sort_by(f64::total_cmp);
    strengths.dedup();
    let across = |strength: f64| {
        let mut across = Seeds::new();
        for (&layer, seeds) in layers {
            for (&seed, points) in seeds {
                let point = points.iter().find(|point| point.at.total_cmp(&strength).is_eq());
                let point = point.map(|point| CurvePoint { at: layer as f64, ..*point });
                across.entry(seed).or_default().extend(point);
            }
        }
        (strength, across)
    };
    strengths.into_iter().map(across).collect()
}

/// Curves by layer and seed, sorted by `at`, which selects rows and gives their position. Rows
/// without alpha, accuracy or participation ratio are left out.
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
        // A layer without variance has no exponent; it still gets an entry with an empty curve.
        let curve = layers.entry(row.layer).or_default().entry(seed).or_default();
        let accuracy = row.accuracy.or(row.network_accuracy);
        let values = (accuracy, row.alpha, row.participation_ratio);
        if let (Some(accuracy), Some(alpha), Some(participation_ratio)) = values {
            curve.push(CurvePoint { at, accuracy, alpha, ranks: row.points, participation_ratio });
        }
    }
    for curve in layers.values_mut().flat_map(BTreeMap::values_mut) {
        curve.sort_by(|a, b| a.at.total_cmp(&b.at));
    }
    layers
}

/// Curves of at least one seed, all at the same strengths, layers or epochs, along which the mean accuracy
/// varies. On these, a relation of accuracy to alpha can be judged.
pub struct Comparable {
    curves: Vec<Vec<CurvePoint>>,
    /// What the points are, in the plural.
    points: &'static str,
    choice: Choice,
}

impl Comparable {
    /// Select the seeds that have an exponent at [`MIN_POINTS`] points or more, over the same number of
    /// ranks at all of them, and the points that these seeds share. `points` says what they are. The error
    /// is the reason why the curves cannot be judged: too few seeds or points, or an accuracy that hardly
    /// varies.
    pub fn new(seeds: &Seeds, points: &'static str, choice: Choice) -> Result<Self, String> {
        enough(seeds, points)?;
        let same_ranks = |curve: &&Vec<CurvePoint>| {
            curve.len() >= MIN_POINTS && curve.iter().all(|point| point.ranks == curve[0].ranks)
        };
        let mut curves: Vec<Vec<CurvePoint>> = seeds.values().filter(same_ranks).cloned().collect();
        if curves.is_empty() || curves.len() < MIN_SEEDS.min(seeds.len()) {
            return Err(format!(
                "{} of {} seeds have an exponent over the same ranks at {MIN_POINTS} {points} or more, \
                 {MIN_SEEDS} needed",
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
                "{} {points} that all seeds have, {MIN_POINTS} needed",
                common.len()
            ));
        }
        let comparable = Self { curves, points, choice };
        let (low, high) = range(&comparable.mean_accuracies());
        let needed = choice.scale * MIN_RANGE;
        if high - low < needed - ROUND_OFF {
            return Err(format!(
                "accuracy moves by {:.1} percentage points, {:.0} needed",
                100.0 * (high - low),
                100.0 * needed
            ));
        }
        Ok(comparable)
    }

    /// One curve per seed in the order of falling accuracy, without the points at the floor of
    /// accuracy unless they are kept. All seeds have the same order, that of the mean accuracy.
    /// Accuracies that differ by at most [`RESOLUTION`] count as equal; such points keep their order.
    pub fn above_floor(&self) -> Result<Vec<Vec<CurvePoint>>, String> {
        self.by_accuracy(0)
    }

    /// Like [`Self::above_floor`], with the first point at the floor, where accuracy stops falling.
    pub fn down_to_floor(&self) -> Result<Vec<Vec<CurvePoint>>, String> {
        self.by_accuracy(1)
    }

    fn by_accuracy(&self, at_floor: usize) -> Result<Vec<Vec<CurvePoint>>, String> {
        let accuracies = self.mean_accuracies();
        let resolution = self.choice.scale * RESOLUTION;
        let lowest = range(&accuracies).0;
        let is_above = |&i: &usize| accuracies[i] > lowest + resolution + ROUND_OFF;
        let above = (0..accuracies.len()).filter(is_above).count();
        let mut order = by_falling_value(&accuracies, resolution);
        if self.choice.floor == Floor::LeftOut {
            // Among points that count as equal, one at the floor may stand before one above it.
            let mut counted = at_floor;
            order.retain(|i| {
                let is_counted = is_above(i) || counted > 0;
                counted -= usize::from(is_counted && !is_above(i));
                is_counted
            });
        }
        if order.len() < MIN_POINTS {
            return Err(format!(
                "accuracy is above its floor at {above} {}, {} needed",
                self.points,
                MIN_POINTS - at_floor
            ));
        }
        let reordered = |curve: &Vec<CurvePoint>| order.iter().map(|&i| curve[i]).collect();
        Ok(self.curves.iter().map(reordered).collect())
    }

    fn mean_accuracies(&self) -> Vec<f64> {
        let at = |i: usize| self.curves.iter().map(|curve| curve[i].accuracy).collect::<Vec<_>>();
        (0..self.curves[0].len()).map(|i| mean(&at(i))).collect()
    }
}

/// Refuse curves that are all too short; `points` says what they consist of.
pub fn enough(seeds: &Seeds, points: &str) -> Result<(), String> {
    match seeds.values().map(Vec::len).max() {
        Some(most) if most < MIN_POINTS => {
            Err(format!("{most} {points} with an exponent, {MIN_POINTS} needed"))
        }
        _ => Ok(()),
    }
}

/// Indices sorted from the largest value to the smallest. The indices of nearly equal values, within
/// `resolution` of the largest of them, are in ascending order.
fn by_falling_value(values: &[f64], resolution: f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let mut rest = order.as_mut_slice();
    while let Some(&best) = rest.first() {
        let ties = rest
            .iter()
            .take_while(|&&i| values[best] - values[i] <= resolution + ROUND_OFF)
            .count();
        let (tied, others) = rest.split_at_mut(ties.max(1));
        tied.sort_unstable();
        rest = others;
    }
    order
}

fn range(values: &[f64]) -> (f64, f64) {
    let all = values.iter();
    all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)))
}

pub fn positions(points: &[CurvePoint]) -> Vec<f64> {
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
    fn values_are_sorted_in_falling_order_and_ties_keep_their_order() {
        assert_eq!(by_falling_value(&[0.9, 0.5, 0.7, 0.1], 0.01), [0, 2, 1, 3]);
        assert_eq!(by_falling_value(&[0.5, 0.9, 0.5, 0.9], 0.01), [1, 3, 0, 2]);
        // Ties: the values differ from the largest of them by at most 0.01.
        assert_eq!(
            by_falling_value(&[0.892, 0.899, 0.9, 0.889, 0.5, 0.508], 0.01),
            [0, 1, 2, 3, 4, 5]
        );
        assert_eq!(by_falling_value(&[], 0.01), [0; 0]);
    }

    fn seeds(curves: &[&[(f64, f64)]]) -> Seeds {
        let point = |&(at, accuracy): &(f64, f64)| CurvePoint {
            at,
            accuracy,
            alpha: 1.0,
            ranks: 50,
            participation_ratio: 1.0,
        };
        let curve = |curve: &&[(f64, f64)]| curve.iter().map(point).collect();
        (1..).zip(curves.iter().map(curve)).collect()
    }

    fn comparable(curves: &[&[(f64, f64)]]) -> Result<Comparable, String> {
        Comparable::new(&seeds(curves), "strengths", Choice::default())
    }

    fn strengths(curves: &[Vec<CurvePoint>]) -> Vec<Vec<f64>> {
        curves.iter().map(|curve| curve.iter().map(|point| point.at).collect()).collect()
    }

    #[test]
    fn seeds_without_exponents_are_left_out_and_the_others_share_their_strengths() {
        let whole = [(0.0, 0.9), (0.1, 0.8), (0.2, 0.6), (0.3, 0.4), (0.4, 0.2)];
        let gap = [whole[0], whole[1], whole[3], whole[4]];
        let found = comparable(&[&whole, &gap, &whole, &whole, &gap, &whole[..3], &[]]).unwrap();
        assert_eq!(strengths(&found.curves), vec![vec![0.0, 0.1, 0.3, 0.4]; 5]);
        let dead = comparable(&[&whole, &whole, &[], &[], &[]]);
        assert!(dead.err().unwrap().starts_with("2 of 5 seeds have an exponent"));
        let apart = [(1.0, 0.9), (2.0, 0.8), (3.0, 0.7), (4.0, 0.1)];
        let apart = comparable(&[&whole, &apart, &whole]);
        assert!(apart.err().unwrap().starts_with("0 strengths that all seeds have"));
    }

    /// The points at 0.3 and 0.4 count as equal; that at 0.3 is at the floor, and that at 0.4 is not.
    #[test]
    fn a_point_above_the_floor_counts_even_behind_one_at_the_floor() {
        let curve = [(0.0, 0.9), (0.1, 0.7), (0.2, 0.5), (0.3, 0.105), (0.4, 0.112), (0.5, 0.1)];
        let found = comparable(&[&curve, &curve]).unwrap();
        assert_eq!(strengths(&found.above_floor().unwrap()), vec![vec![0.0, 0.1, 0.2, 0.4]; 2]);
        let down = strengths(&found.down_to_floor().unwrap());
        assert_eq!(down, vec![vec![0.0, 0.1, 0.2, 0.3, 0.4]; 2]);
        // 0.95 - 0.9 is less than 0.05 in f64.
        let least = [(0.0, 0.95), (0.1, 0.94), (0.2, 0.92), (0.3, 0.9)];
        assert!(comparable(&[&least, &least]).is_ok());
    }

    #[test]
    fn exponents_over_different_numbers_of_ranks_are_not_compared() {
        let curve = [(0.0, 0.9), (0.1, 0.8), (0.2, 0.6), (0.3, 0.4)];
        let mut seeds = seeds(&[curve.as_slice(); 6]);
        seeds.get_mut(&2).unwrap()[3].ranks = 49;
        seeds.get_mut(&3).unwrap().iter_mut().for_each(|point| point.ranks = 20);
        let judged = |seeds: &Seeds| Comparable::new(seeds, "strengths", Choice::default());
        assert_eq!(judged(&seeds).unwrap().curves.len(), 5);
        seeds.get_mut(&1).unwrap()[0].ranks = 51;
        let reason = judged(&seeds).err().unwrap();
        assert!(
            reason.starts_with("4 of 6 seeds have an exponent over the same ranks"),
            "{reason}"
        );
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
        let found = comparable(&[&curve, &curve, &curve]).unwrap();
        let above = found.above_floor().unwrap();
        assert_eq!(strengths(&above), vec![vec![0.0, 0.6, 0.2, 0.4]; 3]);
        let down = found.down_to_floor().unwrap();
        assert_eq!(strengths(&down), vec![vec![0.0, 0.6, 0.2, 0.4, 0.1]; 3]);
        let choice = Choice { floor: Floor::Kept, ..Choice::default() };
        let kept = Comparable::new(&seeds(&[&curve, &curve]), "strengths", choice).unwrap();
        let all = vec![vec![0.0, 0.6, 0.2, 0.4, 0.1, 0.3, 0.5]; 2];
        assert_eq!(strengths(&kept.above_floor().unwrap()), all);
        assert_eq!(strengths(&kept.down_to_floor().unwrap()), all);
        // With only two strengths above the floor, the shape of the curve is undecided.
        let steep = [(0.0, 0.9), (0.1, 0.5), (0.2, 0.1), (0.3, 0.1), (0.4, 0.1)];
        let found = comparable(&[&steep, &steep, &steep]).unwrap();
        for undecided in [found.above_floor(), found.down_to_floor()] {
            assert!(undecided.unwrap_err().contains("at 2 strengths"));
        }
    }
}
