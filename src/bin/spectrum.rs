//! Eigenspectrum of activations.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use local_errors::{
    Error, Result, cli,
    read::{Rows, Source},
    spectrum::Spectrum,
    write,
};
use ndarray::{Array1, Array2};

/// Take the eigenvalues of the covariance of activations, largest first
///
/// Activations f4 or f8 (samples, units) become f8 (units,); a stack (layers,
/// samples, units) becomes f8 (layers, units). The mean is removed and the sum
/// divided by samples - 1, in f8. Several files are shards of the same samples'
/// axis. Fewer samples than units: through the Gram matrix. Memory: units² and a
/// block of rows, whatever the number of samples.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  spectrum h.npy | fit-powerlaw --ranks 1-50\n\nSource: Jiang, Zhou and Huang, Chin. Phys. B 30, 048702 (2021)"
)]
struct Args {
    /// Activations, one file or several shards; - for stdin
    #[arg(default_value = "-")]
    activations: Vec<PathBuf>,
    /// Do not remove the mean, and divide by samples
    #[arg(long)]
    no_center: bool,
    /// Use the first N rows of each matrix only; of shards the first N in all
    #[arg(long, value_name = "N", value_parser = cli::count)]
    samples: Option<usize>,
    /// Eigenvalues; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

/// Rows taken into the covariance at a time.
const BLOCK: usize = 256;

/// Below so many samples a unit, alpha is noticeably too large.
const SAMPLES_PER_UNIT: usize = 10;

fn run(args: Args) -> Result<()> {
    let inputs: Vec<&Path> = args.activations.iter().map(PathBuf::as_path).collect();
    cli::check_streams(&inputs, &[Some(&args.output)])?;
    cli::check_binary(&args.output)?;
    let mut shards = open(&args.activations, args.samples)?;
    let Some(first) = shards.first() else {
        return Err(Error::usage("no activations"));
    };
    let (layers, units, name) = (first.layers(), first.columns(), first.name().to_owned());
    let samples = shards.iter().map(Rows::samples).sum();
    if samples < SAMPLES_PER_UNIT * units {
        cli::warn(
            &name,
            &format!(
                "has few samples for its units, which biases alpha upwards (found {samples} samples of {units} units, expected at least ten times as many)"
            ),
        );
    }
    let mut spectra = Vec::new();
    for _ in 0..layers.unwrap_or(1) {
        let spectrum = Spectrum::new(samples, units, !args.no_center);
        spectra.push(spectrum.map_err(|e| e.in_file(&name))?);
    }
    for shard in &mut shards {
        while let Some(block) = shard.next_block(BLOCK)? {
            spectra[block.matrix].add(block.values);
        }
    }
    let mut lambda: Vec<Array1<f64>> = Vec::new();
    for spectrum in spectra {
        lambda.push(spectrum.eigenvalues().map_err(|e| e.in_file(&name))?);
    }
    match layers {
        None => write::npy(&args.output, &lambda.swap_remove(0))?.finish(),
        Some(layers) => {
            let flat = lambda.into_iter().flatten().collect();
            let stack = Array2::from_shape_vec((layers, units), flat)
                .map_err(|e| Error::data(e.to_string()))?;
            write::npy(&args.output, &stack)?.finish()
        }
    }
}

/// Open all shards, which must agree, and share out the samples among them.
fn open(files: &[PathBuf], samples: Option<usize>) -> Result<Vec<Rows<f64>>> {
    let mut shards: Vec<Rows<f64>> = Vec::new();
    let mut left = samples;
    for file in files {
        let shard = Rows::activations(Source::open(file)?)?;
        if let Some(first) = shards.first() {
            shard.expect_columns(first.columns(), "the first shard has units")?;
            if shard.layers() != first.layers() {
                return Err(shard.wrong(format!(
                    "is no shard of the same stack (found {:?} layers, expected {:?})",
                    shard.layers().unwrap_or(1),
                    first.layers().unwrap_or(1)
                )));
            }
        }
        let kept = left.map(|left| left.min(shard.samples()));
        left = left.zip(kept).map(|(left, kept)| left - kept);
        if kept != Some(0) {
            shards.push(shard.first(kept)?);
        }
    }
    match (left, shards.first()) {
        (Some(missing), Some(first)) if missing > 0 => {
            let expected = samples.unwrap_or_default();
            Err(first.wrong(format!(
                "has too few samples for --samples (found {}, expected at least {expected})",
                expected - missing
            )))
        }
        _ => Ok(shards),
    }
}

fn main() -> ExitCode {
    cli::main(run)
}
