//! Bias and standard deviation of the estimators of alpha on spectra with a known exponent, as a
//! function of the number of samples.

use serde::Serialize;

use crate::{
    Result,
    data::synthetic::PowerLaw,
    math::mean::mean_and_sd,
    spectrum::{
        Matrix, Repeats, Spectrum,
        powerlaw::{self, Fit, Method, Order, Ranks},
    },
};

/// The data from which the fitted spectrum is estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// Activations without noise.
    Plain,
    /// Activations with noise.
    Noisy,
    /// Two repeats with independent noise, from which the spectrum of the signal is estimated.
    Repeat,
}

impl Condition {
    /// All conditions, in the order of the output.
    pub const ALL: [Self; 3] = [Self::Plain, Self::Noisy, Self::Repeat];
}

/// The settings of a validation: each exponent is combined with each number of samples.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The true exponents.
    pub alphas: Vec<f64>,
    /// The numbers of samples.
    pub samples: Vec<usize>,
    /// Number of units.
    pub units: usize,
    /// Standard deviation of the noise in the conditions with noise.
    pub noise: f64,
    /// Number of independent draws for each exponent and number of samples.
    pub draws: usize,
    /// The ranks of the fit.
    pub ranks: Ranks,
}

/// One row of the output: how one estimator performs under one condition.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The data from which the spectrum was estimated.
    pub source: Condition,
    /// The true exponent.
    pub alpha: f64,
    /// Number of samples in each draw.
    pub samples: usize,
    /// Number of units.
    pub units: usize,
    /// Standard deviation of the noise.
    pub noise: f64,
    /// The estimator.
    pub method: Method,
    /// First rank of the fit.
    pub rank_first: usize,
    /// Last rank of the fit.
    pub rank_last: usize,
    /// Number of draws.
    pub draws: usize,
    /// Mean of the estimates minus the true exponent; `None` if the fit of a draw gave no estimate.
    pub bias: Option<f64>,
    /// Standard deviation of the estimates.
    pub sd: Option<f64>,
}

/// Apply all estimators of alpha to drawn activations under all conditions. `on_draw` is called
/// after each draw.
pub fn validate(plan: &Plan, on_draw: impl Fn()) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    for &alpha in &plan.alphas {
        for &samples in &plan.samples {
            let mut fits: Vec<[Vec<Fit>; 3]> = Vec::new();
            for draw in 0..plan.draws {
                fits.push(one_draw(plan, alpha, samples, draw as u64 + 1)?);
                on_draw();
            }
            for (condition, source) in Condition::ALL.into_iter().enumerate() {
                for (index, method) in Method::ALL.into_iter().enumerate() {
                    let found = fits.iter().map(|fits| fits[condition][index].alpha);
                    let (mean, sd) = mean_and_sd(found);
                    outcomes.push(Outcome {
                        source,
                        alpha,
                        samples,
                        units: plan.units,
                        noise: if source == Condition::Plain { 0.0 } else { plan.noise },
                        method,
                        rank_first: plan.ranks.first(),
                        rank_last: plan.ranks.last(),
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

/// The fits of one draw, by each method for each condition.
fn one_draw(plan: &Plan, alpha: f64, samples: usize, seed: u64) -> Result<[Vec<Fit>; 3]> {
    let units = plan.units;
    // All noise is independent: each repeat of each draw has its own noise seed.
    let [first, second] = [2 * seed, 2 * seed + 1].map(|noise_seed| PowerLaw {
        alpha,
        units,
        seed,
        noise: plan.noise,
        noise_seed,
    });
    let mut plain = Spectrum::new(samples, units, Matrix::Covariance)?;
    let mut noisy = Spectrum::new(samples, units, Matrix::Covariance)?;
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

/// Number of rows drawn at a time.
const BLOCK: usize = 256;
