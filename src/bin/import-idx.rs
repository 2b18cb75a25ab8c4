//! IDX images or labels as an array.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use local_errors::{
    Result, cli,
    read::{Idx, IdxContent, Source},
    write::NpyOutput,
};
use ndarray::{Array1, Array2};

/// Turn an IDX file, as MNIST comes in, into a .npy array
///
/// Images become f4 (samples, pixels), each byte divided by 255; labels become
/// u1 (samples,). Which of them a file holds, and whether it is gzipped, is told
/// by its first bytes.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  import-idx train-images-idx3-ubyte.gz -o train-images.npy\n\nSource: the IDX format of LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist/"
)]
struct Args {
    /// IDX file, plain or gzipped; - for stdin
    #[arg(default_value = "-")]
    idx: PathBuf,
    /// Array to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

/// Images converted at a time.
const BLOCK: usize = 1024;

fn run(args: Args) -> Result<()> {
    cli::check_streams(&[&args.idx], &[Some(&args.output)])?;
    cli::check_binary(&args.output)?;
    let mut idx = Idx::open(Source::open(&args.idx)?)?;
    match idx.content {
        IdxContent::Labels => {
            let labels = Array1::from_vec(idx.take(idx.samples)?);
            idx.end()?;
            local_errors::write::npy(&args.output, &labels)?.finish()
        }
        IdxContent::Images { pixels } => {
            let mut output = NpyOutput::create(&args.output, &[idx.samples, pixels])?;
            let mut left = idx.samples;
            while left > 0 {
                let rows = BLOCK.min(left);
                let bytes = Array2::from_shape_vec((rows, pixels), idx.take(rows * pixels)?)
                    .map_err(|e| idx.wrong(e.to_string()))?;
                output.block(&bytes.mapv(|byte| f32::from(byte) / 255.0))?;
                left -= rows;
            }
            idx.end()?;
            output.finish()
        }
    }
}

fn main() -> ExitCode {
    cli::main(run)
}
