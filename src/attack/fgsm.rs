//! The fast gradient sign method: `x' = x + epsilon sign(dE/dx)`.
//!
//! Goodfellow, Shlens and Szegedy, arXiv 1412.6572 (2015).

use std::str::FromStr;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use pulp::{Arch, Simd, WithSimd};
use rand::RngExt;
use rayon::prelude::*;
use serde::Serialize;

use super::{Clip, clipped};
use crate::{
    Result, linalg,
    network::{self, CHUNK, Network, backward, softmax_minus_onehot},
    read::Rows,
    rng::{self, Purpose},
    write::NpyOutput,
};

/// How the sign of the gradient is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gradient {
    /// From differences of logits, so that no sign is lost to f32.
    Exact,
    /// From `softmax - onehot` in f32, as automatic differentiation in single
    /// precision has it. For a confident sample `p_y` is 1, and the sign is lost.
    Float32,
    /// Random signs, the control: as large a change in no particular direction.
    Random,
}

impl Gradient {
    /// Read one that is a gradient: not the control.
    pub fn of_the_loss(text: &str) -> std::result::Result<Self, String> {
        let gradient = text.parse().ok().filter(|&gradient| gradient != Self::Random);
        gradient.ok_or_else(|| "expected exact or float32".into())
    }
}

impl FromStr for Gradient {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "exact" => Ok(Self::Exact),
            "float32" => Ok(Self::Float32),
            "random" => Ok(Self::Random),
            _ => Err("expected exact, float32 or random".into()),
        }
    }
}

/// What the attack does.
#[derive(Clone, Copy, Debug)]
pub struct Fgsm {
    /// The size of a pixel's change, in pixel units.
    pub epsilon: f32,
    /// The layer, from 1, whose loss is attacked.
    pub layer: usize,
    /// How the sign is found.
    pub gradient: Gradient,
    /// Where attacked pixels are cut off.
    pub clip: Option<Clip>,
    /// Of the random signs.
    pub seed: u64,
}

/// What the attack did: the part of it that arithmetic kept from happening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Audit {
    /// Images attacked.
    pub samples: usize,
    /// Images whose gradient is 0 in every pixel.
    pub zero_gradient_images: usize,
    /// Pixels, of all images, whose gradient is 0.
    pub zero_sign_pixels: usize,
    /// The largest change of any pixel, clipping included.
    pub max_change: f64,
}

impl Audit {
    /// Both, as one.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            samples: self.samples + other.samples,
            zero_gradient_images: self.zero_gradient_images + other.zero_gradient_images,
            zero_sign_pixels: self.zero_sign_pixels + other.zero_sign_pixels,
            max_change: self.max_change.max(other.max_change),
        }
    }
}

