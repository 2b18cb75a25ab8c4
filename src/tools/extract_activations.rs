//! Hidden activations of images.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Parser};
use ndarray::{Array2, Axis, CowArray, Ix2};

use crate::{
    Error, Result, cli,
    files::{
        read::Rows,
        write::{self, NpyOutput, Output},
    },
    math::mean::GroupMeans,
    network::{self, CHUNK, Network, accuracy::AccuracyCounter, files},
};

/// Compute the hidden activations of images: h_l = max(0, h_(l-1) w_l + b_l)
///
/// Reads images (samples, pixels) and writes the activations of all layers, f4 (layers, samples,
/// units). Memory holds one layer at a time. With --layer N it writes those of one layer, f4
/// (samples, units), block by block as the images come in. Layers of different widths do not fit into one
/// array, so they need --layer N.
///
/// With --average N it writes the mean activations of each N consecutive images, f4 (layers,
/// samples/N, units), such as the N draws that attack-gauss --draws N writes of each image. With
/// --correct-on FILE there are as many samples as the network classifies correctly in FILE.
#[derive(Parser)]
#[command(
    version,
    group = ArgGroup::new("labelled").multiple(true),
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
    #[arg(long, value_name = "FILE", requires = "labels", group = "labelled")]
    accuracy: Option<PathBuf>,
    /// Leave out the images that the network misclassifies before an attack, according to --labels:
    /// this file has the clean images, f4, f2, f8, u1 or bool (samples, pixels), in the same order.
    /// --accuracy is then of the images that are left
    #[arg(long, value_name = "FILE", requires = "labels", group = "labelled")]
    correct_on: Option<PathBuf>,
    /// True classes of the images, integers (samples,), for --accuracy and --correct-on
    #[arg(long, value_name = "FILE", requires = "labelled")]
    labels: Option<PathBuf>,
    /// Write the means of the activations of each N consecutive images
    #[arg(long, value_name = "N", value_parser = cli::count,
          conflicts_with_all = ["accuracy", "correct_on"])]
    average: Option<usize>,
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
    let inputs = args.labels.iter().chain(&args.correct_on).chain([&args.model]);
    let inputs: Vec<&Path> = inputs.map(PathBuf::as_path).collect();
    args.from.start(&inputs, args.accuracy.as_deref())?;
    cli::check_binary(&args.from.output)?;
    let network = files::read(&args.model)?;
    let images = args.from.open_for(network.inputs())?;
    if let (Layer::One(_), Some(_)) = (args.layer, &args.accuracy) {
        return Err(Error::usage("--accuracy is of all layers (found --layer of one)"));
    }
    if let Some(size) = args.average {
        return averages(&args, &network, size, images);
    }
    let labels = match &args.labels {
        Some(file) => args.from.labels(file, &images, &network)?,
        None => Vec::new(),
    };
    let kept = match &args.correct_on {
        Some(file) => {
            Kept::Correct(correct(&network, args.from.open_beside(file, &images)?, &labels)?)
        }
        None => Kept::All,
    };
    match args.layer {
        Layer::One(number) => {
            let number = network.layer_number(Some(number))?;
            one_layer(&network, number, images, &kept, &args.from.output)
        }
        Layer::All => all_layers(&args, &network, images, &kept, &kept.labels(labels)),
    }
}

/// The images whose activations are written.
enum Kept {
    All,
    /// Those for which this is true: the network classifies them correctly.
    Correct(Vec<bool>),
}

impl Kept {
    /// Number of images kept of `samples`.
    fn count(&self, samples: usize) -> usize {
        match self {
            Self::All => samples,
            Self::Correct(kept) => kept.iter().filter(|&&kept| kept).count(),
        }
    }

    /// The labels of the images kept.
    fn labels(&self, labels: Vec<u8>) -> Vec<u8> {
        match self {
            Self::All => labels,
            Self::Correct(kept) => {
                labels.into_iter().zip(kept).filter(|(_, kept)| **kept).map(|(y, _)| y).collect()
            }
        }
    }

    /// The activations of the images kept among those of a block, h, (samples, units), whose first image
    /// has the index `first`. All pass through the network in the same chunks, and each chunk becomes an
    /// array of its own, so that no number depends on the threads or on what is left out.
    fn of<'a>(&self, h: &'a Array2<f32>, first: usize) -> Vec<CowArray<'a, f32, Ix2>> {
        let kept = match self {
            Self::All => return vec![h.into()],
            Self::Correct(kept) => &kept[first..],
        };
        let chunks = h.axis_chunks_iter(Axis(0), CHUNK).zip(kept.chunks(CHUNK));
        let chosen = chunks.map(|(h, kept)| {
            let rows: Vec<usize> = (0..h.nrows()).filter(|&row| kept[row]).collect();
            h.select(Axis(0), &rows).into()
        });
        chosen.collect()
    }
}

