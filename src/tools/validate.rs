//! The estimators of alpha on spectra that are known.

use std::path::PathBuf;

use clap::Parser;

use crate::{
    Result, cli,
    files::write::{self, Output},
    report::figures,
    spectrum::{
        estimator_bias::{Plan, validate},
        powerlaw::Ranks,
    },
};

/// Measure the bias and spread of the estimators of alpha on known spectra, as CSV
///
/// Draws Gaussian activations whose covariance has the eigenvalues n^-alpha, without noise and as
/// two noisy repeats. Fits three spectra by every method: the spectrum without noise, the
/// spectrum with noise, and the signal's spectrum from the two repeats (cvPCA). Writes one row
/// per spectrum, alpha, number of samples and method, with the bias (mean estimate minus alpha)
/// and the standard deviation over the draws.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  validate --alphas 1,2 --samples 500,1000 --draws 3 --units 100\n\nSource: Stringer et al., Nature 571, 361 (2019)"
)]
struct Args {
    /// True exponents alpha
    #[arg(long, value_name = "ALPHA,...", value_delimiter = ',', value_parser = cli::non_negative,
          default_value = "0.5,1,1.5,2,2.5,3")]
    alphas: Vec<f64>,
    /// Numbers of samples, each at most 1000000000
    #[arg(long, value_name = "N,...", value_delimiter = ',', value_parser = cli::count_to::<1_000_000_000>,
          default_value = "250,500,1000,2500,5000,10000,20000")]
    samples: Vec<usize>,
    /// Number of units, at most 32768
    #[arg(long, value_name = "N", value_parser = cli::count_to::<32_768>, default_value_t = 200)]
    units: usize,
    /// Standard deviation of the noise on every unit; unit 1 has variance 1 without it
    #[arg(long, value_name = "SIGMA", value_parser = cli::non_negative, default_value_t = 0.28)]
    noise: f64,
    /// Number of draws for each alpha and number of samples, at most 1000000
    #[arg(long, value_name = "N", value_parser = cli::count_to::<1_000_000>, default_value_t = 10)]
    draws: usize,
    /// Ranks to fit, counted from 1, both included
    #[arg(long, value_name = "FIRST-LAST", default_value = "1-50")]
    ranks: Ranks,
    /// Also draw the result as a figure, as SVG
    #[arg(long, value_name = "FILE")]
    figure: Option<PathBuf>,
    /// CSV table to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

fn run(args: Args) -> Result<()> {
    cli::check_streams(&[], &[Some(&args.output), args.figure.as_deref()])?;
    let plan = Plan {
        alphas: args.alphas,
        samples: args.samples,
        units: args.units,
        noise: args.noise,
        draws: args.draws,
        ranks: args.ranks,
    };
    let steps = plan.alphas.len().saturating_mul(plan.samples.len()).saturating_mul(plan.draws);
    let bar =
        cli::bar(args.common.quiet, steps as u64, "{pos} of {len} draws [{wide_bar}] {eta} left");
    let outcomes = validate(&plan, || bar.inc(1))?;
    bar.finish_and_clear();
    let mut outputs = vec![write::csv(&args.output, &outcomes)?];
    if let Some(file) = &args.figure {
        let mut figure = Output::create(file)?;
        figure.bytes(figures::estimators(&outcomes).as_bytes())?;
        outputs.push(figure);
    }
    write::finish_all(outputs)
}

tool!(run);
