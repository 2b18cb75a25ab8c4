//! The loss that an attack increases, and its gradient with respect to the pixels.

use clap::ValueEnum;
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};

use crate::{
    Error, Result,
    math::{elementwise::first_not_finite, linalg},
    network::{Network, Readout, backward, softmax_minus_onehot},
};

/// How the gradient is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Gradient {
    /// From differences of logits, so that no sign is lost to rounding in f32
    Exact,
    /// From softmax - onehot in f32, like automatic differentiation in single precision: for
    /// confidently classified images the term of the true class is rounded to 0, and signs are wrong
    Float32,
}

/// The loss of one layer's readout, `E = -ln p_y` with `p = softmax(z)`, y the true class.
#[derive(Clone, Copy, Debug)]
pub struct Loss<'a> {
    network: &'a Network,
    /// The layer, counted from 1.
    layer: usize,
    readout: &'a Readout,
    gradient: Gradient,
}

impl<'a> Loss<'a> {
    /// The loss of layer `layer`, counted from 1; `None` is the last layer.
    ///
    /// # Errors
    /// If there is no such layer, or if it has no readout.
    pub fn new(network: &'a Network, layer: Option<usize>, gradient: Gradient) -> Result<Self> {
        let layer = network.layer_number(layer)?;
        let readout = network.readout(layer)?;
        Ok(Self { network, layer, readout, gradient })
    }

    /// Write the gradient `dE/dx` of the images `x` with the true labels `y` to `g`; `x` and `g` are
    /// (samples, pixels). With [`Gradient::Exact`], the gradient of each sample has an additional
    /// positive factor, which changes no sign. Returns the number of
    /// [`Audit::lost_label_images`](super::Audit::lost_label_images).
    ///
    /// # Errors
    /// If an activation or a gradient is not finite. The message names the image; `first` is the
    /// index of the first sample among all images.
    pub fn gradient(
        &self,
        x: ArrayView2<'_, f32>,
        y: &[u8],
        first: usize,
        mut g: ArrayViewMut2<'_, f32>,
    ) -> Result<usize> {
        let layers = &self.network.layers[..self.layer];
        let h = self.network.activations(x, self.layer)?;
        let last = h[self.layer - 1].view();
        let mut dz = Array2::zeros((x.nrows(), self.network.classes));
        self.readout.logits(last, dz.view_mut());
        let lost = self.loss_gradient(dz.view_mut(), y);
        let mut delta = Array2::zeros(last.dim());
        backward(delta.view_mut(), dz.view(), self.readout.r.view(), last);
        for (layer, h) in layers.iter().skip(1).zip(&h).rev() {
            let mut lower = Array2::zeros(h.dim());
            backward(lower.view_mut(), delta.view(), layer.w.view(), h.view());
            delta = lower;
        }
        linalg::product(g.view_mut(), delta.view(), layers[0].w.t());
        if let Some(found) = first_not_finite(g.view()) {
            let finite = |row: ArrayView1<'_, f32>| row.iter().all(|g| g.is_finite());
            let row = g.rows().into_iter().position(|row| !finite(row));
            return Err(Error::data(format!(
                "image {} has a gradient that is not finite (found {found}: the network's weights or the pixels are too large)",
                first + row.expect("one of the rows holds the value found")
            )));
        }
        Ok(lost)
    }

    /// Replace the logits by `dE/dz`, (samples, classes), and return the number of samples for which
    /// the term of the true class is 0.
    fn loss_gradient(&self, mut z: ArrayViewMut2<'_, f32>, y: &[u8]) -> usize {
        let mut lost = 0;
        for (mut z, &y) in z.rows_mut().into_iter().zip(y) {
            let y = usize::from(y);
            let z = z.as_slice_mut().expect("the logits are in standard layout");
            match self.gradient {
                Gradient::Exact => logit_differences(z, y),
                Gradient::Float32 => {
                    softmax_minus_onehot(z, y);
                }
            }
            // With a single class p_y is exactly 1, so that nothing is lost.
            lost += usize::from(z.len() > 1 && z[y] == 0.0);
        }
        lost
    }
}

