//! The learning rule and its settings.

use std::num::NonZeroUsize;

use clap::ValueEnum;
use serde::Serialize;

use super::{Optimizer, PixelRange};
use crate::network::Activation;

/// The learning rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// Local errors: each layer learns from the loss of its own readout
    Local,
    /// Backpropagation: all layers learn from the loss of the last layer
    Backprop,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 2] = [Self::Local, Self::Backprop];

    /// The name of the rule in JSON and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Backprop => "backprop",
        }
    }
}

/// Which layers learn at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// All layers learn in each step
    Joint,
    /// Layer 1 learns for all epochs, then layer 2 on the activations of layer 1, and so on
    Sequential,
}

/// Everything besides the data and the sizes that determines the trained network.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// The learning rule; `model.json` has it elsewhere, in the description of the network.
    #[serde(skip)]
    pub rule: Rule,
    /// The activation function, which `model.json` has there as well.
    #[serde(skip)]
    pub activation: Activation,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// Momentum of [`Optimizer::Sgd`], from 0 to below 1.
    pub momentum: f64,
    /// Which layers learn at a time. With backpropagation all do.
    pub schedule: Schedule,
    /// Number of passes over the data; with [`Schedule::Sequential`], for each layer.
    pub epochs: usize,
    /// Number of samples per step; the last step of an epoch may have fewer.
    pub batch_size: NonZeroUsize,
    /// Initial learning rate.
    pub learning_rate: f64,
    /// Factor by which the learning rate is multiplied every `lr_decay_every` epochs.
    pub lr_decay: f64,
    /// Number of epochs between decays of the learning rate.
    pub lr_decay_every: NonZeroUsize,
    /// Variance of the initial weights times the number of inputs; `None` is [`Activation::gain`].
    pub weight_gain: Option<f64>,
    /// Standard deviation of the readouts' initial weights; `None` is 1/sqrt(units).
    pub readout_scale: Option<f64>,
    /// Seed of the initial weights, the order of the samples and the permutation of the labels.
    pub seed: u64,
    /// Whether the labels are permuted, so that the network can only memorise.
    pub shuffle_labels: bool,
    /// Whether the biases of the hidden layers are learned; otherwise they stay 0, and `model.json` says so.
    #[serde(skip_serializing_if = "Clone::clone")]
    pub bias: bool,
    /// The range of the pixels that the network learns from; left out of `model.json` if it is the default.
    #[serde(skip_serializing_if = "PixelRange::is_default")]
    pub pixel_range: PixelRange,
}

impl Settings {
    /// The default settings of a rule: 40 epochs with a learning rate of 0.5 for local errors, 20
    /// epochs with 0.1 for backpropagation; batches of 64, and a decay by 0.8 every ten epochs. They
    /// are a reconstruction, not the settings of the paper.
    #[must_use]
    pub fn preset(rule: Rule) -> Self {
        Self::preset_with(rule, Optimizer::Sgd)
    }

    /// The default settings of a rule with an optimizer: Adam's learning rate is 0.001, and does not
    /// decay.
    #[must_use]
    pub fn preset_with(rule: Rule, optimizer: Optimizer) -> Self {
        let (epochs, learning_rate) = match rule {
            Rule::Local => (40, 0.5),
            Rule::Backprop => (20, 0.1),
        };
        let (learning_rate, lr_decay) = match optimizer {
            Optimizer::Sgd => (learning_rate, 0.8),
            Optimizer::Adam => (0.001, 1.0),
        };
        Self {
            rule,
            activation: Activation::Relu,
            optimizer,
            momentum: 0.0,
            schedule: Schedule::Joint,
            epochs,
            batch_size: const { NonZeroUsize::new(64).unwrap() },
            learning_rate,
            lr_decay,
            lr_decay_every: const { NonZeroUsize::new(10).unwrap() },
            weight_gain: None,
            readout_scale: None,
            seed: 1,
            shuffle_labels: false,
            bias: true,
            pixel_range: PixelRange::default(),
        }
    }

    /// Number of passes over the data in all, for a network of `depth` layers.
    #[must_use]
    pub fn passes(&self, depth: usize) -> usize {
        match self.schedule {
            Schedule::Joint => self.epochs,
            Schedule::Sequential => self.epochs.saturating_mul(depth),
        }
    }

    /// The learning rate in epoch `epoch`, counted from 0.
    #[must_use]
    pub fn rate(&self, epoch: usize) -> f64 {
        let decays = i32::try_from(epoch / self.lr_decay_every).unwrap_or(i32::MAX);
        self.learning_rate * self.lr_decay.powi(decays)
    }
}
