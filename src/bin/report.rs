//! The study's report.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use local_errors::{
    Result, cli,
    report::{self, Links, Study},
    write,
};

/// Write a study's report: one self-contained HTML page, and its figures as SVG
///
/// Shown are the paper's claims with their verdicts, accuracy and alpha along attack
/// strength and layers, the audit of FGSM, and one network's training, spectra and
/// images, with methods, thresholds and what to distrust. Figures and first claims are of one
/// range of ranks, the first of "ranks" in the study's study.json that the table has, or else the
/// lowest there is, and of one method, ols where the table has it, or else its first. The page
/// needs no other file: figures and images are in it; with --figures it links to theirs.
///
/// study.json says what rules and attacks are called, which are controls, and with that which rule
/// is shown first. Without it they have their names, none is a control, and local comes first.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  report --table out/mnist/table.csv --claims out/mnist/claims.jsonl out/mnist -o report.html\n\nSource: Jiang, Zhou and Huang, Chin. Phys. B 30, 048702 (2021)"
)]
struct Args {
    /// The study's folder, with RULE/seed-S/LEVEL below
    study: PathBuf,
    /// The CSV that tabulate writes
    #[arg(long, value_name = "FILE")]
    table: PathBuf,
    /// The JSON lines that claims writes
    #[arg(long, value_name = "FILE")]
    claims: PathBuf,
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
    cli::check_streams(&[&args.table, &args.claims], &[Some(&args.output)])?;
    let study = Study::read(&args.table, &args.claims, &args.study)?;
    let figures = args.figures.as_deref();
    let report = report::report(&study, Links::optional(&args.output, figures)?);
    write::finish_all(report.outputs(&args.output, figures)?)
}

fn main() -> ExitCode {
    cli::main(run)
}
