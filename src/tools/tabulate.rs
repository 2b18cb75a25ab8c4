//! The measurements of a study as one table.

use std::{iter, path::PathBuf};

use clap::Parser;

use crate::{
    Result, cli,
    files::{read, write},
    study::{grid, table},
};

/// Join the measurements of a study in one CSV table
///
/// A run is the directory of one measured network: DATASET/RULE/seed-S/LEVEL. LEVEL is clean, or
/// subset-N (the first N clean images), or ATTACK-STRENGTH such as fgsm-0.05. For a snapshot,
/// epoch-N/ stands before LEVEL. DATASET/LEVEL is a run of the images themselves, which are layer
/// 0. Of each run, accuracy.jsonl and alpha.jsonl are read, and those of audit.json, classes.jsonl,
/// displacement.jsonl and distances.npy that exist. The table has one row per run, layer and fit,
/// sorted. A cell is empty if the run has no such number.
///
/// A run is refused if its files are empty, cut short or concatenated: both files must have the
/// same layers, all layers of a rule must have the same fits, and nothing may occur twice.
///
/// With --sweep, the runs are those of many studies: train-N/width-W/depth-D/ stands before
/// DATASET, where N is the number of training images, or all. The table then begins with the
/// columns train_samples, width and depth.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  printf '%s\\n' out/mnist/local/seed-*/clean | tabulate --runs - -o table.csv"
)]
struct Args {
    /// List of the runs, one directory per line; - for stdin
    #[arg(long, value_name = "FILE", default_value = "-")]
    runs: PathBuf,
    /// The runs are those of a sweep, which is many studies
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

tool!(run);
