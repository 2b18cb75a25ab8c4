//! Cross-validated principal component analysis (cvPCA): the spectrum of the signal in two noisy
//! repeats of the same stimuli (Stringer et al., Nature 571, 361, 2019).

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate, s};

use super::{Matrix, Moments, joined, moments, remove_mean, require_samples, scaled_by};
use crate::{Result, math::linalg};

/// Accumulates two repeats of the same stimuli, one block of rows at a time, and computes the
/// signal variances by cvPCA.
///
/// The principal components are those of one repeat, `C_aa v_n = l_n v_n`. The noise of the other
/// repeat is independent of them. The covariance of the two repeats along a component,
/// `lambda_n = v_nᵀ C_ba v_n`, therefore estimates the variance of the signal alone, whereas `l_n`
/// includes the noise. The result is the mean of `lambda_n` and of its value with the repeats
/// exchanged.
pub struct Repeats {
    units: usize,
    gathered: Gathered,
}

enum Gathered {
    /// With at least as many samples as units: the moments of the two repeats side by side,
    /// (samples, 2 units).
    Moments(Moments),
    /// With fewer samples than units: the rows of each repeat.
    Rows(Vec<Array2<f64>>, Vec<Array2<f64>>),
}

impl Repeats {
    /// An empty accumulator for `samples` rows of `units` columns in each repeat.
    ///
    /// # Errors
    /// If there are too few samples for a covariance, or too many units for memory.
    pub fn new(samples: usize, units: usize) -> Result<Self> {
        require_samples(samples, Matrix::Covariance)?;
        let gathered = if samples < units {
            Gathered::Rows(Vec::new(), Vec::new())
        } else {
            Gathered::Moments(Moments::new(units.saturating_mul(2))?)
        };
        Ok(Self { units, gathered })
    }

    /// Add a block of rows of both repeats, (samples, units) each, with the same samples in both.
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

    /// The signal variances `lambda_n`, (units,), in the order of the components. The estimates
    /// scatter around the true variances, so that they may increase from rank to rank and may be
    /// negative.
    ///
    /// # Errors
    /// If the eigensolver fails, or if the largest variance is outside the range of f8.
    pub fn signal(self) -> Result<Array1<f64>> {
        // Each repeat has its own power of two as a scale.
        let (joint, exponents) = match self.gathered {
            Gathered::Moments(moments) => {
                let (a, b) = moments.exponents().split_at(self.units);
                let each = [a, b].map(moments::common_exponent);
                let all = each.iter().flat_map(|&e| std::iter::repeat_n(e, self.units));
                (moments.covariance(&all.collect::<Vec<_>>()), each)
            }
            Gathered::Rows(a, b) => {
                // The eigenvectors u_n of the Gram matrix, a aᵀ u_n = (samples - 1) l_n u_n, give
                // the same variances: v_nᵀ bᵀ a v_n = u_nᵀ b aᵀ u_n.
                let mut both = [joined(&a), joined(&b)];
                let mut exponents = [0; 2];
                for (h, exponent) in both.iter_mut().zip(&mut exponents) {
                    *exponent = moments::common_exponent(&moments::exponents(h));
                    moments::divide_columns(h, &vec![*exponent; self.units]);
                    remove_mean(h);
                }
                let samples = both[0].nrows();
                let rows = concatenate(Axis(0), &both.each_ref().map(|h| h.view()));
                let rows = rows.expect("both repeats have as many units");
                let mut joint = moments::square_zeros(rows.nrows(), "samples", "products")?;
                linalg::product(joint.view_mut(), rows.view(), rows.t());
                (joint / (samples as f64 - 1.0), exponents)
            }
        };
        let half = joint.nrows() / 2;
        let cross = joint.slice(s![half.., ..half]);
        let one = variances_along_eigenvectors(joint.slice(s![..half, ..half]), cross)?;
        let other = variances_along_eigenvectors(joint.slice(s![half.., half..]), cross)?;
        let mut lambda: Vec<f64> =
            one.into_iter().zip(other).map(|(a, b)| f64::midpoint(a, b)).collect();
        lambda.resize(self.units, 0.0);
        Ok(Array1::from_vec(scaled_by(lambda, exponents[0] + exponents[1])?))
    }
}

/// `v_nᵀ cross v_n` for the eigenvectors `v_n` of a symmetric matrix, which is given by its lower
/// triangle. They are ordered by eigenvalue, largest first.
fn variances_along_eigenvectors(
    lower: ArrayView2<'_, f64>,
    cross: ArrayView2<'_, f64>,
) -> Result<Vec<f64>> {
    let v = linalg::symmetric_eigenvectors(lower)?;
    let mut values = linalg::along_columns(cross, v.view());
    values.reverse();
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spectrum::powerlaw::{self, Method, Order, Ranks};
    use approx::{assert_abs_diff_eq, assert_relative_eq};
    use rand::{SeedableRng, rngs::ChaCha8Rng};
    use rand_distr::{Distribution, StandardNormal};

    /// Two noisy repeats of independent units with variances `n^-alpha`.
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
    fn noise_changes_alpha_of_the_covariance_and_not_of_the_signal() {
        let both = repeats(40_000, 200, 1.0, 0.3);
        let alpha = |lambda: &[f64]| {
            let ranks = Ranks::new(1, 50).unwrap();
            powerlaw::fit(lambda, None, ranks, Method::Ols, Order::AsGiven).unwrap().alpha.unwrap()
        };
        let found = alpha(signal(&both).as_slice().unwrap());
        assert!((found - 1.0).abs() < 0.05, "{found}");
        let mut plain = super::super::Spectrum::new(40_000, 200, Matrix::Covariance).unwrap();
        plain.add(both[0].clone());
        let plain = alpha(plain.eigenvalues().unwrap().as_slice().unwrap());
        assert!(plain < 0.6, "{plain}");
    }

    #[test]
    fn without_noise_the_signal_variances_are_the_eigenvalues() {
        let [a, _] = repeats(300, 20, 1.0, 0.0);
        let mut plain = super::super::Spectrum::new(300, 20, Matrix::Covariance).unwrap();
        plain.add(a.clone());
        let plain = plain.eigenvalues().unwrap();
        assert_abs_diff_eq!(signal(&[a.clone(), a]), plain, epsilon = 1e-12);
    }

    #[test]
    fn fewer_samples_than_units_give_the_same() {
        // 30 samples of 20 units, and of 40 units of which the last 20 are 0.
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
