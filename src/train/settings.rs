//! The learning rule and its settings.

use std::num::NonZeroUsize;

use clap::ValueEnum;
use serde::Serialize;

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

/// Everything besides the data and the sizes that determines the trained network.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// The learning rule; `model.json` has it elsewhere, in the description of the network.
    #[serde(skip)]
    pub rule: Rule,
    /// Number of passes over the data.
    pub epochs: usize,
    /// Number of samples per step; the last step of an epoch may have fewer.
    pub batch_size: NonZeroUsize,
    /// Initial learning rate of plain stochastic gradient descent.
    pub learning_rate: f64,
    /// Factor by which the learning rate is multiplied every `lr_decay_every` epochs.
    pub lr_decay: f64,
    /// Number of epochs between decays of the learning rate.
    pub lr_decay_every: NonZeroUsize,
    /// Standard deviation of the readouts' initial weights; `None` is 1/sqrt(units).
    pub readout_scale: Option<f64>,
    /// Seed of the initial weights, the order of the samples and the permutation of the labels.
    pub seed: u64,
    /// Whether the labels are permuted, so that the network can only memorise.
    pub shuffle_labels: bool,
}

impl Settings {
    /// The default settings of a rule: 40 epochs with a learning rate of 0.5 for local errors, 20
    /// epochs with 0.1 for backpropagation; batches of 64, and a decay by 0.8 every ten epochs. They
    /// are a reconstruction, not the settings of the paper.
    #[must_use]
    pub fn preset(rule: Rule) -> Self {
        let (epochs, learning_rate) = match rule {
            Rule::Local => (40, 0.5),
            Rule::Backprop => (20, 0.1),
        };
        Self {
            rule,
            epochs,
            batch_size: const { NonZeroUsize::new(64).unwrap() },
            learning_rate,
            lr_decay: 0.8,
            lr_decay_every: const { NonZeroUsize::new(10).unwrap() },
            readout_scale: None,
            seed: 1,
            shuffle_labels: false,
        }
    }

    /// The learning rate in epoch `epoch`, counted from 0.
    #[must_use]
    pub fn rate(&self, epoch: usize) -> f64 {
        let decays = i32::try_from(epoch / self.lr_decay_every).unwrap_or(i32::MAX);
        self.learning_rate * self.lr_decay.powi(decays)
    }
}
