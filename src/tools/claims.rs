//! The paper's claims, judged.

use std::path::{Path, PathBuf};

use clap::Parser;

use crate::{
    Result, cli,
    files::write,
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
/// and along the epochs of training (C1-epochs). Further lines judge what the paper does not claim:
/// accuracy and dimensionality against depth, and local errors against backpropagation.
///
/// Writes one line per claim, rule, attack, method and rank range. It has the claim, its statement,
/// statistic and threshold; for each layer the median of the statistic over seeds, and whether the
/// claim holds there: the lower confidence bound of the median, of five seeds the smallest value, must
/// reach the threshold; and the verdict. The verdict is reproduced (the
/// claim holds in all layers), partly (in some), not-reproduced (in none) or undecided. A claim is
/// undecided, with the reason, if there are too few seeds or points, if accuracy changes by less than five
/// percentage points, or if the table contains nothing to judge the claim on. A seed whose alphas along
/// a curve are fitted over different numbers of ranks does not count.
///
/// A verdict may depend on choices of the analysis. So --choices writes one line per claim along strengths,
/// rule, attack and combination of choices: are the attacked images clipped (clipped), the ranks and the
/// method of the fit, up to which strength the curve goes (largest), whether points at the floor of
/// accuracy count (floor), and the factor of all thresholds (scale: 0.5, 1 or 2). Each line has the layers
/// in which the claim holds (layers_holding) and the verdict. The combination of the main results has
/// default true.
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
/// The file --study says which attacks are noise, which follow a gradient, which are controls, which are
/// another attack with clipping, and up to which strengths claims are judged. Without it, gauss is noise, fgsm and fgsm-float32 follow a gradient, and other attacks do neither.
///
/// C1, C2 and C3 order the points by falling accuracy, not by strength. An attack of strength 0 is the
/// clean images, which count once. The columns of the table may be in any order. A point that occurs
/// twice is refused, and so is a cell without a number where one is expected.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  claims --study out/mnist/study.json out/mnist/table.csv\n\nSource: Jiang, Zhou and Huang, Chin. Phys. B 30, 048702 (2021); choices: Simonsohn, Simmons and Nelson, Nat. Hum. Behav. 4, 1208 (2020), Steegen et al., Perspect. Psychol. Sci. 11, 702 (2016); checks: Carlini et al., arXiv 1902.06705 (2019), Croce and Hein, arXiv 2003.01690 (2020), Athalye et al., arXiv 1802.00420 (2018)"
)]
struct Args {
    /// CSV table of one data set, written by tabulate; - for stdin
    #[arg(default_value = "-")]
    table: PathBuf,
    /// JSON written by describe-study: the families of attacks, the controls, the order of the ranks
    #[arg(long, value_name = "FILE")]
    study: Option<PathBuf>,
    /// Also write the verdicts on C1, C2 and C3 to this file, as text: over all choices, and by default,
    /// without the rules and attacks that are controls
    #[arg(long, value_name = "FILE")]
    verdicts: Option<PathBuf>,
    /// Also judge the claims in all combinations of choices, and write the verdicts to this file, as JSON
    /// lines
    #[arg(long, value_name = "FILE")]
    choices: Option<PathBuf>,
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
    let inputs = [&args.table].into_iter().chain(&args.study);
    let inputs: Vec<&Path> = inputs.map(PathBuf::as_path).collect();
    let others = [&args.verdicts, &args.choices, &args.checks];
    let outputs = [Some(&args.output)].into_iter().chain(others.map(Option::as_ref));
    let outputs: Vec<Option<&Path>> = outputs.map(|file| file.map(PathBuf::as_path)).collect();
    cli::check_streams(&inputs, &outputs)?;
    let rows = table::read(&args.table)?;
    table::check_one_dataset(&rows, &args.table)?;
    let study = args.study.as_deref().map(Catalogue::read).transpose()?.unwrap_or_default();
    let Judgement { claims, analyses, checks } = claims::judge(&rows, &study);
    let mut outputs = vec![write::json_lines(&args.output, &claims)?];
    if let Some(file) = &args.verdicts {
        let verdicts = claims::verdicts(&claims, &analyses, &rows, &study);
        outputs.push(write::lines(file, &verdicts)?);
    }
    if let Some(file) = &args.choices {
        outputs.push(write::json_lines(file, &analyses)?);
    }
    if let Some(file) = &args.checks {
        outputs.push(write::json_lines(file, &checks)?);
    }
    write::finish_all(outputs)
}

tool!(run);