/// Whether the network classifies each of these images correctly.
fn correct(network: &Network, mut images: Rows<f32>, labels: &[u8]) -> Result<Vec<bool>> {
    let mut count = AccuracyCounter::new(network);
    let mut correct = Vec::new();
    while let Some(block) = images.next_block(network::block())? {
        let y = &labels[correct.len()..];
        let classes = count.add(network, block.values.view(), y);
        let classes = classes.map_err(|e| e.in_file(images.name()))?;
        correct.extend(classes.iter().zip(y).map(|(class, y)| class == y));
    }
    if correct.contains(&true) {
        return Ok(correct);
    }
    Err(images.wrong(format!(
        "has no image that the network classifies correctly (found 0 of {}, expected at least 1)",
        correct.len()
    )))
}

/// Writes the activations of a layer block by block, as the images come in.
fn one_layer(
    network: &Network,
    number: usize,
    mut images: Rows<f32>,
    kept: &Kept,
    output: &Path,
) -> Result<()> {
    let units = network.layers[number - 1].w.ncols();
    let mut output = NpyOutput::create(output, &[kept.count(images.samples()), units])?;
    let mut first = 0;
    while let Some(block) = images.next_block(network::block())? {
        let chunks = Network::chunks(block.values.view(), |_, x| network.activations(x, number));
        for h in chunks {
            let h = &h?[number - 1];
            kept.of(h, first).iter().try_for_each(|h| output.block(h))?;
            first += h.nrows();
        }
    }
    output.finish()
}

/// Writes the activations layer by layer, which is the first axis of the file. Blocks of them become
/// those of the next layer while the reader of a pipe works on the last ones. `labels` are those of the
/// images kept.
fn all_layers(
    args: &Args,
    network: &Network,
    mut images: Rows<f32>,
    kept: &Kept,
    labels: &[u8],
) -> Result<()> {
    let units = common_units(network)?;
    let layers = network.layers.len();
    // Not allocated ahead: the header of a stream may announce more images than follow.
    let mut blocks = Vec::new();
    while let Some(block) = images.next_block(network::block())? {
        blocks.push(network.layer(1, block.values.view())?);
    }
    // Opened first: the other may be a stream, which cannot be taken back.
    let mut accuracies = args.accuracy.as_deref().map(Output::create).transpose()?;
    let samples = kept.count(images.samples());
    let mut output = NpyOutput::create(&args.from.output, &[layers, samples, units])?;
    let mut count = AccuracyCounter::new(network);
    for number in 1..=layers {
        let (mut first, mut written) = (0, 0);
        for h in &mut blocks {
            if number > 1 {
                *h = network.layer(number, h.view())?;
            }
            for h in kept.of(h, first) {
                if accuracies.is_some() {
                    count.add_layer(network, number, h.view(), &labels[written..]);
                    written += h.nrows();
                }
                output.block(&h)?;
            }
            first += h.nrows();
        }
    }
    if let Some(file) = &mut accuracies {
        count.lines().iter().try_for_each(|line| file.text(&write::json_line(line)?))?;
    }
    write::finish_all(accuracies.into_iter().chain([output.filled()?]).collect())
}

/// Writes the means of the activations of each `size` consecutive images. Only the means are held until
/// all images have been read.
fn averages(args: &Args, network: &Network, size: usize, mut images: Rows<f32>) -> Result<()> {
    let (layers, shape) = match args.layer {
        Layer::All => (1..=network.layers.len(), vec![network.layers.len()]),
        Layer::One(number) => {
            let number = network.layer_number(Some(number))?;
            (number..=number, Vec::new())
        }
    };
    let units = match args.layer {
        Layer::All => common_units(network)?,
        Layer::One(_) => network.layers[layers.start() - 1].w.ncols(),
    };
    let samples = images.samples();
    if !samples.is_multiple_of(size) {
        return Err(images.wrong(format!(
            "has a number of images that --average does not divide (found {samples}, expected a multiple of {size})"
        )));
    }
    let mut means: Vec<_> =
        layers.clone().map(|_| (GroupMeans::new(size, units), Vec::new())).collect();
    while let Some(block) = images.next_block(network::block())? {
        let chunks =
            Network::chunks(block.values.view(), |_, x| network.activations(x, *layers.end()));
        for h in chunks {
            for (h, (group, means)) in h?[layers.start() - 1..].iter().zip(&mut means) {
                means.push(group.add(h.view()));
            }
        }
    }
    let shape = [shape, vec![samples / size, units]].concat();
    let mut output = NpyOutput::create(&args.from.output, &shape)?;
    means.iter().flat_map(|(_, means)| means).try_for_each(|means| output.block(means))?;
    output.finish()
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
