//! Training: local errors, and backpropagation as the control.
//!
//! Local errors (Mostafa, Ramesh and Cauwenberghs, Front. Neurosci. 12:608,
//! 2018): each layer l has a fixed random readout `r_l` and learns from its own
//! loss `E_l`, the batch mean of `-ln p_y` with `p = softmax(h_l r_l)`. No error passes to the
//! layers below. Backpropagation: there is one loss, that of the last layer, and the readout of
//! this layer is trained too, with a bias.

mod checkpoint;
mod images;
mod step;

use std::{path::Path, str::FromStr};

use ndarray::{Array1, Array2};
use rand::{Rng, seq::SliceRandom};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

pub use images::{Form, Images};

use crate::{
    Error, Result,
    io::write,
    math::rng::{self, Purpose},
    network::{
        Layer, Network, Readout,
        accuracy::Count,
        files::{self, Description},
    },
};

/// What a layer learns from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// Its own readout's loss.
    Local,
    /// The last layer's loss, through the chain rule.
    Backprop,
}

impl Rule {
    /// Its name, as in JSON and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Backprop => "backprop",
        }
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        [Self::Local, Self::Backprop]
            .into_iter()
            .find(|rule| rule.name() == text)
            .ok_or_else(|| "expected local or backprop".into())
    }
}

/// What determines the numbers, beside the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Passes over the data.
    pub epochs: usize,
    /// Samples a step; the last of an epoch may have fewer.
    pub batch_size: usize,
    /// Of plain gradient descent.
    pub learning_rate: f64,
    /// What the rate is multiplied by ...
    pub lr_decay: f64,
    /// ... every so many epochs.
    pub lr_decay_every: usize,
    /// Standard deviation of a readout; 1/sqrt(units) where none is given.
    pub readout_scale: Option<f64>,
    /// Of the start, the order of the samples and the shuffling.
    pub seed: u64,
    /// Whether the labels are permuted: what is learned then is memory alone.
    pub shuffle_labels: bool,
}

/// Images and their labels.
pub struct Data<I> {
    /// (samples, pixels)
    pub images: I,
    /// (samples,)
    pub labels: Vec<u8>,
}

/// What is learned from.
pub type TrainingSet = Data<Images>;
/// What a network is tested on.
pub type TestSet = Data<Array2<f32>>;

/// A line of `history.jsonl`: an epoch and a layer with a readout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// From 1.
    pub epoch: usize,
    /// From 1.
    pub layer: usize,
    /// Mean loss of the epoch's samples, each before the step it took part in.
    pub train_loss: f64,
    /// Part of them classified wrongly.
    pub train_error: f64,
    /// Part of the test set classified wrongly after the epoch.
    pub test_error: Option<f64>,
}

/// A network that is being trained.
#[derive(Debug, PartialEq)]
pub struct Training {
    /// As it is now.
    pub network: Network,
    /// Epochs done.
    pub epoch: usize,
    /// What they gave.
    pub history: Vec<Progress>,
    /// The networks after the epochs asked for.
    pub snapshots: Vec<(usize, Network)>,
}

/// The untrained network: `w ~ N(0, 2/inputs)`, `b = 0`, `r ~ N(0, scale²)`; with
/// backpropagation a readout, and its bias 0, at the last layer only.
///
/// Each layer and readout has a stream of its own, so that layers 1 to k of a
/// deeper network start as those of the k-layer network.
#[must_use]
pub fn start(
    sizes: &[usize],
    classes: usize,
    rule: Rule,
    readout_scale: Option<f64>,
    seed: u64,
) -> Network {
    let depth = sizes.len().saturating_sub(1);
    let layers = sizes.windows(2).enumerate().filter_map(|(index, pair)| {
        let &[inputs, units] = pair else { return None };
        let mut weights = rng::stream(seed, Purpose::Weights, index);
        let w = normal(&mut weights, (inputs, units), (2.0 / inputs as f64).sqrt());
        let with_readout = rule == Rule::Local || index + 1 == depth;
        let readout = with_readout.then(|| {
            let scale = readout_scale.unwrap_or(1.0 / (units as f64).sqrt());
            let r =
                normal(&mut rng::stream(seed, Purpose::Readout, index), (units, classes), scale);
            let c = (rule == Rule::Backprop).then(|| Array1::zeros(classes));
            Readout { r, c }
        });
        Some(Layer { w, b: Array1::zeros(units), readout })
    });
    Network { layers: layers.collect(), classes }
}

