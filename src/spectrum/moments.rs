//! The sufficient statistics of a covariance: count, mean and scatter matrix. Those of two sets of
//! rows can be merged into those of their union.

use ndarray::{Array1, Array2, Array3, Axis, s};

use super::{Matrix, magnitude};
use crate::{
    Error, Result,
    math::{
        elementwise::{largest_of_columns, subtract_and_sum},
        linalg,
        scale::{exponent, times_power_of_two},
    },
    number,
};

/// A unit counts as constant if its variance is at most this fraction of its squared mean: that
/// much is round-off of f8.
const CONSTANT: f64 = 1e-28;

/// Largest number of units or samples of a square matrix: it takes 34 GB. A system that overcommits
/// memory would grant larger allocations and kill the process later.
const MAX_UNITS: usize = 1 << 16;

/// Count, sum and scatter matrix of the rows so far, relative to a provisional mean: if the mean is
/// much larger than the standard deviation, sums relative to 0 would cancel catastrophically.
///
/// Each unit is stored divided by a power of two near its size, so that no square leaves the range
/// of f8.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    samples: usize,
    /// Exponent of the power of two by which each unit is divided; `None` for a unit that has only
    /// been 0.
    exponents: Vec<Option<i32>>,
    /// The provisional mean, (units,): that of the first block.
    shift: Option<Array1<f64>>,
    /// Sum of `h - shift` over the rows, (units,).
    sum: Array1<f64>,
    /// Sum of `(h - shift)ᵀ (h - shift)` over the rows, (units, units); lower triangle.
    scatter: Array2<f64>,
}

impl Moments {
    /// The moments of no rows.
    ///
    /// # Errors
    /// If there are too many units to hold units² numbers in memory.
    pub fn new(units: usize) -> Result<Self> {
        let scatter = square_zeros(units, "units", "moments")?;
        let (exponents, sum) = (vec![None; units], Array1::zeros(units));
        Ok(Self { samples: 0, exponents, shift: None, sum, scatter })
    }

