//! Hidden activations of images.

use std::path::{Path, PathBuf};

use clap::Parser;

use crate::{
    Error, Result, cli,
    io::{
        read::Rows,
        write::{self, NpyOutput, Output},
    },
    network::{self, Network, accuracy::AccuracyCounter, files},
};

/// Compute the hidden activations of images: h_l = max(0, h_(l-1) w_l + b_l)
///
/// Reads images (samples, pixels) and writes the activations of all layers, f4 (layers, samples,
/// units). Memory holds one layer at a time. With --layer N it writes those of one layer, f4
/// (samples, units), block by block as the images come in. Layers of different widths do not fit into one
/// array, so they need --layer N.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  extract-activations --model net x.npy | spectrum | fit-powerlaw\n\nSource: Jiang, Zhou and Huang, Chin. Phys. B 30, 048702 (2021)"
)]
struct Args {
    /// Directory of the network
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Write the activations of this layer, counted from 1, or of all layers
    #[arg(long, value_name = "N|all", default_value = "all", value_parser = layer)]
    layer: Layer,
    /// Also write to this file what the tool accuracy writes for these images, as JSON lines, without a
    /// second pass through the network
    #[arg(long, value_name = "FILE", requires = "labels")]
    accuracy: Option<PathBuf>,
    /// True classes of the images, integers (samples,), for --accuracy
    #[arg(long, value_name = "FILE", requires = "accuracy")]
    labels: Option<PathBuf>,
    #[command(flatten)]
    from: cli::FromImages,
}

#[derive(Clone, Copy)]
enum Layer {
    All,
    One(usize),
}

fn layer(text: &str) -> std::result::Result<Layer, String> {
    match text {
        "all" => Ok(Layer::All),
        number => cli::count(number).map(Layer::One),
    }
}

fn run(args: Args) -> Result<()> {
    let inputs: Vec<&Path> =
        args.labels.iter().chain([&args.model]).map(PathBuf::as_path).collect();
    args.from.start(&inputs, args.accuracy.as_deref())?;
    cli::check_binary(&args.from.output)?;
    let network = files::read(&args.model)?;
    let images = args.from.open_for(network.inputs())?;
    match args.layer {
        Layer::One(_) if args.accuracy.is_some() => {
            Err(Error::usage("--accuracy is of all layers (found --layer of one)"))
        }
        Layer::One(number) => {
            let number = network.layer_number(Some(number))?;
            one_layer(&network, number, images, &args.from.output)
        }
        Layer::All => all_layers(&args, &network, images),
    }
}

/// Writes the activations of a layer block by block, as the images come in.
fn one_layer(network: &Network, number: usize, mut images: Rows<f32>, output: &Path) -> Result<()> {
    let units = network.layers[number - 1].w.ncols();
    let mut output = NpyOutput::create(output, &[images.samples(), units])?;
    while let Some(block) = images.next_block(network::block())? {
        let chunks = Network::chunks(block.values.view(), |_, x| network.activations(x, number));
        for h in chunks {
            output.block(&h?[number - 1])?;
        }
    }
    output.finish()
}

/// Writes the activations layer by layer, which is the first axis of the file. Blocks of them become
/// those of the next layer while the reader of a pipe works on the last ones.
fn all_layers(args: &Args, network: &Network, mut images: Rows<f32>) -> Result<()> {
    let labels = match &args.labels {
        Some(file) => args.from.labels(file, &images, network)?,
        None => Vec::new(),
    };
    let units = common_units(network)?;
    let layers = network.layers.len();
    // Not allocated ahead: the header of a stream may announce more images than follow.
    let mut blocks = Vec::new();
    while let Some(block) = images.next_block(network::block())? {
        blocks.push(network.layer(1, block.values.view())?);
    }
    // Opened first: the other may be a stream, which cannot be taken back.
    let mut accuracies = args.accuracy.as_deref().map(Output::create).transpose()?;
    let mut output = NpyOutput::create(&args.from.output, &[layers, images.samples(), units])?;
    let mut count = AccuracyCounter::new(network);
    for number in 1..=layers {
        let mut first = 0;
        for h in &mut blocks {
            if number > 1 {
                *h = network.layer(number, h.view())?;
            }
            if accuracies.is_some() {
                count.add_layer(network, number, h.view(), &labels[first..]);
                first += h.nrows();
            }
            output.block(h)?;
        }
    }
    if let Some(file) = &mut accuracies {
        count.lines().iter().try_for_each(|line| file.text(&write::json_line(line)?))?;
    }
    write::finish_all(accuracies.into_iter().chain([output.filled()?]).collect())
}

fn common_units(network: &Network) -> Result<usize> {
    let sizes = files::sizes(network);
    match sizes.get(1..) {
        Some([first, rest @ ..]) if rest.iter().all(|units| units == first) => Ok(*first),
        units => Err(Error::usage(format!(
            "layers of different widths have no common array (found {:?} units): name one with --layer",
            units.unwrap_or_default()
        ))),
    }
}

tool!(run);