fn normal(rng: &mut impl Rng, shape: (usize, usize), scale: f64) -> Array2<f32> {
    Array2::from_shape_simple_fn(shape, || {
        let z: f64 = StandardNormal.sample(rng);
        (scale * z) as f32
    })
}

/// Refuse networks whose parameters, with the arrays of a step on `batch` samples, memory does not
/// hold.
pub fn check_size(sizes: &[usize], classes: usize, batch: usize) -> Result<()> {
    let layer = |pair: &[usize]| {
        let &[inputs, units] = pair else { return Some(0) };
        let readout = units.checked_add(1)?.checked_mul(classes)?;
        let step = batch.checked_mul(units.checked_mul(2)?.checked_add(classes)?)?;
        inputs.checked_add(1)?.checked_mul(units)?.checked_add(readout)?.checked_add(step)
    };
    let mut layers = sizes.windows(2).map(layer);
    let total = layers.try_fold(0, |total: usize, layer| total.checked_add(layer?));
    let fits = |total| total <= MOST_NUMBERS && Vec::<f32>::new().try_reserve_exact(total).is_ok();
    if total.is_some_and(fits) {
        return Ok(());
    }
    Err(Error::usage(format!(
        "a network of {sizes:?} units is too large for memory, or for the limit of {MOST_NUMBERS} numbers"
    )))
}

/// 17 GB. Systems that promise more memory than they have would end the process.
const MOST_NUMBERS: usize = 1 << 32;

/// The labels in an order of the seed's.
pub fn shuffle_labels(labels: &mut [u8], seed: u64) {
    labels.shuffle(&mut rng::stream(seed, Purpose::Labels, 0));
}

impl Settings {
    /// The preset of a rule, a reconstruction and not the paper's: 40 epochs at a rate of 0.5 with
    /// local errors, 20 at 0.1 with backpropagation; batches of 64, the rate times 0.8 every ten epochs.
    #[must_use]
    pub fn preset(rule: Rule) -> Self {
        let (epochs, learning_rate) = match rule {
            Rule::Local => (40, 0.5),
            Rule::Backprop => (20, 0.1),
        };
        Self {
            epochs,
            batch_size: 64,
            learning_rate,
            lr_decay: 0.8,
            lr_decay_every: 10,
            readout_scale: None,
            seed: 1,
            shuffle_labels: false,
        }
    }

    /// The learning rate of the epoch that counts as `epoch`, from 0.
    #[must_use]
    pub fn rate(&self, epoch: usize) -> f64 {
        let decays = i32::try_from(epoch / self.lr_decay_every.max(1)).unwrap_or(i32::MAX);
        self.learning_rate * self.lr_decay.powi(decays)
    }
}

impl Training {
    /// Nothing learned yet.
    #[must_use]
    pub fn new(network: Network) -> Self {
        Self { network, epoch: 0, history: Vec::new(), snapshots: Vec::new() }
    }

    /// One pass over the data; `seen` hears of the samples of each step and of
    /// the last layer's loss in it.
    pub fn run_epoch(
        &mut self,
        rule: Rule,
        settings: &Settings,
        train: &TrainingSet,
        test: Option<&TestSet>,
        mut seen: impl FnMut(usize, f64),
    ) -> Result<()> {
        let samples = train.labels.len();
        let mut order: Vec<usize> = (0..samples).collect();
        order.shuffle(&mut rng::stream(settings.seed, Purpose::Order, self.epoch));
        let mut steps = step::Steps::new(&self.network, settings.batch_size.min(samples));
        let rate = settings.rate(self.epoch);
        let epoch = self.epoch + 1;
        let mut sums = vec![step::Sums::default(); self.network.layers.len()];
        for batch in order.chunks(settings.batch_size) {
            let step = steps.run(&mut self.network, rule, rate, train, batch);
            for (layer, (sum, part)) in sums.iter_mut().zip(&step).enumerate() {
                if !part.loss.is_finite() {
                    return Err(diverged(epoch, layer, &format!("its loss is {}", part.loss)));
                }
                sum.loss += part.loss;
                sum.wrong += part.wrong;
            }
            let last = step.last().map_or(0.0, |part| part.loss);
            seen(batch.len(), last / batch.len() as f64);
        }
        if let Some((layer, weight)) = not_finite(&self.network) {
            return Err(diverged(epoch, layer, &format!("it has a weight of {weight}")));
        }
        let test_errors = self.test_errors(test)?;
        for (index, (layer, sum)) in self.network.layers.iter().zip(&sums).enumerate() {
            if layer.readout.is_some() {
                self.history.push(Progress {
                    epoch,
                    layer: index + 1,
                    train_loss: sum.loss / samples as f64,
                    train_error: sum.wrong as f64 / samples as f64,
                    test_error: test_errors.get(index).copied().flatten(),
                });
            }
        }
        self.epoch = epoch;
        Ok(())
    }

