//! The network: layers `h = max(0, x w + b)`, readouts `h r + c`, and the loss.

pub mod accuracy;
pub mod files;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, ArrayViewMut3, Axis};
use rayon::prelude::*;
use rten_simd::SimdUnaryOp;
use rten_vecmath::Exp;

use crate::{
    Error, Result,
    math::{
        elementwise::{add_bias_and_rectify, first_not_finite, mask_inactive},
        linalg,
    },
};

/// Samples that go through the network at once: enough to keep the matrix
/// products busy, few enough to stay in the cache.
pub const CHUNK: usize = 256;

/// Images a tool reads before it works on them: a chunk for each thread, which
/// are still in the cache when they are worked on.
#[must_use]
pub fn block() -> usize {
    CHUNK * rayon::current_num_threads()
}

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
        let layers = &self.layers[..number];
        let mut h: Vec<Array2<f32>> =
            layers.iter().map(|layer| Array2::zeros((x.nrows(), layer.w.ncols()))).collect();
        self.forward(x, h.iter_mut().map(|h| h.view_mut()))?;
        Ok(h)
    }

    /// The activations of all layers, which have the same width: `h` is (layers,
    /// samples, units).
    pub fn activations_into(
        &self,
        images: ArrayView2<'_, f32>,
        mut h: ArrayViewMut3<'_, f32>,
    ) -> Result<()> {
        let parts: Vec<_> = h.axis_chunks_iter_mut(Axis(1), CHUNK).collect();
        let chunks: Vec<_> = images.axis_chunks_iter(Axis(0), CHUNK).collect();
        let chunks = chunks.into_par_iter().zip(parts);
        let done: Vec<Result<()>> =
            chunks.map(|(x, mut h)| self.forward(x, h.outer_iter_mut())).collect();
        // The first error, whatever the order of the threads.
        done.into_iter().collect()
    }

    /// The activations of as many layers as there are arrays in `h`.
    fn forward<'a>(
        &self,
        x: ArrayView2<'_, f32>,
        h: impl Iterator<Item = ArrayViewMut2<'a, f32>>,
    ) -> Result<()> {
        let mut below: Option<ArrayViewMut2<'a, f32>> = None;
        for (index, (layer, mut h)) in self.layers.iter().zip(h).enumerate() {
            layer.forward(below.as_ref().map_or(x, |below| below.view()), h.view_mut());
            if let Some(found) = first_not_finite(h.view()) {
                return Err(Error::data(format!(
                    "layer {} has an activation that is no number (found {found}: the weights or pixels are too large)",
                    index + 1
                )));
            }
            below = Some(h);
        }
        Ok(())
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

/// The logits `z` of a sample become `dE/dz = p - onehot(y)`, computed in f32;
/// gives the loss, as exact as the sum of f32's exponentials.
pub fn softmax_minus_onehot(z: &mut [f32], y: usize) -> f64 {
    let largest = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for z in z.iter_mut() {
        *z -= largest;
    }
    let below = z[y];
    Exp {}.map_mut(z);
    let sum: f32 = z.iter().sum();
    for p in z.iter_mut() {
        *p /= sum;
    }
    z[y] -= 1.0;
    f64::from(sum).ln() - f64::from(below)
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
    fn the_gradient_of_the_loss_comes_with_the_loss() {
        for y in 0..4 {
            let logits = [3.0_f32, -2.0, 0.5, 60.0];
            let mut z = logits;
            let loss = softmax_minus_onehot(&mut z, y);
            let expected = cross_entropy(ArrayView1::from(&logits), y);
            assert_relative_eq!(loss, expected, epsilon = 1e-7, max_relative = 1e-6);
            let sum: f64 = logits.iter().map(|&z| f64::from(z).exp()).sum();
            for (class, (&d, &z)) in z.iter().zip(&logits).enumerate() {
                let p = f64::from(z).exp() / sum;
                let expected = p - if class == y { 1.0 } else { 0.0 };
                assert_relative_eq!(f64::from(d), expected, epsilon = 1e-7);
            }
        }
        assert!(softmax_minus_onehot(&mut [0.0, f32::NAN], 0).is_nan());
        assert!(softmax_minus_onehot(&mut [0.0, f32::INFINITY], 0).is_nan());
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
