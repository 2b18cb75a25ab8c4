//! The power-law exponent of a ranked eigenspectrum, `lambda_n ~ n^-alpha`, and
//! its dimensionality.
//!
//! alpha is the exponent of the ranks, as in Stringer et al., Nature 571, 361
//! (2019), not that of the eigenvalues' density, which is `1 + 1/alpha`.

mod ranks;
mod spread;

use std::str::FromStr;

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};
pub use ranks::{Grid, Ranks};
pub use spread::{Spread, spread};

/// Eigenvalues at or below this part of the largest are round-off: a sum of
/// thousands of f4 activations in f64 leaves errors of 1e-13 of it.
pub const POSITIVE: f64 = 1e-10;

/// How alpha is estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Ordinary least squares of `ln lambda_n` on `ln n`.
    #[default]
    Ols,
    /// Least squares with weights `1/n` (Stringer et al. 2019).
    Weighted,
    /// Maximum likelihood of the density of all eigenvalues above the last one used
    /// (Hill, Ann. Stat. 3, 1163, 1975): `1/alpha = a - 1`.
    Mle,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ols, Self::Weighted, Self::Mle];

    /// Its name, as in JSON and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ols => "ols",
            Self::Weighted => "weighted",
            Self::Mle => "mle",
        }
    }
}

impl FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|method| method.name() == text)
            .ok_or_else(|| "expected ols, weighted or mle".into())
    }
}

/// The order of a spectrum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Largest first, none negative; anything else is no spectrum.
    #[default]
    Falling,
    /// As it is: the signal's variances of `spectrum --repeat` scatter, also below 0. Ranks end
    /// before the first that is not positive.
    AsGiven,
}

/// A line of `fit-powerlaw`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// From 1; none for a spectrum of one matrix.
    pub layer: Option<usize>,
    /// Eigenvalues in all.
    pub units: usize,
    /// Eigenvalues above [`POSITIVE`] of the largest.
    pub positive: usize,
    /// The first rank asked for.
    pub first: usize,
    /// The last rank asked for.
    pub last: usize,
    /// Ranks used.
    pub points: usize,
    /// How alpha was estimated.
    pub method: Method,
    /// The exponent.
    pub alpha: Option<f64>,
    /// Its standard error, from the residuals as if they were independent.
    pub stderr: Option<f64>,
    /// `ln lambda` of the line at rank 1.
    pub intercept: Option<f64>,
    /// The share of the variance of `ln lambda` that the line explains.
    pub r2: Option<f64>,
    /// The coefficient of the squared `ln n` in a quadratic fit: 0 for a power law.
    pub curvature: Option<f64>,
    /// `(sum lambda)² / sum lambda²`
    pub participation_ratio: Option<f64>,
    /// `exp(-sum p ln p)`, `p = lambda / sum lambda`: that of Roy and Vetterli (EUSIPCO 2007), who
    /// take singular values, but of the covariance's eigenvalues.
    pub effective_rank: Option<f64>,
    /// What to know before alpha is believed.
    pub warnings: Vec<Warning>,
}

/// What to know before alpha is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Warning {
    /// The last rank asked for is beyond the positive eigenvalues.
    CutAtPositive,
    /// Fewer than 3 ranks are left: no alpha.
    TooFewRanks,
    /// A quadratic fit is flat at one end of the ranks: no power law describes them.
    Bent,
    /// No eigenvalue is positive: all units are constant.
    NoVariance,
}

impl Warning {
    /// Its code, as in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::CutAtPositive => "cut-at-positive",
            Self::TooFewRanks => "too-few-ranks",
            Self::Bent => "bent",
            Self::NoVariance => "no-variance",
        }
    }
}

/// A line, or a parabola, through points.
struct LeastSquares {
    coefficients: DVector<f64>,
    /// Weighted sum of squared residuals.
    residual: f64,
}

