//! The power-law exponent of a ranked eigenspectrum, `lambda_n ~ n^-alpha`, and the
//! dimensionality of the spectrum.
//!
//! alpha is the exponent of the rank n, as in Stringer et al., Nature 571, 361 (2019). It differs
//! from the exponent of the eigenvalues' probability density, which is `1 + 1/alpha`.

mod compare;
mod ranks;
mod regression;
mod spread;

use std::borrow::Cow;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, math::scale, number};
pub use compare::{Bic, Comparison, Description};
pub use ranks::{Grid, Ranks};
use regression::Regression;
pub use spread::{Spread, spread};

/// Eigenvalues at or below this fraction of the largest count as round-off. Summing thousands of
/// f4 activations in f64 leaves errors of about 1e-13 of the largest.
pub const POSITIVE: f64 = 1e-10;

/// Two eigenvalues count as equal if their logarithms differ by at most this, because eigensolvers
/// leave relative errors of 1e-16 to 1e-13.
const EQUAL: f64 = 1e-12;

/// How alpha is estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Least-squares regression of ln lambda_n on ln n
    #[default]
    Ols,
    /// Least-squares regression with weights 1/n (Stringer et al. 2019)
    Weighted,
    /// Maximum likelihood (Hill 1975): the density exponent a of all eigenvalues above the one at the
    /// last rank gives alpha = 1/(a - 1); the first rank is ignored, because leaving out the largest
    /// eigenvalues would bias the estimate
    Mle,
}

impl Method {
    /// All methods.
    pub const ALL: [Self; 3] = [Self::Ols, Self::Weighted, Self::Mle];

    /// The name of the method in JSON and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ols => "ols",
            Self::Weighted => "weighted",
            Self::Mle => "mle",
        }
    }
}

/// What a spectrum to be fitted must satisfy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The eigenvalues must be sorted, largest first, and none may be negative beyond round-off.
    #[default]
    Falling,
    /// Any order and sign is accepted, for the signal variances of `spectrum --repeat`, whose
    /// estimates scatter and may be negative. The ranks end before the first value that is not
    /// positive.
    AsGiven,
}

/// One line of the output of `fit-powerlaw`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The layer, counted from 1; `None` for the spectrum of a single matrix.
    pub layer: Option<usize>,
    /// Number of eigenvalues.
    pub units: usize,
    /// Number of eigenvalues above [`POSITIVE`] times the largest.
    pub positive: usize,
    /// The first rank requested.
    pub rank_first: usize,
    /// The last rank requested.
    pub rank_last: usize,
    /// Number of ranks used.
    pub points: usize,
    /// How alpha was estimated.
    pub method: Method,
    /// The exponent; `None` if too few ranks are positive.
    pub alpha: Option<f64>,
    /// Standard error of alpha from the residuals, assuming that they are independent.
    pub stderr: Option<f64>,
    /// `ln lambda` of the fitted line at rank 1.
    pub intercept: Option<f64>,
    /// Coefficient of determination: the fraction of the variance of `ln lambda` that the line
    /// explains.
    pub r2: Option<f64>,
    /// The coefficient of `(ln n)²` in a quadratic fit: 0 for a power law.
    pub curvature: Option<f64>,
    /// Participation ratio of the whole spectrum: `(sum lambda)² / sum lambda²`.
    pub participation_ratio: Option<f64>,
    /// Effective rank of the whole spectrum: `exp(-sum p ln p)` with `p = lambda / sum lambda`. The
    /// definition is that of Roy and Vetterli (EUSIPCO 2007), applied to the covariance's eigenvalues
    /// in place of singular values.
    pub effective_rank: Option<f64>,
    /// Reasons to doubt alpha.
    pub warnings: Vec<Warning>,
    /// The power law beside other descriptions, if [`compare`] was asked for it.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
}

/// A reason to doubt a fitted alpha.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Warning {
    /// The last rank requested lies beyond the positive eigenvalues; the fit ends at the last of
    /// them.
    CutAtPositive,
    /// Fewer than 3 ranks are usable, so that there is no alpha.
    TooFewRanks,
    /// The curvature is so large that a quadratic fit is flat at one end of the ranks: a power law
    /// does not describe them.
    Bent,
    /// No eigenvalue is positive: all units are constant.
    NoVariance,
}

