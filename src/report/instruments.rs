//! What instruments wrote about the networks of a study, beside its table.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    path::Path,
};

use ndarray::Array2;

use super::level::{self, Level};
use crate::{
    Error, Result,
    files::read::{self, Rows, Source},
    study::table::Row,
};

/// What an attack displaces, in the networks of one rule.
pub struct Displaced {
    pub level: Level,
    /// Of each seed and each layer the terms of the attacked variance, (3, units): clean, cross, own.
    pub seeds: BTreeMap<u64, Vec<Array2<f64>>>,
}

/// The distances of clean images to the nearest boundary, by rule and seed. Images that are classified
/// wrongly have distance 0.
pub type Distances = BTreeMap<String, BTreeMap<u64, Vec<f32>>>;

/// Read the terms of all levels for which the table has a displacement of this rule's networks.
pub fn displaced(folder: &Path, rule: &str, rows: &[Row]) -> Result<Vec<Displaced>> {
    let of_rule = || {
        rows.iter().filter(|row| row.rule.as_deref() == Some(rule) && row.displacement.is_some())
    };
    let mut all = Vec::new();
    for level in level::all(of_rule()) {
        let at_level = of_rule().filter(|row| level.is_of(row));
        let seeds: BTreeSet<u64> = at_level.filter_map(|row| row.seed).collect();
        let mut terms = BTreeMap::new();
        for seed in seeds {
            let run = folder.join(rule).join(format!("seed-{seed}")).join(level.folder());
            terms.insert(seed, read_terms(&run.join("displacement.npy"))?);
        }
        if !terms.is_empty() {
            all.push(Displaced { level, seeds: terms });
        }
    }
    Ok(all)
}

/// The terms of each layer, (3, units).
fn read_terms(file: &Path) -> Result<Vec<Array2<f64>>> {
    let mut rows = Rows::<f64>::activations(Source::open(file)?, false)?;
    if rows.samples() != 3 {
        let message = format!("has {} rows (expected 3: clean, cross, own)", rows.samples());
        return Err(Error::data(message).in_file(file));
    }
    let mut layers = Vec::new();
    while let Some(block) = rows.next_block(3)? {
        layers.push(block.values);
    }
    Ok(layers)
}

/// Read the distances of all networks for which the table has a median distance.
pub fn distances(folder: &Path, rows: &[Row]) -> Result<Distances> {
    let mut all = Distances::new();
    for row in rows.iter().filter(|row| row.attack == "clean" && row.median_distance.is_some()) {
        let (Some(rule), Some(seed)) = (&row.rule, row.seed) else { continue };
        // All layers and fits of a network have the same distances.
        if let Entry::Vacant(unread) = all.entry(rule.clone()).or_default().entry(seed) {
            let run = folder.join(rule).join(format!("seed-{seed}")).join("clean");
            let distances = read::vector_of_any_length(&run.join("distances.npy"))?;
            unread.insert(distances.into_raw_vec_and_offset().0);
        }
    }
    Ok(all)
}
