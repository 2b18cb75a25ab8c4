//! The loss that an attack increases, and its gradient with respect to the pixels.

use clap::ValueEnum;
use ndarray::{ArrayView2, ArrayViewMut2};

use super::logits::{Logits, check_finite};
use crate::{
    Result,
    network::{Network, softmax_minus_onehot},
};

/// How the gradient is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Gradient {
    /// From differences of logits, so that no sign is lost to rounding in f32
    Exact,
    /// From softmax - onehot in f32, like automatic differentiation in single precision: for
    /// confidently classified images the term of the true class is rounded to 0, and signs are wrong
    Float32,
    /// From softmax - onehot in f64, like automatic differentiation in double precision: the term of
    /// the true class is rounded to 0 as well, for images that are about twice as confident
    Float64,
}

/// The loss of one layer's readout, `E = -ln p_y` with `p = softmax(z)`, y the true class.
#[derive(Clone, Copy, Debug)]
pub struct Loss<'a> {
    logits: Logits<'a>,
    gradient: Gradient,
}

impl<'a> Loss<'a> {
    /// The loss of layer `layer`, counted from 1; `None` is the last layer.
    ///
    /// # Errors
    /// If there is no such layer, or if it has no readout.
    pub fn new(network: &'a Network, layer: Option<usize>, gradient: Gradient) -> Result<Self> {
        let logits = Logits::new(network, layer, gradient == Gradient::Exact)?;
        Ok(Self { logits, gradient })
    }

    /// Write the gradient `dE/dx` of the images `x` with the true labels `y` to `g`; `x` and `g` are
    /// (samples, pixels). With [`Gradient::Exact`] and [`Gradient::Float64`], the gradient of each sample
    /// has an additional positive factor, which changes no sign. Returns the number of
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
        let lost = match self.gradient {
            Gradient::Exact => self.gradient_by(logit_differences, x, y, g.view_mut())?,
            Gradient::Float32 => self.gradient_by(single_softmax, x, y, g.view_mut())?,
            Gradient::Float64 => self.logits.gradient_in_double(x, y, g.view_mut()),
        };
        check_finite(g.view(), "gradient", |row| first + row)?;
        Ok(lost)
    }

    /// Like [`Self::gradient`], in single precision. `loss_gradient` replaces the logits of a sample by
    /// `dE/dz`.
    fn gradient_by(
        &self,
        loss_gradient: impl Fn(&mut [f32], usize),
        x: ArrayView2<'_, f32>,
        y: &[u8],
        g: ArrayViewMut2<'_, f32>,
    ) -> Result<usize> {
        let mut forward = self.logits.forward(x)?;
        let mut dz = std::mem::take(&mut forward.logits);
        for (mut z, &y) in dz.rows_mut().into_iter().zip(y) {
            loss_gradient(z.as_slice_mut().expect("the logits are in standard layout"), y.into());
        }
        let lost = lost_labels(dz.view(), y);
        // The factors change no sign.
        self.logits.backward(&forward, dz, g);
        Ok(lost)
    }
}

/// The number of samples for which the term of the true class in `dE/dz`, (samples, classes), is 0.
pub(super) fn lost_labels<T: Copy + Into<f64>>(dz: ArrayView2<'_, T>, y: &[u8]) -> usize {
    // With a single class p_y is exactly 1, so that nothing is lost.
    let own = dz.rows().into_iter().zip(y).map(|(dz, &y)| dz[usize::from(y)].into());
    if dz.ncols() > 1 { own.filter(|&own: &f64| own == 0.0).count() } else { 0 }
}