impl Warning {
    /// The code of the warning in JSON.
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

/// Fit a power law to the spectrum `lambda`, (units,), over `ranks`. `layer` is only copied to the
/// result.
///
/// # Errors
/// If `order` is [`Order::Falling`] and the spectrum is not sorted or has negative values.
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
    // Scaled by a power of two, which is exact, neither the squares nor the sum leave the range of
    // f8.
    let exponent = scale::exponent_of(lambda);
    let lambda: Cow<'_, [f64]> = match exponent {
        0 => lambda.into(),
        _ => lambda.iter().map(|&l| scale::times_power_of_two(l, -exponent)).collect(),
    };
    let positive = positive(&lambda);
    let mut warnings = Vec::new();
    if positive == 0 {
        warnings.push(Warning::NoVariance);
    }
    if ranks.last() > positive {
        warnings.push(Warning::CutAtPositive);
    }
    let last = ranks.last().min(positive);
    let points = (last + 1).saturating_sub(ranks.first());
    let above = || lambda.iter().map(|l| l.max(0.0));
    let (sum, squares) = (above().sum::<f64>(), above().map(|l| l * l).sum::<f64>());
    let mut fit = Fit {
        layer,
        units: lambda.len(),
        positive,
        rank_first: ranks.first(),
        rank_last: ranks.last(),
        points,
        method,
        alpha: None,
        stderr: None,
        intercept: None,
        r2: None,
        curvature: None,
        participation_ratio: (positive > 0).then(|| sum / squares * sum),
        effective_rank: (positive > 0).then(|| entropy(&lambda, sum).exp()),
        warnings,
        comparison: None,
    };
    if points < 3 {
        fit.warnings.push(Warning::TooFewRanks);
        return Ok(fit);
    }
    // Ranks and eigenvalues are taken relative to the first rank, so that the scale of the
    // eigenvalues enters the intercept only.
    let (first, used) = (ranks.first() as f64, &lambda[ranks.first() - 1..last]);
    let x: Vec<f64> = (ranks.first()..=last).map(|n| (n as f64 / first).ln()).collect();
    let y = logarithms(used, used[0]);
    let weights: Vec<f64> = match method {
        Method::Weighted => (ranks.first()..=last).map(|n| 1.0 / n as f64).collect(),
        Method::Ols | Method::Mle => vec![1.0; points],
    };
    let line = Regression::new(&x, &y, &weights);
    let alpha = match method {
        Method::Mle => hill(&lambda[..last]),
        Method::Ols | Method::Weighted => {
            let scale = f64::from(exponent) * std::f64::consts::LN_2;
            fit.intercept = Some(used[0].ln() + scale + line.intercept - line.slope * first.ln());
            fit.r2 = line.r2;
            fit.stderr = Some(line.slope_error);
            // A slope of 0 gives alpha 0; -slope would be -0.
            0.0 - line.slope
        }
    };
    fit.alpha = Some(alpha).filter(|alpha| alpha.is_finite());
    fit.curvature = Some(line.curvature);
    // Over this width of ln n, the slope of the quadratic fit changes by 2 curvature width, and by
    // half of that from the middle to either end. If that exceeds alpha, the slope reaches 0.
    let width = x[points - 1];
    if line.curvature.abs() * width > alpha.abs() {
        fit.warnings.push(Warning::Bent);
    }
    Ok(fit)
}

/// Compare a power law over `ranks` of the spectrum `lambda`, (units,), with an exponential and with a
/// broken power law, which has two slopes. The ranks are those that [`fit`] uses, without weights.
#[must_use]
pub fn compare(lambda: &[f64], ranks: Ranks) -> Comparison {
    let last = ranks.last().min(positive(lambda));
    let used = lambda.get(ranks.first() - 1..last).unwrap_or_default();
    compare::compare(ranks.first(), &logarithms(used, used.first().copied().unwrap_or(1.0)))
}

