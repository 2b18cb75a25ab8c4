//! Activations whose spectrum is known.

use std::path::PathBuf;

use clap::Parser;

use crate::{
    Result, cli,
    data::synthetic::{PowerLaw, block},
    files::write::NpyOutput,
};

/// Draw Gaussian activations whose covariance has the eigenvalues n^-alpha
///
/// Use them to test estimators of alpha. Writes f4 (samples, units): unit n has mean 0 and variance
/// n^-alpha, and units are independent. --noise adds independent Gaussian noise to every unit.
/// Outputs of different seeds share neither activations nor noise. Outputs of the same seed and
/// different noise seeds are noisy repeats of the same stimuli, as for spectrum --repeat.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  draw-powerlaw --alpha 1 --samples 5000 --units 200 | spectrum | fit-powerlaw --method all"
)]
struct Args {
    /// Exponent alpha of the eigenvalues, at least 0
    #[arg(long, value_parser = cli::non_negative)]
    alpha: f64,
    /// Number of samples (rows), at most 1000000000
    #[arg(long, value_name = "N", value_parser = cli::count_to::<1_000_000_000>)]
    samples: usize,
    /// Number of units (columns), at most 10000000
    #[arg(long, value_name = "N", value_parser = cli::count_to::<10_000_000>)]
    units: usize,
    /// Standard deviation of the noise on every unit, in the units of the activations: without noise,
    /// unit 1 has standard deviation 1
    #[arg(long, value_name = "SIGMA", value_parser = cli::non_negative_single, default_value_t = 0.0)]
    noise: f64,
    /// Seed of the activations
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seed of the noise [default: the same as --seed]
    #[arg(long, value_name = "SEED")]
    noise_seed: Option<u64>,
    /// Activations to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

fn run(args: Args) -> Result<()> {
    cli::check_binary(&args.output)?;
    let law = PowerLaw {
        alpha: args.alpha,
        units: args.units,
        seed: args.seed,
        noise: args.noise,
        noise_seed: args.noise_seed.unwrap_or(args.seed),
    };
    let mut output = NpyOutput::create(&args.output, &[args.samples, args.units])?;
    let block = block(args.units);
    for first in (0..args.samples).step_by(block) {
        let rows = law.rows(first, block.min(args.samples - first));
        output.block(&rows.mapv(|h| h as f32))?;
    }
    output.finish()
}

tool!(run);
