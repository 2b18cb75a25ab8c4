//! The paper's claims, judged.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use local_errors::{Result, catalogue::Catalogue, claims, cli, table, write};

/// Judge the paper's claims on a study's table, as JSON lines
///
/// One line per claim, rule, attack, method and rank range: claim, statement, statistic and
/// threshold, for each layer the mean over seeds with its 95 % interval and whether
/// the claim holds there, and the verdict: reproduced (in all layers), partly,
/// not-reproduced, or undecided, with the reason, when seeds or points are too few, when
/// accuracy hardly moves, or when the table has nothing to judge the claim on. Claims: C1, high
/// accuracy goes with a fast decay (along the strengths of every attack, layers, epochs); C2,
/// accuracy against alpha is monotonic under noise; C3, it is not under attacks along a gradient,
/// with the turning point; and beside them accuracy and dimensionality against depth, smoothness
/// (which alpha > 1 + 2/d does not exclude, and does not show either), and local errors against
/// backpropagation.
///
/// --study says which attacks are noise, which follow a gradient and which are controls. Without
/// it gauss is noise, fgsm and fgsm-float32 follow a gradient, and any other attack is neither.
///
/// C2 and C3 order the points by falling accuracy, not by strength. An attack of strength 0 is
/// the clean images, which count once. Columns are found by name, in any order; a point that is
/// there twice is refused, as is a cell that is no number where one is expected.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  claims --study out/mnist/study.json out/mnist/table.csv\n\nSource: Jiang, Zhou and Huang, Chin. Phys. B 30, 048702 (2021); smoothness: Stringer et al., Nature 571, 361 (2019)"
)]
struct Args {
    /// The CSV that tabulate writes, of one data set; - for stdin
    #[arg(default_value = "-")]
    table: PathBuf,
    /// What describe-study wrote of the study: families of attacks, controls, the order of ranks
    #[arg(long, value_name = "FILE")]
    study: Option<PathBuf>,
    /// Dimension d of the set of images: judge alpha > 1 + 2/d
    #[arg(long, value_name = "D", value_parser = cli::positive)]
    stimulus_dimension: Option<f64>,
    /// Take d from what dimension wrote of the images: the first line that has one
    #[arg(long, value_name = "FILE", conflicts_with = "stimulus_dimension")]
    dimension: Option<PathBuf>,
    /// Also write C1, C2 and C3 as text, a line each, of the first ranks and of rules and attacks
    /// that are no controls
    #[arg(long, value_name = "FILE")]
    verdicts: Option<PathBuf>,
    /// JSON lines; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

fn run(args: Args) -> Result<()> {
    let inputs = [&args.table].into_iter().chain(&args.study).chain(&args.dimension);
    let inputs: Vec<&Path> = inputs.map(PathBuf::as_path).collect();
    cli::check_streams(&inputs, &[Some(&args.output), args.verdicts.as_deref()])?;
    let rows = table::read(&args.table)?;
    table::check_one_dataset(&rows, &args.table)?;
    let study = args.study.as_deref().map(Catalogue::read).transpose()?.unwrap_or_default();
    let d = match &args.dimension {
        Some(file) => Some(claims::stimulus_dimension(file)?),
        None => args.stimulus_dimension,
    };
    let claims = claims::judge(&rows, &study, d);
    let mut outputs = vec![write::json_lines(&args.output, &claims)?];
    if let Some(file) = &args.verdicts {
        outputs.push(write::lines(file, &claims::verdicts(&claims, &rows, &study))?);
    }
    write::finish_all(outputs)
}

fn main() -> ExitCode {
    cli::main(run)
}