/// Attack all images, with their true labels `y`, a block at a time and into `output`; `attack` is
/// given the index of a block's first image.
pub fn by_blocks(
    mut images: Rows<f32>,
    y: &[u8],
    output: &mut NpyOutput<f32>,
    attack: impl Fn(ArrayView2<'_, f32>, &[u8], usize) -> Result<(Array2<f32>, Audit)>,
) -> Result<Audit> {
    let mut audit = Audit::default();
    while let Some(block) = images.next_block(network::block())? {
        let first = audit.samples;
        let y = &y[first..first + block.values.nrows()];
        let (attacked, part) = attack(block.values.view(), y, first)?;
        output.block(&attacked)?;
        audit = audit.with(part);
    }
    Ok(audit)
}

impl Fgsm {
    /// Attack images (samples, pixels) with their true labels `y`; `first` is
    /// the index of the first among all images.
    pub fn attack(
        &self,
        network: &Network,
        images: ArrayView2<'_, f32>,
        y: &[u8],
        first: usize,
    ) -> Result<(Array2<f32>, Audit)> {
        chunks(images, |start, x, mut g| {
            match self.gradient {
                Gradient::Random => self.random_signs(g.view_mut(), first + start),
                _ => self.gradient(network, x, &y[start..start + x.nrows()], g.view_mut())?,
            }
            Ok(self.step(x, x, self.epsilon, g))
        })
    }

    /// `dE/dx` of each sample, into `input` (samples, pixels); [`Gradient::Exact`]
    /// up to a positive factor a sample, which changes no sign.
    pub fn gradient(
        &self,
        network: &Network,
        x: ArrayView2<'_, f32>,
        y: &[u8],
        input: ArrayViewMut2<'_, f32>,
    ) -> Result<()> {
        let layers = &network.layers[..self.layer];
        let readout = network.readout(self.layer)?;
        let h = network.activations(x, self.layer)?;
        let mut d = Array2::zeros((x.nrows(), network.classes));
        readout.logits(h[self.layer - 1].view(), d.view_mut());
        self.loss_gradient(d.view_mut(), y);
        let mut g = Array2::zeros(h[self.layer - 1].dim());
        backward(g.view_mut(), d.view(), readout.r.view(), h[self.layer - 1].view());
        for (layer, h) in layers.iter().skip(1).zip(&h).rev() {
            let mut lower = Array2::zeros(h.dim());
            backward(lower.view_mut(), g.view(), layer.w.view(), h.view());
            g = lower;
        }
        linalg::product(input, g.view(), layers[0].w.t());
        Ok(())
    }

    /// Logits become `dE/dz`.
    fn loss_gradient(&self, mut z: ArrayViewMut2<'_, f32>, y: &[u8]) {
        for (mut z, &y) in z.rows_mut().into_iter().zip(y) {
            if let Some(z) = z.as_slice_mut() {
                match self.gradient {
                    Gradient::Exact => logit_differences(z, usize::from(y)),
                    _ => {
                        softmax_minus_onehot(z, usize::from(y));
                    }
                }
            }
        }
    }

    /// `at + size sign(g)`, at most epsilon from `x` and clipped, in the place of `g`.
    pub(super) fn step(
        &self,
        x: ArrayView2<'_, f32>,
        at: ArrayView2<'_, f32>,
        size: f32,
        mut g: ArrayViewMut2<'_, f32>,
    ) -> Audit {
        let mut audit = Audit::default();
        // Their rows are slices then.
        let (x, at) = (x.as_standard_layout(), at.as_standard_layout());
        for ((x, at), mut g) in x.rows().into_iter().zip(at.rows()).zip(g.rows_mut()) {
            if let (Some(x), Some(at), Some(g)) = (x.as_slice(), at.as_slice(), g.as_slice_mut()) {
                let Self { epsilon, clip, .. } = *self;
                audit = audit.with(Arch::new().dispatch(Step { x, at, size, epsilon, clip, g }));
            }
        }
        audit
    }

    /// The signs of image i depend on the seed and i alone.
    fn random_signs(&self, mut signs: ArrayViewMut2<'_, f32>, first: usize) {
        for (row, mut signs) in signs.rows_mut().into_iter().enumerate() {
            let mut rng = rng::stream(self.seed, Purpose::Signs, first + row);
            signs.mapv_inplace(|_| if rng.random::<bool>() { 1.0 } else { -1.0 });
        }
    }
}

/// What `attack` makes of each chunk of images: it is given the index of the chunk's first,
/// its images, and a place of their shape.
pub(super) fn chunks(
    images: ArrayView2<'_, f32>,
    attack: impl Fn(usize, ArrayView2<'_, f32>, ArrayViewMut2<'_, f32>) -> Result<Audit> + Sync,
) -> Result<(Array2<f32>, Audit)> {
    let mut attacked = Array2::zeros(images.dim());
    let places: Vec<_> = attacked.axis_chunks_iter_mut(Axis(0), CHUNK).collect();
    let chunks: Vec<_> = images.axis_chunks_iter(Axis(0), CHUNK).collect();
    let audits = chunks.into_par_iter().zip(places).enumerate();
    let audits = audits.map(|(index, (x, place))| attack(index * CHUNK, x, place));
    // In the order of the chunks, whatever the order of the threads.
    let audits: Vec<Audit> = audits.collect::<Result<_>>()?;
    Ok((attacked, audits.into_iter().fold(Audit::default(), Audit::with)))
}

/// The step of one image: its pixels as they were, as they are, and their gradient, which becomes
/// the pixels after the step.
struct Step<'a> {
    x: &'a [f32],
    at: &'a [f32],
    size: f32,
    epsilon: f32,
    clip: Option<Clip>,
    g: &'a mut [f32],
}