    /// The moments of no rows, with sums relative to 0 instead of a provisional mean. This suits the
    /// second moment, which keeps the mean.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn about_zero(units: usize) -> Result<Self> {
        Ok(Self { shift: Some(Array1::zeros(units)), ..Self::new(units)? })
    }

    /// Number of rows so far.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Number of units, the columns of a row.
    #[must_use]
    pub fn units(&self) -> usize {
        self.sum.len()
    }

    /// Add a block of rows, (samples, units).
    pub fn add(&mut self, mut h: Array2<f64>) {
        for (unit, exponent) in exponents(&h).into_iter().enumerate() {
            self.raise_exponent(unit, exponent);
        }
        let divided: Vec<i32> = self.exponents.iter().map(|e| e.unwrap_or(0)).collect();
        divide_columns(&mut h, &divided);
        if h.nrows() == 0 {
            return;
        }
        let mean = || h.mean_axis(Axis(0)).expect("there are rows");
        let shift = self.shift.get_or_insert_with(mean);
        subtract_and_sum(&mut h, shift, &mut self.sum);
        self.samples += h.nrows();
        linalg::add_gram_lower(&mut self.scatter, h.view());
    }

    /// Raise the exponent of a unit to `exponent`, if that is larger, and rescale its sums.
    fn raise_exponent(&mut self, unit: usize, exponent: Option<i32>) {
        let Some(new) = exponent.filter(|&new| self.exponents[unit] < Some(new)) else {
            return;
        };
        // The sums of a unit without an exponent are 0 and need no rescaling.
        if let Some(old) = self.exponents[unit].replace(new) {
            let rescale = |x: &mut f64| *x = times_power_of_two(*x, old - new);
            self.scatter.row_mut(unit).iter_mut().for_each(rescale);
            self.scatter.column_mut(unit).iter_mut().for_each(rescale);
            self.shift.iter_mut().for_each(|shift| rescale(&mut shift[unit]));
            rescale(&mut self.sum[unit]);
        }
    }

    /// The moments of the rows of `self` and `other` together. The scatter matrices add as
    /// `S = S_a + S_b + n_a n_b / (n_a + n_b) d dᵀ` with d the difference of the means (T. Chan,
    /// G. Golub and R. LeVeque, Am. Stat. 37, 242, 1983).
    #[must_use]
    pub fn merge(mut self, mut other: Self) -> Self {
        if self.samples == 0 || other.samples == 0 {
            return if self.samples == 0 { other } else { self };
        }
        for unit in 0..self.units() {
            self.raise_exponent(unit, other.exponents[unit]);
            other.raise_exponent(unit, self.exponents[unit]);
        }
        let (a, b) = (self.samples as f64, other.samples as f64);
        let (mean, d) = (self.scaled_mean(), other.scaled_mean() - self.scaled_mean());
        let outer = outer(&d, &d) * (a * b / (a + b));
        Self {
            samples: self.samples + other.samples,
            scatter: self.scatter_about_mean() + other.scatter_about_mean() + outer,
            shift: Some(mean + d * (b / (a + b))),
            sum: Array1::zeros(self.sum.len()),
            exponents: self.exponents,
        }
    }

    /// The mean of each unit, (units,).
    pub(crate) fn mean(&self) -> Array1<f64> {
        let mut mean = self.scaled_mean();
        for (mean, exponent) in mean.iter_mut().zip(&self.exponents) {
            *mean = times_power_of_two(*mean, exponent.unwrap_or(0));
        }
        mean
    }

    /// The sum of `(h - mean)ᵀ (h - mean)` over the rows, (units, units), of which only the lower
    /// triangle is valid, and the exponent of the power of two by which it is divided.
    pub(crate) fn scatter(&self) -> (Array2<f64>, i32) {
        let common = common_exponent(&self.exponents);
        (self.rescaled(self.scatter_about_mean(), &vec![common; self.units()]), 2 * common)
    }

    /// The mean of each unit, divided by the unit's power of two; (units,).
    fn scaled_mean(&self) -> Array1<f64> {
        let offset = &self.sum / self.samples as f64;
        self.shift.as_ref().map_or_else(|| offset.clone(), |shift| shift + &offset)
    }

    /// The sum of `(h - mean)ᵀ (h - mean)` over the rows, (units, units), with the units divided by
    /// their powers of two. Only the lower triangle is valid.
    fn scatter_about_mean(&self) -> Array2<f64> {
        &self.scatter - outer(&self.sum, &self.sum) / self.samples as f64
    }

    /// The matrix `of` the rows, (units, units), of which only the lower triangle is valid, and the
    /// exponent of the power of two by which it is divided.
    #[must_use]
    pub fn matrix(&self, of: Matrix) -> (Array2<f64>, i32) {
        let common = common_exponent(&self.exponents);
        match of {
            Matrix::Covariance => (self.covariance(&vec![common; self.units()]), 2 * common),
            Matrix::SecondMoment => {
                let samples = self.samples as f64;
                let shift = self.shift.clone().unwrap_or_else(|| Array1::zeros(self.units()));
                let cross = outer(&shift, &self.sum);
                let about_zero = &cross + &cross.t() + outer(&shift, &shift) * samples;
                let matrix = (&self.scatter + about_zero) / samples;
                (self.rescaled(matrix, &vec![common; self.units()]), 2 * common)
            }
            Matrix::Correlation => {
                let covariance = self.scatter_about_mean() / (self.samples as f64 - 1.0);
                let variance = covariance.diag().to_owned();
                let scale = inverse_deviations(&variance, &self.scaled_mean());
                (covariance * outer(&scale, &scale), 0)
            }
        }
    }

    /// The covariance of the units divided by the powers of two with these exponents,
    /// (units, units). Only the lower triangle is valid.
    pub(crate) fn covariance(&self, exponents: &[i32]) -> Array2<f64> {
        self.rescaled(self.scatter_about_mean() / (self.samples as f64 - 1.0), exponents)
    }

    /// The mean of each unit divided by the power of two with its exponent, (units,).
    pub(crate) fn divided_mean(&self, exponents: &[i32]) -> Array1<f64> {
        let mut mean = self.scaled_mean();
        for ((mean, own), exponent) in mean.iter_mut().zip(&self.exponents).zip(exponents) {
            *mean = times_power_of_two(*mean, own.unwrap_or(*exponent) - exponent);
        }
        mean
    }

    /// Exponent of the power of two by which each unit is divided; `None` for a unit that has only
    /// been 0.
    pub(crate) fn exponents(&self) -> &[Option<i32>] {
        &self.exponents
    }

    /// Rescale a (units, units) matrix from the stored exponents of the units to `exponents`.
    fn rescaled(&self, mut matrix: Array2<f64>, exponents: &[i32]) -> Array2<f64> {
        let by = |unit: usize| exponents[unit] - self.exponents[unit].unwrap_or(exponents[unit]);
        let by: Vec<i32> = (0..self.units()).map(by).collect();
        if by.iter().any(|&by| by != 0) {
            for ((i, j), x) in matrix.indexed_iter_mut() {
                *x = times_power_of_two(*x, -by[i] - by[j]);
            }
        }
        matrix
    }

    /// The moments as an array, (units + 2, units): a row with the count in every column, a row with
    /// the means, and the scatter matrix.
    ///
    /// # Errors
    /// If a sum of squares is outside the range of f8.
    pub fn to_array(&self) -> Result<Array2<f64>> {
        let units = self.units();
        let mut array = Array2::zeros((units + 2, units));
        array.row_mut(0).fill(self.samples as f64);
        array.row_mut(1).assign(&self.mean());
        let exponents: Vec<i32> = self.exponents.iter().map(|e| e.unwrap_or(0)).collect();
        let scatter = self.scatter_about_mean();
        for (unit, &square) in scatter.diag().iter().enumerate() {
            let unscaled = times_power_of_two(square, 2 * exponents[unit]);
            if square > 0.0 && !unscaled.is_normal() {
                return Err(Error::data(format!(
                    "has a sum of squares outside the range of f8 (found about {} in unit {}): scale the activations",
                    magnitude(square, 2 * exponents[unit]),
                    unit + 1
                )));
            }
        }
        for ((i, j), value) in array.slice_mut(s![2.., ..]).indexed_iter_mut() {
            let scaled = scatter[[i.max(j), i.min(j)]];
            *value = times_power_of_two(scaled, exponents[i] + exponents[j]);
        }
        Ok(array)
    }

    /// The moments of several layers as one array, (layers, units + 2, units).
    ///
    /// # Errors
    /// As for [`Self::to_array`].
    pub fn stacked(layers: &[Self]) -> Result<Array3<f64>> {
        let units = layers.first().map_or(0, Self::units);
        let mut stack = Array3::zeros((layers.len(), units + 2, units));
        for (mut place, moments) in stack.outer_iter_mut().zip(layers) {
            place.assign(&moments.to_array()?);
        }
        Ok(stack)
    }

    /// The moments from an array of [`Self::to_array`].
    ///
    /// # Errors
    /// If the array cannot hold moments.
    pub fn from_array(array: &Array2<f64>) -> Result<Self> {
        let (count, scatter) = (array[[0, 0]], array.slice(s![2.., ..]));
        let wrong = |what: &str| Err(Error::data(format!("does not hold moments: {what}")));
        if array.row(0).iter().any(|&other| other.total_cmp(&count).is_ne()) {
            return wrong("the first row does not repeat one count");
        }
        // f8 represents integers up to 9e15 exactly.
        if count.fract() != 0.0 || !(1.0..=9e15).contains(&count) {
            return wrong(&format!(
                "the count is not a positive integer (found {})",
                number(count)
            ));
        }
        if scatter.diag().iter().any(|&square| square < 0.0) {
            return wrong("a sum of squares is negative");
        }
        if scatter.indexed_iter().any(|((i, j), value)| value.total_cmp(&scatter[[j, i]]).is_ne()) {
            return wrong("the scatter is not symmetric");
        }
        // A unit is scaled by the larger of its mean and its standard deviation.
        let size = |(mean, square): (&f64, &f64)| mean.abs().max((square / count).sqrt());
        let sizes = array.row(1).into_iter().zip(scatter.diag()).map(size);
        let exponents: Vec<Option<i32>> =
            sizes.map(|size| (size > 0.0).then(|| exponent(size))).collect();
        let by: Vec<i32> = exponents.iter().map(|e| e.unwrap_or(0)).collect();
        let mut scatter = scatter.to_owned();
        for ((i, j), x) in scatter.indexed_iter_mut() {
            *x = times_power_of_two(*x, -by[i] - by[j]);
        }
        let means = array.row(1).into_iter().zip(&by);
        let mean = means.map(|(&x, &by)| times_power_of_two(x, -by));
        Ok(Self {
            samples: count as usize,
            exponents,
            shift: Some(mean.collect()),
            sum: Array1::zeros(array.ncols()),
            scatter,
        })
    }
}

