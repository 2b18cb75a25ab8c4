//! The spectrum of pure noise: the eigenvalues of the sample covariance of independent entries.

use std::f64::consts::PI;

/// Number of steps in the numerical integral of the density.
const STEPS: usize = 1 << 14;

/// Expected eigenvalues, (units,), largest first, of the covariance of `samples` independent
/// vectors with `units` independent entries of the given variance. If the mean is estimated and
/// removed, pass one sample fewer.
///
/// They are the quantiles `(n - 1/2) / units` of the Marchenko-Pastur density
/// `sqrt((b - λ)(λ - a)) / (2 pi γ variance λ)` with `γ = units / samples` and
/// `a, b = variance (1 ∓ sqrt γ)²`. If `γ > 1`, a fraction `1 - 1/γ` of them is 0.
///
/// Source: Marchenko and Pastur, Math. USSR Sb. 1, 457 (1967).
#[must_use]
pub fn spectrum(units: usize, samples: usize, variance: f64) -> Vec<f64> {
    let gamma = units as f64 / samples as f64;
    // λ as a function of the angle on a half circle: in the angle, the density has no singular
    // ends.
    let lambda = |angle: f64| 1.0 + gamma - 2.0 * gamma.sqrt() * angle.cos();
    let step = PI / STEPS as f64;
    let probability = |n: usize| {
        let angle = (n as f64 - 0.5) * step;
        2.0 / PI * angle.sin().powi(2) / lambda(angle) * step
    };
    let (mut left, mut above) = (STEPS, 0.0);
    let eigenvalue = |n: usize| {
        let wanted = (n as f64 - 0.5) / units as f64;
        while left > 0 && above + probability(left) < wanted {
            above += probability(left);
            left -= 1;
        }
        if left == 0 {
            return 0.0;
        }
        variance * lambda((left as f64 - (wanted - above) / probability(left)) * step)
    };
    (1..=units).map(eigenvalue).collect()
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use ndarray::Array2;
    use rand::{SeedableRng, rngs::ChaCha8Rng};
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    /// The first moments are 1 and 1 + γ, in units of the variance and its square.
    #[test]
    fn moments_are_those_of_the_law() {
        for (units, samples) in [(2000, 100_000), (2000, 4000), (2000, 2000), (2000, 1000)] {
            let lambda = spectrum(units, samples, 3.0);
            let mean = |power: i32| {
                lambda.iter().map(|l| (l / 3.0).powi(power)).sum::<f64>() / units as f64
            };
            let gamma = units as f64 / samples as f64;
            assert_relative_eq!(mean(1), 1.0, max_relative = 1e-3);
            assert_relative_eq!(mean(2), 1.0 + gamma, max_relative = 1e-3);
            assert!(lambda.windows(2).all(|pair| pair[0] >= pair[1]));
            let zeros = lambda.iter().filter(|l| **l == 0.0).count();
            assert_eq!(zeros, units.saturating_sub(samples));
        }
    }

    #[test]
    fn noise_has_this_spectrum() {
        let mut generator = ChaCha8Rng::seed_from_u64(1);
        let (units, samples) = (60, 600);
        let noise = Array2::from_shape_fn((samples, units), |_| {
            2.0 * <StandardNormal as Distribution<f64>>::sample(&StandardNormal, &mut generator)
        });
        let covariance = noise.t().dot(&noise) / samples as f64;
        let matrix = nalgebra::DMatrix::from_fn(units, units, |i, j| covariance[[i, j]]);
        let mut found: Vec<f64> = matrix.symmetric_eigenvalues().iter().copied().collect();
        found.sort_by(|a, b| b.total_cmp(a));
        for (expected, found) in spectrum(units, samples, 4.0).into_iter().zip(found) {
            assert_relative_eq!(expected, found, max_relative = 0.05);
        }
    }
}
