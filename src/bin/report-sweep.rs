//! A sweep's report.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use local_errors::{
    Result, cli,
    report::{self, Links, Sweep},
    write,
};

/// Write a sweep's report: one self-contained HTML page, and its figures as SVG
///
/// Shown are accuracy, alpha and participation ratio of the last layer against each thing that
/// was varied (width, depth, training images, data set, seed), for clean images and for each
/// attack at the middle of its strengths, the layers of each study, and the numbers, with links
/// to the studies' own reports, which are in the folder of the table. The links are relative to the
/// page; those of a page on stdout are absolute, and a table on stdin gives none. The study.json of
/// the first study says what rules and attacks are called, and which are controls.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  report-sweep out/sweep/table.csv -o out/sweep/report.html"
)]
struct Args {
    /// The CSV that tabulate --sweep writes; - for stdin
    #[arg(default_value = "-")]
    table: PathBuf,
    /// Write the figures there too, as NAME.svg; the folder is made
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
    /// The page; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

fn run(args: Args) -> Result<()> {
    cli::check_streams(&[&args.table], &[Some(&args.output)])?;
    let sweep = Sweep::read(&args.table, &args.output)?;
    let figures = args.figures.as_deref();
    let report = report::sweep(&sweep, Links::optional(&args.output, figures)?);
    write::finish_all(report.outputs(&args.output, figures)?)
}

fn main() -> ExitCode {
    cli::main(run)
}
