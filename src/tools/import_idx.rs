//! Images or labels of a data set as the arrays of a study.

use std::path::{Path, PathBuf};

use clap::Parser;
use ndarray::Array1;

use crate::{
    Result, cli,
    files::{
        read::{DataFile, Idx, IdxContent, Rows, Source},
        write::{NpyOutput, Output},
    },
};

/// Convert images or labels, IDX files (the format of MNIST) or .npy arrays, to the arrays of a study
///
/// Images become f4 (samples, pixels). Bytes are divided by 255. In a .npy array of images, f4, f2, f8,
/// u1 or bool, all axes but the first are flattened to pixels. Labels of an IDX file become u1
/// (samples,). A .npy array of one axis holds labels, integers from 0 to 255 or bool; it is checked, and
/// written unchanged.
///
/// The first bytes of a file, not its name, say what it holds and whether it is gzipped. A file that was
/// gzipped twice is read, as are zeros after gzipped data. A wrong checksum is an error, as are other
/// bytes after the end.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  import-idx train-images-idx3-ubyte.gz -o train-images.npy\n\nSource: the IDX format of LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist/"
)]
struct Args {
    /// IDX file or .npy array, gzipped or not; - for stdin
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Array to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

/// Images converted at a time.
const BLOCK: usize = 1024;

fn run(args: Args) -> Result<()> {
    cli::check_streams(&[&args.file], &[Some(&args.output)])?;
    cli::check_binary(&args.output)?;
    let source = Source::open(&args.file)?;
    let name = source.name().to_owned();
    let data = DataFile::open(source)?;
    if let Some(doubt) = data.doubt() {
        cli::warn(&name, &doubt);
    }
    match data {
        DataFile::Idx(idx) => import_idx(idx, &args.output),
        DataFile::Images(images) => import_images(args.common.noticed(images), &args.output),
        DataFile::Labels(labels, bytes) => {
            args.common.notice_labels(&labels);
            let mut output = Output::create(&args.output)?;
            output.bytes(&bytes)?;
            output.finish()
        }
    }
}

fn import_idx(mut idx: Idx, output: &Path) -> Result<()> {
    match idx.content {
        IdxContent::Labels => {
            let mut output = NpyOutput::create(output, &[idx.samples])?;
            while let Some(labels) = idx.next_block()? {
                output.block(&Array1::from_vec(labels))?;
            }
            output.finish()
        }
        IdxContent::Images { pixels } => {
            let mut output = NpyOutput::create(output, &[idx.samples, pixels])?;
            while let Some(bytes) = idx.next_block()? {
                output.block(&Array1::from_vec(bytes).mapv(|byte| f32::from(byte) / 255.0))?;
            }
            output.finish()
        }
    }
}

fn import_images(mut images: Rows<f32>, output: &Path) -> Result<()> {
    let mut output = NpyOutput::create(output, &[images.samples(), images.columns()])?;
    while let Some(block) = images.next_block(BLOCK)? {
        output.block(&block.values)?;
    }
    output.finish()
}

tool!(run);
