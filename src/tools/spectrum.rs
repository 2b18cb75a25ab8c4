//! Eigenspectrum of activations.

use std::path::{Path, PathBuf};

use clap::Parser;
use ndarray::Array1;

use crate::{
    Error, Result, cli,
    files::{read::transposed, write},
    spectrum::{Matrix, Merged, Moments, Shards, Spectrum, merged, stacked},
};

/// Compute the eigenvalues of the covariance of activations, largest first
///
/// Reads activations (samples, units) and writes f8 (units,). A stack (layers, samples, units)
/// gives f8 (layers, units). The input may be f2, f4, f8, integers or bool (0 and 1). The mean is
/// removed, and the sum divided by samples - 1, in double precision. If there are fewer samples
/// than units, the eigenvalues are those of the Gram matrix (samples, samples).
///
/// Several files are shards of one set: their samples are joined. Memory holds units² numbers and
/// one block of rows, whatever the number of samples. Shards can also be measured separately:
/// --moments writes the moments of a shard, and --from-moments merges such files. Moments are f8
/// (units + 2, units): row 1 holds the number of samples in every column, row 2 the mean, and the
/// other rows the scatter, the sum of (h - mean) (h - mean)^T.
///
/// With --repeat, the two files are noisy repeats of the same stimuli. The output is then the
/// variances of the signal, without the noise (cvPCA): the covariance between the two repeats along
/// the principal components of one repeat, averaged over the two choices of that repeat. The values
/// are in the order of the components, and some can be negative.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  spectrum h.npy | fit-powerlaw --ranks 1-50\n\nSources: Jiang, Zhou and Huang, Chin. Phys. B 30, 048702 (2021); moments: Chan, Golub and LeVeque, Am. Stat. 37, 242 (1983); repeats: Stringer et al., Nature 571, 361 (2019)"
)]
#[allow(clippy::struct_excessive_bools)] // flags of a command line
struct Args {
    /// Activations: one file, or several shards; - for stdin
    #[arg(default_value = "-")]
    activations: Vec<PathBuf>,
    /// Do not remove the mean, and divide by samples instead of samples - 1
    #[arg(long, conflicts_with_all = ["normalize", "repeat"])]
    no_center: bool,
    /// Divide each unit by its standard deviation: correlation instead of covariance
    #[arg(long, conflicts_with = "repeat")]
    normalize: bool,
    /// Take all axes but the first as units, so that an array (samples, ...) is not a stack
    #[arg(long)]
    flatten: bool,
    /// Use the first N samples only; of several shards, the first N in all. The rest of a file is not
    /// read [default: all]
    #[arg(long, value_name = "N", value_parser = cli::count)]
    samples: Option<usize>,
    /// Write moments to this file instead of eigenvalues, f8 (units + 2, units) or (layers,
    /// units + 2, units)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["no_center", "normalize", "repeat", "subsample", "output"])]
    moments: Option<PathBuf>,
    /// The files are moments, which --moments wrote: merge them
    #[arg(long, conflicts_with_all = ["repeat", "subsample", "samples", "flatten"])]
    from_moments: bool,
    /// The two files are repeats of the same stimuli: write the variances of the signal
    #[arg(long, conflicts_with = "subsample")]
    repeat: bool,
    /// Write the spectra of random subsamples of N samples each, drawn without replacement, as f8
    /// (draws, units)
    #[arg(long, value_name = "N", value_parser = cli::count)]
    subsample: Option<usize>,
    /// Number of random subsamples
    #[arg(long, value_name = "N", value_parser = cli::count, default_value_t = 20, requires = "subsample")]
    draws: usize,
    /// Seed of the random subsamples
    #[arg(long, default_value_t = 1, requires = "subsample")]
    seed: u64,
    /// The samples are meant to be few: do not warn if there are fewer than ten per unit
    #[arg(long, conflicts_with = "moments")]
    few_samples: bool,
    /// Eigenvalues to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

/// With fewer samples per unit, alpha is noticeably too large.
const SAMPLES_PER_UNIT: usize = 10;

fn run(args: Args) -> Result<()> {
    let inputs: Vec<&Path> = args.activations.iter().map(PathBuf::as_path).collect();
    let output = args.moments.as_ref().unwrap_or(&args.output);
    cli::check_streams(&inputs, &[Some(output)])?;
    cli::check_binary(output)?;
    if args.from_moments {
        let Merged { name, stack, moments } = merged(&args.activations)?;
        if let Some(file) = &args.moments {
            return write_moments(file, stack, &moments);
        }
        if let Some(moments) = moments.first() {
            warn_of_few(&args, &name, (moments.samples(), moments.units()), None);
        }
        let spectrum = |moments| Spectrum::of_moments(moments, of(&args))?.eigenvalues();
        let spectra = moments.into_iter().map(spectrum).collect::<Result<Vec<_>>>();
        return write_spectra(&args.output, stack, &spectra.map_err(|e| e.in_file(&name))?);
    }
    if args.repeat {
        let [a, b] = args.activations.as_slice() else {
            return Err(Error::usage("--repeat takes two files, the repeats"));
        };
        let open =
            |file: &PathBuf| Shards::open(std::slice::from_ref(file), args.samples, args.flatten);
        let (a, b) = (open(a)?, open(b)?);
        let stack = a.layers().is_some();
        warn_of_few(&args, a.name(), (a.samples(), a.units()), remedy(&args, &a));
        return write_spectra(&args.output, stack, &a.signal(b)?);
    }
    let shards = Shards::open(&args.activations, args.samples, args.flatten)?;
    let layers = shards.layers();
    if let Some(file) = &args.moments {
        return write_moments(file, layers.is_some(), &shards.moments()?);
    }
    let shape = (args.subsample.unwrap_or(shards.samples()), shards.units());
    warn_of_few(&args, shards.name(), shape, remedy(&args, &shards));
    match args.subsample {
        None => write_spectra(&args.output, layers.is_some(), &shards.spectra(of(&args))?),
        Some(size) => {
            let spectra = shards.of_subsamples(args.draws, size, args.seed, of(&args))?;
            write_spectra(&args.output, true, &spectra)
        }
    }
}

fn of(args: &Args) -> Matrix {
    match (args.no_center, args.normalize) {
        (true, _) => Matrix::SecondMoment,
        (_, true) => Matrix::Correlation,
        _ => Matrix::Covariance,
    }
}

fn are_few(samples: usize, units: usize) -> bool {
    samples < SAMPLES_PER_UNIT.saturating_mul(units)
}

/// Warn of few samples, with a remedy if there is one.
fn warn_of_few(args: &Args, name: &Path, (samples, units): (usize, usize), remedy: Option<String>) {
    if !args.few_samples && are_few(samples, units) {
        let remedy = remedy.map(|remedy| format!(": {remedy}")).unwrap_or_default();
        cli::warn(
            name,
            &format!(
                "has few samples for its units, which biases alpha upwards (found {samples} samples of {units} units, expected at least ten times as many){remedy}"
            ),
        );
    }
}

/// What to do if the samples of a file may be its units: as units they would have been enough.
fn remedy(args: &Args, file: &Shards) -> Option<String> {
    let is_whole = args.samples.is_none() && args.subsample.is_none() && !args.flatten;
    let is_one = args.repeat || args.activations.len() == 1;
    let suspected = is_whole && is_one && !are_few(file.units(), file.samples());
    suspected.then(|| transposed(file.layers().is_some()))
}

fn write_spectra(output: &Path, stack: bool, spectra: &[Array1<f64>]) -> Result<()> {
    match spectra {
        [one] if !stack => write::npy(output, one)?.finish(),
        all => write::npy(output, &stacked(all))?.finish(),
    }
}

fn write_moments(output: &Path, stack: bool, moments: &[Moments]) -> Result<()> {
    match moments {
        [one] if !stack => write::npy(output, &one.to_array()?)?.finish(),
        all => write::npy(output, &Moments::stacked(all)?)?.finish(),
    }
}

tool!(run);
