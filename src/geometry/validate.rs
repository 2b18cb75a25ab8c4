//! Bias and spread of the estimators of alpha on known spectra, against the number of samples.

use serde::Serialize;

use crate::{
    Result,
    data::synthetic::PowerLaw,
    geometry::{
        powerlaw::{self, Fit, Method, Order, Ranks},
        spectrum::{Of, Repeats, Spectrum},
    },
    math::mean::mean_and_sd,
};

/// How the spectrum that is fitted comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// Of activations without noise.
    Plain,
    /// Of activations under noise.
    Noisy,
    /// The signal's, from two repeats under noise.
    Repeat,
}

impl Condition {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Plain, Self::Noisy, Self::Repeat];
}

/// What is tried.
#[derive(Clone, Debug)]
pub struct Plan {
    /// True exponents.
    pub alphas: Vec<f64>,
    /// Numbers of samples.
    pub samples: Vec<usize>,
    /// Units.
    pub units: usize,
    /// Standard deviation of the noise, where there is noise.
    pub noise: f64,
    /// Independent draws of each.
    pub draws: usize,
    /// Ranks that are fitted.
    pub ranks: Ranks,
}

/// A row of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// How the spectrum came about.
    pub source: Condition,
    /// The true exponent.
    pub alpha: f64,
    /// Samples of a draw.
    pub samples: usize,
    /// Units.
    pub units: usize,
    /// Standard deviation of the noise.
    pub noise: f64,
    /// The estimator.
    pub method: Method,
    /// First rank of the fit.
    pub first: usize,
    /// Last rank of the fit.
    pub last: usize,
    /// Draws.
    pub draws: usize,
    /// Mean of the estimates less the true exponent; none where a draw had no estimate.
    pub bias: Option<f64>,
    /// Standard deviation of the estimates.
    pub sd: Option<f64>,
}

/// Try all estimators on everything; `tell` hears of each step.
pub fn validate(plan: &Plan, tell: impl Fn()) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    for &alpha in &plan.alphas {
        for &samples in &plan.samples {
            let mut fits: Vec<[Vec<Fit>; 3]> = Vec::new();
            for draw in 0..plan.draws {
                fits.push(one_draw(plan, alpha, samples, draw as u64 + 1)?);
                tell();
            }
            for (place, source) in Condition::ALL.into_iter().enumerate() {
                for (index, method) in Method::ALL.into_iter().enumerate() {
                    let found = fits.iter().map(|fits| fits[place][index].alpha);
                    let (mean, sd) = mean_and_sd(found);
                    outcomes.push(Outcome {
                        source,
                        alpha,
                        samples,
                        units: plan.units,
                        noise: if source == Condition::Plain { 0.0 } else { plan.noise },
                        method,
                        first: plan.ranks.first(),
                        last: plan.ranks.last(),
                        draws: plan.draws,
                        bias: mean.map(|mean| mean - alpha),
                        sd,
                    });
                }
            }
        }
    }
    Ok(outcomes)
}

/// The fits by each method, of each source's spectrum.
fn one_draw(plan: &Plan, alpha: f64, samples: usize, seed: u64) -> Result<[Vec<Fit>; 3]> {
    let units = plan.units;
    // Noise of two repeats of one draw, and of different draws, has a seed of its own.
    let [first, second] = [2 * seed, 2 * seed + 1].map(|noise_seed| PowerLaw {
        alpha,
        units,
        seed,
        noise: plan.noise,
        noise_seed,
    });
    let mut plain = Spectrum::new(samples, units, Of::Covariance)?;
    let mut noisy = Spectrum::new(samples, units, Of::Covariance)?;
    let mut repeats = Repeats::new(samples, units)?;
    for start in (0..samples).step_by(BLOCK) {
        let rows = BLOCK.min(samples - start);
        let signal = first.signal(start, rows);
        let a = first.under_noise(signal.clone(), start);
        noisy.add(a.clone());
        repeats.add(a, second.under_noise(signal.clone(), start));
        plain.add(signal);
    }
    let fits = |lambda: ndarray::Array1<f64>, order| -> Result<Vec<Fit>> {
        let lambda = lambda.to_vec();
        let fit = |method| powerlaw::fit(&lambda, None, plan.ranks, method, order);
        Method::ALL.into_iter().map(fit).collect()
    };
    Ok([
        fits(plain.eigenvalues()?, Order::Falling)?,
        fits(noisy.eigenvalues()?, Order::Falling)?,
        fits(repeats.signal()?, Order::AsGiven)?,
    ])
}

/// Rows drawn at a time.
const BLOCK: usize = 256;
