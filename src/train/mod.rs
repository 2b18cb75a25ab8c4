//! Training with local errors, and with backpropagation as the control.
//!
//! With local errors (Mostafa, Ramesh and Cauwenberghs, Front. Neurosci. 12:608, 2018), each layer l
//! has a fixed random readout `r_l` and learns from its own loss `E_l`, the batch mean of `-ln p_y`
//! with `p = softmax(h_l r_l)`. No error passes to lower layers. With backpropagation there is one
//! loss, that of the last layer, whose readout has a bias and is trained as well.
//!
//! Layers trained one after another are one-layer networks trained jointly, on the activations of the
//! layer below.

mod checkpoint;
mod images;
mod init;
mod layer_inputs;
mod optimizer;
mod pixel_range;
mod progress;
mod record;
mod settings;
mod step;

use ndarray::Array2;
use rand::seq::SliceRandom;

use crate::{
    Error, Result,
    math::rng::{self, Purpose},
    network::{Layer, Network, accuracy::AccuracyCounter},
};
pub use images::{Form, Images};
pub use init::init;
pub use layer_inputs::LayerInputs;
pub use optimizer::Optimizer;
pub use pixel_range::PixelRange;
pub use progress::Progress;
pub use record::{Inputs, Record};
pub use settings::{Rule, Schedule, Settings};

/// Images and their labels.
pub struct Data<I> {
    /// The images, (samples, pixels).
    pub images: I,
    /// The labels, (samples,), counted from 0.
    pub labels: Vec<u8>,
}

/// Images to learn from.
pub type TrainingSet = Data<Images>;
/// Images on which a network is tested.
pub type TestSet = Data<Array2<f32>>;

/// The state of a training.
#[derive(Debug, PartialEq)]
pub struct Training {
    /// The current network.
    pub network: Network,
    /// Number of epochs completed, of all layers that are trained one after another.
    pub epoch: usize,
    /// The results of these epochs.
    pub history: Vec<Progress>,
    /// Networks kept during the training, each with its epoch.
    pub snapshots: Vec<(usize, Network)>,
    /// What the optimizer remembers: [`Settings::memory`] times the layers.
    memory: Vec<Vec<Layer>>,
}

/// Permute the labels randomly.
pub fn shuffle_labels(labels: &mut [u8], seed: u64) {
    labels.shuffle(&mut rng::stream(seed, Purpose::Labels, 0));
}

impl Training {
    /// A training that starts from `network`.
    #[must_use]
    pub fn new(network: Network, settings: &Settings) -> Self {
        let memory = vec![step::zeros(&network, settings.rule); settings.memory()];
        Self { network, epoch: 0, history: Vec::new(), snapshots: Vec::new(), memory }
    }

    /// Train for one epoch, a pass over all images in random order. After each step, `on_step` is
    /// called with the number of images in the batch and the mean loss on them of the last layer that
    /// learns.
    ///
    /// # Errors
    /// If a batch is too large for memory, or if the training diverges.
    pub fn run_epoch(
        &mut self,
        settings: &Settings,
        inputs: &mut LayerInputs<'_>,
        mut on_step: impl FnMut(usize, f64),
    ) -> Result<()> {
        let samples = inputs.samples();
        let mut order: Vec<usize> = (0..samples).collect();
        order.shuffle(&mut rng::stream(settings.seed, Purpose::Order, self.epoch));
        let depth = self.network.layers.len();
        let (learning, epoch) = match settings.schedule {
            Schedule::Joint => (0..depth, self.epoch),
            Schedule::Sequential => {
                let layer = self.epoch / settings.epochs;
                (layer..layer + 1, self.epoch % settings.epochs)
            }
        };
        let mut part = self.network.part(learning.clone());
        let (train, test) = inputs.above(&self.network, learning.start)?;
        let mut memory: Vec<&mut [Layer]> =
            self.memory.iter_mut().map(|layers| &mut layers[learning.clone()]).collect();
        let batch_size = settings.batch_size.get();
        let mut steps = step::Steps::new(&part, settings, batch_size.min(samples))?;
        let rate = settings.rate(epoch);
        let steps_before = epoch * samples.div_ceil(batch_size);
        let mut sums = vec![step::Sums::default(); part.layers.len()];
        let diverged = |layer, symptom| diverged(epoch + 1, learning.start + layer, symptom);
        for (index, batch) in order.chunks(batch_size).enumerate() {
            let at = (rate, steps_before + index + 1);
            let step = steps.run(&mut part, &mut memory, settings, at, train, batch);
            for (layer, (sum, batch_sum)) in sums.iter_mut().zip(&step).enumerate() {
                if !batch_sum.loss.is_finite() {
                    return Err(diverged(layer, format!("its loss is {}", batch_sum.loss)));
                }
                sum.loss += batch_sum.loss;
                sum.wrong += batch_sum.wrong;
            }
            let last = step.last().map_or(0.0, |last| last.loss);
            on_step(batch.len(), last / batch.len() as f64);
        }
        if let Some((layer, weight)) = not_finite(&part) {
            return Err(diverged(layer, format!("it has a weight of {weight}")));
        }
        let test_errors = test_errors(&part, test)?;
        for (index, (layer, sum)) in part.layers.iter().zip(&sums).enumerate() {
            if layer.readout.is_some() {
                self.history.push(Progress {
                    epoch: epoch + 1,
                    layer: learning.start + index + 1,
                    train_loss: sum.loss / samples as f64,
                    train_error: sum.wrong as f64 / samples as f64,
                    test_error: test_errors.get(index).copied().flatten(),
                });
            }
        }
        self.network.layers.splice(learning, part.layers);
        self.epoch += 1;
        Ok(())
    }

    /// Keep a copy of the current network, which is written in addition to the final one.
    pub fn keep_snapshot(&mut self) {
        self.snapshots.push((self.epoch, self.network.clone()));
    }
}

/// The fraction of test images that each layer classifies wrongly; empty without a test set.
fn test_errors(network: &Network, test: Option<&TestSet>) -> Result<Vec<Option<f64>>> {
    let Some(test) = test else {
        return Ok(Vec::new());
    };
    let mut counter = AccuracyCounter::new(network);
    counter.add(network, test.images.view(), &test.labels)?;
    let samples = test.labels.len();
    let error = |correct| (samples - correct) as f64 / samples as f64;
    Ok(counter.lines().iter().map(|line| line.correct.map(error)).collect())
}

/// The first parameter that is infinite or NaN, with the index of its layer, counted from 0.
fn not_finite(network: &Network) -> Option<(usize, f32)> {
    network.layers.iter().enumerate().find_map(|(index, layer)| {
        let mut parameters = layer.parameters().flatten().copied();
        parameters.find(|w| !w.is_finite()).map(|weight| (index, weight))
    })
}

fn diverged(epoch: usize, layer: usize, symptom: String) -> Error {
    Error::data(format!(
        "training diverged in epoch {epoch} at layer {}: {symptom} (a smaller learning rate may help)",
        layer + 1
    ))
}
