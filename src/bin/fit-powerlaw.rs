//! Power-law exponent of an eigenspectrum.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use local_errors::{
    Error, Result, cli,
    powerlaw::{self, Fit, Method, Ranks},
    read::{Rows, Source},
    write,
};

/// Fit alpha of lambda_n ~ n^-alpha to an eigenspectrum, as JSON lines
///
/// A line a layer and rank range: layer (null for a spectrum of one matrix),
/// units, positive (eigenvalues above 1e-10 of the largest), first, last (as
/// asked), points (ranks used), method, alpha, stderr, intercept, r2, curvature
/// (of a quadratic fit in ln n: 0 for a power law), participation_ratio,
/// effective_rank, warnings. alpha is the exponent of the ranks; that of the
/// eigenvalues' density is 1 + 1/alpha.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  fit-powerlaw --ranks 1-50 --ranks 11-100 spectrum.npy\n\nMethods:\n  ols       least squares of ln lambda_n on ln n\n  weighted  the same with weights 1/n\n  mle       maximum likelihood of the density of all eigenvalues above LAST's,\n            whatever FIRST is: cut off above it would be biased\n\nWarnings:\n  cut-at-positive  LAST is beyond the positive eigenvalues\n  too-few-ranks    fewer than 3 are left: alpha is null\n  bent             a quadratic fit is flat at one end of the ranks: no power law\n  no-variance      no eigenvalue is positive\n\nSources: Stringer et al., Nature 571, 361 (2019); Hill, Ann. Stat. 3, 1163 (1975)"
)]
struct Args {
    /// Eigenvalues, f8 or f4 (units,) or (layers, units), largest first; - for stdin
    #[arg(default_value = "-")]
    spectrum: PathBuf,
    /// Ranks to fit, counted from 1, both included; may be repeated
    #[arg(long, value_name = "FIRST-LAST", default_value = "1-50")]
    ranks: Vec<Ranks>,
    /// How alpha is estimated
    #[arg(long, value_name = "ols|weighted|mle", default_value = "ols")]
    method: Method,
    /// JSON lines; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

fn run(args: Args) -> Result<()> {
    cli::check_streams(&[&args.spectrum], &[Some(&args.output)])?;
    let mut spectra = Rows::<f64>::spectra(Source::open(&args.spectrum)?)?;
    let stacked = spectra.layers().is_some();
    let mut fits: Vec<Fit> = Vec::new();
    while let Some(block) = spectra.next_block(1)? {
        let lambda = block.values.into_raw_vec_and_offset().0;
        let layer = stacked.then_some(block.matrix + 1);
        for &ranks in &args.ranks {
            let fit = powerlaw::fit(&lambda, layer, ranks, args.method);
            fits.push(fit.map_err(|e| e.in_file(spectra.name()))?);
        }
    }
    if fits.iter().all(|fit| fit.positive == 0) {
        let message = "has no positive eigenvalue: every unit is constant";
        return Err(Error::data(message).in_file(spectra.name()));
    }
    write::json_lines(&args.output, &fits)?.finish()
}

fn main() -> ExitCode {
    cli::main(run)
}
