//! Intrinsic dimension of a set of points.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use local_errors::{
    Error, Result, cli,
    dimension::{Dimension, Method, dimensions},
    read::{Rows, Source},
    write,
};

/// Estimate the intrinsic dimension of a set of points, as JSON lines
///
/// Points (points, coordinates), or (points, ...) flattened, of any dtype: images, say, or
/// activations. One line per method: method, neighbours, points (given), coordinates, duplicates
/// (points left out because an equal one is kept), equally_far (points whose neighbours used are
/// all equally far to 1e-5, as on a lattice), dimension (null where that holds for all points; an error
/// where no method has an estimate). All distances are taken: time grows with the square of
/// the points.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  dimension x.npy\n\nMethods:\n  twonn  distances to the first two neighbours; the largest tenth of their ratios is left out\n  mle    maximum likelihood from the distances to --neighbours\n\nBoth take the points as dense where they look: in high dimensions too few points give too small\na dimension.\n\nSources: Facco et al., Sci. Rep. 7, 12140 (2017); Levina and Bickel, NIPS (2004), averaged as MacKay and Ghahramani (2005)"
)]
struct Args {
    /// Points, (points, ...); - for stdin
    #[arg(default_value = "-")]
    points: PathBuf,
    /// twonn or mle; may be repeated
    #[arg(long, value_name = "twonn|mle", default_values = ["twonn", "mle"])]
    method: Vec<Method>,
    /// Neighbours of each point that mle uses [default: 10]
    #[arg(long, value_name = "K", value_parser = at_least_two)]
    neighbours: Option<usize>,
    /// Use the first N points only
    #[arg(long, value_name = "N", value_parser = cli::count)]
    samples: Option<usize>,
    /// JSON lines; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    threads: cli::Threads,
    #[command(flatten)]
    common: cli::Common,
}

fn at_least_two(text: &str) -> std::result::Result<usize, String> {
    cli::count(text).ok().filter(|&count| count >= 2).ok_or_else(|| "expected at least 2".into())
}

fn run(args: Args) -> Result<()> {
    if args.neighbours.is_some() && !args.method.contains(&Method::Mle) {
        return Err(Error::usage("--neighbours has an effect with --method mle only"));
    }
    cli::check_streams(&[&args.points], &[Some(&args.output)])?;
    args.threads.start()?;
    let points =
        Rows::<f64>::activations(Source::open(&args.points)?, true)?.first(args.samples)?;
    let name = points.name().to_owned();
    let (x, _) = points.read()?;
    let lines =
        dimensions(x, &args.method, args.neighbours.unwrap_or(10)).map_err(|e| e.in_file(&name))?;
    for doubt in lines.iter().filter_map(Dimension::doubt) {
        cli::warn(&name, &doubt);
    }
    write::json_lines(&args.output, &lines)?.finish()
}

fn main() -> ExitCode {
    cli::main(run)
}
