//! Training of a deep network.

use std::{
    fmt::Display,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use clap::Parser;

use crate::{
    Error, Result,
    attack::Clip,
    cli,
    files::{
        read::{self, Labels, Source},
        write,
    },
    network::{Activation, Network, accuracy::AccuracyCounter, files},
    train::{
        Data, Images, Inputs, LayerInputs, Optimizer, PixelRange, Record, Rule, Schedule, Settings,
        TestSet, Training, TrainingSet, init, shuffle_labels,
    },
};

/// Train a deep network with local errors, or by backpropagation
///
/// Local errors: each layer has a fixed random readout r and learns from its own
/// loss alone, the cross-entropy of softmax(h r). No error passes to lower layers.
/// Backpropagation: there is one loss, that of the last layer, and its readout is
/// trained too. Layers are h = f(z) with z = x w + b. Initial values are
/// w ~ N(0, gain/inputs) and b = 0.
///
/// Reads images f4, f8 or u1 (samples, pixels) in [0, 1], and labels u1, i4, i8, u4
/// or u8 (samples,). Writes a directory with model.json; w1.npy (inputs, units),
/// b1.npy (units,) and so on; r1.npy (units, classes) for each layer with a readout;
/// and history.jsonl with one line per epoch and readout.
///
/// At the end, a line on stderr gives the error of each layer on the test images, or
/// without them that on the training images during the last epoch. Where no progress bar
/// can be shown, there is such a line after each epoch. --quiet turns all of this off.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  train --images train-images.npy --labels train-labels.npy --epochs 5 -o net\n\nSource: Mostafa, Ramesh and Cauwenberghs, Front. Neurosci. 12:608 (2018)"
)]
struct Args {
    /// Training images; - for stdin
    #[arg(long, value_name = "FILE")]
    images: PathBuf,
    /// True classes of the training images, from 0; u1, i4, i8, u4 or u8 (samples,)
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Test images: measure the error on them after each epoch, for history.jsonl
    #[arg(long, value_name = "FILE", requires = "test_labels")]
    test_images: Option<PathBuf>,
    /// True classes of the test images, from 0
    #[arg(long, value_name = "FILE", requires = "test_images")]
    test_labels: Option<PathBuf>,
    /// Directory to write the network to; at the end it replaces an older network there
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Number of units of each hidden layer, from the first to the last
    #[arg(long, value_name = "UNITS,...", value_delimiter = ',', value_parser = cli::count,
          default_value = "200,200,200,200,200")]
    hidden: Vec<usize>,
    /// What each layer learns from
    #[arg(long, value_name = "NAME", default_value = "local")]
    rule: Rule,
    /// f, the activation function of all hidden layers
    #[arg(long, value_name = "NAME", default_value = "relu")]
    activation: Activation,
    /// How a step follows from the gradient
    #[arg(long, value_name = "NAME", default_value = "sgd")]
    optimizer: Optimizer,
    /// Momentum of sgd, from 0 to below 1: a step is the learning rate times v, the gradient plus
    /// momentum times the last v [default: 0]
    #[arg(long, value_name = "M", value_parser = momentum)]
    momentum: Option<f64>,
    /// Which layers learn at a time
    #[arg(long, value_name = "NAME", default_value = "joint")]
    schedule: Schedule,
    #[arg(long, value_name = "N", value_parser = epochs, help = preset(
        "Number of passes over the training images, at most 1000000, for each layer if the schedule is sequential; 0 writes the untrained network",
        |s| s.epochs
    ))]
    epochs: Option<usize>,
    #[arg(long, value_name = "N", value_parser = cli::non_zero, help = preset(
        "Number of images per step of gradient descent", |s| s.batch_size
    ))]
    batch_size: Option<NonZeroUsize>,
    #[arg(long, value_name = "RATE", value_parser = cli::positive_single, help = preset(
        "Learning rate of the first epochs", |s| s.learning_rate
    ))]
    learning_rate: Option<f64>,
    #[arg(long, value_name = "FACTOR", value_parser = cli::positive, help = preset(
        "Multiply the learning rate by this factor every --lr-decay-every epochs", |s| s.lr_decay
    ))]
    lr_decay: Option<f64>,
    #[arg(long, value_name = "N", value_parser = cli::non_zero, help = preset(
        "Number of epochs after which --lr-decay is applied, again and again", |s| s.lr_decay_every
    ))]
    lr_decay_every: Option<NonZeroUsize>,
    /// Variance of the initial weights w times the number of inputs [default: 1 for tanh, sigmoid and
    /// shifted-tanh, 2 for the others]
    #[arg(long, value_name = "GAIN", value_parser = cli::positive_single)]
    weight_gain: Option<f64>,
    /// Standard deviation of the initial weights of the readouts [default: 1/sqrt(units)]
    #[arg(long, value_name = "SCALE", value_parser = cli::positive_single)]
    readout_scale: Option<f64>,
    /// Seed of the initial weights, the order of the images and --shuffle-labels
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Permute the training labels at random, so that the network can only memorise
    #[arg(long)]
    shuffle_labels: bool,
    /// The biases b of the hidden layers stay 0 and are not learned; the bias that backpropagation has in
    /// the last readout is learned as always
    #[arg(long)]
    no_bias: bool,
    /// Learn from images whose pixels x in [0, 1] are mapped to LOW + (HIGH - LOW) x. The network is
    /// written for the images as they are: the map is part of w1 and b1. The errors are those of the
    /// network that learns
    #[arg(long, value_name = "LOW,HIGH", default_value = "0,1", allow_hyphen_values = true,
          value_parser = pixel_range)]
    pixel_range: PixelRange,
    /// Also write the network after each of these epochs, as DIR/epoch-N; 0 is the untrained network.
    /// With the schedule sequential the epochs of all layers are counted
    #[arg(long, value_name = "N,...", value_delimiter = ',')]
    snapshots: Vec<usize>,
    /// Save the state of the training in this file regularly. If the file exists, continue from it,
    /// to the same network; a file from other settings, inputs or snapshots is refused. The file is
    /// removed at the end
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Also write the accuracy of each layer on the test images to this file, as one line of text
    #[arg(long, value_name = "FILE", requires = "test_images")]
    accuracies: Option<PathBuf>,
    /// Train on the first N training images only [default: all]
    #[arg(long, value_name = "N", value_parser = cli::count)]
    samples: Option<usize>,
    #[command(flatten)]
    threads: cli::Threads,
    #[command(flatten)]
    common: cli::Common,
}

