//! The study's report.

use std::{fs, path::PathBuf, process::ExitCode};

use clap::Parser;
use local_errors::{
    Error, Result, cli,
    report::{self, Study},
    write::{self, Output},
};

/// Write a study's report: one self-contained HTML page, and its figures as SVG
///
/// Shown are the paper's claims with their verdicts, accuracy and alpha along attack
/// strength and layers, the audit of FGSM, and one network's training, spectra and
/// images, with methods, thresholds and what to distrust.
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
    let report = report::report(&Study::read(&args.table, &args.claims, &args.study)?);
    let mut texts = vec![(args.output.clone(), &report.page)];
    if let Some(folder) = &args.figures {
        if !folder.is_dir() {
            fs::create_dir(folder).map_err(|e| Error::io(folder, &e))?;
        }
        let path = |name: &str| folder.join(format!("{name}.svg"));
        texts.extend(report.figures.iter().map(|(name, svg)| (path(name), svg)));
    }
    let written = texts.iter().map(|(path, text)| {
        let mut output = Output::create(path)?;
        output.bytes(text.as_bytes())?;
        Ok(output)
    });
    write::finish_all(written.collect::<Result<_>>()?)
}

fn main() -> ExitCode {
    cli::main(run)
}
