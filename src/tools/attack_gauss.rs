//! Gaussian noise on images.

use clap::Parser;

use crate::{
    Result,
    attack::{Clip, Gauss},
    cli,
    io::write::NpyOutput,
};

/// Add Gaussian noise to images: x' = x + sigma z, z ~ N(0, 1) for each pixel
///
/// Reads images f4, f8 or u1 (samples, pixels) and writes f4 (samples, pixels), in
/// the same order. The noise z of image i depends only on the seed and i, so another
/// sigma scales the same noise. Nothing is clipped unless --clip is given.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  attack-gauss --sigma 0.5 --seed 1 x.npy -o noisy.npy\n\nSource: Jiang, Zhou and Huang, Chin. Phys. B 30, 048702 (2021)"
)]
struct Args {
    /// Standard deviation of the noise, in pixel units (0 is black, 1 is white)
    #[arg(long, value_parser = cli::non_negative_single)]
    sigma: f64,
    /// Seed of the noise
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Clip the attacked pixels to this interval [default: no clipping]
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    clip: Option<Clip>,
    #[command(flatten)]
    from: cli::FromImages,
}

/// Images attacked at a time.
const BLOCK: usize = 1024;

fn run(args: Args) -> Result<()> {
    let gauss = Gauss::new(args.sigma, args.clip, args.seed)?;
    args.from.start(&[], None)?;
    cli::check_binary(&args.from.output)?;
    let mut images = args.from.open()?;
    let mut output = NpyOutput::create(&args.from.output, &[images.samples(), images.columns()])?;
    let mut first = 0;
    while let Some(block) = images.next_block(BLOCK)? {
        let x = gauss.attack(block.values, first);
        output.block(&x)?;
        first += x.nrows();
    }
    output.finish()
}

tool!(run);
