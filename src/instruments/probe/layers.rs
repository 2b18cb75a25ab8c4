//! Probes of all layers of a stack, one layer after another, as they stand in the file.

use ndarray::{Array2, Axis};

use super::{Line, Probe, Score, Settings, distinct, require_all};
use crate::{
    Error, Result,
    files::read::{Labels, Rows, Source},
    network::{self, CHUNK, Network, Readout, predicted},
};

/// Largest difference of the accuracies in single and in double precision that is not worth a warning.
const MAX_ROUNDING: f64 = 0.001;

/// Activations of one or several layers, with the labels of the samples.
pub struct Samples {
    activations: Rows<f64>,
    labels: Labels,
}

impl Samples {
    /// Open activations of any dtype, (samples, units) or (layers, samples, units), and read labels,
    /// (samples,).
    ///
    /// # Errors
    /// If a file cannot be read, or if the numbers of samples differ.
    pub fn open(activations: Source, labels: Source) -> Result<Self> {
        let activations = Rows::activations(activations, false)?;
        let labels = Labels::read_for(labels, &activations)?;
        Ok(Self { activations, labels })
    }

    /// At most this many rows of the current layer.
    fn next_rows(&mut self, rows: usize) -> Result<Array2<f64>> {
        let block = self.activations.next_block(rows)?;
        Ok(block.ok_or_else(|| self.activations.wrong("has no more layers"))?.values)
    }
}

/// The layers of a training set and of a test set.
pub struct Layers {
    train: Samples,
    test: Samples,
    classes: usize,
    next: usize,
}

/// What was measured of one layer.
pub struct Measured {
    /// The line of the output.
    pub line: Line,
    /// Euclidean norm of the gradient at the end of the training.
    pub gradient_norm: f64,
    /// The readout, if one was asked for.
    pub readout: Option<Rounded>,
}

/// A probe as a readout in single precision.
pub struct Rounded {
    /// The readout.
    pub readout: Readout,
    /// Its accuracy on the test set.
    pub test_accuracy: f64,
}

impl Measured {
    /// Why the numbers of layer `layer` are unreliable, as messages.
    #[must_use]
    pub fn doubts(&self, layer: usize, settings: Settings) -> Vec<String> {
        let Self { line, gradient_norm, readout } = self;
        let unfinished = (!line.converged).then(|| {
            format!(
                "layer {layer} has not converged: after {} iterations, the gradient has the norm {gradient_norm:.1e} (expected at most {:e})",
                line.iterations, settings.tolerance
            )
        });
        let differs =
            |rounded: &&Rounded| (rounded.test_accuracy - line.test_accuracy).abs() > MAX_ROUNDING;
        let rounded = readout.as_ref().filter(differs).map(|rounded| {
            format!(
                "layer {layer} loses in single precision, the type of a readout: its test accuracy is {} (found {} in double precision)",
                rounded.test_accuracy, line.test_accuracy
            )
        });
        unfinished.into_iter().chain(rounded).collect()
    }
}

impl Layers {
    /// The layers of a training set and of a test set. With `network`, they are the layers of a network:
    /// its classes are all to be told apart.
    ///
    /// # Errors
    /// If the sets differ in layers or units, or if they differ from the network in layers, units or
    /// classes.
    pub fn new(train: Samples, test: Samples, network: Option<&Network>) -> Result<Self> {
        let (a, b) = (&train.activations, &test.activations);
        b.expect_columns(a.columns(), "the number of units of the training activations")?;
        let layers = a.layers().unwrap_or(1);
        if b.layers().unwrap_or(1) != layers {
            return Err(other_layers(b, layers, "the training activations"));
        }
        let mut classes = train.labels.classes.max(test.labels.classes);
        if let Some(network) = network {
            classes = network.classes;
            if layers != network.layers.len() {
                return Err(other_layers(a, network.layers.len(), "the network"));
            }
            for (index, layer) in network.layers.iter().enumerate() {
                let meaning = format!("the number of units of layer {} of the network", index + 1);
                a.expect_columns(layer.w.ncols(), &meaning)?;
            }
            require_all(&distinct(&train.labels.values), classes)
                .map_err(|e| e.in_file(train.labels.name()))?;
        }
        let (train_labels, test_labels) = (train.labels, test.labels);
        let train = Samples { labels: train_labels.within(classes)?, ..train };
        let test = Samples { labels: test_labels.within(classes)?, ..test };
        Ok(Self { train, test, classes, next: 0 })
    }