/// The help of an option whose default is in the presets.
fn preset<T: Display>(help: &str, value: fn(&Settings) -> T) -> String {
    let text = |rule, optimizer| value(&Settings::preset_with(rule, optimizer)).to_string();
    let named = |optimizer| {
        let [first, second] = Rule::ALL.map(|rule| text(rule, optimizer));
        if first == second {
            return first;
        }
        format!("{first} for {}, {second} for {}", Rule::ALL[0].name(), Rule::ALL[1].name())
    };
    let (sgd, adam) = (named(Optimizer::Sgd), named(Optimizer::Adam));
    let with_adam = if adam == sgd { String::new() } else { format!(", {adam} with adam") };
    format!("{help} [default: {sgd}{with_adam}]")
}

/// A number of passes that can be finished.
fn epochs(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(epochs) if epochs <= 1_000_000 => Ok(epochs),
        _ => Err("expected a whole number from 0 to 1000000".into()),
    }
}

/// A number from 0 to below 1.
fn momentum(text: &str) -> std::result::Result<f64, String> {
    let number = cli::non_negative(text).ok().filter(|number| *number < 1.0);
    number.ok_or_else(|| "expected a number from 0 to below 1, such as 0.9".into())
}

/// LOW,HIGH with LOW below HIGH.
fn pixel_range(text: &str) -> std::result::Result<PixelRange, String> {
    let Clip { low, high } = text.parse()?;
    PixelRange::new(low, high).ok_or_else(|| "expected a finite difference of LOW and HIGH".into())
}

