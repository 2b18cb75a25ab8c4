//! The runs of a study as one table.

use std::{iter, path::PathBuf, process::ExitCode};

use clap::Parser;
use local_errors::{Result, cli, read, sweep, table, write};

/// Join the runs of a study into one CSV table
///
/// Each line of --runs names a run's directory: DATASET/RULE/seed-S/LEVEL, with
/// epoch-N/ before LEVEL for a snapshot, or DATASET/LEVEL for the images
/// themselves, which count as layer 0; LEVEL is clean, subset-SAMPLES (the first of
/// the clean images) or ATTACK-STRENGTH. Read are
/// accuracy.jsonl, alpha.jsonl and, where there is one, audit.json. One row per run,
/// layer and fit, sorted; empty where a run has no such number. A run is refused whose files are
/// empty, cut short or joined: both have the same layers, all layers of a rule have the same fits,
/// and nothing is there twice.
///
/// With --sweep the runs are of many studies, train-N/width-W/depth-D/ before DATASET, N a
/// number or all, and the columns train_samples, width and depth come first.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  printf '%s\\n' out/mnist/local/seed-*/clean | tabulate --runs - -o table.csv"
)]
struct Args {
    /// A run's directory a line; - for stdin
    #[arg(long, value_name = "FILE", default_value = "-")]
    runs: PathBuf,
    /// The runs are of the studies of a sweep
    #[arg(long)]
    sweep: bool,
    /// Also write the mean and standard deviation over seeds, as CSV
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    /// The table; - for stdout
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
        let rows = sweep::table(&runs)?;
        let summary = summary.map(|file| write::csv(file, &sweep::summary(&rows)));
        (write::csv(&args.output, &rows), summary)
    } else {
        let rows = table::table(&runs)?;
        let summary = summary.map(|file| write::csv(file, &table::summary(&rows)));
        (write::csv(&args.output, &rows), summary)
    };
    write::finish_all(iter::once(table).chain(summary).collect::<Result<_>>()?)
}

fn main() -> ExitCode {
    cli::main(run)
}
