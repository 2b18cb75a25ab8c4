//! The cloud of one class: its samples, gathered one at a time.

use ndarray::{Array1, Array2, ArrayView1};

use super::scatter::Scatter;
use crate::{
    Error, Result,
    math::{elementwise::all_finite, scale},
    spectrum::{Moments, remove_mean},
};

/// Number of rows that are added to the moments at a time, because each addition passes over units²
/// numbers.
const ROWS: usize = 128;

/// Accumulates the samples of one class.
///
/// Samples are taken relative to the first of them, the origin. Differences of numbers of about the
/// same size are exact in f8, so that a mean far from 0 costs no accuracy, and a class whose samples
/// are all equal has a scatter of exactly 0.
pub(super) struct Cloud {
    units: usize,
    origin: Option<Array1<f64>>,
    samples: usize,
    /// The rows that are not in the moments, less the origin; (rows, units) in C order.
    rows: Vec<f64>,
    /// With at least as many samples as units: sums, whose size does not depend on the samples. With
    /// fewer samples, the rows take less memory.
    moments: Option<Moments>,
}

/// Count and mean of a class.
pub(super) struct Class {
    /// Number of samples.
    pub samples: usize,
    /// The first sample, (units,).
    pub origin: Array1<f64>,
    /// The mean less the origin, (units,).
    pub mean: Array1<f64>,
}

impl Cloud {
    /// An empty cloud for `samples` rows of `units` columns.
    ///
    /// # Errors
    /// If there are too many units for memory.
    pub fn new(samples: usize, units: usize) -> Result<Self> {
        let few = samples < units;
        let moments = if few { None } else { Some(Moments::new(units)?) };
        let mut rows = Vec::new();
        let held = if few { samples } else { samples.min(ROWS) };
        rows.try_reserve_exact(held * units).map_err(|_| {
            Error::data(format!(
                "is too large for memory (found {samples} samples of a class of {units} units)"
            ))
        })?;
        Ok(Self { units, origin: None, samples: 0, rows, moments })
    }

    /// Number of numbers that a cloud of so many samples and units holds, but for a few rows.
    pub fn size(samples: usize, units: usize) -> Option<usize> {
        samples.min(units).checked_mul(units)
    }

    /// Add a sample, (units,).
    ///
    /// # Errors
    /// If its difference from another sample is outside the range of f8.
    pub fn add(&mut self, h: ArrayView1<'_, f64>) -> Result<()> {
        let origin = self.origin.get_or_insert_with(|| h.to_owned());
        let start = self.rows.len();
        self.rows.extend(h.iter().zip(&*origin).map(|(h, origin)| h - origin));
        if !all_finite(&self.rows[start..]) {
            return Err(too_large());
        }
        self.samples += 1;
        if self.moments.is_some() && self.rows.len() >= ROWS * self.units {
            self.add_rows_to_moments();
        }
        Ok(())
    }

    fn add_rows_to_moments(&mut self) {
        if let Some(moments) = &mut self.moments {
            moments.add(matrix(self.rows.clone(), self.units));
            self.rows.clear();
        }
    }

    /// The class, and the scatter of its samples about their mean.
    ///
    /// # Errors
    /// If the scatter does not fit into memory.
    pub fn finish(mut self) -> Result<(Class, Scatter)> {
        self.add_rows_to_moments();
        let origin = self.origin.expect("a class in the labels has samples");
        let (mean, scatter) = if let Some(moments) = self.moments {
            (moments.mean(), Scatter::of_moments(&moments))
        } else {
            let mut rows = matrix(self.rows, self.units);
            let exponent = scale::exponent_of(&rows);
            if exponent != 0 {
                rows.mapv_inplace(|x| scale::times_power_of_two(x, -exponent));
            }
            let mean = remove_mean(&mut rows);
            let mean = mean.mapv(|x| scale::times_power_of_two(x, exponent));
            (mean, Scatter::of_rows(rows, exponent)?)
        };
        Ok((Class { samples: self.samples, origin, mean }, scatter))
    }
}

/// Rows in C order as a matrix, (rows, units).
fn matrix(rows: Vec<f64>, units: usize) -> Array2<f64> {
    Array2::from_shape_vec((rows.len() / units, units), rows).expect("rows are whole")
}

/// The error for activations whose differences f8 does not hold.
pub(super) fn too_large() -> Error {
    Error::data(
        "has activations whose differences are too large for f8: divide the activations by a constant",
    )
}
