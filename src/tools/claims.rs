//! The paper's claims, judged.

use std::path::{Path, PathBuf};

use clap::Parser;

use crate::{
    Result, cli,
    io::write,
    study::{
        catalogue::Catalogue,
        claims::{self, Judgement},
        table,
    },
};

/// Judge the paper's claims on a study's table, as JSON lines
///
/// C1: high accuracy goes with a fast decay, a large alpha. C2: under noise, accuracy against alpha is
/// monotonic. C3: under attacks along a gradient, it is not monotonic; this line also gives the
/// turning point. Each is judged in each layer along the strengths of an attack, and as C1-at-strength
/// and so on at each strength across the layers; C1 also on clean images, across layers (C1-layers)
/// and along the epochs of training (C1-epochs). Further lines judge what the paper does not claim: accuracy and dimensionality
/// against depth, local errors against backpropagation, and smoothness, for which alpha > 1 + 2/d
/// is a necessary condition and not a sufficient one.
///
/// Writes one line per claim, rule, attack, method and rank range. It has the claim, its statement,
/// statistic and threshold; for each layer the median of the statistic over seeds, and whether the
/// claim holds there: the lower confidence bound of the median, of five seeds the smallest value, must
/// reach the threshold; and the verdict. The verdict is reproduced (the
/// claim holds in all layers), partly (in some), not-reproduced (in none) or undecided. A claim is
/// undecided, with the reason, if there are too few seeds or points, if accuracy hardly changes, or
/// if the table contains nothing to judge the claim on.
///
/// With --checks it also checks the attacks, for each rule: does accuracy stay high because the network
/// is strong, or because the attack is weak? pgd: pgd and bim are at least as strong as fgsm. transfer:
/// fgsm-transfer is no stronger than fgsm. random: fgsm-random takes far less accuracy than fgsm. large:
/// the largest strength leaves little accuracy. gradient: no image lost its gradient. Each line has the
/// check, its statement, the rule, the attack, the attack beside it that it is compared with, the worst
/// value over seeds and strengths and the strength where it is, the threshold that the value may not
/// exceed, and whether the check is passed: true, false or null, with the reason. The verdicts name the
/// checks that their attack fails.
///
/// The file --study says which attacks are noise, which follow a gradient and which are controls.
/// Without it, gauss is noise, fgsm and fgsm-float32 follow a gradient, and other attacks do neither.
///
/// C2 and C3 order the points by falling accuracy, not by strength. An attack of strength 0 is the
/// clean images, which count once. The columns of the table may be in any order. A point that occurs
/// twice is refused, and so is a cell without a number where one is expected.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  claims --study out/mnist/study.json out/mnist/table.csv\n\nSource: Jiang, Zhou and Huang, Chin. Phys. B 30, 048702 (2021); smoothness: Stringer et al., Nature 571, 361 (2019); checks: Carlini et al., arXiv 1902.06705 (2019), Croce and Hein, arXiv 2003.01690 (2020), Athalye et al., arXiv 1802.00420 (2018)"
)]
struct Args {
    /// CSV table of one data set, written by tabulate; - for stdin
    #[arg(default_value = "-")]
    table: PathBuf,
    /// JSON written by describe-study: the families of attacks, the controls, the order of the ranks
    #[arg(long, value_name = "FILE")]
    study: Option<PathBuf>,
    /// Also judge smoothness, alpha > 1 + 2/d, with this dimension d of the set of images [default: not
    /// judged]
    #[arg(long, value_name = "D", value_parser = cli::positive)]
    stimulus_dimension: Option<f64>,
    /// Also judge smoothness, with the first dimension in this file, which the tool dimension wrote for
    /// the images
    #[arg(long, value_name = "FILE", conflicts_with = "stimulus_dimension")]
    dimension: Option<PathBuf>,
    /// Also write the verdicts on C1, C2 and C3 to this file, as text, one line each: those at the first
    /// ranks, without the rules and attacks that are controls
    #[arg(long, value_name = "FILE")]
    verdicts: Option<PathBuf>,
    /// Also write the checks of the attacks to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    checks: Option<PathBuf>,
    /// JSON lines to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

fn run(args: Args) -> Result<()> {
    let inputs = [&args.table].into_iter().chain(&args.study).chain(&args.dimension);
    let inputs: Vec<&Path> = inputs.map(PathBuf::as_path).collect();
    let outputs = [Some(args.output.as_path()), args.verdicts.as_deref(), args.checks.as_deref()];
    cli::check_streams(&inputs, &outputs)?;
    let rows = table::read(&args.table)?;
    table::check_one_dataset(&rows, &args.table)?;
    let study = args.study.as_deref().map(Catalogue::read).transpose()?.unwrap_or_default();
    let d = match &args.dimension {
        Some(file) => Some(claims::stimulus_dimension(file)?),
        None => args.stimulus_dimension,
    };
    let Judgement { claims, checks } = claims::judge(&rows, &study, d);
    let mut outputs = vec![write::json_lines(&args.output, &claims)?];
    if let Some(file) = &args.verdicts {
        outputs.push(write::lines(file, &claims::verdicts(&claims, &rows, &study))?);
    }
    if let Some(file) = &args.checks {
        outputs.push(write::json_lines(file, &checks)?);
    }
    write::finish_all(outputs)
}

tool!(run);
