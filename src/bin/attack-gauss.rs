//! Gaussian noise on images.

use std::process::ExitCode;

use clap::Parser;
use local_errors::{
    Result,
    attack::{Clip, gauss},
    cli,
    write::NpyOutput,
};

/// Add Gaussian noise to images: x' = x + sigma z, z ~ N(0, 1) for each pixel
///
/// Images f4, f8 or u1 (samples, pixels) become f4 (samples, pixels), in the same
/// order. The noise of image i depends on the seed and i alone: another sigma
/// scales the same noise. Nothing is clipped unless asked.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  attack-gauss --sigma 0.5 --seed 1 x.npy -o noisy.npy\n\nSource: Jiang, Zhou and Huang, Chin. Phys. B 30, 048702 (2021)"
)]
struct Args {
    /// Standard deviation of the noise, in pixel units
    #[arg(long, value_parser = cli::non_negative_single)]
    sigma: f64,
    /// Of the noise
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Cut attacked pixels off outside this interval
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    clip: Option<Clip>,
    #[command(flatten)]
    from: cli::FromImages,
}

/// Images attacked at a time.
const BLOCK: usize = 1024;

fn run(args: Args) -> Result<()> {
    args.from.start(&[], None)?;
    cli::check_binary(&args.from.output)?;
    let mut images = args.from.open()?;
    let mut output = NpyOutput::create(&args.from.output, &[images.samples(), images.columns()])?;
    let mut first = 0;
    while let Some(block) = images.next_block(BLOCK)? {
        let mut x = block.values;
        gauss::attack(&mut x, first, args.sigma as f32, args.seed, args.clip);
        output.block(&x)?;
        first += x.nrows();
    }
    output.finish()
}

fn main() -> ExitCode {
    cli::main(run)
}