/// Fit `lambda`, (units,), over `ranks`.
pub fn fit(
    lambda: &[f64],
    layer: Option<usize>,
    ranks: Ranks,
    method: Method,
    order: Order,
) -> Result<Fit> {
    if order == Order::Falling {
        check(lambda)?;
    }
    let largest = lambda.iter().copied().fold(0.0, f64::max);
    let positive = lambda.iter().take_while(|&&l| l > 0.0 && l > POSITIVE * largest).count();
    let mut warnings = Vec::new();
    if positive == 0 {
        warnings.push(Warning::NoVariance);
    }
    if ranks.last > positive {
        warnings.push(Warning::CutAtPositive);
    }
    let last = ranks.last.min(positive);
    let points = (last + 1).saturating_sub(ranks.first);
    let above = || lambda.iter().map(|l| l.max(0.0));
    let (sum, squares) = (above().sum::<f64>(), above().map(|l| l * l).sum::<f64>());
    let mut fit = Fit {
        layer,
        units: lambda.len(),
        positive,
        first: ranks.first,
        last: ranks.last,
        points,
        method,
        alpha: None,
        stderr: None,
        intercept: None,
        r2: None,
        curvature: None,
        participation_ratio: (positive > 0).then(|| sum / squares * sum),
        effective_rank: (positive > 0).then(|| entropy(lambda, sum).exp()),
        warnings,
    };
    if points < 3 {
        fit.warnings.push(Warning::TooFewRanks);
        return Ok(fit);
    }
    let used = Ranks { first: ranks.first, last };
    let x: Vec<f64> = (used.first..=used.last).map(|n| (n as f64).ln()).collect();
    let y: Vec<f64> = lambda[used.first - 1..used.last].iter().map(|l| l.ln()).collect();
    let weights: Vec<f64> = match method {
        Method::Weighted => (used.first..=used.last).map(|n| 1.0 / n as f64).collect(),
        Method::Ols | Method::Mle => vec![1.0; points],
    };
    let curvature = least_squares(&x, &y, &weights, 2)?.coefficients[2];
    let alpha = match method {
        Method::Mle => hill(&lambda[..used.last]),
        Method::Ols | Method::Weighted => {
            let line = least_squares(&x, &y, &weights, 1)?;
            let total = deviation(&y, &weights);
            fit.intercept = Some(line.coefficients[0]);
            fit.r2 = (total > 0.0).then(|| 1.0 - line.residual / total);
            let variance = line.residual / (points - 2) as f64;
            fit.stderr = Some((variance / deviation(&x, &weights)).sqrt());
            -line.coefficients[1]
        }
    };
    fit.alpha = Some(alpha).filter(|alpha| alpha.is_finite());
    fit.curvature = Some(curvature);
    // Across this width the slope of the quadratic fit changes by 2 curvature width:
    // by about half of that, to 0 and beyond, from the middle to one of the ends.
    let width = x[points - 1] - x[0];
    if curvature.abs() * width > alpha.abs() {
        fit.warnings.push(Warning::Bent);
    }
    Ok(fit)
}

/// A spectrum is ordered and has no negative values.
fn check(lambda: &[f64]) -> Result<()> {
    let Some(n) = (1..lambda.len()).find(|&n| lambda[n] > lambda[n - 1]) else {
        return match lambda.iter().position(|&l| l < 0.0) {
            None => Ok(()),
            Some(n) => Err(Error::data(format!(
                "has a negative eigenvalue at rank {} (found {}, expected at least 0)",
                n + 1,
                lambda[n]
            ))),
        };
    };
    Err(Error::data(format!(
        "is not sorted, largest first, at rank {} (found {}, expected at most {}): --as-ranked takes it as it is",
        n + 1,
        lambda[n],
        lambda[n - 1]
    )))
}

/// `-sum p ln p`
fn entropy(lambda: &[f64], sum: f64) -> f64 {
    lambda.iter().map(|l| l / sum).filter(|&p| p > 0.0).map(|p| -p * p.ln()).sum()
}

/// `alpha = 1/(a - 1) = sum ln(lambda_i / lambda_last) / k` over the k others, which
/// are all that are larger: the density has no upper end.
fn hill(lambda: &[f64]) -> f64 {
    let (Some(last), others) = (lambda.last(), lambda.len() - 1) else {
        return f64::NAN;
    };
    lambda[..others].iter().map(|l| (l / last).ln()).sum::<f64>() / others as f64
}

/// Weighted sum of squared deviations from the weighted mean.
fn deviation(values: &[f64], weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    let mean = values.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>() / total;
    values.iter().zip(weights).map(|(v, w)| w * (v - mean).powi(2)).sum()
}

