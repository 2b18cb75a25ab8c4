//! What an attack adds to the variance of activations, direction by direction.

use std::ops::Range;

use ndarray::{Array1, Array2, Axis, concatenate, s, stack};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    math::{linalg, scale::times_power_of_two},
    spectrum::{Matrix, Moments, Shards, common_exponent, require_samples, scaled_by},
};

/// Accumulates clean activations h and attacked activations h' of the same samples, one block of rows
/// at a time, and splits the variance of h' along the principal components of h.
///
/// With `v_n` the eigenvectors of the covariance of h, and the displacement d = h' - h, the variance of
/// h' along `v_n` is exactly
/// `v_nᵀ C' v_n = lambda_n + 2 cov(h·v_n, d·v_n) + var(d·v_n)`.
pub struct Displacement {
    units: usize,
    /// The moments of h and d side by side, (samples, 2 units).
    moments: Moments,
}

/// The three terms of the attacked variance, in the order of the clean eigenvalues, and what they sum
/// up to.
pub struct Split {
    /// (3, units): `lambda_n`; `2 cov(h·v_n, d·v_n)`; `var(d·v_n)`. Covariances divide by samples - 1.
    pub terms: Array2<f64>,
    /// The same in a few numbers.
    pub summary: Summary,
}

/// How far an attack displaces activations, and in which directions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// Layer, counted from 1; `None` for a single matrix.
    pub layer: Option<usize>,
    /// Number of samples.
    pub samples: usize,
    /// Number of units.
    pub units: usize,
    /// Mean squared displacement, its mean included, over the trace of the clean covariance; `None` if
    /// the clean activations do not vary.
    pub total: Option<f64>,
    /// Fraction of the mean squared displacement that is the squared mean displacement; `None` if
    /// nothing is displaced.
    pub mean_shift: Option<f64>,
    /// Fraction of the variance of the displacement in the first 10 directions; `None` if it does not
    /// vary.
    pub first_10: Option<f64>,
    /// The same in the first 50 directions.
    pub first_50: Option<f64>,
}

/// The variance of each layer of `attacked` split along the principal components of `clean`, which is the
/// same layer without an attack; see [`Displacement`].
///
/// # Errors
/// If a file cannot be read, the shapes differ, or as for [`Displacement`].
pub fn displacement(mut clean: Shards, attacked: Shards) -> Result<Vec<Split>> {
    clean.require_same_shape(&attacked, "does not have the shape of the clean activations")?;
    let (samples, units) = (clean.samples(), clean.units());
    let mut layers = clean.for_each_layer(|| Displacement::new(samples, units))?;
    clean.for_each_pair(attacked, |layer, clean, attacked| layers[layer].add(&clean, attacked))?;
    let stack = clean.layers().is_some();
    let split = |(layer, d): (usize, Displacement)| d.split(stack.then_some(layer + 1));
    clean.collect(layers.into_iter().enumerate().map(split))
}

impl Displacement {
    /// An empty accumulator for `samples` rows of `units` columns.
    ///
    /// # Errors
    /// If there are too few samples for a covariance, or too many units for memory.
    pub fn new(samples: usize, units: usize) -> Result<Self> {
        require_samples(samples, Matrix::Covariance)?;
        Ok(Self { units, moments: Moments::new(units.saturating_mul(2))? })
    }

    /// Add a block of rows, (samples, units), with the same samples in both.
    ///
    /// # Errors
    /// If a difference exceeds the range of f8.
    pub fn add(&mut self, clean: &Array2<f64>, attacked: Array2<f64>) -> Result<()> {
        let displacement = attacked - clean;
        if displacement.iter().any(|d| !d.is_finite()) {
            return Err(too_large());
        }
        let both = concatenate(Axis(1), &[clean.view(), displacement.view()]);
        self.moments.add(both.expect("both have as many rows"));
        Ok(())
    }

    /// The terms along each direction, and their summary, which names this layer.
    ///
    /// # Errors
    /// If the eigensolver fails, or if a variance is outside the range of f8.
    pub fn split(self, layer: Option<usize>) -> Result<Split> {
        let Self { units, moments } = self;
        // Activations and displacements have a power of two each as a scale.
        let (of_h, of_d) = moments.exponents().split_at(units);
        let [h, d] = [of_h, of_d].map(common_exponent);
        let mut scales = vec![h; units];
        scales.resize(2 * units, d);
        let joint = linalg::mirrored(moments.covariance(&scales));
        let (clean, moved) = (0..units, units..2 * units);
        let v = linalg::symmetric_eigenvectors(joint.slice(s![clean.clone(), clean.clone()]))?;
        let along = |rows: &Range<usize>, columns: &Range<usize>| {
            let block = joint.slice(s![rows.clone(), columns.clone()]);
            let mut values = linalg::along_columns(block, v.view());
            values.reverse();
            values
        };
        let lambda: Vec<f64> = along(&clean, &clean).into_iter().map(|l| l.max(0.0)).collect();
        let cross: Vec<f64> = along(&moved, &clean).into_iter().map(|c| 2.0 * c).collect();
        let own: Vec<f64> = along(&moved, &moved).into_iter().map(|o| o.max(0.0)).collect();

        let samples = moments.samples();
        let variance: f64 = own.iter().sum();
        let mean = moments.divided_mean(&scales);
        let shift: f64 = mean.iter().skip(units).map(|mean| mean * mean).sum();
        // Covariances divide by samples - 1, and means by samples.
        let squared = variance * (samples as f64 - 1.0) / samples as f64 + shift;
        let first = |count: usize| ratio(own.iter().take(count).sum(), variance);
        let total = ratio(squared, lambda.iter().sum());
        let summary = Summary {
            layer,
            samples,
            units,
            total: total.map(|total| times_power_of_two(total, 2 * (d - h))),
            mean_shift: ratio(shift, squared),
            first_10: first(10),
            first_50: first(50),
        };
        let lambda = Array1::from_vec(scaled_by(lambda, 2 * h)?);
        let (cross, own) = (in_range(cross, h + d)?, in_range(own, 2 * d)?);
        let terms = stack(Axis(0), &[lambda.view(), cross.view(), own.view()]);
        Ok(Split { terms: terms.expect("all have as many directions"), summary })
    }
}

