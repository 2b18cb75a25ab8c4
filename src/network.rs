//! The network: layers `h = max(0, x w + b)`, readouts `h r + c`, and the loss.

use std::ops::RangeInclusive;

use ndarray::{Array1, Array2, Array3, ArrayView1, ArrayView2, ArrayViewMut2, Axis, s};
use rayon::prelude::*;

use crate::{
    Error, Result,
    elementwise::{add_bias_and_rectify, mask_inactive},
    linalg,
};

/// Samples that go through the network at once: enough to keep the matrix
/// products busy, few enough to stay in the cache.
pub const CHUNK: usize = 256;

/// Images a tool reads before it works on them: a few chunks for each thread.
pub const BLOCK: usize = 8 * CHUNK;

/// One layer, `h = max(0, x w + b)`, and its readout where it has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// (inputs, units)
    pub w: Array2<f32>,
    /// (units,)
    pub b: Array1<f32>,
    /// What turns `h` into logits.
    pub readout: Option<Readout>,
}

/// A linear classifier, `logits = h r + c`.
#[derive(Clone, Debug, PartialEq)]
pub struct Readout {
    /// (units, classes)
    pub r: Array2<f32>,
    /// (classes,)
    pub c: Option<Array1<f32>>,
}

/// A network of at least one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The layers, the one that sees the images first.
    pub layers: Vec<Layer>,
    /// Classes of the readouts.
    pub classes: usize,
}

impl Layer {
    /// `h = max(0, x w + b)`; (samples, inputs) to (samples, units).
    pub fn forward(&self, x: ArrayView2<'_, f32>, mut h: ArrayViewMut2<'_, f32>) {
        linalg::product(h.view_mut(), x, self.w.view());
        add_bias_and_rectify(h, &self.b);
    }
}

impl Readout {
    /// `z = h r + c`; (samples, units) to (samples, classes).
    pub fn logits(&self, h: ArrayView2<'_, f32>, mut z: ArrayViewMut2<'_, f32>) {
        linalg::product(z.view_mut(), h, self.r.view());
        if let Some(c) = &self.c {
            z += c;
        }
    }
}

impl Network {
    /// Inputs of the first layer: pixels.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.w.nrows())
    }

    /// The layer that counts as `number`, from 1; the last by default.
    pub fn layer_number(&self, number: Option<usize>) -> Result<usize> {
        let depth = self.layers.len();
        match number.unwrap_or(depth) {
            number if (1..=depth).contains(&number) => Ok(number),
            number => Err(Error::usage(format!(
                "the network has no layer {number} (expected 1 to {depth})"
            ))),
        }
    }

    /// The readout of the layer that counts as `number`.
    pub fn readout(&self, number: usize) -> Result<&Readout> {
        let readout = self.layers.get(number - 1).and_then(|layer| layer.readout.as_ref());
        readout.ok_or_else(|| {
            Error::data(format!("layer {number} has no readout, so no loss to attack"))
        })
    }

    /// Activations `h_1 ... h_number` of some samples, each (samples, units).
    pub fn activations(&self, x: ArrayView2<'_, f32>, number: usize) -> Result<Vec<Array2<f32>>> {
        let mut activations: Vec<Array2<f32>> = Vec::with_capacity(number);
        for (index, layer) in self.layers.iter().take(number).enumerate() {
            let mut h = Array2::zeros((x.nrows(), layer.w.ncols()));
            layer.forward(activations.last().map_or(x, |h| h.view()), h.view_mut());
            if let Some(found) = h.iter().find(|h| !h.is_finite()) {
                return Err(Error::data(format!(
                    "layer {} has an activation that is no number (found {found}: the weights or pixels are too large)",
                    index + 1
                )));
            }
            activations.push(h);
        }
        Ok(activations)
    }

    /// The activations of consecutive layers of the same width, (layers,
    /// samples, units).
    pub fn activations_of(
        &self,
        images: ArrayView2<'_, f32>,
        layers: RangeInclusive<usize>,
    ) -> Result<Array3<f32>> {
        let units = self.layers[layers.end() - 1].w.ncols();
        let mut stack = Array3::zeros((layers.clone().count(), images.nrows(), units));
        let chunks = Self::chunks(images, |_, x| self.activations(x, *layers.end()));
        for (index, chunk) in chunks.into_iter().enumerate() {
            for (h, mut layer) in chunk?.iter().skip(layers.start() - 1).zip(stack.outer_iter_mut())
            {
                let first = index * CHUNK;
                layer.slice_mut(s![first..first + h.nrows(), ..]).assign(h);
            }
        }
        Ok(stack)
    }

    /// What `f` makes of each chunk of samples, in their order whatever the threads.
    pub fn chunks<R: Send>(
        x: ArrayView2<'_, f32>,
        f: impl Fn(usize, ArrayView2<'_, f32>) -> R + Sync,
    ) -> Vec<R> {
        let chunks: Vec<_> = x.axis_chunks_iter(Axis(0), CHUNK).collect();
        chunks.into_par_iter().enumerate().map(|(i, chunk)| f(i * CHUNK, chunk)).collect()
    }
}

