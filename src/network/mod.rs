//! The network: layers `h = f(x w + b)`, readouts with logits `z = h r + c`, and the
//! cross-entropy loss.

pub mod accuracy;
mod activation;
mod exact;
pub mod files;
pub mod probed;

use std::ops::Range;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;
use rten_simd::SimdUnaryOp;
use rten_vecmath::Exp;

use crate::{
    Error, Result,
    math::{elementwise::first_not_finite, linalg},
};
pub use activation::Activation;

/// Number of samples that pass through the network together: large enough for fast matrix products,
/// and small enough to stay in the cache.
pub const CHUNK: usize = 256;

/// Number of images that a tool reads at a time: one chunk for each thread, so that they are still
/// in the cache when they are processed.
#[must_use]
pub fn block() -> usize {
    CHUNK * rayon::current_num_threads()
}

/// One layer, `h = f(x w + b)`, and its readout if it has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Weights, (inputs, units).
    pub w: Array2<f32>,
    /// Biases, (units,).
    pub b: Array1<f32>,
    /// The linear classifier on `h`.
    pub readout: Option<Readout>,
}

/// A linear classifier with logits `z = h r + c`.
#[derive(Clone, Debug, PartialEq)]
pub struct Readout {
    /// Weights, (units, classes).
    pub r: Array2<f32>,
    /// Biases, (classes,), if any.
    pub c: Option<Array1<f32>>,
    /// Whether it is a probe: trained after the network, on its activations.
    pub probe: bool,
}

impl Layer {
    /// The parameters: w, b, and r and c of the readout.
    pub fn parameters(&self) -> impl Iterator<Item = &[f32]> {
        let readout = self.readout.iter();
        let readout = readout.flat_map(|Readout { r, c, .. }| {
            [r.as_slice()].into_iter().chain(c.iter().map(|c| c.as_slice()))
        });
        let own = [self.w.as_slice(), self.b.as_slice()];
        own.into_iter().chain(readout).map(|array| array.expect(STANDARD))
    }

    /// The parameters, as [`Self::parameters`], to be changed.
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let readout = self.readout.iter_mut();
        let readout = readout.flat_map(|Readout { r, c, .. }| {
            [r.as_slice_mut()].into_iter().chain(c.iter_mut().map(|c| c.as_slice_mut()))
        });
        let own = [self.w.as_slice_mut(), self.b.as_slice_mut()];
        own.into_iter().chain(readout).map(|array| array.expect(STANDARD))
    }
}

/// Why parameters are slices.
const STANDARD: &str = "parameters are in standard layout";

/// A network of at least one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The layers, from the images upwards.
    pub layers: Vec<Layer>,
    /// Number of classes of the readouts.
    pub classes: usize,
    /// The activation function of all layers.
    pub activation: Activation,
}

impl Readout {
    /// Write the logits `z = h r + c`, (samples, classes), of the activations h, (samples, units).
    pub fn logits(&self, h: ArrayView2<'_, f32>, mut z: ArrayViewMut2<'_, f32>) {
        linalg::product(z.view_mut(), h, self.r.view());
        if let Some(c) = &self.c {
            z += c;
        }
    }
}

