//! Generalisation accuracy, loss and dead units of every layer.

use ndarray::{Array2, ArrayView2, ArrayView3, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Result,
    math::elementwise::sum_of_rows,
    network::{CHUNK, Network, cross_entropy, predicted},
};

/// A line of `accuracy`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// From 1.
    pub layer: usize,
    /// Images seen.
    pub samples: usize,
    /// Units of the layer.
    pub units: usize,
    /// Units that are 0 on every sample.
    pub dead: usize,
    /// Images whose largest logit is the label's; none without a readout.
    pub correct: Option<usize>,
    /// `correct / samples`
    pub accuracy: Option<f64>,
    /// Mean of `-ln p_y`.
    pub loss: Option<f64>,
}

/// Counts images as they come, a block at a time.
pub struct AccuracyCounter {
    samples: usize,
    layers: Vec<LayerCount>,
}

struct LayerCount {
    alive: Vec<bool>,
    readout: Option<(usize, f64)>,
}

/// What a chunk of images adds.
struct Part {
    samples: usize,
    layers: Vec<LayerCount>,
    predictions: Vec<u8>,
}

impl AccuracyCounter {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(network: &Network) -> Self {
        let layers = network.layers.iter().map(|layer| LayerCount {
            alive: vec![false; layer.w.ncols()],
            readout: layer.readout.as_ref().map(|_| (0, 0.0)),
        });
        Self { samples: 0, layers: layers.collect() }
    }

    /// AccuracyCounter images (samples, pixels) with labels `y`; gives the classes that
    /// the last layer predicts.
    pub fn add(
        &mut self,
        network: &Network,
        images: ArrayView2<'_, f32>,
        y: &[u8],
    ) -> Result<Vec<u8>> {
        let parts = Network::chunks(images, |start, x| {
            let h = network.activations(x, network.layers.len())?;
            Ok(part(network, h.iter().map(|h| h.view()), &y[start..]))
        });
        let parts: Vec<Part> = parts.into_iter().collect::<Result<_>>()?;
        Ok(self.add_parts(parts))
    }

    /// Likewise, with the images' activations h, (layers, samples, units), at hand.
    pub fn add_activations(
        &mut self,
        network: &Network,
        h: ArrayView3<'_, f32>,
        y: &[u8],
    ) -> Vec<u8> {
        let chunks: Vec<_> = h.axis_chunks_iter(Axis(1), CHUNK).collect();
        let parts = chunks
            .into_par_iter()
            .enumerate()
            .map(|(index, h)| part(network, h.outer_iter(), &y[index * CHUNK..]));
        self.add_parts(parts.collect())
    }

    fn add_parts(&mut self, parts: Vec<Part>) -> Vec<u8> {
        let mut predictions = Vec::new();
        for part in parts {
            for (sum, part) in self.layers.iter_mut().zip(part.layers) {
                for (sum, alive) in sum.alive.iter_mut().zip(part.alive) {
                    *sum |= alive;
                }
                if let (Some(sum), Some(part)) = (&mut sum.readout, part.readout) {
                    sum.0 += part.0;
                    sum.1 += part.1;
                }
            }
            self.samples += part.samples;
            predictions.extend(part.predictions);
        }
        predictions
    }

    /// The lines, layer by layer.
    #[must_use]
    pub fn lines(&self) -> Vec<Accuracy> {
        let samples = self.samples as f64;
        let line = |(index, layer): (usize, &LayerCount)| Accuracy {
            layer: index + 1,
            samples: self.samples,
            units: layer.alive.len(),
            dead: layer.alive.iter().filter(|alive| !**alive).count(),
            correct: layer.readout.map(|(correct, _)| correct),
            accuracy: layer.readout.map(|(correct, _)| correct as f64 / samples),
            loss: layer.readout.map(|(_, loss)| loss / samples),
        };
        self.layers.iter().enumerate().map(line).collect()
    }
}

/// From the activations of every layer, each (samples, units).
fn part<'a>(network: &Network, h: impl Iterator<Item = ArrayView2<'a, f32>>, y: &[u8]) -> Part {
    let mut part = Part { samples: 0, layers: Vec::new(), predictions: Vec::new() };
    for (layer, h) in network.layers.iter().zip(h) {
        part.samples = h.nrows();
        // Activations are not negative: a sum of 0 is one of zeros.
        let alive = sum_of_rows(h).iter().map(|&sum| sum != 0.0).collect();
        let readout = layer.readout.as_ref().map(|readout| {
            let mut z = Array2::zeros((h.nrows(), network.classes));
            readout.logits(h, z.view_mut());
            let classes: Vec<usize> = z.rows().into_iter().map(predicted).collect();
            let correct = classes.iter().zip(y).filter(|(c, y)| **c == usize::from(**y)).count();
            let losses = z.rows().into_iter().zip(y);
            let loss = losses.map(|(z, &y)| cross_entropy(z, usize::from(y))).sum();
            // A network has at most 256 classes.
            part.predictions =
                classes.iter().map(|&class| u8::try_from(class).expect("fewer than 256")).collect();
            (correct, loss)
        });
        part.layers.push(LayerCount { alive, readout });
    }
    part
}