/// Number of eigenvalues before the first that is not positive beyond round-off.
fn positive(lambda: &[f64]) -> usize {
    let largest = lambda.iter().copied().fold(0.0, f64::max);
    lambda.iter().take_while(|&&l| l > 0.0 && l > POSITIVE * largest).count()
}

/// `ln (lambda / reference)`. If all eigenvalues are equal up to round-off, all logarithms are 0,
/// so that round-off gives neither a slope nor a variance.
fn logarithms(lambda: &[f64], reference: f64) -> Vec<f64> {
    let mut logarithms: Vec<f64> = lambda.iter().map(|l| (l / reference).ln()).collect();
    if logarithms.iter().all(|l| l.abs() <= EQUAL) {
        logarithms.fill(0.0);
    }
    logarithms
}

/// Whether eigenvalues are in ascending order, as NumPy and SciPy return them, and not all equal.
/// Eigenvalues that are round-off may be in any order.
#[must_use]
pub fn is_ascending(lambda: &[f64]) -> bool {
    let lambda = without_round_off(lambda);
    lambda.is_sorted() && !lambda.iter().rev().is_sorted()
}

/// The eigenvalues, with those that are round-off set to 0.
fn without_round_off(lambda: &[f64]) -> Vec<f64> {
    let largest = lambda.iter().copied().fold(0.0, f64::max);
    lambda.iter().map(|&l| if l.abs() > POSITIVE * largest { l } else { 0.0 }).collect()
}

/// Refuse a spectrum that is not sorted, largest first, or that has negative values.
fn check(lambda: &[f64]) -> Result<()> {
    let cleaned = without_round_off(lambda);
    if let Some(n) = (1..cleaned.len()).find(|&n| cleaned[n] > cleaned[n - 1]) {
        return Err(Error::data(format!(
            "is not sorted, largest first, at rank {} (found {}, expected at most {}): sort the eigenvalues, unless they are the spectrum of repeats, which keeps its order",
            n + 1,
            number(lambda[n]),
            number(lambda[n - 1])
        )));
    }
    match cleaned.iter().position(|&l| l < 0.0) {
        None => Ok(()),
        Some(n) => Err(Error::data(format!(
            "has a negative eigenvalue at rank {} (found {}, expected at least 0, or round-off of at most {POSITIVE:?} of the largest)",
            n + 1,
            number(lambda[n])
        ))),
    }
}

/// The entropy `-sum p ln p` with `p = lambda / sum`.
fn entropy(lambda: &[f64], sum: f64) -> f64 {
    lambda.iter().map(|l| l / sum).filter(|&p| p > 0.0).map(|p| -p * p.ln()).sum()
}