impl Network {
    /// Number of inputs of the first layer, which is the number of pixels.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.w.nrows())
    }

    /// A network of some of the layers.
    #[must_use]
    pub fn part(&self, layers: Range<usize>) -> Self {
        Self { layers: self.layers[layers].to_vec(), ..*self }
    }

    /// Check the number of a layer, counted from 1; `None` is the last layer.
    ///
    /// # Errors
    /// If the network has no such layer.
    pub fn layer_number(&self, number: Option<usize>) -> Result<usize> {
        let depth = self.layers.len();
        match number.unwrap_or(depth) {
            number if (1..=depth).contains(&number) => Ok(number),
            number => Err(Error::usage(format!(
                "the network has no layer {number} (expected 1 to {depth})"
            ))),
        }
    }

    /// The readout of layer `number`, counted from 1.
    ///
    /// # Errors
    /// If the layer has none.
    pub fn readout(&self, number: usize) -> Result<&Readout> {
        let readout = self.layers.get(number - 1).and_then(|layer| layer.readout.as_ref());
        readout.ok_or_else(|| {
            Error::data(format!("layer {number} has no readout, and thus no loss to attack"))
        })
    }

    /// The activations of layers 1 to `number`, (samples, units) each, for the images x,
    /// (samples, pixels).
    ///
    /// # Errors
    /// If an activation is not finite.
    pub fn activations(&self, x: ArrayView2<'_, f32>, number: usize) -> Result<Vec<Array2<f32>>> {
        let layers = &self.layers[..number];
        let mut h: Vec<Array2<f32>> =
            layers.iter().map(|layer| Array2::zeros((x.nrows(), layer.w.ncols()))).collect();
        self.forward(x, h.iter_mut().map(|h| (h.view_mut(), None)))?;
        Ok(h)
    }

    /// Like [`Self::activations`], followed by the pre-activations z of the same layers.
    ///
    /// # Errors
    /// If an activation is not finite.
    pub fn activations_and_z(
        &self,
        x: ArrayView2<'_, f32>,
        number: usize,
    ) -> Result<[Vec<Array2<f32>>; 2]> {
        let layers = &self.layers[..number];
        let zeros = || -> Vec<Array2<f32>> {
            layers.iter().map(|layer| Array2::zeros((x.nrows(), layer.w.ncols()))).collect()
        };
        let (mut h, mut z) = (zeros(), zeros());
        let outputs = h.iter_mut().zip(&mut z).map(|(h, z)| (h.view_mut(), Some(z.view_mut())));
        self.forward(x, outputs)?;
        Ok([h, z])
    }

    /// The activations of layer `number` alone, (samples, units), from those of the layer below it, or
    /// from the images.
    ///
    /// # Errors
    /// If an activation is not finite.
    pub fn layer(&self, number: usize, below: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        let mut h = Array2::zeros((below.nrows(), self.layers[number - 1].w.ncols()));
        let outputs: Vec<_> = h.axis_chunks_iter_mut(Axis(0), CHUNK).collect();
        let chunks: Vec<_> = below.axis_chunks_iter(Axis(0), CHUNK).collect();
        let chunks = chunks.into_par_iter().zip(outputs);
        let results: Vec<Result<()>> =
            chunks.map(|(below, h)| self.pass(number, below, h, None)).collect();
        // Collected in order, so that the first error does not depend on the threads.
        results.into_iter().collect::<Result<()>>()?;
        Ok(h)
    }

    /// Write the activations of the first layers, one for each array in `outputs`, and their
    /// pre-activations where an array is given for them.
    fn forward<'a>(
        &self,
        x: ArrayView2<'_, f32>,
        outputs: impl Iterator<Item = (ArrayViewMut2<'a, f32>, Option<ArrayViewMut2<'a, f32>>)>,
    ) -> Result<()> {
        let mut below: Option<ArrayViewMut2<'a, f32>> = None;
        for (index, (mut h, z)) in outputs.enumerate() {
            let x = below.as_ref().map_or(x, |below| below.view());
            self.pass(index + 1, x, h.view_mut(), z)?;
            below = Some(h);
        }
        Ok(())
    }

    /// Write the activations of layer `number` to `h`, and its pre-activations to `z`.
    fn pass(
        &self,
        number: usize,
        x: ArrayView2<'_, f32>,
        mut h: ArrayViewMut2<'_, f32>,
        z: Option<ArrayViewMut2<'_, f32>>,
    ) -> Result<()> {
        let layer = &self.layers[number - 1];
        linalg::product(h.view_mut(), x, layer.w.view());
        self.activation.add_bias_and_apply(h.view_mut(), &layer.b, z);
        match first_not_finite(h.view()) {
            None => Ok(()),
            Some(found) => Err(Error::data(format!(
                "layer {number} has an activation that is not finite (found {found}: the weights or pixels are too large)"
            ))),
        }
    }

    /// Apply `f` to each chunk of samples in parallel, with the index of its first sample. The
    /// results are in the order of the samples.
    pub fn chunks<R: Send>(
        x: ArrayView2<'_, f32>,
        f: impl Fn(usize, ArrayView2<'_, f32>) -> R + Sync,
    ) -> Vec<R> {
        let chunks: Vec<_> = x.axis_chunks_iter(Axis(0), CHUNK).collect();
        chunks.into_par_iter().enumerate().map(|(i, chunk)| f(i * CHUNK, chunk)).collect()
    }
}

/// The class with the largest logit; the lowest such class if there is a tie.
#[must_use]
pub fn predicted<T: Copy + PartialOrd>(z: ArrayView1<'_, T>) -> usize {
    let (mut best, mut largest) = (0, z[0]);
    for (class, &logit) in z.iter().enumerate() {
        // Selections, not a branch, which the processor could not predict.
        let larger = logit > largest;
        best = if larger { class } else { best };
        largest = if larger { logit } else { largest };
    }
    best
}

/// The cross-entropy loss of one sample with logits z, `E = -ln p_y` with `p = softmax(z)`,
/// computed in f64.
#[must_use]
pub fn cross_entropy<T: Copy + PartialOrd + Into<f64>>(z: ArrayView1<'_, T>, y: usize) -> f64 {
    let largest: f64 = z[predicted(z)].into();
    let sum: f64 = z.iter().map(|&z| (z.into() - largest).exp()).sum();
    sum.ln() - (z[y].into() - largest)
}

/// Replace the logits `z` of a sample by `dE/dz = p - onehot(y)`, computed in f32, and return the
/// loss. The loss is as accurate as the sum of the exponentials in f32.
pub fn softmax_minus_onehot(z: &mut [f32], y: usize) -> f64 {
    let largest = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for z in z.iter_mut() {
        *z -= largest;
    }
    let logit = z[y];
    Exp {}.map_mut(z);
    let sum: f32 = z.iter().sum();
    for p in z.iter_mut() {
        *p /= sum;
    }
    z[y] -= 1.0;
    f64::from(sum).ln() - f64::from(logit)
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
        // Here p_y is far below the smallest f32.
        let z = array![0.0, 500.0];
        assert_relative_eq!(cross_entropy(z.view(), 0), 500.0, epsilon = 1e-9);
    }

    #[test]
    fn softmax_minus_onehot_returns_the_loss_and_its_gradient() {
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
    fn an_infinite_activation_is_an_error_and_not_a_dead_unit() {
        let layer = Layer { w: array![[f32::MAX, f32::MAX]], b: array![0.0, 0.0], readout: None };
        let next = Layer { w: array![[1.0], [-1.0]], b: array![0.0], readout: None };
        let network =
            Network { layers: vec![layer, next], classes: 2, activation: Activation::Relu };
        assert!(network.activations(array![[0.5]].view(), 2).is_ok());
        assert!(network.activations(array![[2.0]].view(), 2).is_err());
    }
}
