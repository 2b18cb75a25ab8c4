//! Generalisation accuracy, loss and number of dead units of every layer.

use ndarray::{Array2, ArrayView2, ArrayView3, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Result,
    math::elementwise::columns_that_vary,
    network::{CHUNK, Layer, Network, cross_entropy, predicted},
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
    samples: usize,
    layers: Vec<LayerCount>,
}

struct LayerCount {
    /// The activations on the first image.
    first: Vec<f32>,
    /// Whether each unit took another value on another image.
    varies: Vec<bool>,
    /// Whether the readout is a probe.
    probe: bool,
    /// Number of correct classifications, and the sum of the losses.
    readout: Option<(usize, f64)>,
}

/// The counts of one chunk of images.
struct ChunkCount {
    samples: usize,
    layers: Vec<LayerCount>,
    predictions: Vec<u8>,
}

impl AccuracyCounter {
    /// A counter that has seen no image.
    #[must_use]
    pub fn new(network: &Network) -> Self {
        let layers = network.layers.iter().map(|layer| LayerCount {
            first: Vec::new(),
            varies: vec![false; layer.w.ncols()],
            probe: is_probe(layer),
            readout: layer.readout.as_ref().map(|_| (0, 0.0)),
        });
        Self { samples: 0, layers: layers.collect() }
    }

    /// Count images (samples, pixels) with labels `y`, and return the classes that the last layer
    /// predicts.
    ///
    /// # Errors
    /// If an activation is not finite.
    pub fn add(
        &mut self,
        network: &Network,
        images: ArrayView2<'_, f32>,
        y: &[u8],
    ) -> Result<Vec<u8>> {
        let counts = Network::chunks(images, |start, x| {
            let h = network.activations(x, network.layers.len())?;
            Ok(count(network, h.iter().map(|h| h.view()), &y[start..]))
        });
        let counts: Vec<ChunkCount> = counts.into_iter().collect::<Result<_>>()?;
        Ok(self.add_counts(counts))
    }

    /// Count images given by their activations h, (layers, samples, units), with labels `y`, and
    /// return the classes that the last layer predicts.
    pub fn add_activations(
        &mut self,
        network: &Network,
        h: ArrayView3<'_, f32>,
        y: &[u8],
    ) -> Vec<u8> {
        let chunks: Vec<_> = h.axis_chunks_iter(Axis(1), CHUNK).collect();
        let counts = chunks
            .into_par_iter()
            .enumerate()
            .map(|(index, h)| count(network, h.outer_iter(), &y[index * CHUNK..]));
        self.add_counts(counts.collect())
    }

    #[allow(clippy::float_cmp)] // a unit that is nearly constant is not dead
    fn add_counts(&mut self, counts: Vec<ChunkCount>) -> Vec<u8> {
        let mut predictions = Vec::new();
        for count in counts {
            for (total, layer) in self.layers.iter_mut().zip(count.layers) {
                if total.first.is_empty() {
                    total.first.clone_from(&layer.first);
                }
                let firsts = total.first.iter().zip(&layer.first);
                for ((total, varies), (a, b)) in
                    total.varies.iter_mut().zip(layer.varies).zip(firsts)
                {
                    *total |= varies || a != b;
                }
                if let (Some(total), Some(readout)) = (&mut total.readout, layer.readout) {
                    total.0 += readout.0;
                    total.1 += readout.1;
                }
            }
            self.samples += count.samples;
            predictions.extend(count.predictions);
        }
        predictions
    }

    /// The results so far, one line per layer.
    #[must_use]
    pub fn lines(&self) -> Vec<Accuracy> {
        let samples = self.samples as f64;
        let line = |(index, layer): (usize, &LayerCount)| Accuracy {
            layer: index + 1,
            samples: self.samples,
            units: layer.varies.len(),
            dead: layer.varies.iter().filter(|varies| !**varies).count(),
            correct: layer.readout.map(|(correct, _)| correct),
            accuracy: layer.readout.map(|(correct, _)| correct as f64 / samples),
            loss: layer.readout.map(|(_, loss)| loss / samples),
            probe: layer.probe,
        };
        self.layers.iter().enumerate().map(line).collect()
    }
}

/// Count one chunk of images, given by the activations of every layer, (samples, units) each.
fn count<'a>(
    network: &Network,
    h: impl Iterator<Item = ArrayView2<'a, f32>>,
    y: &[u8],
) -> ChunkCount {
    let mut count = ChunkCount { samples: 0, layers: Vec::new(), predictions: Vec::new() };
    for (layer, h) in network.layers.iter().zip(h) {
        count.samples = h.nrows();
        let (first, varies) = (h.row(0).to_vec(), columns_that_vary(h));
        let readout = layer.readout.as_ref().map(|readout| {
            let mut z = Array2::zeros((h.nrows(), network.classes));
            readout.logits(h, z.view_mut());
            let classes: Vec<usize> = z.rows().into_iter().map(predicted).collect();
            let correct = classes.iter().zip(y).filter(|(c, y)| **c == usize::from(**y)).count();
            let losses = z.rows().into_iter().zip(y);
            let loss = losses.map(|(z, &y)| cross_entropy(z, usize::from(y))).sum();
            count.predictions = classes
                .iter()
                .map(|&class| u8::try_from(class).expect("there are at most 256 classes"))
                .collect();
            (correct, loss)
        });
        count.layers.push(LayerCount { first, varies, probe: is_probe(layer), readout });
    }
    count
}

fn is_probe(layer: &Layer) -> bool {
    layer.readout.as_ref().is_some_and(|readout| readout.probe)
}
