//! Weighted least-squares fits of a line and of a parabola.

use nalgebra::{DMatrix, DVector};

/// Weighted least-squares regression of y on x with a line, and the curvature of the parabola that
/// fits best.
pub struct Regression {
    /// Slope of the line.
    pub slope: f64,
    /// Standard error of the slope from the residuals, assuming that they are independent.
    pub slope_error: f64,
    /// Value of the line at x = 0.
    pub intercept: f64,
    /// The fraction of the variance of y that the line explains; `None` if y is constant.
    pub r2: Option<f64>,
    /// Coefficient of x² in the parabola.
    pub curvature: f64,
}

impl Regression {
    /// Fit at least three points with different x.
    ///
    /// x is centred and scaled to t first, because for x far from 0 the columns x and x² of the
    /// design matrix would be almost parallel. The QR decomposition of the columns `1, t, t²` makes
    /// them orthogonal: the first three components of `Qᵀ y` are the contributions of the three
    /// powers, and the others are the residuals of the parabola. Explained and residual variance are
    /// thus sums of squares, which round-off cannot make negative.
    pub fn new(x: &[f64], y: &[f64], weights: &[f64]) -> Self {
        let total: f64 = weights.iter().sum();
        let centre = x.iter().zip(weights).map(|(x, w)| w * x).sum::<f64>() / total;
        let squares: f64 = x.iter().zip(weights).map(|(x, w)| w * (x - centre).powi(2)).sum();
        let scale = (squares / total).sqrt();
        let root: Vec<f64> = weights.iter().map(|w| w.sqrt()).collect();
        let design = DMatrix::from_fn(x.len(), 3, |i, power| {
            let t = (x[i] - centre) / scale;
            root[i] * [1.0, t, t * t][power]
        });
        let mut components = DVector::from_fn(y.len(), |i, _| root[i] * y[i]);
        let qr = design.qr();
        qr.q_tr_mul(&mut components);
        let r = qr.r();
        let slope = components[1] / r[(1, 1)];
        let mean = (components[0] - r[(0, 1)] * slope) / r[(0, 0)];
        let explained = components[1].powi(2);
        let residual = components.rows_range(2..).norm_squared();
        let degrees_of_freedom = x.len() as f64 - 2.0;
        Self {
            slope: slope / scale,
            slope_error: (residual / degrees_of_freedom).sqrt() / (r[(1, 1)].abs() * scale),
            intercept: mean - slope * centre / scale,
            r2: Some(explained / (explained + residual)).filter(|r2| r2.is_finite()),
            curvature: components[2] / r[(2, 2)] / (scale * scale),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// Neumaier's compensated sum.
    fn sum(terms: impl Iterator<Item = f64>) -> f64 {
        let (sum, lost) = terms.fold((0.0_f64, 0.0), |(sum, lost), term| {
            let next = sum + term;
            let error =
                if sum.abs() >= term.abs() { (sum - next) + term } else { (term - next) + sum };
            (next, lost + error)
        });
        sum + lost
    }

    /// Slope, its standard error, r2 and curvature from closed formulas, with polynomials `1, p, q`
    /// that are orthogonal under the weights.
    fn by_orthogonal_polynomials(x: &[f64], y: &[f64], w: &[f64]) -> [f64; 4] {
        let over = |f: &dyn Fn(usize) -> f64| sum((0..x.len()).map(|i| w[i] * f(i)));
        let total = over(&|_| 1.0);
        let (mean_x, mean_y) = (over(&|i| x[i]) / total, over(&|i| y[i]) / total);
        let p: Vec<f64> = x.iter().map(|x| x - mean_x).collect();
        let pp = over(&|i| p[i] * p[i]);
        let (a, b) = (over(&|i| p[i].powi(3)) / pp, pp / total);
        let q: Vec<f64> = p.iter().map(|p| p * p - a * p - b).collect();
        let slope = over(&|i| p[i] * (y[i] - mean_y)) / pp;
        let curvature = over(&|i| q[i] * (y[i] - mean_y)) / over(&|i| q[i] * q[i]);
        let residual = over(&|i| (y[i] - mean_y - slope * p[i]).powi(2));
        let r2 = 1.0 - residual / over(&|i| (y[i] - mean_y).powi(2));
        [slope, (residual / (x.len() - 2) as f64 / pp).sqrt(), r2, curvature]
    }

    #[test]
    fn all_ranges_of_ranks_agree_with_closed_formulas() {
        // A power law, a bent power law, and one with pseudo-random steps.
        let bend = |n: usize| (n as f64).ln().powi(2);
        let step = |n: usize| ((n * 7919) % 101) as f64 / 101.0;
        let spectra: [&dyn Fn(usize) -> f64; 3] =
            [&|n| -(n as f64).ln(), &|n| -1.5 * (n as f64).ln() - 0.03 * bend(n), &|n| {
                -0.8 * (n as f64).ln() + 0.1 * step(n)
            }];
        for spectrum in spectra {
            for points in [3, 4, 6, 11, 31, 101, 201, 700] {
                for first in (1..=2000 - points).step_by(1 + points / 2) {
                    let ranks = first..first + points;
                    let x: Vec<f64> =
                        ranks.clone().map(|n| (n as f64 / first as f64).ln()).collect();
                    let y: Vec<f64> =
                        ranks.clone().map(|n| spectrum(n) - spectrum(first)).collect();
                    let ones = vec![1.0; points];
                    let inverse: Vec<f64> = ranks.map(|n| 1.0 / n as f64).collect();
                    for weights in [ones, inverse] {
                        let found = Regression::new(&x, &y, &weights);
                        let [slope, error, r2, curvature] =
                            by_orthogonal_polynomials(&x, &y, &weights);
                        // y has a rounding error of 1e-16 of ln(2000) or of its own size. Over a
                        // short range this changes the slope, and the curvature even more.
                        let width = x[points - 1];
                        let largest = y.iter().fold(1.0_f64, |largest, y| largest.max(y.abs()));
                        let round_off = 1e-13 * largest / width;
                        let place = format!("{points} ranks from {first}");
                        assert!((found.slope - slope).abs() < round_off, "{place}");
                        assert!((found.slope_error - error).abs() < round_off, "{place}");
                        assert!((found.r2.unwrap() - r2).abs() < 1e-9, "{place}");
                        let difference = (found.curvature - curvature).abs() * width;
                        assert!(difference < round_off, "{place}: {difference}");
                        assert!(found.r2.unwrap() <= 1.0, "{place}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_parabola_is_found_far_from_zero() {
        let x: Vec<f64> = (0..40).map(|i| 7.0 + 0.01 * f64::from(i)).collect();
        let y: Vec<f64> = x.iter().map(|x| 2.0 - 3.0 * x + 0.5 * x * x).collect();
        let found = Regression::new(&x, &y, &vec![1.0; 40]);
        assert_relative_eq!(found.curvature, 0.5, max_relative = 1e-9);
        // The best line through evenly spaced points of a parabola has the slope of the parabola in
        // the middle.
        assert_relative_eq!(found.slope, -3.0 + 7.195, max_relative = 1e-9);
    }

    #[test]
    fn a_constant_has_no_slope_and_no_r2() {
        let x: Vec<f64> = (1..=20).map(|n| f64::from(n).ln()).collect();
        let found = Regression::new(&x, &[0.0; 20], &[1.0; 20]);
        assert_eq!((found.slope, found.curvature, found.r2), (0.0, 0.0, None));
    }
}