/// A (size, size) matrix of zeros. An error says that there are too many `whose` (units or samples)
/// for so many `products`.
pub(crate) fn square_zeros(size: usize, whose: &str, products: &str) -> Result<Array2<f64>> {
    let mut zeros = Vec::new();
    if size > MAX_UNITS || zeros.try_reserve_exact(size * size).is_err() {
        return Err(Error::data(format!(
            "has too many {whose} for {size} x {size} {products} in memory (found {size}, expected at most {MAX_UNITS})"
        )));
    }
    zeros.resize(size * size, 0.0);
    Ok(Array2::from_shape_vec((size, size), zeros).expect("there are size x size zeros"))
}

/// Exponent of the power of two by which to divide each column, (columns,); `None` for a column of
/// zeros.
pub(crate) fn exponents(h: &Array2<f64>) -> Vec<Option<i32>> {
    let largest = largest_of_columns(h.view()).into_iter();
    largest.map(|largest| (largest > 0.0).then(|| exponent(largest))).collect()
}

/// The largest exponent, with which all units have a common scale.
pub(crate) fn common_exponent(exponents: &[Option<i32>]) -> i32 {
    exponents.iter().flatten().copied().max().unwrap_or(0)
}

/// Divide columns by powers of two with these exponents.
pub(crate) fn divide_columns(h: &mut Array2<f64>, exponents: &[i32]) {
    for (mut column, &exponent) in h.columns_mut().into_iter().zip(exponents) {
        if exponent != 0 {
            column.mapv_inplace(|x| times_power_of_two(x, -exponent));
        }
    }
}

