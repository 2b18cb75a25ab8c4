//! The eigenvalues of the covariance of activations, in f64.

mod moments;
mod repeats;
mod shards;

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate};

pub use moments::Moments;
pub use repeats::Repeats;
pub use shards::{Merged, Shards, merged, stacked};

use crate::{Error, Result, linalg};

/// The matrix whose eigenvalues are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Of {
    /// Mean removed, divided by samples - 1.
    #[default]
    Covariance,
    /// The same with every unit divided by its standard deviation; constant units are left out.
    Correlation,
    /// Mean kept, divided by samples.
    SecondMoment,
}

/// Gathers activations, a block of rows at a time, until their spectrum is taken.
pub struct Spectrum {
    of: Of,
    gathered: Gathered,
}

enum Gathered {
    /// No fewer samples than units: sums of fixed size.
    Moments(Moments),
    /// Fewer samples than units: the rows themselves.
    Rows(Rows),
}

/// All rows seen.
struct Rows {
    blocks: Vec<Array2<f64>>,
    units: usize,
}

impl Spectrum {
    /// For `samples` rows of `units`, which are to come.
    pub fn new(samples: usize, units: usize, of: Of) -> Result<Self> {
        enough(samples, of)?;
        let gathered = match of {
            _ if samples < units => Gathered::Rows(Rows { blocks: Vec::new(), units }),
            Of::SecondMoment => Gathered::Moments(Moments::about_zero(units)?),
            _ => Gathered::Moments(Moments::new(units)?),
        };
        Ok(Self { of, gathered })
    }

    /// Of rows that were summed elsewhere.
    pub fn of_moments(moments: Moments, of: Of) -> Result<Self> {
        enough(moments.samples(), of)?;
        Ok(Self { of, gathered: Gathered::Moments(moments) })
    }

    /// Take in some rows, (samples, units).
    pub fn add(&mut self, h: Array2<f64>) {
        match &mut self.gathered {
            Gathered::Moments(moments) => moments.add(h),
            Gathered::Rows(rows) => rows.blocks.push(h),
        }
    }

    /// The eigenvalues, (units,), largest first; round-off below 0 is 0.
    pub fn eigenvalues(self) -> Result<Array1<f64>> {
        let (units, lower) = match self.gathered {
            Gathered::Moments(moments) => (moments.units(), moments.matrix(self.of)),
            Gathered::Rows(rows) => (rows.units, rows.gram(self.of)?),
        };
        finite(&lower)?;
        let mut lambda = linalg::symmetric_eigenvalues(&lower)?;
        for lambda in &mut lambda {
            *lambda = lambda.max(0.0);
        }
        lambda.sort_by(|a, b| b.total_cmp(a));
        lambda.resize(units, 0.0);
        Ok(Array1::from_vec(lambda))
    }
}

fn enough(samples: usize, of: Of) -> Result<()> {
    if samples >= 2 || of == Of::SecondMoment {
        return Ok(());
    }
    Err(Error::data(format!(
        "has too few samples for a covariance (found {samples}, expected at least 2)"
    )))
}

fn finite(matrix: &Array2<f64>) -> Result<()> {
    match matrix.iter().find(|value| !value.is_finite()) {
        None => Ok(()),
        Some(found) => Err(Error::data(format!(
            "has values too large for a covariance in f64 (found {found})"
        ))),
    }
}

impl Rows {
    /// `h hᵀ / (samples - 1)`, whose eigenvalues are those of `hᵀ h / (samples - 1)`.
    fn gram(self, of: Of) -> Result<Array2<f64>> {
        let mut h = joined(&self.blocks)?;
        let samples = h.nrows() as f64;
        let mut divisor = samples;
        if of != Of::SecondMoment {
            divisor -= 1.0;
            let mean = remove_mean(&mut h);
            if of == Of::Correlation {
                let variance = h.map_axis(Axis(0), |unit| unit.dot(&unit)) / divisor;
                h *= &moments::inverse_deviations(&variance, &mean);
            }
        }
        let mut gram = Array2::zeros((h.nrows(), h.nrows()));
        linalg::product(gram.view_mut(), h.view(), h.t());
        Ok(gram / divisor)
    }
}

fn joined(blocks: &[Array2<f64>]) -> Result<Array2<f64>> {
    let blocks: Vec<ArrayView2<'_, f64>> = blocks.iter().map(|block| block.view()).collect();
    concatenate(Axis(0), &blocks).map_err(|e| Error::data(e.to_string()))
}

/// Take the mean of each column away from it, and give it.
fn remove_mean(h: &mut Array2<f64>) -> Array1<f64> {
    let mut removed = Array1::zeros(h.ncols());
    // Twice: the first mean of values far from 0 is itself rounded.
    for _ in 0..2 {
        if let Some(mean) = h.mean_axis(Axis(0)) {
            *h -= &mean;
            removed += &mean;
        }
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::{assert_abs_diff_eq, assert_relative_eq};
    use ndarray::{array, s};
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng, seq::SliceRandom};

    fn eigenvalues(h: &Array2<f64>, block: usize) -> Array1<f64> {
        let mut spectrum = Spectrum::new(h.nrows(), h.ncols(), Of::Covariance).unwrap();
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
        let mut spectrum = Spectrum::new(4, 1, Of::SecondMoment).unwrap();
        spectrum.add(Array2::from_elem((4, 1), 3.0));
        assert_relative_eq!(spectrum.eigenvalues().unwrap()[0], 9.0, epsilon = 1e-14);
        assert!(Spectrum::new(1, 1, Of::Covariance).is_err());
    }
}
