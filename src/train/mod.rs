//! Training: local errors, and backpropagation as the control.
//!
//! Local errors (Mostafa, Ramesh and Cauwenberghs, Front. Neurosci. 12:608,
//! 2018): each layer l has a fixed random readout `r_l` and learns from its own
//! loss `E_l`, the batch mean of `-ln p_y` with `p = softmax(h_l r_l)`. No error passes to the
//! layers below. Backpropagation: there is one loss, that of the last layer, and the readout of
//! this layer is trained too, with a bias.

mod checkpoint;
mod images;
mod init;
mod record;
mod settings;
mod step;

use ndarray::Array2;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    math::rng::{self, Purpose},
    network::{Network, accuracy::AccuracyCounter},
};
pub use images::{Form, Images};
pub use init::init;
pub use record::{Inputs, Record};
pub use settings::{Rule, Settings};

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

/// The labels in an order of the seed's.
pub fn shuffle_labels(labels: &mut [u8], seed: u64) {
    labels.shuffle(&mut rng::stream(seed, Purpose::Labels, 0));
}

impl Training {
    /// Nothing learned yet.
    #[must_use]
    pub fn new(network: Network) -> Self {
        Self { network, epoch: 0, history: Vec::new(), snapshots: Vec::new() }
    }

    /// One pass over the data; `on_step` hears of the samples of each step and of
    /// the last layer's loss in it.
    pub fn run_epoch(
        &mut self,
        settings: &Settings,
        train: &TrainingSet,
        test: Option<&TestSet>,
        mut on_step: impl FnMut(usize, f64),
    ) -> Result<()> {
        let samples = train.labels.len();
        let mut order: Vec<usize> = (0..samples).collect();
        order.shuffle(&mut rng::stream(settings.seed, Purpose::Order, self.epoch));
        let mut steps = step::Steps::new(&self.network, settings.batch_size.get().min(samples))?;
        let rate = settings.rate(self.epoch);
        let epoch = self.epoch + 1;
        let mut sums = vec![step::Sums::default(); self.network.layers.len()];
        for batch in order.chunks(settings.batch_size.get()) {
            let step = steps.run(&mut self.network, settings.rule, rate, train, batch);
            for (layer, (sum, part)) in sums.iter_mut().zip(&step).enumerate() {
                if !part.loss.is_finite() {
                    return Err(diverged(epoch, layer, &format!("its loss is {}", part.loss)));
                }
                sum.loss += part.loss;
                sum.wrong += part.wrong;
            }
            let last = step.last().map_or(0.0, |part| part.loss);
            on_step(batch.len(), last / batch.len() as f64);
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
        let mut count = AccuracyCounter::new(&self.network);
        count.add(&self.network, test.images.view(), &test.labels)?;
        let samples = test.labels.len();
        let error = |correct| (samples - correct) as f64 / samples as f64;
        Ok(count.lines().iter().map(|line| line.correct.map(error)).collect())
    }

    /// Keep the network as it is now, to be written beside the last one.
    pub fn keep_snapshot(&mut self) {
        self.snapshots.push((self.epoch, self.network.clone()));
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
        "training diverged in epoch {epoch} at layer {}: {how} (a smaller learning rate may help)",
        layer + 1
    ))
}
