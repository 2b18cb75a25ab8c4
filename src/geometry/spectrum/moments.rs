//! Sufficient statistics of a covariance: count, mean and scatter, which add up.

use ndarray::{Array1, Array2, Array3, Axis, s};

use super::{Of, magnitude};
use crate::{
    Error, Result,
    math::{
        elementwise::{largest_of_columns, subtract_and_sum},
        linalg,
        scale::{exponent, times_power_of_two},
    },
    number,
};

/// A unit whose variance is below this part of its squared mean is constant: what is left of it
/// is round-off of f8.
const CONSTANT: f64 = 1e-28;

/// 34 GB of moments. Systems that promise more memory than they have would end the process.
const MAX_UNITS: usize = 1 << 16;

/// Sums over the rows seen, about a provisional mean: with a mean far above the
/// spread, sums about 0 would cancel to nothing.
///
/// Units far from 1 are kept divided by a power of two, since f8 does not hold their squares.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    samples: usize,
    /// The power of two that each unit is divided by; none while it was always 0.
    exponents: Vec<Option<i32>>,
    /// The first block's mean, (units,).
    shift: Option<Array1<f64>>,
    /// Of `h - shift`, (units,).
    sum: Array1<f64>,
    /// Lower triangle of the sum of `(h - shift)ᵀ (h - shift)`, (units, units).
    scatter: Array2<f64>,
}

impl Moments {
    /// Of no rows yet; an error where there are too many units for units² numbers in memory.
    pub fn new(units: usize) -> Result<Self> {
        let scatter = square(units, "units", "moments")?;
        let (exponents, sum) = (vec![None; units], Array1::zeros(units));
        Ok(Self { samples: 0, exponents, shift: None, sum, scatter })
    }

    /// Of no rows yet, with sums about 0, as suits what is taken about 0 in the end.
    pub fn about_zero(units: usize) -> Result<Self> {
        Ok(Self { shift: Some(Array1::zeros(units)), ..Self::new(units)? })
    }

    /// Rows seen.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Columns of a row.
    #[must_use]
    pub fn units(&self) -> usize {
        self.sum.len()
    }

    /// Take in some rows, (samples, units).
    pub fn add(&mut self, mut h: Array2<f64>) {
        for (unit, wanted) in exponents(&h).into_iter().enumerate() {
            self.raise(unit, wanted);
        }
        let divided: Vec<i32> = self.exponents.iter().map(|e| e.unwrap_or(0)).collect();
        divide(&mut h, &divided);
        if h.nrows() == 0 {
            return;
        }
        let mean = || h.mean_axis(Axis(0)).expect("there are rows");
        let shift = self.shift.get_or_insert_with(mean);
        subtract_and_sum(&mut h, shift, &mut self.sum);
        self.samples += h.nrows();
        linalg::add_gram_lower(&mut self.scatter, h.view());
    }

    /// Divide a unit by a larger power of two, if it is larger than the one before.
    fn raise(&mut self, unit: usize, wanted: Option<i32>) {
        let Some(wanted) = wanted.filter(|&wanted| self.exponents[unit] < Some(wanted)) else {
            return;
        };
        // A unit that was always 0 has sums of 0.
        if let Some(before) = self.exponents[unit].replace(wanted) {
            let times = |x: &mut f64| *x = times_power_of_two(*x, before - wanted);
            self.scatter.row_mut(unit).iter_mut().for_each(times);
            self.scatter.column_mut(unit).iter_mut().for_each(times);
            self.shift.iter_mut().for_each(|shift| times(&mut shift[unit]));
            times(&mut self.sum[unit]);
        }
    }

