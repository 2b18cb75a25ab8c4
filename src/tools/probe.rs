//! Linear probes of activations.

use std::path::{Path, PathBuf};

use clap::Parser;

use crate::{
    Error, Result, cli,
    files::read::{self, Source},
    instruments::probe::{Layers, Line, Samples, Settings},
    network::{Readout, probed::Probed},
};

/// Train a linear classifier on the activations of each layer, and measure it, as JSON lines
///
/// The classifier, a probe, is a multinomial logistic regression on features: activations minus their
/// mean over the training samples, divided by their standard deviation (divisor: number of
/// samples). Constant units are left out. It minimises the mean of -ln p_y, plus l2/2 times the sum of the
/// squared weights; biases are free. p_y is the softmax probability of the true class. L-BFGS stops
/// where the Euclidean norm of the gradient is at most --tolerance. A layer that does not get there gives
/// a warning.
///
/// Reads activations (samples, units) or (layers, samples, units), of any dtype, one layer at a time.
/// Writes one line per layer: layer (null for a single matrix); units; classes; train_accuracy and
/// test_accuracy; train_loss and test_loss, the means of -ln p_y (test_loss is null if a class has test
/// samples and no training samples); iterations; converged.
///
/// With --into, the probes become readouts rN.npy and cN.npy of a network, in the layers that have no
/// readout, or one from an earlier probe. Other readouts stay as they are, unless --replace is given. The
/// key probe of model.json lists these layers. The last layer always has a readout, which the attacks use.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  probe --activations train-h.npy --labels train-labels.npy --test-activations h.npy --test-labels test-labels.npy\n\nWith --l2 0, classes that a hyperplane separates have no minimum: the loss falls towards 0 until the\ngradient is small.\n\nSources: Alain and Bengio, arXiv 1610.01644 (2016); Liu and Nocedal, Math. Program. 45, 503 (1989)"
)]
struct Args {
    /// Activations of the training samples, any dtype; - for stdin
    #[arg(long, value_name = "FILE")]
    activations: PathBuf,
    /// True classes of the training samples, integers (samples,)
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Activations of the test samples, of the same layers
    #[arg(long, value_name = "FILE")]
    test_activations: PathBuf,
    /// True classes of the test samples, integers (samples,)
    #[arg(long, value_name = "FILE")]
    test_labels: PathBuf,
    /// Weight decay: l2/2 times the sum of the squared weights is added to the loss
    #[arg(long, value_name = "L2", value_parser = cli::non_negative, default_value_t = 1e-4)]
    l2: f64,
    /// Largest number of iterations per layer
    #[arg(long, value_name = "N", value_parser = cli::count, default_value_t = 1000)]
    iterations: usize,
    /// Euclidean norm of the gradient at which a layer has converged
    #[arg(long, value_name = "NORM", value_parser = cli::positive, default_value_t = 1e-5)]
    tolerance: f64,
    /// Also write the probes into the directory of this network, whose layers the activations are
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// With --into, replace the readouts of all layers, as for a network that was not trained
    #[arg(long, requires = "into")]
    replace: bool,
    /// JSON lines to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    table: cli::Table,
    #[command(flatten)]
    threads: cli::Threads,
    #[command(flatten)]
    common: cli::Common,
}

fn run(args: Args) -> Result<()> {
    let inputs = [&args.activations, &args.labels, &args.test_activations, &args.test_labels];
    let inputs: Vec<&Path> = inputs.into_iter().chain(&args.into).map(PathBuf::as_path).collect();
    cli::check_streams(&inputs, &[Some(&args.output)])?;
    let network = match &args.into {
        Some(directory) if read::is_stream(directory) => {
            return Err(Error::usage("a network is a directory: --into - cannot be"));
        }
        Some(directory) => {
            cli::check_outside(&args.output, directory, "--output")?;
            Some(Probed::open(directory, args.replace)?)
        }
        None => None,
    };
    args.threads.start()?;
    let open = |activations: &Path, labels| {
        Samples::open(Source::open(activations)?, Source::open(labels)?)
    };
    let train = open(&args.activations, &args.labels)?;
    let test = open(&args.test_activations, &args.test_labels)?;
    let layers = Layers::new(train, test, network.as_ref().map(|probed| &probed.network))?;
    for labels in layers.labels() {
        args.common.notice_labels(labels);
    }
    let settings = Settings { l2: args.l2, iterations: args.iterations, tolerance: args.tolerance };
    if let Some(class) = layers.unknown_class() {
        let message =
            format!("has class {class}, which the training labels lack: the test loss is infinite");
        cli::warn(&args.test_labels, &message);
    }
    let (lines, readouts) = measure(&args, layers, settings, network.as_ref())?;
    let output = args.table.write(&args.output, &lines)?;
    match (network, &args.into) {
        (Some(network), _) if !readouts.is_empty() => network.write(&readouts)?,
        (_, Some(directory)) => {
            args.common.notice(directory, "has a readout in every layer, and stays as it is");
        }
        _ => {}
    }
    output.finish()
}

/// Readouts, each with its layer, counted from 1.
type Readouts = Vec<(usize, Readout)>;

/// Measure all layers, with a bar that shows how it goes. Gives the lines, and the readouts of those
/// layers of the network that are to get one.
fn measure(
    args: &Args,
    mut layers: Layers,
    settings: Settings,
    network: Option<&Probed>,
) -> Result<(Vec<Line>, Readouts)> {
    let wants = |layer: usize| network.is_some_and(|network| network.layers.contains(&layer));
    let count = layers.count();
    let bar = cli::bar(args.common.quiet, count as u64, "{msg} [{wide_bar}] {pos}/{len}");
    let (mut lines, mut readouts) = (Vec::new(), Vec::new());
    for layer in 1..=count {
        let show = |loss| bar.set_message(format!("layer {layer} loss {loss:.4}"));
        let measured = layers.next(settings, wants, show)?;
        bar.inc(1);
        for doubt in measured.doubts(layer, settings) {
            bar.suspend(|| cli::warn(&args.activations, &doubt));
        }
        readouts.extend(measured.readout.map(|rounded| (layer, rounded.readout)));
        lines.push(measured.line);
    }
    bar.finish_and_clear();
    Ok((lines, readouts))
}

tool!(run);
