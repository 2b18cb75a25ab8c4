//! Arrays, described.

use std::path::{Path, PathBuf};

use clap::Parser;

use crate::{
    Result, cli,
    files::{
        info::Info,
        read::{Elements, Source},
        write,
    },
};

/// Describe arrays, one line per file: dtype, shape, smallest, largest and mean value, NaN
///
/// A line gives the dtype as NumPy writes it; the shape; the order, if it is not C; the smallest
/// value, the largest and the mean, over the finite values; the first five values in the order of
/// the file; and the numbers of NaN and of infinite values, which are no error here. Arrays may have
/// any shape, and be f2, f4, f8, integers or bool (0 and 1). Each is read once, in memory that does
/// not grow with its size.
///
/// With --json the keys are file, dtype, shape, order, min, max, mean, first, nan, infinite. min,
/// max and mean are null if no value is finite; in first, a value that is not finite is null.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  attack-gauss --sigma 0.5 x.npy | npy-info x.npy -\n\nSource: the format, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html"
)]
struct Args {
    /// Arrays, .npy files; - for stdin
    #[arg(value_name = "FILE", default_value = "-")]
    arrays: Vec<PathBuf>,
    /// Write JSON lines instead of text
    #[arg(long)]
    json: bool,
    /// Lines to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

fn run(args: Args) -> Result<()> {
    let inputs: Vec<&Path> = args.arrays.iter().map(PathBuf::as_path).collect();
    cli::check_streams(&inputs, &[Some(&args.output)])?;
    let read = |file: &PathBuf| Info::read(Elements::open(Source::open(file)?)?);
    let infos = args.arrays.iter().map(read).collect::<Result<Vec<_>>>()?;
    if args.json {
        write::json_lines(&args.output, &infos)?.finish()
    } else {
        write::lines(&args.output, &infos)?.finish()
    }
}

tool!(run);
