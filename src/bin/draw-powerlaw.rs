//! Activations whose spectrum is known.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use local_errors::{Result, cli, synthetic::PowerLaw, write::NpyOutput};

/// Draw Gaussian activations whose covariance has the eigenvalues n^-alpha
///
/// Written are f4 (samples, units): unit n has the variance n^-alpha, and independent Gaussian
/// noise on top where asked. The same seed with another noise seed is a repeat of the same
/// stimuli. To try estimators on, and one's own code.
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
    /// Rows
    #[arg(long, value_name = "N", value_parser = cli::count)]
    samples: usize,
    /// Columns
    #[arg(long, value_name = "N", value_parser = cli::count)]
    units: usize,
    /// Standard deviation of noise on every unit
    #[arg(long, value_name = "SIGMA", value_parser = cli::non_negative, default_value_t = 0.0)]
    noise: f64,
    /// Of the activations
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Of the noise
    #[arg(long, default_value_t = 1)]
    noise_seed: u64,
    /// Activations; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

/// Rows drawn at a time.
const BLOCK: usize = 1024;

fn run(args: Args) -> Result<()> {
    cli::check_binary(&args.output)?;
    let law = PowerLaw {
        alpha: args.alpha,
        units: args.units,
        seed: args.seed,
        noise: args.noise,
        noise_seed: args.noise_seed,
    };
    let mut output = NpyOutput::create(&args.output, &[args.samples, args.units])?;
    for first in (0..args.samples).step_by(BLOCK) {
        let rows = law.rows(first, BLOCK.min(args.samples - first));
        output.block(&rows.mapv(|h| h as f32))?;
    }
    output.finish()
}

fn main() -> ExitCode {
    cli::main(run)
}
