//! Mean and standard deviation of fits over several random draws of a spectrum.

use serde::Serialize;

use super::{Fit, Method};
use crate::math::mean::mean_and_sd;

/// One line of the output of `fit-powerlaw --draws`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Number of spectra fitted.
    pub draws: usize,
    /// The first rank requested.
    pub rank_first: usize,
    /// The last rank requested.
    pub rank_last: usize,
    /// How alpha was estimated.
    pub method: Method,
    /// Mean of the exponents; `None` if any of them is missing.
    pub alpha: Option<f64>,
    /// Standard deviation of the exponents, with divisor n - 1.
    pub alpha_sd: Option<f64>,
    /// Mean of the participation ratios.
    pub participation_ratio: Option<f64>,
    /// Standard deviation of the participation ratios, with divisor n - 1.
    pub participation_ratio_sd: Option<f64>,
}

/// Mean and standard deviation over the draws, for each combination of ranks and method, in the
/// order of their first occurrence.
#[must_use]
pub fn spread(fits: &[Fit]) -> Vec<Spread> {
    let key = |fit: &Fit| (fit.rank_first, fit.rank_last, fit.method);
    let mut keys: Vec<_> = Vec::new();
    for fit in fits {
        if !keys.contains(&key(fit)) {
            keys.push(key(fit));
        }
    }
    let over_draws = |(rank_first, rank_last, method)| {
        let same = || fits.iter().filter(|fit| key(fit) == (rank_first, rank_last, method));
        let (alpha, alpha_sd) = mean_and_sd(same().map(|fit| fit.alpha));
        let (participation_ratio, participation_ratio_sd) =
            mean_and_sd(same().map(|fit| fit.participation_ratio));
        Spread {
            draws: same().count(),
            rank_first,
            rank_last,
            method,
            alpha,
            alpha_sd,
            participation_ratio,
            participation_ratio_sd,
        }
    };
    keys.into_iter().map(over_draws).collect()
}
