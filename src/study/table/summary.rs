//! Means and standard deviations over seeds.

use std::cmp::Ordering;

use serde::{
    Serialize, Serializer,
    ser::{SerializeStruct, SerializeTuple},
};

use super::{Row, compare, row::plain};
use crate::{math::mean::mean_and_sd, spectrum::powerlaw::Method};

/// One row of the summary, over the rows of the table that differ in the seed alone: the columns that
/// they share, and the mean and standard deviation of the measured ones.
#[derive(Clone, Debug)]
pub struct Summary {
    common: Common,
    measured: Measured,
}

#[derive(Clone, Debug, Serialize)]
struct Common {
    dataset: String,
    rule: Option<String>,
    epoch: Option<usize>,
    attack: String,
    #[serde(serialize_with = "plain")]
    strength: f64,
    layer: usize,
    method: Method,
    rank_first: usize,
    rank_last: usize,
    seeds: usize,
}

/// A measured column of the table: the names of its mean and standard deviation in the summary, and
/// its value in a row.
struct Column {
    mean: &'static str,
    sd: &'static str,
    value: fn(&Row) -> Option<f64>,
}

macro_rules! column {
    ($name:ident, $value:expr) => {
        Column {
            mean: concat!(stringify!($name), "_mean"),
            sd: concat!(stringify!($name), "_sd"),
            value: $value,
        }
    };
}

const COLUMNS: [Column; 21] = [
    column!(accuracy, |row| row.accuracy),
    column!(network_accuracy, |row| row.network_accuracy),
    column!(loss, |row| row.loss),
    column!(dead, |row| row.dead.map(|dead| dead as f64)),
    column!(positive, |row| Some(row.positive as f64)),
    column!(alpha, |row| row.alpha),
    column!(r2, |row| row.r2),
    column!(curvature, |row| row.curvature),
    column!(participation_ratio, |row| row.participation_ratio),
    column!(effective_rank, |row| row.effective_rank),
    column!(class_ratio, |row| row.class_ratio),
    column!(nc1, |row| row.nc1),
    column!(centre_span, |row| row.centre_span),
    column!(class_dimension, |row| row.class_dimension),
    column!(class_radius, |row| row.class_radius),
    column!(centre_correlation, |row| row.centre_correlation),
    column!(displacement, |row| row.displacement),
    column!(mean_shift, |row| row.mean_shift),
    column!(displaced_first_10, |row| row.displaced_first_10),
    column!(displaced_first_50, |row| row.displaced_first_50),
    column!(median_distance, |row| row.median_distance),
];

/// Mean and standard deviation of each column in [`COLUMNS`].
#[derive(Clone, Debug)]
struct Measured([(Option<f64>, Option<f64>); COLUMNS.len()]);

/// Mean and standard deviation, with divisor n - 1, over the rows that differ in the seed alone.
#[must_use]
pub fn summary(rows: &[Row]) -> Vec<Summary> {
    // Sorted without regard to the seed, rows that differ in the seed alone are neighbours.
    let mut order: Vec<&Row> = rows.iter().collect();
    let seedless = |row: &Row| Row { seed: None, ..row.clone() };
    order.sort_by(|a, b| compare(&seedless(a), &seedless(b)));
    order
        .chunk_by(|a, b| compare(&seedless(a), &seedless(b)) == Ordering::Equal)
        .map(summarise)
        .collect()
}

fn summarise(group: &[&Row]) -> Summary {
    let first = group[0];
    let over_seeds = |column: &Column| mean_and_sd(group.iter().map(|row| (column.value)(row)));
    let common = Common {
        dataset: first.dataset.clone(),
        rule: first.rule.clone(),
        epoch: first.epoch,
        attack: first.attack.clone(),
        strength: first.strength,
        layer: first.layer,
        method: first.method,
        rank_first: first.rank_first,
        rank_last: first.rank_last,
        seeds: group.iter().filter(|row| row.seed.is_some()).count(),
    };
    Summary { common, measured: Measured(COLUMNS.each_ref().map(over_seeds)) }
}

/// The columns of both parts, side by side in one row.
impl Serialize for Summary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut parts = serializer.serialize_tuple(2)?;
        parts.serialize_element(&self.common)?;
        parts.serialize_element(&self.measured)?;
        parts.end()
    }
}

impl Serialize for Measured {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut columns = serializer.serialize_struct("Measured", 2 * COLUMNS.len())?;
        for (column, (mean, sd)) in COLUMNS.iter().zip(&self.0) {
            columns.serialize_field(column.mean, mean)?;
            columns.serialize_field(column.sd, sd)?;
        }
        columns.end()
    }
}
