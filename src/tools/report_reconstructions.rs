//! The report of reconstructions.

use std::path::PathBuf;

use clap::Parser;

use crate::{
    Result, cli,
    files::write,
    report::{self, Reconstructions},
};

/// Write the report of reconstructions: which claims survive the choices that the paper leaves open
///
/// Each learning rule of the study is a reconstruction. The page shows in how many layers each claim
/// holds, a row per reconstruction and a column per claim, attack and range of ranks; in how many
/// reconstructions each claim holds, and which choice separates these best from the others; and
/// accuracy against alpha.
///
/// The choices are the activation function, the optimizer, the schedule and the width in model.json of
/// each rule's first seed. study.json gives the order and the titles of rules and attacks.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  report-reconstructions --table out/mnist/table.csv --claims out/mnist/claims.jsonl out/mnist -o page.html"
)]
struct Args {
    /// Folder of the study, which contains RULE/seed-S/model
    #[arg(value_name = "STUDY")]
    folder: PathBuf,
    /// CSV table that tabulate wrote
    #[arg(long, value_name = "FILE")]
    table: PathBuf,
    /// JSON lines that claims wrote
    #[arg(long, value_name = "FILE")]
    claims: PathBuf,
    /// JSON lines that claims --choices wrote, to show the verdicts over all choices of the analysis
    /// [default: not shown]
    #[arg(long, value_name = "FILE")]
    choices: Option<PathBuf>,
    /// Also write to this file, as CSV, in how many reconstructions each claim holds in all layers and in
    /// some layer, and which choice separates these best from the others
    #[arg(long, value_name = "FILE")]
    survival: Option<PathBuf>,
    #[command(flatten)]
    page: cli::Page,
    #[command(flatten)]
    common: cli::Common,
}

fn run(args: Args) -> Result<()> {
    let inputs = [&args.folder, &args.table, &args.claims].into_iter().chain(&args.choices);
    cli::check_streams(
        &inputs.map(PathBuf::as_path).collect::<Vec<_>>(),
        &[Some(&args.page.output), args.survival.as_deref()],
    )?;
    let choices = args.choices.as_deref();
    let study = Reconstructions::read(&args.table, &args.claims, choices, &args.folder)?;
    let survival = args.survival.map(|file| write::csv(&file, &study.survival())).transpose()?;
    let files = args.page.links_to(&[&args.table, &args.claims])?;
    args.page.write(&report::reconstructions(&study, args.page.links()?, &files), survival)
}

tool!(run);