/// Hill's estimator: `alpha = 1/(a - 1) = sum ln(lambda_i / lambda_last) / k` over the k
/// eigenvalues before the last. They must include the largest ones, because the density that the
/// likelihood assumes has no upper limit.
fn hill(lambda: &[f64]) -> f64 {
    let (&last, others) = lambda.split_last().expect("at least three ranks are used");
    logarithms(others, last).iter().sum::<f64>() / others.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    fn ranks(first: usize, last: usize) -> Ranks {
        Ranks::new(first, last).unwrap()
    }

    fn power_law(alpha: f64, scale: f64, units: u32) -> Vec<f64> {
        (1..=units).map(|n| scale * f64::from(n).powf(-alpha)).collect()
    }

    fn alpha(lambda: &[f64], first: usize, last: usize, method: Method) -> f64 {
        fit(lambda, None, ranks(first, last), method, Order::Falling).unwrap().alpha.unwrap()
    }

    proptest! {
        #[test]
        fn an_exact_power_law_gives_its_alpha_at_any_scale(
            exponent in 0.1..3.0_f64, scale in 1e-12..1e12_f64, first in 1..40_usize,
        ) {
            let lambda = power_law(exponent, scale, 120);
            for method in [Method::Ols, Method::Weighted] {
                let fit = fit(&lambda, None, ranks(first, 100), method, Order::Falling).unwrap();
                prop_assert!((fit.alpha.unwrap() - exponent).abs() < 1e-9);
                prop_assert!(fit.r2.unwrap() > 1.0 - 1e-9);
                prop_assert!(fit.stderr.unwrap() < 1e-9);
                prop_assert!(fit.curvature.unwrap().abs() < 1e-8);
                prop_assert!((fit.intercept.unwrap() - scale.ln()).abs() < 1e-7);
                prop_assert_eq!(&fit.warnings, &vec![]);
            }
        }

        #[test]
        fn rescaling_the_spectrum_changes_no_alpha(exponent in -290..290) {
            let scale = 10.0_f64.powi(exponent);
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
    fn powers_of_two_change_the_intercept_and_nothing_else() {
        let lambda: Vec<f64> = (1..=60).map(|n| (-0.1 * f64::from(n)).exp() + 1e-3).collect();
        let ranks = ranks(2, 50);
        for method in Method::ALL {
            let expected = fit(&lambda, None, ranks, method, Order::Falling).unwrap();
            for exponent in [-1000, -600, -30, 30, 600, 1020] {
                let scaled: Vec<f64> =
                    lambda.iter().map(|&l| scale::times_power_of_two(l, exponent)).collect();
                let found = fit(&scaled, None, ranks, method, Order::Falling).unwrap();
                let shift = f64::from(exponent) * 2.0_f64.ln();
                if let (Some(a), Some(b)) = (found.intercept, expected.intercept) {
                    assert_relative_eq!(a, b + shift, max_relative = 1e-12);
                }
                assert_eq!(Fit { intercept: expected.intercept, ..found }, expected, "{exponent}");
            }
        }
    }

    #[test]
    fn equal_eigenvalues_have_no_slope_no_bend_and_no_variance() {
        let round_off = |n: usize| 1.0 + 1e-14 * ((n * 37) % 60) as f64;
        let mut nearly: Vec<f64> = (0..60).map(round_off).collect();
        nearly.sort_by(|a, b| b.total_cmp(a));
        for lambda in [vec![0.1; 60], vec![1e-300; 60], nearly] {
            for method in Method::ALL {
                let ranks = ranks(1, 50);
                let fit = fit(&lambda, None, ranks, method, Order::Falling).unwrap();
                assert_eq!((fit.alpha, fit.curvature), (Some(0.0), Some(0.0)));
                assert!(fit.alpha.unwrap().is_sign_positive());
                assert_eq!((fit.r2, fit.warnings), (None, vec![]));
                assert_relative_eq!(fit.participation_ratio.unwrap(), 60.0, max_relative = 1e-12);
            }
        }
    }

    #[test]
    fn ties_leave_r2_between_0_and_1() {
        for steps in [[1.0, 1.0, 0.9, 0.9, 0.9, 0.1], [5.0, 5.0, 5.0, 5.0, 5.0, 4.999_999]] {
            for method in [Method::Ols, Method::Weighted] {
                let ranks = ranks(1, 6);
                let r2 = fit(&steps, None, ranks, method, Order::Falling).unwrap().r2.unwrap();
                assert!((0.0..=1.0).contains(&r2), "{r2}");
            }
        }
    }

    #[test]
    fn round_off_of_a_solver_counts_as_zero() {
        let ranks = ranks(1, 15);
        let mut lambda = power_law(1.0, 3.0, 12);
        let of = |lambda: &[f64]| fit(lambda, None, ranks, Method::Ols, Order::Falling).unwrap();
        lambda.extend([0.0; 3]);
        let expected = of(&lambda);
        // Round-off may be negative and in any order.
        lambda.splice(12.., [-1e-17, 2e-16, -3e-11]);
        let found = of(&lambda);
        assert_eq!((found.positive, found.alpha), (12, expected.alpha));
        for (a, b) in [
            (found.participation_ratio, expected.participation_ratio),
            (found.effective_rank, expected.effective_rank),
        ] {
            assert_relative_eq!(a.unwrap(), b.unwrap(), max_relative = 1e-9);
        }
        lambda[14] = -4e-10;
        assert!(fit(&lambda, None, ranks, Method::Ols, Order::Falling).is_err());
    }

    #[test]
    fn ascending_spectra_are_recognised() {
        for (lambda, expected) in [
            (vec![1.0, 2.0, 3.0], true),
            (vec![-1e-17, 2e-16, 1e-16, 0.5, 2.0], true),
            (vec![3.0, 2.0, 1.0], false),
            (vec![1.0, 1.0], false),
            (vec![1.0], false),
            (vec![1.0, 3.0, 2.0], false),
            (vec![-1.0, 1.0, 2.0], true), // the negative one is refused elsewhere
        ] {
            assert_eq!(is_ascending(&lambda), expected, "{lambda:?}");
        }
    }

    #[test]
    fn maximum_likelihood_finds_the_rank_exponent() {
        // For an exact power law, Hill's estimator gives alpha times ln(k^k / k!) / k, which by
        // Stirling's formula is smaller than alpha by a fraction ln(2 pi k) / 2k.
        let k = 999.0_f64;
        let bias = (2.0 * std::f64::consts::PI * k).ln() / (2.0 * k);
        let lambda = power_law(1.5, 1.0, 1000);
        let expected =
            1.5 * (1000.0_f64.ln() * k - (1..1000).map(|n| f64::from(n).ln()).sum::<f64>()) / k;
        assert_relative_eq!(alpha(&lambda, 1, 1000, Method::Mle), expected, max_relative = 1e-12);
        assert!((expected - 1.5).abs() < 1.5 * bias + 2.0 / k);
        // The first rank requested is ignored: it would cut off the upper end of the density.
        assert_relative_eq!(alpha(&lambda, 50, 1000, Method::Mle), expected, max_relative = 1e-12);
    }

    #[test]
    fn dimensionality_of_a_flat_spectrum_is_its_length() {
        let fit = fit(&[2.0; 7], None, ranks(1, 7), Method::Ols, Order::Falling).unwrap();
        assert_relative_eq!(fit.participation_ratio.unwrap(), 7.0, epsilon = 1e-12);
        assert_relative_eq!(fit.effective_rank.unwrap(), 7.0, epsilon = 1e-12);
    }

    #[test]
    fn zeros_are_left_out_with_a_warning() {
        let mut lambda = power_law(1.0, 1.0, 20);
        lambda.extend([1e-11, 0.0, 0.0]);
        let fit = fit(&lambda, Some(3), ranks(1, 23), Method::Ols, Order::Falling).unwrap();
        assert_eq!((fit.positive, fit.points, fit.units), (20, 20, 23));
        assert_relative_eq!(fit.alpha.unwrap(), 1.0, epsilon = 1e-12);
        assert_eq!(fit.warnings, [Warning::CutAtPositive]);
    }

    #[test]
    fn a_collapsed_layer_has_no_alpha_and_is_no_error() {
        let ranks = ranks(1, 50);
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
        let bent = fit(&lambda, None, ranks(1, 50), Method::Ols, Order::Falling).unwrap();
        assert!(bent.warnings.contains(&Warning::Bent));
    }

    #[test]
    fn unsorted_or_negative_spectra_are_refused() {
        let ranks = ranks(1, 3);
        assert!(fit(&[1.0, 2.0, 0.5], None, ranks, Method::Ols, Order::Falling).is_err());
        assert!(fit(&[1.0, 0.5, -0.1], None, ranks, Method::Ols, Order::Falling).is_err());
    }

    #[test]
    fn a_spectrum_in_any_order_ends_before_the_first_value_that_is_not_positive() {
        let ranks = ranks(1, 10);
        let lambda = [1.0, 0.4, 0.5, 0.2, -0.1, 0.3];
        let fit = fit(&lambda, None, ranks, Method::Ols, Order::AsGiven).unwrap();
        assert_eq!((fit.positive, fit.points), (4, 4));
        assert_relative_eq!(fit.participation_ratio.unwrap(), 2.4 * 2.4 / 1.54, epsilon = 1e-12);
    }
}
