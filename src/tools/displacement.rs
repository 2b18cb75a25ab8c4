//! What an attack adds to the variance of activations, direction by direction.

use std::path::PathBuf;

use clap::Parser;
use ndarray::{Array2, Axis, stack};

use crate::{
    Result, cli,
    files::write,
    instruments::{self, Split},
    spectrum::Shards,
};

/// Split the variance that an attack changes, along the principal components of clean activations
///
/// Reads activations of the same samples without and with an attack, (samples, units) or a stack
/// (layers, samples, units) of any dtype, and writes f8 (3, units) or (layers, 3, units). With v_n the
/// eigenvectors of the covariance of clean activations h, and d = h' - h the displacement of each sample,
/// the attacked variance along v_n is exactly
///
///   v_n^T C' v_n = lambda_n + 2 cov(h·v_n, d·v_n) + var(d·v_n)
///
/// Row 1 is the first term (clean), row 2 the second (cross), and row 3 the third (own). Columns are
/// in the order of the clean eigenvalues lambda_n, largest first. Covariances divide by samples - 1. If
/// alpha changes because of own, the attack adds variance of its own; because of cross, the attack moves
/// activations along the representation. Memory holds (2 units)² numbers for each layer and one block
/// of rows, whatever the number of samples.
///
/// --summary writes one JSON line per layer: layer (null for one matrix); samples; units; total, the mean
/// squared displacement over the trace of the clean covariance; mean_shift, the fraction of the mean
/// squared displacement that is the squared mean displacement; first_10 and first_50, the fractions of
/// own in the first 10 and 50 directions. A fraction of nothing is null.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  displacement h.npy attacked-h.npy -o terms.npy --summary summary.jsonl\n\nSource: the variance of a sum, var(a + b) = var(a) + 2 cov(a, b) + var(b), along each direction"
)]
struct Args {
    /// Activations without the attack; - for stdin
    clean: PathBuf,
    /// Activations of the same samples with the attack; - for stdin
    attacked: PathBuf,
    /// Take all axes but the first as units, so that an array (samples, ...) is not a stack
    #[arg(long)]
    flatten: bool,
    /// Use the first N samples only [default: all]
    #[arg(long, value_name = "N", value_parser = cli::count)]
    samples: Option<usize>,
    /// Write the summary to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    /// Terms to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

fn run(args: Args) -> Result<()> {
    cli::check_streams(
        &[&args.clean, &args.attacked],
        &[Some(&args.output), args.summary.as_deref()],
    )?;
    cli::check_binary(&args.output)?;
    let open =
        |file: &PathBuf| Shards::open(std::slice::from_ref(file), args.samples, args.flatten);
    let (clean, attacked) = (open(&args.clean)?, open(&args.attacked)?);
    let layers = clean.layers();
    let (terms, summaries): (Vec<Array2<f64>>, Vec<_>) =
        instruments::displacement(clean, attacked)?
            .into_iter()
            .map(|Split { terms, summary }| (terms, summary))
            .unzip();
    let views: Vec<_> = terms.iter().map(|terms| terms.view()).collect();
    let all = stack(Axis(0), &views).expect("all layers have as many units");
    let mut outputs = vec![match layers {
        None => write::npy(&args.output, &terms[0])?,
        Some(_) => write::npy(&args.output, &all)?,
    }];
    if let Some(file) = &args.summary {
        outputs.push(write::json_lines(file, &summaries)?);
    }
    write::finish_all(outputs)
}

tool!(run);