/// The polynomial in x that fits y best, lowest power first.
fn least_squares(x: &[f64], y: &[f64], weights: &[f64], degree: usize) -> Result<LeastSquares> {
    let root: Vec<f64> = weights.iter().map(|w| w.sqrt()).collect();
    let power = |x: f64, power: usize| (0..power).map(|_| x).product::<f64>();
    let design = DMatrix::from_fn(x.len(), degree + 1, |i, p| root[i] * power(x[i], p));
    let target = DVector::from_fn(y.len(), |i, _| root[i] * y[i]);
    let coefficients = design
        .clone()
        .svd(true, true)
        .solve(&target, f64::EPSILON)
        .map_err(|e| Error::data(format!("cannot be fitted: {e}")))?;
    let residual = (target - design * &coefficients).norm_squared();
    Ok(LeastSquares { coefficients, residual })
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    fn power_law(alpha: f64, scale: f64, units: u32) -> Vec<f64> {
        (1..=units).map(|n| scale * f64::from(n).powf(-alpha)).collect()
    }

    fn alpha(lambda: &[f64], first: usize, last: usize, method: Method) -> f64 {
        fit(lambda, None, Ranks { first, last }, method, Order::Falling).unwrap().alpha.unwrap()
    }

    proptest! {
        #[test]
        fn an_exact_power_law_gives_its_alpha_at_any_scale(
            exponent in 0.1..3.0_f64, scale in 1e-12..1e12_f64, first in 1..40_usize,
        ) {
            let lambda = power_law(exponent, scale, 120);
            for method in [Method::Ols, Method::Weighted] {
                let fit = fit(&lambda, None, Ranks { first, last: 100 }, method, Order::Falling).unwrap();
                prop_assert!((fit.alpha.unwrap() - exponent).abs() < 1e-9);
                prop_assert!(fit.r2.unwrap() > 1.0 - 1e-9);
                prop_assert!(fit.stderr.unwrap() < 1e-9);
                prop_assert!(fit.curvature.unwrap().abs() < 1e-8);
                prop_assert!((fit.intercept.unwrap() - scale.ln()).abs() < 1e-7);
                prop_assert_eq!(&fit.warnings, &vec![]);
            }
        }

        #[test]
        fn rescaling_the_spectrum_changes_no_alpha(scale in 1e-9..1e9_f64) {
            let lambda: Vec<f64> =
                (1..=60).map(|n| (-0.1 * f64::from(n)).exp() + 1e-3).collect();
            let scaled: Vec<f64> = lambda.iter().map(|l| l * scale).collect();
            for method in [Method::Ols, Method::Weighted, Method::Mle] {
                let (a, b) = (alpha(&lambda, 2, 50, method), alpha(&scaled, 2, 50, method));
                prop_assert!((a - b).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn maximum_likelihood_finds_the_rank_exponent() {
        // Hill's estimator of an exact power law is (ln of k^k/k!) / k times alpha,
        // short of alpha by ln(2 pi k) / 2k (Stirling).
        let k = 999.0_f64;
        let bias = (2.0 * std::f64::consts::PI * k).ln() / (2.0 * k);
        let lambda = power_law(1.5, 1.0, 1000);
        let expected =
            1.5 * (1000.0_f64.ln() * k - (1..1000).map(|n| f64::from(n).ln()).sum::<f64>()) / k;
        assert_relative_eq!(alpha(&lambda, 1, 1000, Method::Mle), expected, max_relative = 1e-12);
        assert!((expected - 1.5).abs() < 1.5 * bias + 2.0 / k);
        // The first rank asked for does not cut the density off above.
        assert_relative_eq!(alpha(&lambda, 50, 1000, Method::Mle), expected, max_relative = 1e-12);
    }

    #[test]
    fn dimensionality_of_a_flat_spectrum_is_its_length() {
        let fit =
            fit(&[2.0; 7], None, Ranks { first: 1, last: 7 }, Method::Ols, Order::Falling).unwrap();
        assert_relative_eq!(fit.participation_ratio.unwrap(), 7.0, epsilon = 1e-12);
        assert_relative_eq!(fit.effective_rank.unwrap(), 7.0, epsilon = 1e-12);
    }

    #[test]
    fn zeros_are_left_out_and_said() {
        let mut lambda = power_law(1.0, 1.0, 20);
        lambda.extend([1e-11, 0.0, 0.0]);
        let fit = fit(&lambda, Some(3), Ranks { first: 1, last: 23 }, Method::Ols, Order::Falling)
            .unwrap();
        assert_eq!((fit.positive, fit.points, fit.units), (20, 20, 23));
        assert_relative_eq!(fit.alpha.unwrap(), 1.0, epsilon = 1e-12);
        assert_eq!(fit.warnings, [Warning::CutAtPositive]);
    }

    #[test]
    fn a_collapsed_layer_has_no_alpha_and_stops_nothing() {
        let ranks = Ranks { first: 1, last: 50 };
        let two = fit(&[1.0, 0.5, 0.0, 0.0], None, ranks, Method::Ols, Order::Falling).unwrap();
        assert_eq!((two.alpha, two.points), (None, 2));
        assert_eq!(two.warnings, [Warning::CutAtPositive, Warning::TooFewRanks]);
        let none = fit(&[0.0; 4], None, ranks, Method::Mle, Order::Falling).unwrap();
        assert_eq!((none.alpha, none.participation_ratio), (None, None));
        assert!(none.warnings.contains(&Warning::NoVariance));
    }

    #[test]
    fn a_plateau_and_a_cliff_are_bent() {
        let mut lambda = vec![1.0; 9];
        lambda.extend((1..=41).map(|n| 0.1 * (-0.2 * f64::from(n)).exp()));
        let bent =
            fit(&lambda, None, Ranks { first: 1, last: 50 }, Method::Ols, Order::Falling).unwrap();
        assert!(bent.warnings.contains(&Warning::Bent));
    }

    #[test]
    fn what_is_no_spectrum_is_refused() {
        let ranks = Ranks { first: 1, last: 3 };
        assert!(fit(&[1.0, 2.0, 0.5], None, ranks, Method::Ols, Order::Falling).is_err());
        assert!(fit(&[1.0, 0.5, -0.1], None, ranks, Method::Ols, Order::Falling).is_err());
    }

    #[test]
    fn a_spectrum_as_it_is_ends_before_what_is_not_positive() {
        let ranks = Ranks { first: 1, last: 10 };
        let lambda = [1.0, 0.4, 0.5, 0.2, -0.1, 0.3];
        let fit = fit(&lambda, None, ranks, Method::Ols, Order::AsGiven).unwrap();
        assert_eq!((fit.positive, fit.points), (4, 4));
        assert_relative_eq!(fit.participation_ratio.unwrap(), 2.4 * 2.4 / 1.54, epsilon = 1e-12);
    }
}
