//! Sufficient statistics of a covariance: count, mean and scatter, which add up.

use ndarray::{Array1, Array2, Array3, Axis, s};

use super::Of;
use crate::{Error, Result, elementwise::subtract_and_sum, linalg, number};

/// A unit whose variance is below this part of its squared mean is constant: what is left of it
/// is round-off of f8.
const CONSTANT: f64 = 1e-28;

/// 34 GB of moments. Systems that promise more memory than they have would end the process.
const MAX_UNITS: usize = 1 << 16;

/// Sums over the rows seen, about a provisional mean: with a mean far above the
/// spread, sums about 0 would cancel to nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    samples: usize,
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
        let (sum, scatter) = (Array1::zeros(units), square(units)?);
        Ok(Self { samples: 0, shift: None, sum, scatter })
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
        if self.shift.is_none() {
            self.shift = h.mean_axis(Axis(0));
        }
        let Some(shift) = &self.shift else { return };
        subtract_and_sum(&mut h, shift, &mut self.sum);
        self.samples += h.nrows();
        linalg::add_gram_lower(&mut self.scatter, h.view());
    }

    /// Those of the rows of both (T. Chan, G. Golub and R. LeVeque, Am. Stat. 37, 242, 1983):
    /// `S = S_a + S_b + n_a n_b / (n_a + n_b) d dᵀ`, d the difference of the means.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        if self.samples == 0 || other.samples == 0 {
            return if self.samples == 0 { other } else { self };
        }
        let (a, b) = (self.samples as f64, other.samples as f64);
        let (mean, d) = (self.mean(), other.mean() - self.mean());
        let outer = outer(&d, &d) * (a * b / (a + b));
        Self {
            samples: self.samples + other.samples,
            scatter: self.scatter_about_mean() + other.scatter_about_mean() + outer,
            shift: Some(mean + d * (b / (a + b))),
            sum: Array1::zeros(self.sum.len()),
        }
    }

    /// (units,)
    #[must_use]
    pub fn mean(&self) -> Array1<f64> {
        let offset = &self.sum / self.samples as f64;
        self.shift.as_ref().map_or_else(|| offset.clone(), |shift| shift + &offset)
    }

    /// Lower triangle of the sum of `(h - mean)ᵀ (h - mean)`; what is above it has no meaning.
    fn scatter_about_mean(&self) -> Array2<f64> {
        &self.scatter - outer(&self.sum, &self.sum) / self.samples as f64
    }

    /// Lower triangle of the matrix whose eigenvalues are asked for, (units, units).
    #[must_use]
    pub fn matrix(&self, of: Of) -> Array2<f64> {
        let samples = self.samples as f64;
        match of {
            Of::Covariance => self.scatter_about_mean() / (samples - 1.0),
            Of::SecondMoment => {
                let shift = self.shift.clone().unwrap_or_else(|| Array1::zeros(self.units()));
                let cross = outer(&shift, &self.sum);
                let about_zero = &cross + &cross.t() + outer(&shift, &shift) * samples;
                (&self.scatter + about_zero) / samples
            }
            Of::Correlation => {
                let covariance = self.matrix(Of::Covariance);
                let scale = inverse_deviations(&covariance.diag().to_owned(), &self.mean());
                covariance * outer(&scale, &scale)
            }
        }
    }

    /// As an array (units + 2, units): the count in every column, the mean, the scatter.
    #[must_use]
    pub fn to_array(&self) -> Array2<f64> {
        let units = self.units();
        let mut array = Array2::zeros((units + 2, units));
        array.row_mut(0).fill(self.samples as f64);
        array.row_mut(1).assign(&self.mean());
        let scatter = self.scatter_about_mean();
        for ((i, j), value) in array.slice_mut(s![2.., ..]).indexed_iter_mut() {
            *value = scatter[[i.max(j), i.min(j)]];
        }
        array
    }

    /// Those of several layers as one array, (layers, units + 2, units).
    #[must_use]
    pub fn stacked(layers: &[Self]) -> Array3<f64> {
        let units = layers.first().map_or(0, Self::units);
        let mut stack = Array3::zeros((layers.len(), units + 2, units));
        for (mut place, moments) in stack.outer_iter_mut().zip(layers) {
            place.assign(&moments.to_array());
        }
        stack
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
        Ok(Self {
            samples: count as usize,
            shift: Some(array.row(1).to_owned()),
            sum: Array1::zeros(array.ncols()),
            scatter: scatter.to_owned(),
        })
    }
}

/// Zeros, (units, units).
fn square(units: usize) -> Result<Array2<f64>> {
    let mut zeros = Vec::new();
    if units > MAX_UNITS || zeros.try_reserve_exact(units * units).is_err() {
        return Err(Error::data(format!(
            "has too many units for {units} x {units} moments in memory (found {units}, expected at most {MAX_UNITS})"
        )));
    }
    zeros.resize(units * units, 0.0);
    Array2::from_shape_vec((units, units), zeros).map_err(|e| Error::data(e.to_string()))
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
                merged = merged.merge(Moments::from_array(&shard.to_array()).unwrap());
            }
            assert_eq!(merged.samples(), 500);
            for what in [Of::Covariance, Of::Correlation, Of::SecondMoment] {
                let (ours, whole) = (merged.matrix(what), whole.matrix(what));
                let scale = whole.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
                for (i, j) in (0..6).flat_map(|i| (0..=i).map(move |j| (i, j))) {
                    assert_abs_diff_eq!(ours[[i, j]], whole[[i, j]], epsilon = 1e-12 * scale);
                }
            }
        }
    }

    #[test]
    fn they_are_what_their_names_say() {
        let h = rows(50);
        let mean = h.mean_axis(Axis(0)).unwrap();
        let centred = &h - &mean;
        let array = of(h.view()).to_array();
        assert_abs_diff_eq!(array.row(0), Array1::from_elem(6, 50.0));
        assert_abs_diff_eq!(array.row(1), mean, epsilon = 1e-12);
        assert_abs_diff_eq!(array.slice(s![2.., ..]), centred.t().dot(&centred), epsilon = 1e-9);
        let about_zero = of(h.view()).matrix(Of::SecondMoment);
        let expected = h.t().dot(&h) / 50.0;
        assert_abs_diff_eq!(about_zero[[5, 4]], expected[[5, 4]], epsilon = 1e-9);
        let correlation = of(h.view()).matrix(Of::Correlation);
        let expected = centred.column(5).dot(&centred.column(4))
            / (centred.column(5).dot(&centred.column(5))
                * centred.column(4).dot(&centred.column(4)))
            .sqrt();
        assert_abs_diff_eq!(correlation[[5, 4]], expected, epsilon = 1e-10);
        assert_abs_diff_eq!(correlation[[3, 3]], 1.0, epsilon = 1e-12);
    }

    #[test]
    fn what_are_no_moments_is_refused() {
        let good = of(rows(9).view()).to_array();
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