impl WithSimd for Step<'_> {
    type Output = Audit;

    #[allow(clippy::inline_always)] // what is not inlined is not compiled for wide registers
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Audit {
        let Self { x, at, size, epsilon, clip, g } = self;
        let zeros: u32 = g.iter().map(|&g| u32::from(g == 0.0)).sum();
        let epsilon = Some(epsilon).filter(|&epsilon| epsilon > 0.0);
        let mut largest = 0;
        for ((&x, &at), g) in x.iter().zip(at).zip(&mut *g) {
            // All before it is known which: a choice of values, not of ways.
            let (low, high) = epsilon.map_or((x, x), |epsilon| (x - epsilon, x + epsilon));
            let (up, down) = (at + size, at - size);
            let moved = if *g > 0.0 { up } else { at };
            let moved = if *g < 0.0 { down } else { moved };
            // An end of the ball as it is, to the sign of a zero.
            let moved = if moved <= low { low } else { moved };
            let moved = if moved >= high { high } else { moved };
            *g = clipped(moved, clip);
            // Bits of numbers from 0 on are in the numbers' order.
            largest = (f64::from(*g) - f64::from(x)).abs().to_bits().max(largest);
        }
        let zero_sign_pixels = zeros as usize;
        Audit {
            samples: 1,
            zero_gradient_images: usize::from(zero_sign_pixels == x.len()),
            zero_sign_pixels,
            max_change: f64::from_bits(largest),
        }
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
mod tests {
    use super::*;
    use crate::{network::predicted, train};
    use ndarray::ArrayView1;
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::ChaCha8Rng};

    fn fgsm(layer: usize, gradient: Gradient) -> Fgsm {
        Fgsm { epsilon: 0.1, layer, gradient, clip: None, seed: 1 }
    }

    fn images(samples: usize) -> Array2<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        Array2::from_shape_simple_fn((samples, 12), || rng.random())
    }

    fn network() -> Network {
        train::start(&[12, 9, 9, 9], 4, train::Rule::Local, None, 2)
    }

    /// The loss of layer `layer` in f64, written again from the formulas.
    fn loss(network: &Network, x: &[f64], layer: usize, y: usize) -> f64 {
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
        let (network, x, y) = (network(), images(6), [0, 1, 2, 3, 0, 1]);
        for layer in 1..=3 {
            let gradient = |gradient| {
                let mut g = Array2::zeros(x.dim());
                fgsm(layer, gradient).gradient(&network, x.view(), &y, g.view_mut()).unwrap();
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
    fn a_confident_sample_keeps_its_sign_only_when_exact() {
        let mut network = network();
        // A large gain makes every sample confident, of whichever class.
        for layer in &mut network.layers {
            layer.readout.as_mut().unwrap().r *= 1e3;
        }
        let x = images(20);
        let h = network.activations(x.view(), 3).unwrap();
        let mut z = Array2::zeros((20, 4));
        network.layers[2].readout.as_ref().unwrap().logits(h[2].view(), z.view_mut());
        let y: Vec<u8> = z.rows().into_iter().map(|z| predicted(z) as u8).collect();
        // Beyond a gap of 104 the other classes' p, below e^-104, is 0 in f32.
        let gap = |z: ArrayView1<'_, f32>, y: usize| {
            let others = z.iter().enumerate().filter(|(class, _)| *class != y);
            z[y] - others.map(|(_, &z)| z).fold(f32::NEG_INFINITY, f32::max)
        };
        let gaps = z.rows().into_iter().zip(&y).map(|(z, &y)| gap(z, usize::from(y)));
        let confident = gaps.filter(|&gap| gap > 104.0).count();
        assert!(confident > 5, "{confident}");
        let zeros = |gradient| {
            let attack = fgsm(3, gradient);
            attack.attack(&network, x.view(), &y, 0).unwrap().1.zero_gradient_images
        };
        assert_eq!(zeros(Gradient::Exact), 0);
        assert_eq!(zeros(Gradient::Float32), confident);
        assert_eq!(zeros(Gradient::Random), 0);
    }

    #[test]
    fn a_zero_epsilon_changes_no_bit() {
        let mut x = images(3);
        x[[0, 0]] = -0.0;
        let attack = Fgsm { epsilon: 0.0, ..fgsm(3, Gradient::Exact) };
        let (attacked, audit) = attack.attack(&network(), x.view(), &[0, 1, 2], 0).unwrap();
        assert!(attacked.iter().zip(&x).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert!(audit.max_change <= 0.0);
    }

    proptest! {
        #[test]
        fn no_pixel_moves_beyond_epsilon(epsilon in 0.0..1.0_f32, layer in 1..=3_usize, seed: u64) {
            let x = images(30);
            let y: Vec<u8> = (0..30).map(|i| i % 4).collect();
            for gradient in [Gradient::Exact, Gradient::Float32, Gradient::Random] {
                let attack = Fgsm { epsilon, seed, ..fgsm(layer, gradient) };
                let (attacked, audit) = attack.attack(&network(), x.view(), &y, 0).unwrap();
                let largest = attacked
                    .iter()
                    .zip(&x)
                    .map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs())
                    .fold(0.0, f64::max);
                // Rounding of x + epsilon, which is below 2.
                prop_assert!(largest <= f64::from(epsilon) + f64::from(f32::EPSILON));
                prop_assert!((audit.max_change - largest).abs() < f64::EPSILON);
            }
        }
    }
}
