//! The eigenvalues of the covariance of activations, computed in f8, and the power-law exponent of their decay.

pub mod estimator_bias;
pub mod marchenko_pastur;
mod moments;
pub mod powerlaw;
mod repeats;
mod shards;

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate};

pub use moments::Moments;
pub(crate) use moments::{
    common_exponent, divide_columns, exponents, inverse_deviations, square_zeros,
};
pub use repeats::Repeats;
pub(crate) use shards::MAX_VALUES;
pub use shards::{Merged, Shards, merged, stacked};

use crate::{
    Error, Result,
    math::{linalg, scale},
};

/// The matrix whose eigenvalues are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matrix {
    /// The covariance: the mean is removed and the divisor is samples - 1.
    #[default]
    Covariance,
    /// The correlation: the covariance of the units divided by their standard deviations. Constant
    /// units have rows and columns of zeros.
    Correlation,
    /// The second moment: the mean is kept and the divisor is the number of samples.
    SecondMoment,
}

/// Accumulates activations, one block of rows at a time, and computes their spectrum.
pub struct Spectrum {
    of: Matrix,
    gathered: Gathered,
}

enum Gathered {
    /// With at least as many samples as units: sums, whose size does not depend on the samples.
    Moments(Moments),
    /// With fewer samples than units: the rows, which take less memory than units² sums.
    Rows(Rows),
}

/// All rows so far.
struct Rows {
    blocks: Vec<Array2<f64>>,
    units: usize,
}

impl Spectrum {
    /// An empty accumulator for `samples` rows of `units` columns.
    ///
    /// # Errors
    /// If there are too few samples for `of`, or too many units for memory.
    pub fn new(samples: usize, units: usize, of: Matrix) -> Result<Self> {
        require_samples(samples, of)?;
        let gathered = match of {
            _ if samples < units => Gathered::Rows(Rows { blocks: Vec::new(), units }),
            Matrix::SecondMoment => Gathered::Moments(Moments::about_zero(units)?),
            _ => Gathered::Moments(Moments::new(units)?),
        };
        Ok(Self { of, gathered })
    }

    /// The spectrum of rows whose moments are given.
    ///
    /// # Errors
    /// If there are too few samples for `of`.
    pub fn of_moments(moments: Moments, of: Matrix) -> Result<Self> {
        require_samples(moments.samples(), of)?;
        Ok(Self { of, gathered: Gathered::Moments(moments) })
    }

    /// Add a block of rows, (samples, units).
    pub fn add(&mut self, h: Array2<f64>) {
        match &mut self.gathered {
            Gathered::Moments(moments) => moments.add(h),
            Gathered::Rows(rows) => rows.blocks.push(h),
        }
    }

    /// The eigenvalues, (units,), largest first. Negative round-off is set to 0.
    ///
    /// # Errors
    /// If the eigensolver fails, or if the largest eigenvalue is outside the range of f8.
    pub fn eigenvalues(self) -> Result<Array1<f64>> {
        let (units, (lower, exponent)) = match self.gathered {
            Gathered::Moments(moments) => (moments.units(), moments.matrix(self.of)),
            Gathered::Rows(rows) => (rows.units, rows.gram(self.of)?),
        };
        let mut lambda = linalg::symmetric_eigenvalues(&lower)?;
        for lambda in &mut lambda {
            *lambda = lambda.max(0.0);
        }
        lambda.sort_by(|a, b| b.total_cmp(a));
        lambda.resize(units, 0.0);
        Ok(Array1::from_vec(scaled_by(lambda, exponent)?))
    }
}

/// Refuse a single sample, unless the mean is kept: a covariance needs two.
pub(crate) fn require_samples(samples: usize, of: Matrix) -> Result<()> {
    if samples >= 2 || of == Matrix::SecondMoment {
        return Ok(());
    }
    Err(Error::data(format!(
        "has too few samples for a covariance (found {samples}, expected at least 2)"
    )))
}

