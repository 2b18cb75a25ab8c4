//! Geometry of the classes in activations.

use std::path::{Path, PathBuf};

use clap::Parser;

use crate::{
    Result, cli,
    files::read::{Labelled, Labels, Source},
    instruments::classes::class_geometry,
    spectrum::Shards,
};

/// Measure how classes spread around their centres, and how the centres spread, as JSON lines
///
/// Reads activations (samples, units) or a stack (layers, samples, units), of any dtype, and labels
/// (samples,). Writes one line per layer: layer (null for one matrix); samples; units; classes, the
/// number C of classes that have samples; and the following numbers. m is the mean of all samples.
/// m_c and cov_c are the mean and the covariance (divisor samples - 1) of class c.
///
/// within: tr S_W, where S_W is the mean of (h - m_c) (h - m_c)^T over all samples.
///
/// between: tr S_B, where S_B is the mean of (m_c - m) (m_c - m)^T over the classes.
///
/// ratio: between / within; null if within is 0.
///
/// nc1: tr(S_W S_B^+) / C, which is 0 in neural collapse. The pseudo-inverse S_B^+ leaves out
/// eigenvalues that are at most 1e-10 of the largest. Null if every m_c equals m.
///
/// centre_span: tr(P S_T) / tr S_T, the fraction of the variance in the directions of the m_c - m: P projects
/// on their span, and S_T = 1/N sum (h - m)(h - m)^T. The first C - 1 principal directions hold at least as
/// much; if it is as much, they are the directions of the centres. Null if every m_c equals m.
///
/// class_dimension: mean over classes of the participation ratio (tr cov_c)^2 / tr cov_c^2. Classes
/// without variance are left out, also those of a single sample; null if there are no others.
///
/// class_radius: mean over classes of sqrt(tr cov_c) / |m_c - m|. Classes of a single sample are left
/// out; null if there are no others, or if an m_c equals m.
///
/// centre_correlation: mean over pairs of classes of the absolute cosine between m_c - m and
/// m_c' - m; it is always 1 for two classes. Null for a single class, or if an m_c equals m.
///
/// Several files are shards of one set: their samples are joined, and the labels are those of all of
/// them. Everything is computed in one pass, in double precision. For each class, memory holds units²
/// numbers, or the samples of the class if they are fewer than the units. Several shards of a stack
/// need this memory for each layer.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  class-geometry --labels y.npy h.npy\n\nSources: within, between, nc1: Papyan, Han and Donoho, PNAS 117, 24652 (2020); class_dimension, class_radius, centre_correlation: Cohen, Chung, Lee and Sompolinsky, Nat. Commun. 11, 746 (2020), the statistics of the samples, not those that follow from the capacity"
)]
struct Args {
    /// Classes of the samples, integers from 0 to 255 (samples,)
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Activations: one file, or several shards; - for stdin
    #[arg(default_value = "-")]
    activations: Vec<PathBuf>,
    /// Take all axes but the first as units, so that an array (samples, ...) is not a stack
    #[arg(long)]
    flatten: bool,
    /// Use the first N samples only; of several shards, the first N in all. The rest of a file is not
    /// read [default: all]
    #[arg(long, value_name = "N", value_parser = cli::count)]
    samples: Option<usize>,
    /// JSON lines to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    table: cli::Table,
    #[command(flatten)]
    common: cli::Common,
}

fn run(args: Args) -> Result<()> {
    let inputs: Vec<&Path> =
        args.activations.iter().chain([&args.labels]).map(PathBuf::as_path).collect();
    cli::check_streams(&inputs, &[Some(&args.output)])?;
    let shards = Shards::open(&args.activations, args.samples, args.flatten)?;
    let of = match args.activations.as_slice() {
        [_] => shards.name().display().to_string(),
        _ => "all shards".into(),
    };
    let samples = Labelled {
        thing: "sample",
        of: &of,
        count: shards.samples(),
        columns: shards.units(),
        is_stack: shards.layers().is_some(),
        cut: args.samples.is_some(),
    };
    let labels = Labels::read_for_samples(Source::open(&args.labels)?, &samples)?;
    args.common.notice_labels(&labels);
    let lines = class_geometry(shards, &labels.values)?;
    args.table.write(&args.output, &lines)?.finish()
}

tool!(run);
