//! Activations whose spectrum is known.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use local_errors::{
    Result, cli,
    synthetic::{PowerLaw, block},
    write::NpyOutput,
};

/// Draw Gaussian activations whose covariance has the eigenvalues n^-alpha
///
/// Written are f4 (samples, units): unit n has the variance n^-alpha, and independent Gaussian
/// noise on top where asked. Draws of different seeds share neither activations nor noise; the
/// same seed with another noise seed is a repeat of the same stimuli. To try estimators on, and one's own code.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  draw-powerlaw --alpha 1 --samples 5000 --units 200 | spectrum | fit-powerlaw --method all"
)]
struct Args {
    /// The exponent
    #[arg(long, value_parser = cli::non_negative)]
    alpha: f64,
    /// Rows, at most 1000000000
    #[arg(long, value_name = "N", value_parser = cli::count_to::<1_000_000_000>)]
    samples: usize,
    /// Columns, at most 10000000
    #[arg(long, value_name = "N", value_parser = cli::count_to::<10_000_000>)]
    units: usize,
    /// Standard deviation of noise on every unit
    #[arg(long, value_name = "SIGMA", value_parser = cli::non_negative_single, default_value_t = 0.0)]
    noise: f64,
    /// Of the activations
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Of the noise [default: that of --seed]
    #[arg(long)]
    noise_seed: Option<u64>,
    /// Activations; - for stdout
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

fn main() -> ExitCode {
    cli::main(run)
}
