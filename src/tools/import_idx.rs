//! IDX images or labels as an array.

use std::path::PathBuf;

use clap::Parser;
use ndarray::Array1;

use crate::{
    Result, cli,
    io::{
        read::{Idx, IdxContent, Source},
        write::NpyOutput,
    },
};

/// Convert an IDX file, the format of MNIST, to a .npy array
///
/// Images become f4 (samples, pixels), with each byte divided by 255. Labels become u1 (samples,).
/// The first bytes of a file, not its name, say whether it holds images or labels and whether it is
/// gzipped. A file that was gzipped twice is read, as are zeros after gzipped data. A wrong checksum
/// is an error, as are other bytes after the end.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  import-idx train-images-idx3-ubyte.gz -o train-images.npy\n\nSource: the IDX format of LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist/"
)]
struct Args {
    /// IDX file, gzipped or not; - for stdin
    #[arg(default_value = "-")]
    idx: PathBuf,
    /// Array to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

fn run(args: Args) -> Result<()> {
    cli::check_streams(&[&args.idx], &[Some(&args.output)])?;
    cli::check_binary(&args.output)?;
    let mut idx = Idx::open(Source::open(&args.idx)?)?;
    match idx.content {
        IdxContent::Labels => {
            let mut output = NpyOutput::create(&args.output, &[idx.samples])?;
            while let Some(labels) = idx.next_block()? {
                output.block(&Array1::from_vec(labels))?;
            }
            output.finish()
        }
        IdxContent::Images { pixels } => {
            let mut output = NpyOutput::create(&args.output, &[idx.samples, pixels])?;
            while let Some(bytes) = idx.next_block()? {
                output.block(&Array1::from_vec(bytes).mapv(|byte| f32::from(byte) / 255.0))?;
            }
            output.finish()
        }
    }
}

tool!(run);