    fn test_errors(&self, test: Option<&TestSet>) -> Result<Vec<Option<f64>>> {
        let Some(test) = test else {
            return Ok(Vec::new());
        };
        let mut count = Count::new(&self.network);
        count.add(&self.network, test.images.view(), &test.labels)?;
        let samples = test.labels.len();
        let error = |correct| (samples - correct) as f64 / samples as f64;
        Ok(count.lines().iter().map(|line| line.correct.map(error)).collect())
    }

    /// Keep the network as it is now, to be written beside the last one.
    pub fn keep_snapshot(&mut self) {
        self.snapshots.push((self.epoch, self.network.clone()));
    }

    /// Write the network's directory: arrays, `model.json`, `history.jsonl` and
    /// a network `epoch-N` for each snapshot.
    pub fn write(&self, directory: &Path, record: &Record) -> Result<()> {
        // After an epoch it was looked at already.
        if let Some((layer, weight)) = not_finite(&self.network) {
            return Err(Error::usage(format!(
                "--readout-scale is too large: layer {} has a weight of {weight}",
                layer + 1
            )));
        }
        let output = files::create(directory)?;
        for (epoch, network) in &self.snapshots {
            let folder = output.path().join(format!("epoch-{epoch}"));
            std::fs::create_dir(&folder).map_err(|e| Error::io(directory, &e))?;
            files::write_into(&folder, network, &record.at(network, *epoch))?;
        }
        write::json_lines(&output.path().join(files::HISTORY), &self.history)?.finish()?;
        files::write_into(output.path(), &self.network, &record.at(&self.network, self.epoch))?;
        output.finish()
    }
}

/// A layer, from 0, with a parameter that is infinite or NaN.
fn not_finite(network: &Network) -> Option<(usize, f32)> {
    network.layers.iter().enumerate().find_map(|(index, layer)| {
        let readout = layer.readout.iter().flat_map(|readout| &readout.r);
        let all = layer.w.iter().chain(&layer.b).chain(readout);
        all.copied().find(|w| !w.is_finite()).map(|weight| (index, weight))
    })
}

fn diverged(epoch: usize, layer: usize, how: &str) -> Error {
    Error::data(format!(
        "training diverged in epoch {epoch} at layer {}: {how} (a smaller --learning-rate may help)",
        layer + 1
    ))
}

/// What `model.json` says of how a network was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The rule.
    pub rule: Rule,
    /// Its settings.
    pub settings: Settings,
    /// The SHA-256 of the files it learned from and was tested on.
    pub inputs: Inputs,
    /// Images used of them.
    pub samples: usize,
    /// The form in which the first layer learned from them.
    pub first_layer: Form,
    /// The epochs after which networks are kept, in ascending order.
    pub snapshots: Vec<usize>,
}

/// SHA-256 of each file, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    /// `--images`
    pub images: Option<String>,
    /// `--labels`
    pub labels: Option<String>,
    /// `--test-images`
    pub test_images: Option<String>,
    /// `--test-labels`
    pub test_labels: Option<String>,
}

/// `model.json`
#[derive(Serialize)]
struct Model<'a> {
    #[serde(flatten)]
    description: Description,
    epoch: usize,
    #[serde(flatten)]
    settings: &'a Settings,
    samples: usize,
    first_layer: Form,
    sha256: &'a Inputs,
    version: &'static str,
}

impl Record {
    fn at(&self, network: &Network, epoch: usize) -> Model<'_> {
        Model {
            description: Description {
                schema: files::SCHEMA.into(),
                rule: self.rule.name().into(),
                sizes: files::sizes(network),
                classes: network.classes,
            },
            epoch,
            settings: &self.settings,
            samples: self.samples,
            first_layer: self.first_layer,
            sha256: &self.inputs,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}