impl Args {
    /// What is not given is the preset of the rule.
    fn settings(&self) -> Settings {
        let preset = Settings::preset_with(self.rule, self.optimizer);
        Settings {
            rule: self.rule,
            activation: self.activation,
            optimizer: self.optimizer,
            momentum: self.momentum.unwrap_or(preset.momentum),
            schedule: self.schedule,
            epochs: self.epochs.unwrap_or(preset.epochs),
            batch_size: self.batch_size.unwrap_or(preset.batch_size),
            learning_rate: self.learning_rate.unwrap_or(preset.learning_rate),
            lr_decay: self.lr_decay.unwrap_or(preset.lr_decay),
            lr_decay_every: self.lr_decay_every.unwrap_or(preset.lr_decay_every),
            weight_gain: self.weight_gain,
            readout_scale: self.readout_scale,
            seed: self.seed,
            shuffle_labels: self.shuffle_labels,
            bias: !self.no_bias,
            pixel_range: self.pixel_range,
        }
    }
}

/// Images, mapped to the pixel range, and their labels, the number of classes, and the SHA-256 of both files.
fn data(
    args: &Args,
    images: &Path,
    labels: &Path,
    samples: Option<usize>,
) -> Result<(TestSet, usize, [Option<String>; 2])> {
    let images = args.common.images(Source::open(images)?.hashed())?;
    let images = images.grey().first(samples)?;
    let labels = Labels::read(Source::open(labels)?.hashed())?.of(&images)?;
    if let Some(doubt) = labels.doubt() {
        cli::warn(labels.name(), &doubt);
    }
    let (images, sha256) = images.read()?;
    let images = args.pixel_range.map(images);
    Ok((Data { images, labels: labels.values }, labels.classes, [sha256, labels.sha256]))
}

fn run(args: Args) -> Result<()> {
    let settings = args.settings();
    let mut inputs = vec![args.images.as_path(), &args.labels];
    inputs.extend(args.test_images.as_deref());
    inputs.extend(args.test_labels.as_deref());
    if read::is_stream(&args.output) {
        return Err(Error::usage("a network is a directory: -o - cannot be"));
    }
    if let Some(file) = &args.checkpoint {
        if read::is_stream(file) {
            return Err(Error::usage("a checkpoint is a file: --checkpoint - cannot be"));
        }
        cli::check_outside(file, &args.output, "--checkpoint")?;
    }
    if let Some(file) = &args.accuracies {
        cli::check_outside(file, &args.output, "--accuracies")?;
    }
    cli::check_streams(&inputs, &[args.checkpoint.as_deref(), args.accuracies.as_deref()])?;
    files::check(&args.output)?;
    if args.optimizer == Optimizer::Adam && args.momentum.is_some() {
        return Err(Error::usage("--momentum has an effect with --optimizer sgd only"));
    }
    if (args.rule, args.schedule) == (Rule::Backprop, Schedule::Sequential) {
        return Err(Error::usage(
            "--schedule sequential needs --rule local: with backprop all layers learn from the last",
        ));
    }
    let epochs = settings.passes(args.hidden.len());
    if let Some(late) = args.snapshots.iter().find(|&&epoch| epoch > epochs) {
        return Err(Error::usage(format!("--snapshots {late} is after the last epoch, {epochs}")));
    }
    args.threads.start()?;

    let (mut train, classes, [images, labels]) =
        data(&args, &args.images, &args.labels, args.samples)?;
    let (test, [test_images, test_labels]) = match (&args.test_images, &args.test_labels) {
        (Some(images), Some(labels)) => {
            let (test, found, sha256) = data(&args, images, labels, None)?;
            if found > classes {
                return Err(Error::data(format!(
                    "has more classes than the training labels (found {found}, expected {classes})"
                ))
                .in_file(labels));
            }
            if test.images.ncols() != train.images.ncols() {
                let (found, expected) = (test.images.ncols(), train.images.ncols());
                return Err(Error::data(format!(
                    "has rows of the wrong length (found {found}, expected {expected} as the training images)"
                ))
                .in_file(images));
            }
            (Some(test), sha256)
        }
        _ => (None, [None, None]),
    };
    if settings.shuffle_labels {
        shuffle_labels(&mut train.labels, settings.seed);
    }
    let mut sizes = vec![train.images.ncols()];
    sizes.extend(&args.hidden);
    let network = init(&sizes, classes, &settings)?;
    let mut snapshots = args.snapshots.clone();
    snapshots.sort_unstable();
    snapshots.dedup();
    let train = Data { images: Images::new(train.images), labels: train.labels };
    let record = Record {
        samples: train.labels.len(),
        first_layer: train.images.form(),
        inputs: Inputs { images, labels, test_images, test_labels },
        snapshots,
        settings,
    };
    let training =
        learn(&args, &record, Training::new(network, &record.settings), &train, test.as_ref())?;
    let accuracies = match (&args.accuracies, &test) {
        (Some(file), Some(test)) => {
            vec![write::lines(file, &[accuracies(&training.network, test)?])?]
        }
        _ => Vec::new(),
    };
    training.write(&args.output, &record)?;
    write::finish_all(accuracies)?;
    if let Some(file) = args.checkpoint.as_ref().filter(|file| file.exists()) {
        std::fs::remove_file(file).map_err(|e| Error::io(file, e))?;
    }
    args.common.notice(&args.output, &training.summary(&record.settings));
    Ok(())
}

