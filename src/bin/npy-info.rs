//! What is in arrays.

use std::path::{Path, PathBuf};

use clap::Parser;
use local_errors::{
    Result, cli,
    io::{
        info::Info,
        read::{Elements, Source},
        write,
    },
};

/// Say what is in arrays, one line per file
///
/// dtype as NumPy writes it, shape, order where it is not C; the smallest, the
/// largest and the mean of the finite values; the first five in the order of the
/// file; how many are NaN or infinite, which is no error here. Arrays of any shape
/// and of f2, f4, f8, integers or bool, which is 0 and 1. Each is read once, in memory that does not
/// grow with it. With --json the keys are file, dtype, shape, order, min, max, mean,
/// first, nan, infinite; null where no value is finite, and in first where it is not.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  attack-gauss --sigma 0.5 x.npy | npy-info x.npy -\n\nSource: the format, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html"
)]
struct Args {
    /// Arrays; - for stdin
    #[arg(value_name = "FILE", default_value = "-")]
    arrays: Vec<PathBuf>,
    /// Write JSON lines
    #[arg(long)]
    json: bool,
    /// Lines; - for stdout
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

local_errors::tool!(run);