/// Multiply eigenvalues by a power of two; an error if the largest leaves the range of f8.
pub(crate) fn scaled_by(mut lambda: Vec<f64>, exponent: i32) -> Result<Vec<f64>> {
    let largest = scale::largest(&lambda);
    let scaled = scale::times_power_of_two(largest, exponent);
    if largest > 0.0 && !scaled.is_normal() {
        let found = magnitude(largest, exponent);
        let (size, remedy) =
            if scaled.is_finite() { ("small", "multiply") } else { ("large", "divide") };
        return Err(Error::data(format!(
            "has a largest eigenvalue that is too {size} for f8 (found about {found}): {remedy} the activations by a constant, or divide each unit by its standard deviation"
        )));
    }
    for l in &mut lambda {
        *l = scale::times_power_of_two(*l, exponent);
    }
    Ok(lambda)
}

/// `x 2^exponent` as text, for a positive number outside the range of f8.
pub(crate) fn magnitude(x: f64, exponent: i32) -> String {
    let logarithm = x.log10() + f64::from(exponent) * std::f64::consts::LOG10_2;
    let integer = logarithm.floor();
    format!("{:.1}e{integer}", 10.0_f64.powf(logarithm - integer))
}

impl Rows {
    /// The Gram matrix `h hᵀ / (samples - 1)`, (samples, samples), which has the same non-zero
    /// eigenvalues as `hᵀ h / (samples - 1)`, and the exponent of the power of two by which it is
    /// divided.
    fn gram(self, of: Matrix) -> Result<(Array2<f64>, i32)> {
        let mut h = joined(&self.blocks);
        drop(self.blocks);
        let mut gram = moments::square_zeros(h.nrows(), "samples", "products")?;
        let exponents = moments::exponents(&h);
        let common = moments::common_exponent(&exponents);
        let samples = h.nrows() as f64;
        if of == Matrix::Correlation {
            let each: Vec<i32> = exponents.into_iter().map(|e| e.unwrap_or(0)).collect();
            moments::divide_columns(&mut h, &each);
        } else {
            moments::divide_columns(&mut h, &vec![common; self.units]);
        }
        let mut divisor = samples;
        if of != Matrix::SecondMoment {
            divisor -= 1.0;
            let mean = remove_mean(&mut h);
            if of == Matrix::Correlation {
                let variance = h.map_axis(Axis(0), |unit| unit.dot(&unit)) / divisor;
                h *= &moments::inverse_deviations(&variance, &mean);
            }
        }
        linalg::product(gram.view_mut(), h.view(), h.t());
        Ok((gram / divisor, if of == Matrix::Correlation { 0 } else { 2 * common }))
    }
}

/// Concatenate blocks of rows.
pub(crate) fn joined(blocks: &[Array2<f64>]) -> Array2<f64> {
    let blocks: Vec<ArrayView2<'_, f64>> = blocks.iter().map(|block| block.view()).collect();
    concatenate(Axis(0), &blocks).expect("all blocks have the same units")
}

