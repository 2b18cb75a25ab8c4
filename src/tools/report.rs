//! The study's report.

use std::path::{Path, PathBuf};

use clap::Parser;

use crate::{
    Result, cli,
    report::{self, StudyFiles},
};

/// Write a study's report: one self-contained HTML page, and its figures as SVG
///
/// The page begins with the answer: which of the paper's claims hold, in which layers and under
/// which attack. It shows the claims with their verdicts, over all choices and by default; accuracy and alpha against attack
/// strength and layer; the audit of FGSM; the checks of the attacks; the training, spectra and
/// images of one network; the methods, the thresholds and what to distrust. It contains its figures
/// and images and needs no other file. It links to the files with the numbers and, with --figures,
/// to the figures' own files. The links are relative to the page, or absolute if it goes to stdout.
///
/// Figures and the first claims show one range of ranks: the first in "ranks" of the study's
/// study.json that the table contains, otherwise the lowest. They show one method: ols if the
/// table contains it, otherwise the first.
///
/// study.json gives the titles of rules and attacks and says which of them are controls. The rule
/// that is shown first is its first rule that is no control. Without study.json, rules and attacks
/// have their names as titles, none is a control, and local is shown first.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  report --table out/mnist/table.csv --claims out/mnist/claims.jsonl out/mnist -o report.html\n\nSource: Jiang, Zhou and Huang, Chin. Phys. B 30, 048702 (2021)"
)]
struct Args {
    /// Folder of the study, which contains RULE/seed-S/LEVEL
    study: PathBuf,
    /// CSV table that tabulate wrote
    #[arg(long, value_name = "FILE")]
    table: PathBuf,
    /// JSON lines that claims wrote
    #[arg(long, value_name = "FILE")]
    claims: PathBuf,
    /// JSON lines that claims --choices wrote, to show the verdicts over all choices [default: not shown]
    #[arg(long, value_name = "FILE")]
    choices: Option<PathBuf>,
    /// JSON lines that claims --checks wrote, to show the checks of the attacks [default: not shown]
    #[arg(long, value_name = "FILE")]
    checks: Option<PathBuf>,
    /// CSV table that tabulate --summary wrote, to link to [default: no link]
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    #[command(flatten)]
    page: cli::Page,
    #[command(flatten)]
    common: cli::Common,
}

fn run(args: Args) -> Result<()> {
    let inputs = [&args.study, &args.table, &args.claims].into_iter();
    let inputs = inputs.chain(&args.choices).chain(&args.checks);
    let inputs: Vec<&Path> = inputs.map(PathBuf::as_path).collect();
    cli::check_streams(&inputs, &[Some(&args.page.output)])?;
    let numbers =
        [Some(&args.table), args.summary.as_ref(), Some(&args.claims), args.choices.as_ref()];
    let numbers: Vec<&Path> = numbers.into_iter().flatten().map(PathBuf::as_path).collect();
    let files = args.page.links_to(&numbers)?;
    let (choices, checks) = (args.choices.as_deref(), args.checks.as_deref());
    let study = StudyFiles::read(&args.table, &args.claims, choices, checks, &args.study)?;
    args.page.write(&report::report(&study, args.page.links()?, &files), None)
}

tool!(run);