/// `a / b`; `None` if b is 0.
fn ratio(a: f64, b: f64) -> Option<f64> {
    (b > 0.0).then(|| a / b)
}

/// Multiply variances of a displacement by a power of two; they may underflow.
fn in_range(values: Vec<f64>, exponent: i32) -> Result<Array1<f64>> {
    let scaled = Array1::from_iter(values.iter().map(|x| times_power_of_two(*x, exponent)));
    if scaled.iter().all(|x| x.is_finite()) { Ok(scaled) } else { Err(too_large()) }
}

fn too_large() -> Error {
    Error::data("has a displacement too large for f8: divide the activations by a constant")
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use ndarray::array;
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    fn random(samples: usize, units: usize, seed: u64) -> Array2<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        Array2::from_shape_fn((samples, units), |(_, j)| rng.random::<f64>() / (j + 1) as f64)
    }

    fn split(clean: &Array2<f64>, attacked: &Array2<f64>) -> Split {
        let mut displacement = Displacement::new(clean.nrows(), clean.ncols()).unwrap();
        let blocks =
            clean.axis_chunks_iter(Axis(0), 64).zip(attacked.axis_chunks_iter(Axis(0), 64));
        for (clean, attacked) in blocks {
            displacement.add(&clean.to_owned(), attacked.to_owned()).unwrap();
        }
        displacement.split(Some(1)).unwrap()
    }

    #[test]
    fn the_terms_add_up_to_the_attacked_variance() {
        for samples in [300, 15] {
            let clean = random(samples, 20, 1);
            let attacked = &clean * 0.8 + random(samples, 20, 2);
            let terms = split(&clean, &attacked).terms;
            let variance = attacked.var_axis(Axis(0), 1.0).sum();
            assert_abs_diff_eq!(terms.sum(), variance, epsilon = 1e-12 * variance);
        }
    }

    /// Two units without correlation; the larger varies by 2, and the attack doubles it.
    #[test]
    fn an_attack_along_the_representation_has_cross_and_own_terms() {
        let clean = array![[2.0, 1.0], [-2.0, 1.0], [2.0, -1.0], [-2.0, -1.0]];
        let mut attacked = clean.clone();
        attacked.column_mut(0).mapv_inplace(|x| 2.0 * x);
        let Split { terms, summary } = split(&clean, &attacked);
        let (large, small) = (16.0 / 3.0, 4.0 / 3.0);
        let expected = array![[large, small], [2.0 * large, 0.0], [large, 0.0]];
        assert_abs_diff_eq!(terms, expected, epsilon = 1e-14);
        // The mean squared displacement is 4, and the trace of the covariance 20/3.
        assert_abs_diff_eq!(summary.total.unwrap(), 0.6, epsilon = 1e-15);
        assert_abs_diff_eq!(summary.mean_shift.unwrap(), 0.0, epsilon = 1e-15);
        assert_eq!(summary.first_10, Some(1.0));
    }

    #[test]
    fn a_shift_of_all_samples_adds_no_variance() {
        let clean = random(100, 12, 3);
        let Split { terms, summary } = split(&clean, &(&clean + 0.5));
        assert!(terms.slice(s![1.., ..]).iter().all(|term| term.abs() < 1e-16), "{terms}");
        assert_abs_diff_eq!(summary.mean_shift.unwrap(), 1.0, epsilon = 1e-12);
        let still = split(&clean, &clean).summary;
        assert_eq!((still.total, still.mean_shift, still.first_50), (Some(0.0), None, None));
        let constant = Array2::ones((9, 3));
        assert_eq!(split(&constant, &random(9, 3, 1)).summary.total, None);
    }

    #[test]
    fn scales_change_the_variances_and_no_fraction() {
        let scaled = |h: &Array2<f64>, by| h.mapv(|x| times_power_of_two(x, by));
        let clean = random(200, 20, 1);
        let attacked = &clean + 0.1 * &random(200, 20, 2);
        let expected = split(&clean, &attacked);
        for by in [-450, -7, 450] {
            let found = split(&scaled(&clean, by), &scaled(&attacked, by));
            assert_eq!(found.terms, scaled(&expected.terms, 2 * by), "{by}");
            assert_eq!(found.summary.total, expected.summary.total);
            assert_eq!(found.summary.first_10, expected.summary.first_10);
        }
        let mut large = Displacement::new(2, 1).unwrap();
        assert!(large.add(&array![[1.5e308]], array![[-1.5e308]]).is_err());
        large.add(&array![[0.0], [1e200]], array![[0.0], [3e200]]).unwrap();
        assert!(large.split(None).is_err());
    }
}
