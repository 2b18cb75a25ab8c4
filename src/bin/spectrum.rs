//! Eigenspectrum of activations.

use std::path::{Path, PathBuf};

use clap::Parser;
use local_errors::{
    Error, Result, cli,
    geometry::spectrum::{Matrix, Merged, Moments, Shards, Spectrum, merged, stacked},
    io::write,
};
use ndarray::Array1;

/// Take the eigenvalues of the covariance of activations, largest first
///
/// Activations (samples, units), f2, f4, f8, integers or bool, which is 0 and 1, become f8
/// (units,); a stack (layers, samples, units) becomes f8 (layers, units). The mean is removed and
/// the sum divided by samples - 1, in f8. Several files are shards, whose samples follow on each
/// other; any number of files may be named. Fewer samples than units: through the Gram matrix. Memory: units² and a
/// block of rows, whatever the number of samples.
///
/// Shards apart: --moments FILE writes count, mean and scatter, f8 (units + 2, units), one
/// row the count, one the mean, then the scatter; --from-moments merges such files.
///
/// Noisy repeats: with --repeat two files are repeats of the same stimuli, and written are
/// the signal's variances along the components of the one as the other has them (cvPCA),
/// in the components' order: estimates without the noise's variance, some below 0.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  spectrum h.npy | fit-powerlaw --ranks 1-50\n\nSources: Jiang, Zhou and Huang, Chin. Phys. B 30, 048702 (2021); moments: Chan, Golub and LeVeque, Am. Stat. 37, 242 (1983); repeats: Stringer et al., Nature 571, 361 (2019)"
)]
#[allow(clippy::struct_excessive_bools)] // flags of a command line
struct Args {
    /// Activations, one file or several shards; - for stdin
    #[arg(default_value = "-")]
    activations: Vec<PathBuf>,
    /// Do not remove the mean, and divide by samples
    #[arg(long, conflicts_with_all = ["normalize", "repeat"])]
    no_center: bool,
    /// Divide each unit by its standard deviation: correlation instead of covariance
    #[arg(long, conflicts_with = "repeat")]
    normalize: bool,
    /// Take all axes but the first as units
    #[arg(long)]
    flatten: bool,
    /// Use the first N rows of each matrix only; of shards the first N in all. What is not used of
    /// a file is not read
    #[arg(long, value_name = "N", value_parser = cli::count)]
    samples: Option<usize>,
    /// Write moments there, f8 (units + 2, units) or (layers, units + 2, units), and no eigenvalues
    #[arg(long, value_name = "FILE", conflicts_with_all = ["no_center", "normalize", "repeat", "subsample", "output"])]
    moments: Option<PathBuf>,
    /// The files are moments: merge them
    #[arg(long, conflicts_with_all = ["repeat", "subsample", "samples", "flatten"])]
    from_moments: bool,
    /// Two files are repeats of the same stimuli: the signal's variances
    #[arg(long, conflicts_with = "subsample")]
    repeat: bool,
    /// Spectra of random N rows without replacement, (draws, units)
    #[arg(long, value_name = "N", value_parser = cli::count)]
    subsample: Option<usize>,
    /// How many such spectra
    #[arg(long, value_name = "N", value_parser = cli::count, default_value_t = 20, requires = "subsample")]
    draws: usize,
    /// Seed of the draws
    #[arg(long, default_value_t = 1, requires = "subsample")]
    seed: u64,
    /// Eigenvalues; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

/// Below so many samples a unit, alpha is noticeably too large.
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
            warn_of_few(&name, moments.samples(), moments.units());
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
        warn_of_few(a.name(), a.samples(), a.units());
        let stack = a.layers().is_some();
        return write_spectra(&args.output, stack, &a.signal(b)?);
    }
    let shards = Shards::open(&args.activations, args.samples, args.flatten)?;
    let layers = shards.layers();
    if let Some(file) = &args.moments {
        return write_moments(file, layers.is_some(), &shards.moments()?);
    }
    let samples = args.subsample.unwrap_or(shards.samples());
    warn_of_few(shards.name(), samples, shards.units());
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

fn warn_of_few(name: &Path, samples: usize, units: usize) {
    if samples < SAMPLES_PER_UNIT.saturating_mul(units) {
        cli::warn(
            name,
            &format!(
                "has few samples for its units, which biases alpha upwards (found {samples} samples of {units} units, expected at least ten times as many)"
            ),
        );
    }
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

local_errors::tool!(run);
