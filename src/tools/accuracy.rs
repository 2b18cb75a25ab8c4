//! Accuracy of every layer on images.

use std::path::PathBuf;

use clap::Parser;
use ndarray::Array1;

use crate::{
    Result, cli,
    files::write,
    network::{self, accuracy::AccuracyCounter, files},
};

/// Measure how well each layer's readout classifies images, as JSON lines
///
/// Writes one line per layer: layer; samples (number of images); units; dead (number of units that
/// take one value on all images); correct (number of images classified correctly); accuracy, correct divided
/// by samples; loss, the mean of -ln p_y, where p_y is the softmax probability of the true class.
/// The last three are null for a layer without a readout; probe is true if the readout was trained by the
/// tool probe, and left out otherwise. If several logits are equally large, the
/// lowest class counts as the answer.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  accuracy --model net --labels test-labels.npy test-images.npy\n\nSource: local readouts after Mostafa, Ramesh and Cauwenberghs, Front. Neurosci. 12:608 (2018)"
)]
struct Args {
    /// Directory of the network
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// True classes of the images, integers (samples,)
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Also write the classes that the last layer predicts to this file, u1 (samples,)
    #[arg(long, value_name = "FILE")]
    predictions: Option<PathBuf>,
    #[command(flatten)]
    table: cli::Table,
    #[command(flatten)]
    from: cli::FromImages,
}

fn run(args: Args) -> Result<()> {
    args.from.start(&[&args.labels, &args.model], args.predictions.as_deref())?;
    let network = files::read(&args.model)?;
    let mut images = args.from.open_for(network.inputs())?;
    let labels = args.from.labels(&args.labels, &images, &network)?;
    let mut count = AccuracyCounter::new(&network);
    let mut predictions: Vec<u8> = Vec::with_capacity(labels.len());
    while let Some(block) = images.next_block(network::block())? {
        let labels = &labels[predictions.len()..];
        predictions.extend(count.add(&network, block.values.view(), labels)?);
    }
    let mut outputs = vec![args.table.write(&args.from.output, &count.lines())?];
    if let Some(file) = &args.predictions {
        cli::check_binary(file)?;
        outputs.push(write::npy(file, &Array1::from_vec(predictions))?);
    }
    write::finish_all(outputs)
}

tool!(run);
