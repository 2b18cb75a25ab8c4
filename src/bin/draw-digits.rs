//! Handwriting-like digits, drawn.

use std::path::PathBuf;

use clap::Parser;
use local_errors::{
    Error, Result, cli,
    data::digits::{Digits, PIXELS},
    io::write::NpyOutput,
};

/// Draw handwriting-like digits, a data set that needs no download
///
/// Images f4 (samples, 784) of 28 x 28 pixels in [0, 1], background 0, centred by
/// mass; or with --labels what they show, u1 (samples,). Image i depends on the
/// seed and i alone: a shorter run is the beginning of a longer one.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  draw-digits --count 1000 -o x.npy && draw-digits --count 1000 --labels -o y.npy\n\nSource: skeletons of this project, in the format of the MNIST images (LeCun, Cortes and Burges)"
)]
struct Args {
    /// Number of images, at most 1000000000
    #[arg(long, value_name = "N", value_parser = cli::count_to::<1_000_000_000>)]
    count: usize,
    /// Seed of the drawing
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Give the labels of the images
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

local_errors::tool!(run);
