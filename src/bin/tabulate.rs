//! The runs of a study as one table.

use std::{iter, path::PathBuf};

use clap::Parser;
use local_errors::{
    Result, cli,
    io::{read, write},
    study::{grid, table},
};

/// Join the runs of a study into one CSV table
///
/// Each line of --runs names the directory of a run: DATASET/RULE/seed-S/LEVEL, with
/// epoch-N/ before LEVEL for a snapshot, or DATASET/LEVEL for the images themselves, which
/// are layer 0. LEVEL is clean, subset-SAMPLES (the first clean images) or ATTACK-STRENGTH.
/// A run's accuracy.jsonl, alpha.jsonl and, if it exists, audit.json are read. The table has
/// one sorted row per run, layer and fit; a cell is empty if the run has no such number.
///
/// A run is refused if its files are empty, cut short or concatenated: both files must have
/// the same layers, all layers of a rule the same fits, and nothing may occur twice.
///
/// With --sweep the runs are of many studies: train-N/width-W/depth-D/ stands before DATASET,
/// where N is a number or all. The table then begins with the columns train_samples, width and
/// depth.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  printf '%s\\n' out/mnist/local/seed-*/clean | tabulate --runs - -o table.csv"
)]
struct Args {
    /// List of the runs, one directory per line; - for stdin
    #[arg(long, value_name = "FILE", default_value = "-")]
    runs: PathBuf,
    /// The runs are of the studies of a sweep, not of one study
    #[arg(long)]
    sweep: bool,
    /// Also write the mean and standard deviation over seeds to this file, as CSV
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    /// CSV table to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

fn run(args: Args) -> Result<()> {
    cli::check_streams(&[&args.runs], &[Some(&args.output), args.summary.as_deref()])?;
    let runs = read::lines(&args.runs)?;
    let summary = args.summary.as_deref();
    let (table, summary) = if args.sweep {
        let rows = grid::table(&runs)?;
        let summary = summary.map(|file| write::csv(file, &grid::summary(&rows)));
        (write::csv(&args.output, &rows), summary)
    } else {
        let rows = table::table(&runs)?;
        let summary = summary.map(|file| write::csv(file, &table::summary(&rows)));
        (write::csv(&args.output, &rows), summary)
    };
    write::finish_all(iter::once(table).chain(summary).collect::<Result<_>>()?)
}

local_errors::tool!(run);
