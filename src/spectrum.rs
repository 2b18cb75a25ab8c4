//! The eigenvalues of the covariance of activations, in f64.

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate};

use crate::{Error, Result, elementwise::subtract_and_sum, linalg};

/// Gathers activations, a block of rows at a time, until their spectrum is taken.
pub enum Spectrum {
    /// No fewer samples than units: sums of fixed size.
    Covariance(Moments),
    /// Fewer samples than units: the rows themselves.
    Gram(Rows),
}

/// Sums over the rows seen, about a provisional mean: with a mean far above the
/// spread, sums about 0 would cancel to nothing.
pub struct Moments {
    samples: usize,
    /// The first block's mean, (units,); zeros when nothing is to be removed.
    shift: Option<Array1<f64>>,
    /// Of `h - shift`, (units,).
    sum: Array1<f64>,
    /// Lower triangle of the sum of `(h - shift)ᵀ (h - shift)`, (units, units).
    scatter: Array2<f64>,
    center: bool,
}

/// All rows seen.
pub struct Rows {
    blocks: Vec<Array2<f64>>,
    units: usize,
    center: bool,
}

impl Spectrum {
    /// For `samples` rows of `units`, which are to come. Without `center` the
    /// mean is not removed, and the sum is divided by `samples`, not by one less.
    pub fn new(samples: usize, units: usize, center: bool) -> Result<Self> {
        if samples < 2 && center {
            return Err(Error::data(format!(
                "has too few samples for a covariance (found {samples}, expected at least 2)"
            )));
        }
        if samples < units {
            return Ok(Self::Gram(Rows { blocks: Vec::new(), units, center }));
        }
        Ok(Self::Covariance(Moments {
            samples: 0,
            shift: (!center).then(|| Array1::zeros(units)),
            sum: Array1::zeros(units),
            scatter: Array2::zeros((units, units)),
            center,
        }))
    }

    /// Take in some rows, (samples, units).
    pub fn add(&mut self, h: Array2<f64>) {
        match self {
            Self::Covariance(moments) => moments.add(h),
            Self::Gram(rows) => rows.blocks.push(h),
        }
    }

    /// The eigenvalues, (units,), largest first; round-off below 0 is 0.
    pub fn eigenvalues(self) -> Result<Array1<f64>> {
        let (units, lower) = match self {
            Self::Covariance(moments) => (moments.sum.len(), moments.covariance()),
            Self::Gram(rows) => (rows.units, rows.gram()?),
        };
        if let Some(found) = lower.iter().find(|value| !value.is_finite()) {
            return Err(Error::data(format!(
                "has values too large for a covariance in f64 (found {found})"
            )));
        }
        let mut lambda = linalg::symmetric_eigenvalues(&lower)?;
        for lambda in &mut lambda {
            *lambda = lambda.max(0.0);
        }
        lambda.sort_by(|a, b| b.total_cmp(a));
        lambda.resize(units, 0.0);
        Ok(Array1::from_vec(lambda))
    }
}

impl Moments {
    fn add(&mut self, mut h: Array2<f64>) {
        if self.shift.is_none() {
            self.shift = h.mean_axis(Axis(0));
        }
        let Some(shift) = &self.shift else { return };
        subtract_and_sum(&mut h, shift, &mut self.sum);
        self.samples += h.nrows();
        linalg::add_gram_lower(&mut self.scatter, h.view());
    }

    /// Lower triangle of `(scatter - sum sumᵀ / samples) / (samples - 1)`.
    fn covariance(self) -> Array2<f64> {
        let samples = self.samples as f64;
        if !self.center {
            return self.scatter / samples;
        }
        let sum = self.sum.insert_axis(Axis(1));
        (self.scatter - sum.dot(&sum.t()) / samples) / (samples - 1.0)
    }
}