/// The class of the largest logit; of equal ones the lowest.
#[must_use]
pub fn predicted(z: ArrayView1<'_, f32>) -> usize {
    let mut best = 0;
    for (class, &logit) in z.iter().enumerate() {
        if logit > z[best] {
            best = class;
        }
    }
    best
}

/// The loss of one sample, `E = -ln p_y` with `p = softmax(z)`, in f64.
#[must_use]
pub fn cross_entropy(z: ArrayView1<'_, f32>, y: usize) -> f64 {
    let largest = f64::from(z[predicted(z)]);
    let sum: f64 = z.iter().map(|&z| (f64::from(z) - largest).exp()).sum();
    sum.ln() - (f64::from(z[y]) - largest)
}

/// `z` becomes `dE/dz = p - onehot(y)`, computed in f32.
pub fn softmax_minus_onehot(z: &mut [f32], y: usize) {
    let largest = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for z in z.iter_mut() {
        *z = (*z - largest).exp();
        sum += *z;
    }
    for (class, p) in z.iter_mut().enumerate() {
        *p = *p / sum - if class == y { 1.0 } else { 0.0 };
    }
}

/// `delta = (g rᵀ)` where the units are active: the chain rule through a layer's
/// ReLU. Shapes (samples, units), (samples, k), (units, k), (samples, units).
pub fn backward(
    mut delta: ArrayViewMut2<'_, f32>,
    g: ArrayView2<'_, f32>,
    weights: ArrayView2<'_, f32>,
    h: ArrayView2<'_, f32>,
) {
    linalg::product(delta.view_mut(), g, weights.t());
    mask_inactive(delta, h);
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use ndarray::array;

    #[test]
    fn ties_go_to_the_lowest_class() {
        assert_eq!(predicted(array![0.0, 2.0, 2.0].view()), 1);
        assert_eq!(predicted(array![-1.0].view()), 0);
    }

    #[test]
    fn the_loss_of_equal_logits_is_the_log_of_the_classes() {
        let z = array![3.0, 3.0, 3.0, 3.0];
        assert_relative_eq!(cross_entropy(z.view(), 2), 4.0_f64.ln(), epsilon = 1e-12);
        // p_y is far below the smallest f32 here.
        let z = array![0.0, 500.0];
        assert_relative_eq!(cross_entropy(z.view(), 0), 500.0, epsilon = 1e-9);
    }

    #[test]
    fn a_bad_activation_is_an_error_not_a_dead_unit() {
        let layer = Layer { w: array![[f32::MAX, f32::MAX]], b: array![0.0, 0.0], readout: None };
        let next = Layer { w: array![[1.0], [-1.0]], b: array![0.0], readout: None };
        let network = Network { layers: vec![layer, next], classes: 2 };
        assert!(network.activations(array![[0.5]].view(), 2).is_ok());
        assert!(network.activations(array![[2.0]].view(), 2).is_err());
    }
}