/// Replace the logits `z` of a sample by `softmax(z) - onehot(y)`, computed in f32.
fn single_softmax(z: &mut [f32], y: usize) {
    softmax_minus_onehot(z, y);
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
    use crate::{
        network::Activation,
        train::{Rule, Settings, init},
    };
    use ndarray::{Array1, Array2};
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    pub fn network() -> Network {
        network_with(Activation::Relu, None)
    }

    fn network_with(activation: Activation, weight_gain: Option<f64>) -> Network {
        let preset = Settings::preset(Rule::Local);
        let settings = Settings { seed: 2, activation, weight_gain, ..preset };
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
                    network.activation.value(z + f64::from(l.b[j]))
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
        let y = [0, 1, 2, 3, 0, 1];
        let each = Activation::value_variants().iter().flat_map(|&f| [1, 2, 3].map(|l| (f, l)));
        for (activation, layer) in each {
            let network = network_with(activation, None);
            let gradient = |gradient| {
                let mut g = Array2::zeros(x.dim());
                let loss = Loss::new(&network, Some(layer), gradient).unwrap();
                loss.gradient(x.view(), &y, 0, g.view_mut()).unwrap();
                g
            };
            let [exact, float32, float64] =
                [Gradient::Exact, Gradient::Float32, Gradient::Float64].map(gradient);
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
                let norm = |g: &[f64]| g.iter().map(|g| g * g).sum::<f64>().sqrt();
                // All but float32 have an additional positive factor for each sample.
                for (gradient, scaled) in [(&exact, true), (&float64, true), (&float32, false)] {
                    let found: Vec<f64> = gradient.row(row).iter().map(|&g| f64::from(g)).collect();
                    let factor = if scaled { norm(&expected) / norm(&found) } else { 1.0 };
                    for pixel in 0..12 {
                        let error = (found[pixel] * factor - expected[pixel]).abs();
                        assert!(error < 1e-5 * norm(&expected), "{layer} {row} {pixel}: {error}");
                    }
                }
            }
        }
    }

    /// The gradient by the chain rule in f64, for tanh.
    fn gradient_of_tanh(network: &Network, x: &Array1<f64>, y: usize) -> Array1<f64> {
        let (mut h, mut slope) = (x.clone(), Array2::eye(x.len()));
        for l in &network.layers {
            let z = h.dot(&l.w.mapv(f64::from)) + l.b.mapv(f64::from);
            slope = slope.dot(&l.w.mapv(f64::from)) * z.mapv(|z| z.cosh().powi(-2));
            h = z.mapv(f64::tanh);
        }
        let r = network.layers[2].readout.as_ref().unwrap().r.mapv(f64::from);
        let mut p = h.dot(&r).mapv(f64::exp);
        p /= p.sum();
        p[y] -= 1.0;
        slope.dot(&r.dot(&p))
    }

    #[test]
    fn no_sign_is_lost_where_units_are_saturated() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let network = network_with(Activation::Tanh, Some(4000.0));
        let x = Array2::from_shape_simple_fn((50, 12), || rng.random::<f32>());
        let y: Vec<u8> = (0..50).map(|i| i % 4).collect();
        let gradient = |gradient| {
            let mut g = Array2::zeros(x.dim());
            let loss = Loss::new(&network, None, gradient).unwrap();
            loss.gradient(x.view(), &y, 0, g.view_mut()).unwrap();
            g
        };
        let (exact, float32) = (gradient(Gradient::Exact), gradient(Gradient::Float32));
        let mut compared = 0;
        for (row, &y) in y.iter().enumerate() {
            let expected = gradient_of_tanh(&network, &x.row(row).mapv(f64::from), usize::from(y));
            let largest = expected.iter().fold(0.0_f64, |largest, g| largest.max(g.abs()));
            for (&found, &expected) in exact.row(row).iter().zip(&expected) {
                assert!(found != 0.0, "{row}");
                // Below this a sum in f32 is round-off.
                if expected.abs() > 1e-3 * largest {
                    assert!(
                        f64::from(found).signum() == expected.signum(),
                        "{row}: {found} {expected}"
                    );
                    compared += 1;
                }
            }
        }
        let lost = float32.iter().filter(|&&g| g == 0.0).count();
        assert!(compared > 550 && lost > 300, "{compared} {lost}");
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