impl Rows {
    /// `h hᵀ / (samples - 1)`, whose eigenvalues are those of `hᵀ h / (samples - 1)`.
    fn gram(self) -> Result<Array2<f64>> {
        let blocks: Vec<ArrayView2<'_, f64>> =
            self.blocks.iter().map(|block| block.view()).collect();
        let mut h = concatenate(Axis(0), &blocks).map_err(|e| Error::data(e.to_string()))?;
        let samples = h.nrows() as f64;
        let mut divisor = samples;
        if self.center {
            // Twice: the first mean of values far from 0 is itself rounded.
            for _ in 0..2 {
                if let Some(mean) = h.mean_axis(Axis(0)) {
                    h -= &mean;
                }
            }
            divisor -= 1.0;
        }
        let mut gram = Array2::zeros((h.nrows(), h.nrows()));
        linalg::product(gram.view_mut(), h.view(), h.t());
        Ok(gram / divisor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::{assert_abs_diff_eq, assert_relative_eq};
    use ndarray::{array, s};
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng, seq::SliceRandom};

    fn eigenvalues(h: &Array2<f64>, block: usize) -> Array1<f64> {
        let mut spectrum = Spectrum::new(h.nrows(), h.ncols(), true).unwrap();
        for rows in h.axis_chunks_iter(Axis(0), block) {
            spectrum.add(rows.to_owned());
        }
        spectrum.eigenvalues().unwrap()
    }

    fn random(samples: usize, units: usize) -> Array2<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        Array2::from_shape_fn((samples, units), |(_, j)| rng.random::<f64>() / (j + 1) as f64)
    }

    #[test]
    fn a_line_has_one_direction() {
        // Three points on a line along (1, 1): variance 2 along it, samples - 1 = 2.
        let lambda = eigenvalues(&array![[-1., -1.], [0., 0.], [1., 1.]], 2);
        assert_abs_diff_eq!(lambda, array![2.0, 0.0], epsilon = 1e-15);
    }

    #[test]
    fn the_sum_of_the_eigenvalues_is_the_variance() {
        let h = random(300, 20);
        let variance = h.var_axis(Axis(0), 1.0).sum();
        assert_relative_eq!(eigenvalues(&h, 64).sum(), variance, max_relative = 1e-12);
    }

    #[test]
    fn the_eigenvalues_are_those_nalgebra_finds() {
        let h = random(300, 20);
        let centred = &h - &h.mean_axis(Axis(0)).unwrap();
        let covariance = centred.t().dot(&centred) / 299.0;
        let matrix = nalgebra::DMatrix::from_iterator(20, 20, covariance.iter().copied());
        let mut expected: Vec<f64> = matrix.symmetric_eigenvalues().iter().copied().collect();
        expected.sort_by(|a, b| b.total_cmp(a));
        let expected = Array1::from_vec(expected);
        assert_abs_diff_eq!(eigenvalues(&h, 7), expected, epsilon = 1e-13 * expected[0]);
    }

    #[test]
    fn fewer_samples_than_units_give_the_same_eigenvalues() {
        // 30 samples of 20 units, then of 40: the further units repeat the first.
        let h = random(30, 20);
        let wide = concatenate(Axis(1), &[h.view(), h.view()]).unwrap();
        let (narrow, wide) = (eigenvalues(&h, 8), eigenvalues(&wide, 8));
        assert_eq!(wide.len(), 40);
        assert_abs_diff_eq!(&wide.slice(s![..20]) / 2.0, narrow, epsilon = 1e-13);
        assert!(wide.slice(s![20..]).iter().all(|&lambda| lambda < 1e-14));
    }

    #[test]
    fn permuted_units_have_the_same_spectrum() {
        let h = random(200, 15);
        let mut order: Vec<usize> = (0..15).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(2));
        let permuted = h.select(Axis(1), &order);
        assert_abs_diff_eq!(eigenvalues(&permuted, 50), eigenvalues(&h, 50), epsilon = 1e-14);
    }

    #[test]
    fn a_mean_far_above_the_spread_costs_no_accuracy() {
        let h = random(500, 10);
        let expected = eigenvalues(&h, 100);
        // 2^20 is added without rounding what matters: spread 1, eps 1e-10.
        assert_abs_diff_eq!(eigenvalues(&(&h + 1_048_576.0), 100), expected, epsilon = 1e-10);
    }

    #[test]
    fn without_the_mean_removed_it_counts() {
        let mut spectrum = Spectrum::new(4, 1, false).unwrap();
        spectrum.add(Array2::from_elem((4, 1), 3.0));
        assert_relative_eq!(spectrum.eigenvalues().unwrap()[0], 9.0, epsilon = 1e-14);
        assert!(Spectrum::new(1, 1, true).is_err());
    }
}
