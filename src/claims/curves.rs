//! The table's rows as curves: what each seed's network does along the strengths of an attack.

use std::collections::{BTreeMap, BTreeSet};

use crate::table::Row;

/// What a claim is judged on: a rule, and the ranks and method of a fit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fitted {
    /// The learning rule.
    pub rule: String,
    /// How alpha was estimated.
    pub method: &'static str,
    /// First rank.
    pub first: usize,
    /// Last rank.
    pub last: usize,
}

/// A point of a curve.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Strength, layer or epoch.
    pub at: f64,
    /// Of the layer, or of the network where the layer has no readout.
    pub accuracy: f64,
    /// The exponent.
    pub alpha: f64,
    /// Of the spectrum.
    pub participation_ratio: f64,
}

/// The curves of one layer, one a seed.
pub type Seeds = BTreeMap<u64, Vec<Point>>;

/// All that a rule, method and range of ranks have, in the table's order.
pub fn fitted(rows: &[Row]) -> BTreeSet<Fitted> {
    let of = |row: &Row| {
        let rule = row.rule.clone()?;
        Some(Fitted { rule, method: row.method.name(), first: row.first, last: row.last })
    };
    rows.iter().filter_map(of).collect()
}

/// The rows of final networks under this attack, `clean` among them as strength 0.
pub fn along_strength(rows: &[Row], fitted: &Fitted, attack: &str) -> BTreeMap<usize, Seeds> {
    curves(rows, fitted, |row| {
        let wanted = row.epoch.is_none() && (row.attack == attack || row.attack == "clean");
        wanted.then_some(row.strength)
    })
}

/// The rows of clean images along the epochs of snapshots.
pub fn along_epochs(rows: &[Row], fitted: &Fitted) -> BTreeMap<usize, Seeds> {
    curves(rows, fitted, |row| {
        (row.attack == "clean").then_some(row.epoch).flatten().map(|epoch| epoch as f64)
    })
}

/// One curve a seed: the clean images of final networks along the layers.
pub fn along_layers(rows: &[Row], fitted: &Fitted) -> Seeds {
    let mut seeds = Seeds::new();
    for (layer, curves) in along_strength(rows, fitted, "clean") {
        for (seed, points) in curves {
            let points = points.into_iter().map(|point| Point { at: layer as f64, ..point });
            seeds.entry(seed).or_default().extend(points);
        }
    }
    seeds
}

/// Points by layer and seed, sorted by what `at` gives; rows without an alpha are left out.
fn curves(
    rows: &[Row],
    fitted: &Fitted,
    at: impl Fn(&Row) -> Option<f64>,
) -> BTreeMap<usize, Seeds> {
    let mut layers: BTreeMap<usize, Seeds> = BTreeMap::new();
    let same = |row: &&Row| {
        row.rule.as_ref() == Some(&fitted.rule)
            && (row.method.name(), row.first, row.last)
                == (fitted.method, fitted.first, fitted.last)
    };
    for row in rows.iter().filter(same) {
        let (Some(at), Some(seed)) = (at(row), row.seed) else { continue };
        // A collapsed layer has no exponent, but it is a layer.
        let curve = layers.entry(row.layer).or_default().entry(seed).or_default();
        let accuracy = row.accuracy.or(row.network_accuracy);
        let values = (accuracy, row.alpha, row.participation_ratio);
        if let (Some(accuracy), Some(alpha), Some(participation_ratio)) = values {
            curve.push(Point { at, accuracy, alpha, participation_ratio });
        }
    }
    for curve in layers.values_mut().flat_map(BTreeMap::values_mut) {
        curve.sort_by(|a, b| a.at.total_cmp(&b.at));
    }
    layers
}
