//! The spread of fits over draws of one spectrum.

use serde::Serialize;

use super::{Fit, Method};
use crate::math::mean::mean_and_sd;

/// A line of `fit-powerlaw --draws`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Spectra fitted.
    pub draws: usize,
    /// The first rank asked for.
    pub first: usize,
    /// The last rank asked for.
    pub last: usize,
    /// How alpha was estimated.
    pub method: Method,
    /// Mean of the exponents; none if any is missing.
    pub alpha: Option<f64>,
    /// Their standard deviation (n - 1).
    pub alpha_sd: Option<f64>,
    /// Mean of the participation ratios.
    pub participation_ratio: Option<f64>,
    /// Their standard deviation.
    pub participation_ratio_sd: Option<f64>,
}

/// Mean and standard deviation over the fits that differ in nothing but the draw, in the order in
/// which the first draw has them.
#[must_use]
pub fn spread(fits: &[Fit]) -> Vec<Spread> {
    let key = |fit: &Fit| (fit.first, fit.last, fit.method);
    let mut keys: Vec<_> = Vec::new();
    for fit in fits {
        if !keys.contains(&key(fit)) {
            keys.push(key(fit));
        }
    }
    let of = |(first, last, method)| {
        let same = || fits.iter().filter(|fit| key(fit) == (first, last, method));
        let (alpha, alpha_sd) = mean_and_sd(same().map(|fit| fit.alpha));
        let (participation_ratio, participation_ratio_sd) =
            mean_and_sd(same().map(|fit| fit.participation_ratio));
        Spread {
            draws: same().count(),
            first,
            last,
            method,
            alpha,
            alpha_sd,
            participation_ratio,
            participation_ratio_sd,
        }
    };
    keys.into_iter().map(of).collect()
}
