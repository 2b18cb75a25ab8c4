//! Cross-validated principal component analysis: the spectrum of the signal in noisy repeats of
//! the same stimuli (Stringer et al., Nature 571, 361, 2019).

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate, s};

use super::{Moments, Of, enough, joined, moments, multiplied, remove_mean};
use crate::{Result, math::linalg};

/// Gathers two repeats of the same stimuli, a block of rows at a time.
///
/// Components are found in one repeat, `C_aa v_n = l_n v_n`. The other's noise is independent of
/// them, so that `lambda_n = v_nᵀ C_ba v_n`, the covariance of both along `v_n`, holds the
/// signal's variance alone, where `l_n` holds that of the noise as well. Given is the mean of this
/// and of the same with both repeats exchanged.
pub struct Repeats {
    units: usize,
    gathered: Gathered,
}

enum Gathered {
    /// No fewer samples than units: sums of the rows of both side by side.
    Moments(Moments),
    /// Fewer samples than units: the rows.
    Rows(Vec<Array2<f64>>, Vec<Array2<f64>>),
}

impl Repeats {
    /// For `samples` rows of `units` in each repeat, which are to come.
    pub fn new(samples: usize, units: usize) -> Result<Self> {
        enough(samples, Of::Covariance)?;
        let gathered = if samples < units {
            Gathered::Rows(Vec::new(), Vec::new())
        } else {
            Gathered::Moments(Moments::new(units.saturating_mul(2))?)
        };
        Ok(Self { units, gathered })
    }

    /// Take in some rows of both repeats, (samples, units) each, the same samples in both.
    pub fn add(&mut self, a: Array2<f64>, b: Array2<f64>) {
        match &mut self.gathered {
            Gathered::Rows(all_a, all_b) => {
                all_a.push(a);
                all_b.push(b);
            }
            Gathered::Moments(moments) => {
                let both = concatenate(Axis(1), &[a.view(), b.view()]);
                moments.add(both.expect("both repeats have as many rows"));
            }
        }
    }

    /// `lambda_n`, (units,), in the order of the components: an estimate that scatters about the
    /// signal's variance, so that it need not fall from rank to rank, nor be positive.
    pub fn signal(self) -> Result<Array1<f64>> {
        // Each repeat is divided by a power of two of its own.
        let (joint, exponents) = match self.gathered {
            Gathered::Moments(moments) => {
                let (a, b) = moments.exponents().split_at(self.units);
                let each = [a, b].map(moments::largest);
                let all = each.iter().flat_map(|&e| std::iter::repeat_n(e, self.units));
                (moments.covariance(&all.collect::<Vec<_>>()), each)
            }
            Gathered::Rows(a, b) => {
                // With u_n the components of the samples, a aᵀ u_n = (samples - 1) l_n u_n:
                // v_nᵀ aᵀ b v_n = u_nᵀ b aᵀ u_n.
                let mut both = [joined(&a), joined(&b)];
                let mut exponents = [0; 2];
                for (h, exponent) in both.iter_mut().zip(&mut exponents) {
                    *exponent = moments::largest(&moments::exponents(h));
                    moments::divide(h, &vec![*exponent; self.units]);
                    remove_mean(h);
                }
                let samples = both[0].nrows();
                let rows = concatenate(Axis(0), &both.each_ref().map(|h| h.view()));
                let rows = rows.expect("both repeats have as many units");
                let mut joint = moments::square(rows.nrows(), "samples", "products")?;
                linalg::product(joint.view_mut(), rows.view(), rows.t());
                (joint / (samples as f64 - 1.0), exponents)
            }
        };
        let half = joint.nrows() / 2;
        let cross = joint.slice(s![half.., ..half]);
        let one = along(joint.slice(s![..half, ..half]), cross)?;
        let other = along(joint.slice(s![half.., half..]), cross)?;
        let mut lambda: Vec<f64> =
            one.into_iter().zip(other).map(|(a, b)| f64::midpoint(a, b)).collect();
        lambda.resize(self.units, 0.0);
        Ok(Array1::from_vec(multiplied(lambda, exponents[0] + exponents[1])?))
    }
}

