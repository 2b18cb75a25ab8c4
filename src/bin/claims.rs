//! The paper's claims, judged.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use local_errors::{Error, Result, claims, cli, dimension::Dimension, read, table::Row, write};

/// Judge the paper's claims on a study's table, as JSON lines
///
/// A line a claim, rule, attack, method and rank range: claim, statement, statistic and
/// threshold, for each layer the mean over seeds with its 95 % interval and whether
/// the claim holds there, and the verdict: reproduced (in all layers), partly,
/// not-reproduced, or undecided when seeds or points are too few. Claims: C1, high
/// accuracy goes with a fast decay (along attack strength, layers, epochs); C2,
/// monotonic under Gaussian attacks; C3, not monotonic under FGSM, with the turning
/// point; and beside them accuracy and dimensionality against depth, smoothness, and
/// local errors against backpropagation.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  claims out/mnist/table.csv\n\nSource: Jiang, Zhou and Huang, Chin. Phys. B 30, 048702 (2021); smoothness: Stringer et al., Nature 571, 361 (2019)"
)]
struct Args {
    /// The CSV that tabulate writes, of one data set; - for stdin
    #[arg(default_value = "-")]
    table: PathBuf,
    /// Dimension d of the set of images: judge alpha > 1 + 2/d
    #[arg(long, value_name = "D", value_parser = cli::positive)]
    stimulus_dimension: Option<f64>,
    /// Take d from what dimension says of the images there: its first estimate
    #[arg(long, value_name = "FILE", conflicts_with = "stimulus_dimension")]
    dimension: Option<PathBuf>,
    /// JSON lines; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

fn run(args: Args) -> Result<()> {
    let inputs: Vec<&Path> =
        [&args.table].into_iter().chain(&args.dimension).map(PathBuf::as_path).collect();
    cli::check_streams(&inputs, &[Some(&args.output)])?;
    let rows: Vec<Row> = read::csv(&args.table)?;
    if let Some(pair) = rows.windows(2).find(|pair| pair[0].dataset != pair[1].dataset) {
        let message = format!(
            "has more than one data set (found {} and {}, expected one)",
            pair[0].dataset, pair[1].dataset
        );
        return Err(Error::data(message).in_file(&args.table));
    }
    let measured: Vec<Dimension> = match &args.dimension {
        Some(file) => read::json_lines(file)?,
        None => Vec::new(),
    };
    let d = args.stimulus_dimension.or(measured.iter().find_map(|line| line.dimension));
    write::json_lines(&args.output, &claims::judge(&rows, d))?.finish()
}

fn main() -> ExitCode {
    cli::main(run)
}
