//! Features of mean 0 and standard deviation 1.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use crate::{
    Error, Result,
    math::scale::times_power_of_two,
    network::Readout,
    number,
    spectrum::{divide_columns, exponents, inverse_deviations, remove_mean},
};

/// The map `(h - mean) / deviation` from activations to features. Units that are constant are left
/// out; the variance is divided by the number of samples, as scikit-learn's StandardScaler does.
pub struct Standardisation {
    /// Number of units, with those that are left out.
    all: usize,
    /// The units that are not constant, in ascending order, counted from 0.
    units: Vec<usize>,
    /// Exponent of the power of two by which each of them is divided first, so that no square leaves
    /// the range of f8.
    exponents: Vec<i32>,
    /// Their means after that division.
    mean: Array1<f64>,
    /// The inverses of their standard deviations after that division.
    inverse: Array1<f64>,
}

impl Standardisation {
    /// The map for these activations, (samples, units), and their features, (samples, features).
    pub fn of(mut h: Array2<f64>) -> (Self, Array2<f64>) {
        let exponents: Vec<i32> = exponents(&h).into_iter().map(|e| e.unwrap_or(0)).collect();
        divide_columns(&mut h, &exponents);
        let mean = remove_mean(&mut h);
        let samples = h.nrows() as f64;
        let variance = h.map_axis(Axis(0), |unit| unit.dot(&unit)) / samples;
        let inverse = inverse_deviations(&variance, &mean);
        let units: Vec<usize> = (0..h.ncols()).filter(|&unit| inverse[unit] > 0.0).collect();
        let all = h.ncols();
        let mut x = columns(h, &units);
        let map = Self {
            all,
            exponents: units.iter().map(|&unit| exponents[unit]).collect(),
            mean: mean.select(Axis(0), &units),
            inverse: inverse.select(Axis(0), &units),
            units,
        };
        x *= &map.inverse;
        (map, x)
    }

    /// The features, (samples, features), of other activations, (samples, units).
    pub fn apply(&self, h: Array2<f64>) -> Array2<f64> {
        let mut x = columns(h, &self.units);
        divide_columns(&mut x, &self.exponents);
        x -= &self.mean;
        x *= &self.inverse;
        x
    }

    /// The readout on activations that gives the logits `x w + b` of the features: `r = w / deviation` and
    /// `c = b - mean r`. Units that are left out have weights of 0. c takes the rounded r, so that only
    /// the rounding of the deviations from the mean remains.
    ///
    /// # Errors
    /// If the readout is outside the range of f4.
    pub fn readout(&self, w: ArrayView2<'_, f64>, b: ArrayView1<'_, f64>) -> Result<Readout> {
        let mut r = Array2::<f32>::zeros((self.all, w.ncols()));
        let mut c = b.to_owned();
        let scales = self.exponents.iter().zip(&self.inverse).zip(&self.mean);
        for ((&unit, w), ((&exponent, inverse), &mean)) in
            self.units.iter().zip(w.rows()).zip(scales)
        {
            let mut r = r.row_mut(unit);
            r.assign(&w.mapv(|w| times_power_of_two(w * inverse, -exponent) as f32));
            let mean = times_power_of_two(mean, exponent);
            c.zip_mut_with(&r, |c, &r| *c -= mean * f64::from(r));
        }
        let c = c.mapv(|c| c as f32);
        let largest = r.iter().chain(&c).fold(0.0_f32, |largest, x| largest.max(x.abs()));
        let finite = r.iter().chain(&c).all(|x| x.is_finite());
        let lost = r.iter().all(|&r| r.abs() < f32::MIN_POSITIVE);
        let matters = w.iter().any(|&w| w.abs() > f64::from(f32::EPSILON));
        if !finite || lost && matters {
            return Err(Error::data(format!(
                "needs a readout outside the range of f4 (found a largest weight of {}): scale the activations",
                number(largest)
            )));
        }
        Ok(Readout { r, c: Some(c), probe: true })
    }
}

/// Some columns of a matrix, in ascending order, in the memory of the matrix.
fn columns(h: Array2<f64>, columns: &[usize]) -> Array2<f64> {
    let (rows, all) = h.dim();
    if columns.len() == all {
        return h;
    }
    let mut values = h.into_raw_vec_and_offset().0;
    for row in 0..rows {
        for (place, &column) in columns.iter().enumerate() {
            values[row * columns.len() + place] = values[row * all + column];
        }
    }
    values.truncate(rows * columns.len());
    Array2::from_shape_vec((rows, columns.len()), values).expect("as many values were kept")
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use ndarray::array;

    /// Units of mean 2 and 1, with a constant one between them.
    fn units() -> Array2<f64> {
        array![[1.0, 0.1, 1.0], [3.0, 0.1, 1.0], [1.0, 0.1, 3.0], [3.0, 0.1, -1.0]]
    }

    #[test]
    fn features_have_mean_0_and_deviation_1_and_constant_units_are_left_out() {
        let (map, x) = Standardisation::of(units());
        let two = 2.0_f64.sqrt();
        let expected = array![[-1.0, 0.0], [1.0, 0.0], [-1.0, two], [1.0, -two]];
        assert_abs_diff_eq!(x, expected, epsilon = 1e-15);
        assert_eq!(map.apply(units()), x);
        let other = map.apply(array![[4.0, 9.0, 1.0]]);
        assert_abs_diff_eq!(other, array![[2.0, 0.0]], epsilon = 1e-15);
    }

    #[test]
    fn no_scale_changes_the_features() {
        let (_, expected) = Standardisation::of(units());
        for exponent in [-1060, -1000, -600, -5, 5, 600, 1000, 1021] {
            let scaled = units().mapv(|h| times_power_of_two(h, exponent));
            let (map, x) = Standardisation::of(scaled.clone());
            assert_eq!(map.apply(scaled), x, "{exponent}");
            assert_abs_diff_eq!(x, expected, epsilon = 1e-3);
        }
        let mut mixed = units();
        mixed.column_mut(0).mapv_inplace(|h| h * 1e200);
        mixed.column_mut(2).mapv_inplace(|h| h * 1e-200);
        assert_abs_diff_eq!(Standardisation::of(mixed).1, expected, epsilon = 1e-12);
    }

    #[test]
    fn a_readout_gives_the_logits_of_the_features() {
        let h = units() + &array![1000.0, 0.0, 0.0];
        let (map, x) = Standardisation::of(h.clone());
        let (w, b) = (array![[1.0, -2.0], [0.5, 3.0]], array![0.3, -0.4]);
        let readout = map.readout(w.view(), b.view()).unwrap();
        assert!(readout.r.row(1).iter().all(|&r| r == 0.0));
        let mut z = Array2::zeros((4, 2));
        readout.logits(h.mapv(|h| h as f32).view(), z.view_mut());
        assert_abs_diff_eq!(z.mapv(f64::from), x.dot(&w) + &b, epsilon = 1e-3);
    }

    #[test]
    fn a_readout_outside_single_precision_is_refused() {
        for scale in [1e-200, 1e-40, 1e200] {
            let (map, _) = Standardisation::of(units() * scale);
            let refused = map.readout(array![[1.0], [1.0]].view(), array![0.0].view());
            assert!(
                refused.unwrap_err().to_string().contains("outside the range of f4"),
                "{scale}"
            );
        }
        for scale in [1e-30, 1e30] {
            let (map, _) = Standardisation::of(units() * scale);
            assert!(map.readout(array![[1.0], [1.0]].view(), array![0.0].view()).is_ok());
        }
    }
}