/// `1 / sqrt(variance)`, (units,), and 0 for a constant unit, so that its correlations are 0.
pub(crate) fn inverse_deviations(variance: &Array1<f64>, mean: &Array1<f64>) -> Array1<f64> {
    let inverse = |(&variance, &mean): (&f64, &f64)| {
        if variance <= CONSTANT * mean * mean { 0.0 } else { 1.0 / variance.sqrt() }
    };
    variance.iter().zip(mean).map(inverse).collect()
}

/// The outer product `a bᵀ`.
fn outer(a: &Array1<f64>, b: &Array1<f64>) -> Array2<f64> {
    let (a, b) = (a.view().insert_axis(Axis(1)), b.view().insert_axis(Axis(0)));
    a.dot(&b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    /// Rows whose means are far from 0 and drift from row to row.
    fn rows(samples: usize) -> Array2<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        Array2::from_shape_fn((samples, 6), |(i, j)| {
            rng.random::<f64>() / (j + 1) as f64 + 30.0 * j as f64 + 1e-3 * i as f64
        })
    }

    fn moments_of(h: ndarray::ArrayView2<'_, f64>) -> Moments {
        let mut moments = Moments::new(h.ncols()).unwrap();
        for block in h.axis_chunks_iter(Axis(0), 32) {
            moments.add(block.to_owned());
        }
        moments
    }

    #[test]
    fn merged_shards_have_the_moments_of_all_rows() {
        let h = rows(500);
        let whole = moments_of(h.view());
        for cuts in [vec![250], vec![1, 2, 499], vec![100, 200, 300, 400]] {
            let mut merged = Moments::new(6).unwrap();
            for (from, to) in [0].iter().chain(&cuts).zip(cuts.iter().chain(&[500])) {
                let shard = moments_of(h.slice(s![*from..*to, ..]));
                merged = merged.merge(Moments::from_array(&shard.to_array().unwrap()).unwrap());
            }
            assert_eq!(merged.samples(), 500);
            for what in [Matrix::Covariance, Matrix::Correlation, Matrix::SecondMoment] {
                let (ours, whole) = (merged.matrix(what).0, whole.matrix(what).0);
                let scale = whole.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
                for (i, j) in (0..6).flat_map(|i| (0..=i).map(move |j| (i, j))) {
                    assert_abs_diff_eq!(ours[[i, j]], whole[[i, j]], epsilon = 1e-12 * scale);
                }
            }
        }
    }

    #[test]
    fn moments_outside_the_range_of_f8_are_refused_and_others_kept() {
        let scaled = |by: i32| rows(500).mapv(|x| times_power_of_two(x, by));
        let expected = moments_of(scaled(0).view()).matrix(Matrix::Correlation).0;
        for by in [-490, 0, 490] {
            let whole = moments_of(scaled(by).view()).to_array().unwrap();
            assert!(whole.iter().all(|x| x.is_finite()));
            let read = Moments::from_array(&whole).unwrap();
            let parts = moments_of(scaled(by).slice(s![..99, ..]))
                .merge(moments_of(scaled(by).slice(s![99.., ..])));
            for moments in [read, parts] {
                let found = moments.matrix(Matrix::Correlation).0;
                for (i, j) in (0..6).flat_map(|i| (0..=i).map(move |j| (i, j))) {
                    assert_abs_diff_eq!(found[[i, j]], expected[[i, j]], epsilon = 1e-11);
                }
            }
        }
        for by in [-800, 800] {
            assert!(moments_of(scaled(by).view()).to_array().is_err(), "{by}");
        }
        // Shards of very different scales.
        let (small, large) = (scaled(-700), scaled(0));
        let merged = moments_of(small.view()).merge(moments_of(large.view()));
        assert_eq!(merged, {
            let zeros = moments_of(Array2::zeros((500, 6)).view());
            Moments { exponents: merged.exponents.clone(), ..zeros.merge(moments_of(large.view())) }
        });
    }

    #[test]
    fn moments_agree_with_their_definitions() {
        let h = rows(50);
        let mean = h.mean_axis(Axis(0)).unwrap();
        let centred = &h - &mean;
        let array = moments_of(h.view()).to_array().unwrap();
        assert_abs_diff_eq!(array.row(0), Array1::from_elem(6, 50.0));
        assert_abs_diff_eq!(array.row(1), mean, epsilon = 1e-12);
        assert_abs_diff_eq!(array.slice(s![2.., ..]), centred.t().dot(&centred), epsilon = 1e-9);
        let about_zero = moments_of(h.view()).matrix(Matrix::SecondMoment).0;
        let expected = h.t().dot(&h) / 50.0;
        assert_abs_diff_eq!(about_zero[[5, 4]], expected[[5, 4]], epsilon = 1e-9);
        let correlation = moments_of(h.view()).matrix(Matrix::Correlation).0;
        let expected = centred.column(5).dot(&centred.column(4))
            / (centred.column(5).dot(&centred.column(5))
                * centred.column(4).dot(&centred.column(4)))
            .sqrt();
        assert_abs_diff_eq!(correlation[[5, 4]], expected, epsilon = 1e-10);
        assert_abs_diff_eq!(correlation[[3, 3]], 1.0, epsilon = 1e-12);
    }

    #[test]
    fn arrays_that_are_not_moments_are_refused() {
        let good = moments_of(rows(9).view()).to_array().unwrap();
        for (place, value) in [([0, 0], 9.5), ([0, 3], 8.0), ([2, 0], -1.0), ([3, 0], 7.0)] {
            let mut bad = good.clone();
            bad[place] = value;
            assert!(Moments::from_array(&bad).is_err(), "{place:?}");
        }
        let mut none = good;
        none.row_mut(0).fill(0.0);
        assert!(Moments::from_array(&none).is_err());
    }
}
