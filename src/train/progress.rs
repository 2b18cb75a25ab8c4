//! The progress of a training: the lines of `history.jsonl`, and what is said of it.

use serde::{Deserialize, Serialize};

use super::{Schedule, Settings, Training};
use crate::words::counted;

/// One line of `history.jsonl`: the result of one epoch for one layer with a readout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The epoch, counted from 1; for layers trained one after another, anew for each.
    pub epoch: usize,
    /// The layer, counted from 1.
    pub layer: usize,
    /// Mean loss over the training images of the epoch, each evaluated just before the step that
    /// learns from it.
    pub train_loss: f64,
    /// Fraction of the training images classified wrongly, evaluated likewise.
    pub train_error: f64,
    /// Fraction of the test images classified wrongly after the epoch; `None` without a test set.
    pub test_error: Option<f64>,
}

impl Training {
    /// The errors of the layers that learned in the last epoch, as text; `recorded` is the length of the
    /// history before it.
    #[must_use]
    pub fn errors_since(&self, recorded: usize) -> String {
        errors(&self.history[recorded..], self.network.layers.len())
    }

    /// What was trained, and the errors of all layers at the end, as text.
    #[must_use]
    pub fn summary(&self, settings: &Settings) -> String {
        let depth = self.network.layers.len();
        let last = |layer| self.history.iter().rfind(|line| line.layer == layer).cloned();
        let last: Vec<Progress> = (1..=depth).filter_map(last).collect();
        let layers = counted(depth, "layer");
        if last.is_empty() {
            return format!("{layers}, untrained");
        }
        let epochs = counted(settings.epochs, "epoch");
        let each = if settings.schedule == Schedule::Sequential { " each" } else { "" };
        format!("{layers}, {epochs}{each}, {}", errors(&last, depth))
    }
}

/// The errors in these lines: on the test images, or on the training images if there are no test images.
/// The layers are named if they are not all layers of a network of this depth.
fn errors(lines: &[Progress], depth: usize) -> String {
    let tested = lines.iter().all(|line| line.test_error.is_some());
    let percent = |line: &Progress| 100.0 * line.test_error.unwrap_or(line.train_error);
    let errors: Vec<_> = lines.iter().map(|line| format!("{:.1}", percent(line))).collect();
    let layers: Vec<_> = lines.iter().map(|line| line.layer.to_string()).collect();
    let layers = match layers.len() {
        all if all == depth => String::new(),
        1 => format!(" in layer {}", layers[0]),
        _ => format!(" in layers {}", layers.join(" ")),
    };
    format!("{} error {} %{layers}", if tested { "test" } else { "train" }, errors.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{Rule, init};

    /// A training of two layers with these lines: epoch, layer, training error and test error.
    fn training(history: &[(usize, usize, f64, Option<f64>)]) -> Training {
        let settings = Settings::preset(Rule::Local);
        let network = init(&[4, 3, 3], 2, &settings).unwrap();
        let line = |&(epoch, layer, train_error, test_error)| Progress {
            epoch,
            layer,
            train_loss: 0.5,
            train_error,
            test_error,
        };
        Training {
            history: history.iter().map(line).collect(),
            ..Training::new(network, &settings)
        }
    }

    #[test]
    fn the_errors_at_the_end_are_those_of_each_layer_s_last_epoch() {
        let joint = Settings::preset(Rule::Local);
        let sequential =
            Settings { schedule: Schedule::Sequential, epochs: 1, ..Settings::preset(Rule::Local) };
        let tested = [(1, 1, 0.5, Some(0.4)), (1, 2, 0.5, Some(0.3))];
        let longer = [&tested[..], &[(2, 1, 0.2, Some(0.0249)), (2, 2, 0.2, Some(0.1))]].concat();
        let untested = [(1, 1, 0.123, None), (1, 2, 1.0, None)];
        for (history, settings, expected) in [
            (&longer[..], &joint, "2 layers, 40 epochs, test error 2.5 10.0 %"),
            (&untested, &joint, "2 layers, 40 epochs, train error 12.3 100.0 %"),
            (&tested, &sequential, "2 layers, 1 epoch each, test error 40.0 30.0 %"),
            (&tested[1..], &joint, "2 layers, 40 epochs, test error 30.0 % in layer 2"),
            (&[], &joint, "2 layers, untrained"),
        ] {
            assert_eq!(training(history).summary(settings), expected);
        }
    }

    #[test]
    fn the_errors_of_an_epoch_are_those_of_the_layers_that_learned() {
        let training = training(&[(1, 1, 0.5, Some(0.25)), (1, 2, 0.5, Some(0.125))]);
        assert_eq!(training.errors_since(0), "test error 25.0 12.5 %");
        assert_eq!(training.errors_since(1), "test error 12.5 % in layer 2");
    }
}
