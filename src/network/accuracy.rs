//! Generalisation accuracy, loss and number of dead units of every layer.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::{
    Result,
    math::elementwise::columns_that_vary,
    network::{Layer, Network, cross_entropy, predicted},
};

/// One line of the output of `accuracy`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// The layer, counted from 1.
    pub layer: usize,
    /// Number of images.
    pub samples: usize,
    /// Number of units of the layer.
    pub units: usize,
    /// Number of units that take one value on all images, as a unit of ReLU that is never active.
    pub dead: usize,
    /// Number of images that the layer's readout classifies correctly; `None` for a layer without a
    /// readout, as for the next two.
    pub correct: Option<usize>,
    /// The fraction of images classified correctly, `correct / samples`.
    pub accuracy: Option<f64>,
    /// Mean of the cross-entropy `-ln p_y` over the images.
    pub loss: Option<f64>,
    /// Whether the readout is a probe; left out if not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub probe: bool,
}

/// Counts correct classifications and dead units, one block of images at a time.
pub struct AccuracyCounter {
    layers: Vec<LayerCount>,
}

struct LayerCount {
    samples: usize,
    /// The activations on the first image.
    first: Vec<f32>,
    /// Whether each unit took another value on another image.
    varies: Vec<bool>,
    /// Whether the readout is a probe.
    probe: bool,
    /// Number of correct classifications, and the sum of the losses.
    readout: Option<(usize, f64)>,
}

impl AccuracyCounter {
    /// A counter that has seen no image.
    #[must_use]
    pub fn new(network: &Network) -> Self {
        let layers = network.layers.iter().map(|layer| LayerCount {
            samples: 0,
            first: Vec::new(),
            varies: vec![false; layer.w.ncols()],
            probe: is_probe(layer),
            readout: layer.readout.as_ref().map(|_| (0, 0.0)),
        });
        Self { layers: layers.collect() }
    }

    /// Count images (samples, pixels) with labels `y` in all layers, and return the classes that the
    /// last readout predicts.
    ///
    /// # Errors
    /// If an activation is not finite.
    pub fn add(
        &mut self,
        network: &Network,
        images: ArrayView2<'_, f32>,
        y: &[u8],
    ) -> Result<Vec<u8>> {
        let chunks = Network::chunks(images, |start, x| {
            let h = network.activations(x, network.layers.len())?;
            let layers = h.iter().zip(1..);
            Ok(layers.map(|(h, number)| count(network, number, h.view(), &y[start..])).collect())
        });
        let mut predictions = Vec::new();
        for chunk in chunks {
            let chunk: Vec<_> = chunk?;
            let (counts, classes): (Vec<_>, Vec<_>) = chunk.into_iter().unzip();
            for (total, count) in self.layers.iter_mut().zip(counts) {
                total.add(count);
            }
            predictions.extend(classes.into_iter().flatten().next_back().unwrap_or_default());
        }
        Ok(predictions)
    }

    /// Count images given by their activations h of layer `number`, (samples, units), with labels `y`.
    pub fn add_layer(
        &mut self,
        network: &Network,
        number: usize,
        h: ArrayView2<'_, f32>,
        y: &[u8],
    ) {
        let counts = Network::chunks(h, |start, h| count(network, number, h, &y[start..]).0);
        for count in counts {
            self.layers[number - 1].add(count);
        }
    }

    /// The results so far, one line per layer.
    #[must_use]
    pub fn lines(&self) -> Vec<Accuracy> {
        let line = |(index, layer): (usize, &LayerCount)| Accuracy {
            layer: index + 1,
            samples: layer.samples,
            units: layer.varies.len(),
            dead: layer.varies.iter().filter(|varies| !**varies).count(),
            correct: layer.readout.map(|(correct, _)| correct),
            accuracy: layer.readout.map(|(correct, _)| correct as f64 / layer.samples as f64),
            loss: layer.readout.map(|(_, loss)| loss / layer.samples as f64),
            probe: layer.probe,
        };
        self.layers.iter().enumerate().map(line).collect()
    }
}

impl LayerCount {
    #[allow(clippy::float_cmp)] // a unit that is nearly constant is not dead
    fn add(&mut self, other: Self) {
        if self.first.is_empty() {
            self.first.clone_from(&other.first);
        }
        let firsts = self.first.iter().zip(&other.first);
        for ((varies, other), (a, b)) in self.varies.iter_mut().zip(other.varies).zip(firsts) {
            *varies |= other || a != b;
        }
        if let (Some(total), Some(readout)) = (&mut self.readout, other.readout) {
            total.0 += readout.0;
            total.1 += readout.1;
        }
        self.samples += other.samples;
    }
}

/// The counts of one chunk of images, given by its activations h of layer `number`, and the classes
/// that the layer's readout predicts.
fn count(
    network: &Network,
    number: usize,
    h: ArrayView2<'_, f32>,
    y: &[u8],
) -> (LayerCount, Option<Vec<u8>>) {
    let layer = &network.layers[number - 1];
    let classes = layer.readout.as_ref().map(|readout| {
        let mut z = Array2::zeros((h.nrows(), network.classes));
        readout.logits(h, z.view_mut());
        let classes: Vec<usize> = z.rows().into_iter().map(predicted).collect();
        let correct = classes.iter().zip(y).filter(|(c, y)| **c == usize::from(**y)).count();
        let losses = z.rows().into_iter().zip(y);
        let loss = losses.map(|(z, &y)| cross_entropy(z, usize::from(y))).sum();
        let class = |class| u8::try_from(class).expect("there are at most 256 classes");
        ((correct, loss), classes.into_iter().map(class).collect())
    });
    let (readout, classes) = classes.unzip();
    let (first, varies) = (h.row(0).to_vec(), columns_that_vary(h));
    (LayerCount { samples: h.nrows(), first, varies, probe: is_probe(layer), readout }, classes)
}

fn is_probe(layer: &Layer) -> bool {
    layer.readout.as_ref().is_some_and(|readout| readout.probe)
}
