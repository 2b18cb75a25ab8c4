//! Digits that look like handwriting, drawn.

use std::path::PathBuf;

use clap::Parser;

use crate::{
    Error, Result, cli,
    data::digits::{Digits, PIXELS},
    files::write::NpyOutput,
};

/// Draw digits that look like handwriting, a data set that needs no download
///
/// Writes images, f4 (samples, 784), of 28 x 28 pixels in [0, 1] with background 0, each centred by
/// its mass. With --labels it writes their labels instead, u1 (samples,). Image i depends on the
/// seed and i alone, so the first 1000 of 2000 images are those that --count 1000 draws.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  draw-digits --count 1000 -o x.npy && draw-digits --count 1000 --labels -o y.npy\n\nSource: stroke skeletons of this project; the format is that of the MNIST images (LeCun, Cortes and Burges)"
)]
struct Args {
    /// Number of images, at most 1000000000
    #[arg(long, value_name = "N", value_parser = cli::count_to::<1_000_000_000>)]
    count: usize,
    /// Seed of the images: which digits they show, and how each is distorted
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the labels of the images instead of the images
    #[arg(long)]
    labels: bool,
    /// Array to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

/// Images drawn at a time.
const BLOCK: usize = 1024;

fn run(args: Args) -> Result<()> {
    cli::check_binary(&args.output)?;
    let digits = Digits::new().map_err(Error::data)?;
    let blocks = (0..args.count)
        .step_by(BLOCK)
        .map(|first| digits.images(args.seed, first..args.count.min(first + BLOCK)));
    if args.labels {
        let mut output = NpyOutput::create(&args.output, &[args.count])?;
        for (_, labels) in blocks {
            output.block(&labels)?;
        }
        output.finish()
    } else {
        let mut output = NpyOutput::create(&args.output, &[args.count, PIXELS])?;
        for (images, _) in blocks {
            output.block(&images)?;
        }
        output.finish()
    }
}

tool!(run);