/// Subtract the mean of each column from it, and return the means, (columns,).
pub(crate) fn remove_mean(h: &mut Array2<f64>) -> Array1<f64> {
    let mut removed = Array1::zeros(h.ncols());
    // Twice, because the first mean is rounded, which matters for values far from 0.
    for _ in 0..2 {
        let mean = h.mean_axis(Axis(0)).expect("a covariance has samples");
        *h -= &mean;
        removed += &mean;
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
        let mut spectrum = Spectrum::new(h.nrows(), h.ncols(), Matrix::Covariance).unwrap();
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
        // Three points along (1, 1): the sum of squares is 4 and samples - 1 is 2.
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
    fn the_eigenvalues_agree_with_nalgebra() {
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
        // 30 samples of 20 units, and of 40 units of which the last 20 repeat the first.
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
        // Adding 2^20 rounds values of size 1 by about 1e-10.
        assert_abs_diff_eq!(eigenvalues(&(&h + 1_048_576.0), 100), expected, epsilon = 1e-10);
    }

    /// Activations times 2^by; one unit is always 0, and another is 0 in the first blocks.
    fn scaled(by: i32) -> Array2<f64> {
        let mut h = random(300, 20);
        h.column_mut(3).fill(0.0);
        h.slice_mut(s![..100, 4]).fill(0.0);
        h.mapv(|x| scale::times_power_of_two(x, by))
    }

    fn spectrum_of(h: &Array2<f64>, of: Matrix) -> Result<Array1<f64>> {
        let mut spectrum = Spectrum::new(h.nrows(), h.ncols(), of)?;
        h.axis_chunks_iter(Axis(0), 64).for_each(|rows| spectrum.add(rows.to_owned()));
        spectrum.eigenvalues()
    }

    #[test]
    fn powers_of_two_scale_the_eigenvalues_and_change_no_correlation() {
        for samples in [300, 15] {
            let first = |by| scaled(by).slice(s![..samples, ..]).to_owned();
            for what in [Matrix::Covariance, Matrix::SecondMoment] {
                let expected = spectrum_of(&first(0), what).unwrap();
                for by in [-490, -450, -300, -7, 7, 300, 450, 505] {
                    let found = spectrum_of(&first(by), what).unwrap();
                    let expected = expected.mapv(|l| scale::times_power_of_two(l, 2 * by));
                    assert_eq!(found, expected, "{by}");
                }
                for (by, word) in [(-700, "multiply"), (-520, "multiply"), (520, "divide")] {
                    let message = spectrum_of(&first(by), what).unwrap_err().to_string();
                    assert!(message.contains(word), "{message}");
                }
            }
            let expected = spectrum_of(&first(0), Matrix::Correlation).unwrap();
            for by in [-1000, -700, -490, 7, 490, 1020] {
                assert_eq!(spectrum_of(&first(by), Matrix::Correlation).unwrap(), expected, "{by}");
            }
        }
    }

    #[test]
    fn correlations_do_not_depend_on_the_scales_of_the_units() {
        let h = random(300, 20);
        let expected = spectrum_of(&h, Matrix::Correlation).unwrap();
        let mut each = h.clone();
        for (unit, mut column) in (0..).zip(each.columns_mut()) {
            let by = if unit % 2 == 0 { 40 * unit } else { 1000 - 30 * unit };
            column.mapv_inplace(|x| scale::times_power_of_two(x, by - 500));
        }
        assert_eq!(spectrum_of(&each, Matrix::Correlation).unwrap(), expected);
        let other = spectrum_of(&h.mapv(|x| x * 1e-300), Matrix::Correlation).unwrap();
        assert_abs_diff_eq!(other, expected, epsilon = 1e-12);
    }

    /// If a later block of a unit is larger, its sums are rescaled.
    #[test]
    fn rows_of_growing_scale_give_the_same_spectrum_as_all_rows_at_once() {
        let mut h = random(300, 20) * 1e-200;
        h.slice_mut(s![100.., ..7]).mapv_inplace(|x| x * 1e200);
        h.slice_mut(s![200.., ..3]).mapv_inplace(|x| x * 1e150);
        let grown = spectrum_of(&h, Matrix::Covariance).unwrap();
        let at_once = |h: &Array2<f64>| {
            let mut spectrum = Spectrum::new(300, 20, Matrix::Covariance).unwrap();
            spectrum.add(h.clone());
            spectrum.eigenvalues().unwrap()
        };
        let (once, largest) = (at_once(&h), grown[0]);
        assert!(largest > 1e297);
        for (a, b) in grown.iter().zip(&once) {
            assert!((a - b).abs() <= 1e-12 * largest, "{a} {b}");
        }
    }

    #[test]
    fn repeats_may_have_any_scale() {
        let signal = |by: i32, other: i32, samples: usize| {
            let scaled = |h: Array2<f64>, by| h.mapv(|x| scale::times_power_of_two(x, by));
            let noisy = random(samples, 20) + 0.1 * &random(samples + 7, 20).slice(s![7.., ..]);
            let mut repeats = Repeats::new(samples, 20).unwrap();
            repeats.add(scaled(random(samples, 20), by), scaled(noisy, other));
            repeats.signal()
        };
        for samples in [200, 15] {
            let expected = signal(0, 0, samples).unwrap();
            for (by, other) in [(450, 450), (-450, -450), (-900, 900), (5, 5)] {
                let found = signal(by, other, samples).unwrap();
                let expected = expected.mapv(|l| scale::times_power_of_two(l, by + other));
                assert_eq!(found, expected, "{by} {other}");
            }
            assert!(signal(600, 600, samples).is_err());
        }
    }

    #[test]
    fn the_second_moment_includes_the_mean() {
        let mut spectrum = Spectrum::new(4, 1, Matrix::SecondMoment).unwrap();
        spectrum.add(Array2::from_elem((4, 1), 3.0));
        assert_relative_eq!(spectrum.eigenvalues().unwrap()[0], 9.0, epsilon = 1e-14);
        assert!(Spectrum::new(1, 1, Matrix::Covariance).is_err());
    }
}