/// `v_nᵀ cross v_n` for the eigenvectors of a symmetric matrix given by its lower triangle, the
/// largest eigenvalue's first.
fn along(lower: ArrayView2<'_, f64>, cross: ArrayView2<'_, f64>) -> Result<Vec<f64>> {
    let v = linalg::symmetric_eigenvectors(lower)?;
    let mut image = Array2::zeros(v.dim());
    linalg::product(image.view_mut(), cross, v.view());
    let mut values: Vec<f64> =
        v.columns().into_iter().zip(image.columns()).map(|(v, image)| v.dot(&image)).collect();
    values.reverse();
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::powerlaw::{self, Method, Order, Ranks};
    use approx::{assert_abs_diff_eq, assert_relative_eq};
    use rand::{SeedableRng, rngs::ChaCha8Rng};
    use rand_distr::{Distribution, StandardNormal};

    /// Independent units of variance `n^-alpha`, and two repeats of them under noise.
    fn repeats(samples: usize, units: u32, alpha: f64, noise: f64) -> [Array2<f64>; 2] {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let scale: Vec<f64> = (1..=units).map(|n| f64::from(n).powf(-alpha / 2.0)).collect();
        let signal = Array2::from_shape_fn((samples, scale.len()), |(_, j)| scale[j] * normal());
        [(); 2].map(|()| signal.mapv(|x| x + noise * normal()))
    }

    fn signal([a, b]: &[Array2<f64>; 2]) -> Array1<f64> {
        let mut repeats = Repeats::new(a.nrows(), a.ncols()).unwrap();
        for (a, b) in a.axis_chunks_iter(Axis(0), 256).zip(b.axis_chunks_iter(Axis(0), 256)) {
            repeats.add(a.to_owned(), b.to_owned());
        }
        repeats.signal().unwrap()
    }

    #[test]
    fn noise_bends_the_plain_spectrum_and_not_the_signals() {
        let both = repeats(40_000, 200, 1.0, 0.3);
        let alpha = |lambda: &[f64]| {
            let ranks = Ranks::new(1, 50).unwrap();
            powerlaw::fit(lambda, None, ranks, Method::Ols, Order::AsGiven).unwrap().alpha.unwrap()
        };
        let found = alpha(signal(&both).as_slice().unwrap());
        assert!((found - 1.0).abs() < 0.05, "{found}");
        let mut plain = super::super::Spectrum::new(40_000, 200, Of::Covariance).unwrap();
        plain.add(both[0].clone());
        let plain = alpha(plain.eigenvalues().unwrap().as_slice().unwrap());
        assert!(plain < 0.6, "{plain}");
    }

    #[test]
    fn without_noise_it_is_the_plain_spectrum() {
        let [a, _] = repeats(300, 20, 1.0, 0.0);
        let mut plain = super::super::Spectrum::new(300, 20, Of::Covariance).unwrap();
        plain.add(a.clone());
        let plain = plain.eigenvalues().unwrap();
        assert_abs_diff_eq!(signal(&[a.clone(), a]), plain, epsilon = 1e-12);
    }

    #[test]
    fn fewer_samples_than_units_give_the_same() {
        // 30 samples of 20 units; then of 40, of which the further are all 0.
        let both = repeats(30, 20, 1.0, 0.5);
        let wide = both
            .each_ref()
            .map(|h| concatenate(Axis(1), &[h.view(), Array2::zeros((30, 20)).view()]).unwrap());
        let (narrow, wide) = (signal(&both), signal(&wide));
        assert_eq!(wide.len(), 40);
        assert_abs_diff_eq!(wide.slice(s![..20]), narrow, epsilon = 1e-12);
    }

    #[test]
    fn the_variances_add_up_to_the_covariance_of_the_repeats() {
        let [a, b] = repeats(100, 8, 1.0, 0.5);
        let (mean_a, mean_b) = (a.mean_axis(Axis(0)).unwrap(), b.mean_axis(Axis(0)).unwrap());
        let expected = ((&a - &mean_a) * (&b - &mean_b)).sum() / 99.0;
        assert_relative_eq!(signal(&[a, b]).sum(), expected, max_relative = 1e-12);
    }
}
