//! The learning rule and its settings.

use std::num::NonZeroUsize;

use clap::ValueEnum;
use serde::Serialize;

/// What a layer learns from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// From the loss of its own readout
    Local,
    /// From the loss of the last layer, through the chain rule
    Backprop,
}

impl Rule {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Local, Self::Backprop];

    /// Its name, as in JSON and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Backprop => "backprop",
        }
    }
}

/// What determines the numbers, beside the data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// What a layer learns from; `model.json` has it beside the sizes.
    #[serde(skip)]
    pub rule: Rule,
    /// Passes over the data.
    pub epochs: usize,
    /// Samples in a step; the last of an epoch may have fewer.
    pub batch_size: NonZeroUsize,
    /// The size of a step of plain gradient descent, in the first epochs.
    pub learning_rate: f64,
    /// The factor that multiplies the rate ...
    pub lr_decay: f64,
    /// ... each time that this number of epochs is over.
    pub lr_decay_every: NonZeroUsize,
    /// Standard deviation of the initial weights of the readouts; 1/sqrt(units) if there is none.
    pub readout_scale: Option<f64>,
    /// Of the initial weights, the order of the samples and the shuffling of labels.
    pub seed: u64,
    /// Whether the labels are permuted: the network can only memorise them then.
    pub shuffle_labels: bool,
}

impl Settings {
    /// The preset of a rule, a reconstruction and not the paper's: 40 epochs at a rate of 0.5 with
    /// local errors, 20 at 0.1 with backpropagation; batches of 64, the rate times 0.8 every ten
    /// epochs.
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

    /// The learning rate of the epoch that counts as `epoch`, from 0.
    #[must_use]
    pub fn rate(&self, epoch: usize) -> f64 {
        let decays = i32::try_from(epoch / self.lr_decay_every).unwrap_or(i32::MAX);
        self.learning_rate * self.lr_decay.powi(decays)
    }
}
