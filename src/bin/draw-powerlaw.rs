//! Activations whose spectrum is known.

use std::path::PathBuf;

use clap::Parser;
use local_errors::{
    Result, cli,
    data::synthetic::{PowerLaw, block},
    io::write::NpyOutput,
};

/// Draw Gaussian activations whose covariance has the eigenvalues n^-alpha
///
/// Use them to test estimators, or your own code. Writes f4 (samples, units): unit n has the
/// variance n^-alpha, plus independent Gaussian noise if --noise is given. Different seeds share
/// neither activations nor noise. The same seed with another noise seed is a repeat of the same
/// stimuli.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  draw-powerlaw --alpha 1 --samples 5000 --units 200 | spectrum | fit-powerlaw --method all"
)]
struct Args {
    /// Exponent alpha of the eigenvalues
    #[arg(long, value_parser = cli::non_negative)]
    alpha: f64,
    /// Number of samples (rows), at most 1000000000
    #[arg(long, value_name = "N", value_parser = cli::count_to::<1_000_000_000>)]
    samples: usize,
    /// Number of units (columns), at most 10000000
    #[arg(long, value_name = "N", value_parser = cli::count_to::<10_000_000>)]
    units: usize,
    /// Standard deviation of the noise on every unit; unit 1 has variance 1 without it
    #[arg(long, value_name = "SIGMA", value_parser = cli::non_negative_single, default_value_t = 0.0)]
    noise: f64,
    /// Seed of the activations
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seed of the noise [default: the same as --seed]
    #[arg(long)]
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

local_errors::tool!(run);