/// Replace the logits `z` of a sample by `dE/dz` times the positive factor `exp(-m) sum_c exp(z_c)`:
/// `d_c = exp(z_c - m)` for the classes c other than y, with m the largest of their logits, and
/// `d_y = -sum_c d_c` over these classes. This avoids the difference `p_y - 1`, which f32 rounds to 0
/// for confident samples.
fn logit_differences(z: &mut [f32], y: usize) {
    let others = |(class, &z): (usize, &f32)| (class != y).then_some(z);
    let largest = z.iter().enumerate().filter_map(others).fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for (class, z) in z.iter_mut().enumerate() {
        if class != y {
            *z = (*z - largest).exp();
            sum += *z;
        }
    }
    z[y] = -sum;
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::train::{Rule, Settings, init};
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    pub fn network() -> Network {
        let settings = Settings { seed: 2, ..Settings::preset(Rule::Local) };
        init(&[12, 9, 9, 9], 4, &settings).unwrap()
    }

    /// The loss of layer `layer`, computed independently in f64.
    pub fn loss(network: &Network, x: &[f64], layer: usize, y: usize) -> f64 {
        let mut h = x.to_vec();
        for l in &network.layers[..layer] {
            let w = l.w.mapv(f64::from);
            h = (0..w.ncols())
                .map(|j| {
                    let z: f64 = (0..w.nrows()).map(|i| h[i] * w[[i, j]]).sum();
                    (z + f64::from(l.b[j])).max(0.0)
                })
                .collect();
        }
        let r = network.layers[layer - 1].readout.as_ref().unwrap().r.mapv(f64::from);
        let z: Vec<f64> =
            (0..4).map(|c| (0..h.len()).map(|i| h[i] * r[[i, c]]).sum::<f64>()).collect();
        z.iter().map(|z| z.exp()).sum::<f64>().ln() - z[y]
    }

    #[test]
    fn the_gradient_agrees_with_finite_differences() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let x = Array2::from_shape_simple_fn((6, 12), || rng.random::<f32>());
        let (network, y) = (network(), [0, 1, 2, 3, 0, 1]);
        for layer in 1..=3 {
            let gradient = |gradient| {
                let mut g = Array2::zeros(x.dim());
                let loss = Loss::new(&network, Some(layer), gradient).unwrap();
                loss.gradient(x.view(), &y, 0, g.view_mut()).unwrap();
                g
            };
            let (exact, float32) = (gradient(Gradient::Exact), gradient(Gradient::Float32));
            for (row, &y) in y.iter().enumerate() {
                let point: Vec<f64> = x.row(row).iter().map(|&x| f64::from(x)).collect();
                let mut expected = Vec::new();
                for pixel in 0..12 {
                    let at = |step: f64| {
                        let mut point = point.clone();
                        point[pixel] += step;
                        loss(&network, &point, layer, usize::from(y))
                    };
                    expected.push((at(1e-6) - at(-1e-6)) / 2e-6);
                }
                // The exact gradient has an additional positive factor for each sample.
                let norm = |g: &[f64]| g.iter().map(|g| g * g).sum::<f64>().sqrt();
                let found: Vec<f64> = exact.row(row).iter().map(|&g| f64::from(g)).collect();
                let factor = norm(&expected) / norm(&found);
                for pixel in 0..12 {
                    let error = (found[pixel] * factor - expected[pixel]).abs();
                    assert!(error < 1e-5 * norm(&expected), "{layer} {row} {pixel}: {error}");
                    let error = (f64::from(float32[[row, pixel]]) - expected[pixel]).abs();
                    assert!(error < 1e-5 * norm(&expected), "{layer} {row} {pixel}: {error}");
                }
            }
        }
    }

    #[test]
    fn a_missing_layer_or_one_without_readout_is_refused() {
        let mut network = network();
        network.layers[0].readout = None;
        for layer in [0, 1, 4] {
            assert!(Loss::new(&network, Some(layer), Gradient::Exact).is_err(), "{layer}");
        }
        assert!(Loss::new(&network, None, Gradient::Exact).is_ok());
    }
}