    /// Number of layers; 1 for single matrices.
    #[must_use]
    pub fn count(&self) -> usize {
        self.train.activations.layers().unwrap_or(1)
    }

    /// The labels of the training set and of the test set.
    #[must_use]
    pub fn labels(&self) -> [&Labels; 2] {
        [&self.train.labels, &self.test.labels]
    }

    /// A class that has test samples and no training samples, if there is one.
    #[must_use]
    pub fn unknown_class(&self) -> Option<usize> {
        let known = distinct(&self.train.labels.values);
        distinct(&self.test.labels.values).into_iter().find(|class| !known.contains(class))
    }

    /// Train the probe of the next layer and measure it. `wants_readout` says whether a layer, counted
    /// from 1, is to give its readout. `on_evaluation` is called as in [`Probe::train`].
    ///
    /// # Errors
    /// If reading fails, if there are no more layers, or as for [`Probe::train`], [`Probe::score`] and
    /// [`Probe::readout`].
    pub fn next(
        &mut self,
        settings: Settings,
        wants_readout: impl Fn(usize) -> bool,
        on_evaluation: impl FnMut(f64),
    ) -> Result<Measured> {
        let h = self.train.next_rows(self.train.labels.values.len())?;
        self.next += 1;
        let units = h.ncols();
        let in_train = |e: Error| e.in_file(self.train.activations.name());
        let (probe, train) = Probe::train(h, &self.train.labels.values, settings, on_evaluation)
            .map_err(in_train)?;
        let readout = wants_readout(self.next).then(|| probe.readout(self.classes));
        let readout = readout.transpose().map_err(in_train)?;
        let (test, rounded) = self.test(&probe, readout.as_ref())?;
        let line = Line {
            layer: self.train.activations.layers().map(|_| self.next),
            units,
            classes: self.classes,
            train_accuracy: train.accuracy(),
            test_accuracy: test.accuracy(),
            train_loss: train.loss / train.samples as f64,
            test_loss: test.mean_loss(),
            iterations: probe.iterations,
            converged: probe.gradient_norm <= settings.tolerance,
        };
        let readout = readout.map(|readout| Rounded {
            readout,
            test_accuracy: rounded as f64 / test.samples as f64,
        });
        Ok(Measured { line, gradient_norm: probe.gradient_norm, readout })
    }

    /// Score a probe on the next layer of the test set, block by block, and count the samples that the
    /// readout classifies correctly.
    fn test(&mut self, probe: &Probe, readout: Option<&Readout>) -> Result<(Score, usize)> {
        let (mut score, mut rounded) = (Score::default(), 0);
        while score.samples < self.test.labels.values.len() {
            let h = self.test.next_rows(network::block())?;
            let y = &self.test.labels.values[score.samples..score.samples + h.nrows()];
            rounded += readout.map_or(0, |readout| correct(readout, &h, y));
            let name = self.test.activations.name();
            score = probe.score(h, y, score).map_err(|e| e.in_file(name))?;
        }
        Ok((score, rounded))
    }
}

/// Number of samples that a readout classifies correctly.
fn correct(readout: &Readout, h: &Array2<f64>, y: &[u8]) -> usize {
    let chunks = h.axis_chunks_iter(Axis(0), CHUNK).zip(y.chunks(CHUNK));
    let counts = chunks.map(|(h, y)| {
        let mut z = Array2::zeros((h.nrows(), readout.r.ncols()));
        readout.logits(h.mapv(|h| h as f32).view(), z.view_mut());
        z.rows().into_iter().zip(y).filter(|(z, y)| predicted(*z) == usize::from(**y)).count()
    });
    counts.sum()
}

fn other_layers(rows: &Rows<f64>, expected: usize, whose: &str) -> Error {
    rows.wrong(format!(
        "has another number of layers than {whose} (found {}, expected {expected})",
        rows.layers().unwrap_or(1)
    ))
}
