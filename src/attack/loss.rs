//! The loss that an attack raises, and its gradient with respect to the pixels.

use clap::ValueEnum;
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};

use crate::{
    Error, Result,
    math::{elementwise::first_not_finite, linalg},
    network::{Network, Readout, backward, softmax_minus_onehot},
};

/// How the sign of the gradient is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Gradient {
    /// From differences of logits, so that no sign is lost to f32
    Exact,
    /// From softmax - onehot in f32, as automatic differentiation in single precision has it: loses
    /// the term of the true class for confident images and so gives a wrong sign
    Float32,
}

/// The loss of one layer's readout, `E = -ln p_y` with `p = softmax(z)`, y the true class.
#[derive(Clone, Copy, Debug)]
pub struct Loss<'a> {
    network: &'a Network,
    /// From 1.
    layer: usize,
    readout: &'a Readout,
    gradient: Gradient,
}

impl<'a> Loss<'a> {
    /// Of the layer that counts as `layer`, from 1, or of the last. It must have a readout.
    pub fn new(network: &'a Network, layer: Option<usize>, gradient: Gradient) -> Result<Self> {
        let layer = network.layer_number(layer)?;
        let readout = network.readout(layer)?;
        Ok(Self { network, layer, readout, gradient })
    }

    /// `dE/dx` of the images `x` with the true labels `y`, into `g`, both (samples, pixels);
    /// [`Gradient::Exact`] up to a positive factor for each sample, which changes no sign. Gives
    /// the number of [`Audit::lost_label_images`](super::Audit::lost_label_images). `first` is the
    /// index of the first sample among all images: one whose gradient is not finite is named.
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
                "image {} has a gradient that is no number (found {found}: the network's weights or the pixels are too large)",
                first + row.expect("one of the rows holds what was found")
            )));
        }
        Ok(lost)
    }

    /// Logits become `dE/dz`; gives the number of samples whose own class has a term of 0.
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
            // With a single class p_y is 1, and nothing is lost.
            lost += usize::from(z.len() > 1 && z[y] == 0.0);
        }
        lost
    }
}

/// Logits `z` become `d_c = exp(z_c - m)` for the classes c other than y, with m
/// the largest of their logits, and `d_y = -sum of the others`: `dE/dz` times
/// `exp(-m) sum_c exp(z_c)`, without forming `p_y - 1`, which f32 rounds to 0.
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

    /// The loss of layer `layer` in f64, written again from the formulas.
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
    fn the_gradient_is_that_of_finite_differences() {
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
                // `exact` has a positive factor of its own for each sample.
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
    fn a_layer_that_is_not_there_or_has_no_readout_has_no_loss() {
        let mut network = network();
        network.layers[0].readout = None;
        for layer in [0, 1, 4] {
            assert!(Loss::new(&network, Some(layer), Gradient::Exact).is_err(), "{layer}");
        }
        assert!(Loss::new(&network, None, Gradient::Exact).is_ok());
    }
}