/// The accuracy of each layer that has a readout, for a reader.
fn accuracies(network: &Network, test: &TestSet) -> Result<String> {
    let mut count = AccuracyCounter::new(network);
    count.add(network, test.images.view(), &test.labels)?;
    let measured = count.lines().into_iter().filter_map(|line| Some((line.layer, line.accuracy?)));
    let (layers, accuracies): (Vec<_>, Vec<_>) = measured.unzip();
    let ends = layers.first().zip(layers.last());
    let (first, last) = ends.expect("the last layer of a network has a readout");
    let layers =
        if first == last { format!("layer {last}") } else { format!("layers {first}-{last}") };
    let accuracies: Vec<_> = accuracies.iter().map(|value| format!("{value:.3}")).collect();
    Ok(format!("accuracy of {layers}: {}", accuracies.join(" ")))
}

/// Train for the epochs of the settings. A bar shows how it goes, or a line per epoch.
fn learn(
    args: &Args,
    record: &Record,
    mut training: Training,
    train: &TrainingSet,
    test: Option<&TestSet>,
) -> Result<Training> {
    let Record { settings, snapshots, .. } = record;
    if snapshots.contains(&0) {
        training.keep_snapshot();
    }
    if let Some(file) = &args.checkpoint {
        training.resume(file, record)?;
    }
    let samples = train.labels.len() as u64;
    let epochs = settings.passes(training.network.layers.len());
    let steps = samples.saturating_mul(epochs as u64);
    let bar = cli::bar(args.common.quiet, steps, "{msg} [{wide_bar}] {percent}% {eta} left");
    bar.set_position(samples * training.epoch as u64);
    bar.reset_eta();
    let mut inputs = LayerInputs::new(train, test);
    while training.epoch < epochs {
        let (epoch, recorded) = (training.epoch + 1, training.history.len());
        training.run_epoch(settings, &mut inputs, |seen, loss| {
            bar.inc(seen as u64);
            bar.set_message(format!("epoch {epoch}/{epochs} loss {loss:.4}"));
        })?;
        if bar.is_hidden() {
            let errors = training.errors_since(recorded);
            args.common.notice(&args.output, &format!("epoch {epoch}/{epochs}, {errors}"));
        }
        if snapshots.contains(&training.epoch) {
            training.keep_snapshot();
        }
        if let Some(file) = &args.checkpoint {
            training.save(file, record)?;
        }
    }
    bar.finish_and_clear();
    Ok(training)
}

tool!(run);
