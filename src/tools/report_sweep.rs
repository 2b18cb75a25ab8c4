//! A sweep's report.

use std::path::PathBuf;

use clap::Parser;

use crate::{
    Result, cli,
    report::{self, Sweep},
};

/// Write a sweep's report: one self-contained HTML page, and its figures as SVG
///
/// The page shows accuracy, alpha and participation ratio of the last layer against everything
/// that was varied (width, depth, training images, data set, seed), for clean images and for
/// each attack at the middle of its strengths. It also shows the layers of each study and the
/// numbers, and links to the studies' own reports in the folder of the table. The links are
/// relative to the page. They are absolute if the page goes to stdout, and there are none if
/// the table comes from stdin.
///
/// The study.json of the first study gives the titles of rules and attacks and says which of them
/// are controls.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  report-sweep out/sweep/table.csv -o out/sweep/report.html"
)]
struct Args {
    /// CSV table that tabulate --sweep wrote; - for stdin
    #[arg(default_value = "-")]
    table: PathBuf,
    #[command(flatten)]
    page: cli::Page,
    #[command(flatten)]
    common: cli::Common,
}

fn run(args: Args) -> Result<()> {
    cli::check_streams(&[&args.table], &[Some(&args.page.output)])?;
    let sweep = Sweep::read(&args.table, &args.page.output)?;
    let files = args.page.links_to(&[&args.table])?;
    args.page.write(&report::sweep(&sweep, args.page.links()?, &files), None)
}

tool!(run);
