//! Intrinsic dimension of a set of points.

use std::path::PathBuf;

use clap::Parser;

use crate::{
    Error, Result, cli,
    files::read::{Rows, Source},
    instruments::dimension::{Dimension, DimensionMethod, dimensions},
};

/// Estimate the intrinsic dimension of a set of points, as JSON lines
///
/// Reads points (points, coordinates) of any dtype, for example images or activations; further
/// axes are flattened. Writes one line per method: method, neighbours, points (number read),
/// coordinates, duplicates (points left out because an equal point is kept), equally_far (points
/// whose neighbours used are all at the same distance within 1e-5, as on a lattice), dimension. The
/// dimension is null if all points are equally_far; if no method has an estimate, that is an
/// error. All distances are computed, so time grows with the square of the number of points.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  dimension x.npy\n\nBoth methods assume that the points are dense on the scale of these distances: in high dimensions,\ntoo few points give too small a dimension.\n\nSources: Facco et al., Sci. Rep. 7, 12140 (2017); Levina and Bickel, NIPS (2004), averaged as MacKay and Ghahramani (2005)"
)]
struct Args {
    /// Points (points, ...), any dtype; - for stdin
    #[arg(default_value = "-")]
    points: PathBuf,
    /// How the dimension is estimated (repeatable)
    #[arg(long, value_name = "NAME", default_values = ["twonn", "mle"])]
    method: Vec<DimensionMethod>,
    /// Number of neighbours of each point that mle uses [default: 10]
    #[arg(long, value_name = "K", value_parser = at_least_two)]
    neighbours: Option<usize>,
    /// Use the first N points only [default: all]
    #[arg(long, value_name = "N", value_parser = cli::count)]
    samples: Option<usize>,
    /// JSON lines to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    threads: cli::Threads,
    #[command(flatten)]
    table: cli::Table,
    #[command(flatten)]
    common: cli::Common,
}

fn at_least_two(text: &str) -> std::result::Result<usize, String> {
    cli::count(text).ok().filter(|&count| count >= 2).ok_or_else(|| "expected at least 2".into())
}

fn run(args: Args) -> Result<()> {
    if args.neighbours.is_some() && !args.method.contains(&DimensionMethod::Mle) {
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
    args.table.write(&args.output, &lines)?.finish()
}

tool!(run);
