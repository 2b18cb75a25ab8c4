//! Gaussian noise on images.

use clap::Parser;
use ndarray::{Array2, Axis};

use crate::{
    Result,
    attack::{Clip, Gauss},
    cli,
    files::write::NpyOutput,
};

/// Add Gaussian noise to images: x' = x + sigma z, z ~ N(0, 1) for each pixel
///
/// Reads images f4, f8 or u1 (samples, pixels) and writes f4 (samples, pixels), in
/// the same order. The noise z of image i depends only on the seed and i, so another
/// sigma scales the same noise. Nothing is clipped unless --clip is given.
///
/// With --draws N it writes f4 (samples N, pixels): N independent draws of each image, one after the
/// other. extract-activations --average N averages over them.
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
    /// Number of draws of the noise for each image, at most 1000000. The noise of row i of the output
    /// depends only on the seed and i
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = cli::count_to::<1_000_000>)]
    draws: usize,
    /// Clip the attacked pixels to this interval [default: no clipping]
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    clip: Option<Clip>,
    #[command(flatten)]
    from: cli::FromImages,
}

/// Rows attacked at a time.
const BLOCK: usize = 1024;

fn run(args: Args) -> Result<()> {
    let gauss = Gauss::new(args.sigma, args.clip, args.seed)?;
    args.from.start(&[], None)?;
    cli::check_binary(&args.from.output)?;
    let mut images = args.from.open()?;
    // A number of rows that overflows is refused as too large.
    let rows = images.samples().saturating_mul(args.draws);
    let mut output = NpyOutput::create(&args.from.output, &[rows, images.columns()])?;
    let mut first = 0;
    while let Some(block) = images.next_block(BLOCK)? {
        for images in repeated(&block.values, args.draws) {
            let x = gauss.attack(images, first);
            output.block(&x)?;
            first += x.nrows();
        }
    }
    output.finish()
}

/// Each of the images `times` times, one after the other, in blocks of rows.
fn repeated(images: &Array2<f32>, times: usize) -> impl Iterator<Item = Array2<f32>> {
    let rows = images.nrows() * times;
    (0..rows).step_by(BLOCK).map(move |start| {
        let row_of = |row: usize| row / times;
        let chosen: Vec<usize> = (start..rows.min(start + BLOCK)).map(row_of).collect();
        images.select(Axis(0), &chosen)
    })
}

tool!(run);