    /// Those of the rows of both (T. Chan, G. Golub and R. LeVeque, Am. Stat. 37, 242, 1983):
    /// `S = S_a + S_b + n_a n_b / (n_a + n_b) d dᵀ`, d the difference of the means.
    #[must_use]
    pub fn merge(mut self, mut other: Self) -> Self {
        if self.samples == 0 || other.samples == 0 {
            return if self.samples == 0 { other } else { self };
        }
        for unit in 0..self.units() {
            self.raise(unit, other.exponents[unit]);
            other.raise(unit, self.exponents[unit]);
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

    /// The mean of each unit as it is kept here.
    fn scaled_mean(&self) -> Array1<f64> {
        let offset = &self.sum / self.samples as f64;
        self.shift.as_ref().map_or_else(|| offset.clone(), |shift| shift + &offset)
    }

    /// Lower triangle of the sum of `(h - mean)ᵀ (h - mean)` of the units as they are kept here;
    /// what is above it has no meaning.
    fn scatter_about_mean(&self) -> Array2<f64> {
        &self.scatter - outer(&self.sum, &self.sum) / self.samples as f64
    }

    /// Lower triangle of the matrix whose eigenvalues are asked for, (units, units), and the power
    /// of two that it is divided by.
    #[must_use]
    pub fn matrix(&self, of: Of) -> (Array2<f64>, i32) {
        let common = largest(&self.exponents);
        match of {
            Of::Covariance => (self.covariance(&vec![common; self.units()]), 2 * common),
            Of::SecondMoment => {
                let samples = self.samples as f64;
                let shift = self.shift.clone().unwrap_or_else(|| Array1::zeros(self.units()));
                let cross = outer(&shift, &self.sum);
                let about_zero = &cross + &cross.t() + outer(&shift, &shift) * samples;
                let matrix = (&self.scatter + about_zero) / samples;
                (self.divided(matrix, &vec![common; self.units()]), 2 * common)
            }
            Of::Correlation => {
                let covariance = self.scatter_about_mean() / (self.samples as f64 - 1.0);
                let variance = covariance.diag().to_owned();
                let scale = inverse_deviations(&variance, &self.scaled_mean());
                (covariance * outer(&scale, &scale), 0)
            }
        }
    }

    /// Lower triangle of the covariance of the units divided by these powers of two, (units, units).
    pub(super) fn covariance(&self, exponents: &[i32]) -> Array2<f64> {
        self.divided(self.scatter_about_mean() / (self.samples as f64 - 1.0), exponents)
    }

    /// The power of two that each unit is divided by here; none for a unit that is always 0.
    pub(super) fn exponents(&self) -> &[Option<i32>] {
        &self.exponents
    }

    /// A matrix over units as they are kept here, as one over units divided by `exponents`.
    fn divided(&self, mut matrix: Array2<f64>, exponents: &[i32]) -> Array2<f64> {
        let by = |unit: usize| exponents[unit] - self.exponents[unit].unwrap_or(exponents[unit]);
        let by: Vec<i32> = (0..self.units()).map(by).collect();
        if by.iter().any(|&by| by != 0) {
            for ((i, j), x) in matrix.indexed_iter_mut() {
                *x = times_power_of_two(*x, -by[i] - by[j]);
            }
        }
        matrix
    }

    /// As an array (units + 2, units): the count in every column, the mean, the scatter. An error
    /// where f8 does not hold them.
    pub fn to_array(&self) -> Result<Array2<f64>> {
        let units = self.units();
        let mut array = Array2::zeros((units + 2, units));
        array.row_mut(0).fill(self.samples as f64);
        let exponents: Vec<i32> = self.exponents.iter().map(|e| e.unwrap_or(0)).collect();
        for ((value, mean), &exponent) in
            array.row_mut(1).iter_mut().zip(self.scaled_mean()).zip(&exponents)
        {
            *value = times_power_of_two(mean, exponent);
        }
        let scatter = self.scatter_about_mean();
        for (unit, &square) in scatter.diag().iter().enumerate() {
            let held = times_power_of_two(square, 2 * exponents[unit]);
            if square > 0.0 && !held.is_normal() {
                return Err(Error::data(format!(
                    "has a sum of squares that f8 does not hold (found about {} of unit {}): scale the activations",
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

    /// Those of several layers as one array, (layers, units + 2, units).
    pub fn stacked(layers: &[Self]) -> Result<Array3<f64>> {
        let units = layers.first().map_or(0, Self::units);
        let mut stack = Array3::zeros((layers.len(), units + 2, units));
        for (mut place, moments) in stack.outer_iter_mut().zip(layers) {
            place.assign(&moments.to_array()?);
        }
        Ok(stack)
    }

    /// From such an array.
    pub fn from_array(array: &Array2<f64>) -> Result<Self> {
        let (count, scatter) = (array[[0, 0]], array.slice(s![2.., ..]));
        let wrong = |what: &str| Err(Error::data(format!("holds no moments: {what}")));
        if array.row(0).iter().any(|&other| other.total_cmp(&count).is_ne()) {
            return wrong("the first row is not one count");
        }
        // Whole numbers that f8 holds exactly.
        if count.fract() != 0.0 || !(1.0..=9e15).contains(&count) {
            return wrong(&format!(
                "the count is {}, expected a whole number from 1",
                number(count)
            ));
        }
        if scatter.diag().iter().any(|&square| square < 0.0) {
            return wrong("a sum of squares is negative");
        }
        if scatter.indexed_iter().any(|((i, j), value)| value.total_cmp(&scatter[[j, i]]).is_ne()) {
            return wrong("the scatter is not symmetric");
        }
        // The size of a unit is that of its mean and of its deviations.
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

/// Zeros, (size, size), for the `products` of that number of units or samples.
pub(super) fn square(size: usize, whose: &str, products: &str) -> Result<Array2<f64>> {
    let mut zeros = Vec::new();
    if size > MAX_UNITS || zeros.try_reserve_exact(size * size).is_err() {
        return Err(Error::data(format!(
            "has too many {whose} for {size} x {size} {products} in memory (found {size}, expected at most {MAX_UNITS})"
        )));
    }
    zeros.resize(size * size, 0.0);
    Ok(Array2::from_shape_vec((size, size), zeros).expect("there are size x size zeros"))
}

/// The power of two to divide each column by, (columns,); none for one of zeros.
pub(super) fn exponents(h: &Array2<f64>) -> Vec<Option<i32>> {
    let largest = largest_of_columns(h.view()).into_iter();
    largest.map(|largest| (largest > 0.0).then(|| exponent(largest))).collect()
}

/// The largest power of two of all: what brings them to one scale.
pub(super) fn largest(exponents: &[Option<i32>]) -> i32 {
    exponents.iter().flatten().copied().max().unwrap_or(0)
}

/// Divide columns by powers of two.
pub(super) fn divide(h: &mut Array2<f64>, exponents: &[i32]) {
    for (mut column, &exponent) in h.columns_mut().into_iter().zip(exponents) {
        if exponent != 0 {
            column.mapv_inplace(|x| times_power_of_two(x, -exponent));
        }
    }
}

/// `1 / sqrt(variance)`, and 0 for a constant unit, which correlates with none.
pub(super) fn inverse_deviations(variance: &Array1<f64>, mean: &Array1<f64>) -> Array1<f64> {
    let inverse = |(&variance, &mean): (&f64, &f64)| {
        if variance <= CONSTANT * mean * mean { 0.0 } else { 1.0 / variance.sqrt() }
    };
    variance.iter().zip(mean).map(inverse).collect()
}

/// `a bᵀ`
fn outer(a: &Array1<f64>, b: &Array1<f64>) -> Array2<f64> {
    let (a, b) = (a.view().insert_axis(Axis(1)), b.view().insert_axis(Axis(0)));
    a.dot(&b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    /// Rows whose means are far from 0 and drift.
    fn rows(samples: usize) -> Array2<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        Array2::from_shape_fn((samples, 6), |(i, j)| {
            rng.random::<f64>() / (j + 1) as f64 + 30.0 * j as f64 + 1e-3 * i as f64
        })
    }

    fn of(h: ndarray::ArrayView2<'_, f64>) -> Moments {
        let mut moments = Moments::new(h.ncols()).unwrap();
        for block in h.axis_chunks_iter(Axis(0), 32) {
            moments.add(block.to_owned());
        }
        moments
    }

    #[test]
    fn shards_merge_to_the_moments_of_all() {
        let h = rows(500);
        let whole = of(h.view());
        for cuts in [vec![250], vec![1, 2, 499], vec![100, 200, 300, 400]] {
            let mut merged = Moments::new(6).unwrap();
            for (from, to) in [0].iter().chain(&cuts).zip(cuts.iter().chain(&[500])) {
                let shard = of(h.slice(s![*from..*to, ..]));
                merged = merged.merge(Moments::from_array(&shard.to_array().unwrap()).unwrap());
            }
            assert_eq!(merged.samples(), 500);
            for what in [Of::Covariance, Of::Correlation, Of::SecondMoment] {
                let (ours, whole) = (merged.matrix(what).0, whole.matrix(what).0);
                let scale = whole.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
                for (i, j) in (0..6).flat_map(|i| (0..=i).map(move |j| (i, j))) {
                    assert_abs_diff_eq!(ours[[i, j]], whole[[i, j]], epsilon = 1e-12 * scale);
                }
            }
        }
    }

    #[test]
    fn moments_that_f8_does_not_hold_are_refused_and_others_kept() {
        let scaled = |by: i32| rows(500).mapv(|x| times_power_of_two(x, by));
        let expected = of(scaled(0).view()).matrix(Of::Correlation).0;
        for by in [-490, 0, 490] {
            let whole = of(scaled(by).view()).to_array().unwrap();
            assert!(whole.iter().all(|x| x.is_finite()));
            let read = Moments::from_array(&whole).unwrap();
            let parts =
                of(scaled(by).slice(s![..99, ..])).merge(of(scaled(by).slice(s![99.., ..])));
            for moments in [read, parts] {
                let found = moments.matrix(Of::Correlation).0;
                for (i, j) in (0..6).flat_map(|i| (0..=i).map(move |j| (i, j))) {
                    assert_abs_diff_eq!(found[[i, j]], expected[[i, j]], epsilon = 1e-11);
                }
            }
        }
        for by in [-800, 800] {
            assert!(of(scaled(by).view()).to_array().is_err(), "{by}");
        }
        // Parts of different scales.
        let (small, large) = (scaled(-700), scaled(0));
        let merged = of(small.view()).merge(of(large.view()));
        assert_eq!(merged, {
            let zeros = of(Array2::zeros((500, 6)).view());
            Moments { exponents: merged.exponents.clone(), ..zeros.merge(of(large.view())) }
        });
    }

    #[test]
    fn they_are_what_their_names_say() {
        let h = rows(50);
        let mean = h.mean_axis(Axis(0)).unwrap();
        let centred = &h - &mean;
        let array = of(h.view()).to_array().unwrap();
        assert_abs_diff_eq!(array.row(0), Array1::from_elem(6, 50.0));
        assert_abs_diff_eq!(array.row(1), mean, epsilon = 1e-12);
        assert_abs_diff_eq!(array.slice(s![2.., ..]), centred.t().dot(&centred), epsilon = 1e-9);
        let about_zero = of(h.view()).matrix(Of::SecondMoment).0;
        let expected = h.t().dot(&h) / 50.0;
        assert_abs_diff_eq!(about_zero[[5, 4]], expected[[5, 4]], epsilon = 1e-9);
        let correlation = of(h.view()).matrix(Of::Correlation).0;
        let expected = centred.column(5).dot(&centred.column(4))
            / (centred.column(5).dot(&centred.column(5))
                * centred.column(4).dot(&centred.column(4)))
            .sqrt();
        assert_abs_diff_eq!(correlation[[5, 4]], expected, epsilon = 1e-10);
        assert_abs_diff_eq!(correlation[[3, 3]], 1.0, epsilon = 1e-12);
    }

    #[test]
    fn what_are_no_moments_is_refused() {
        let good = of(rows(9).view()).to_array().unwrap();
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
