//! The fast gradient sign method: `x' = x + epsilon sign(dE/dx)`.
//!
//! Goodfellow, Shlens and Szegedy, arXiv 1412.6572 (2015).

use std::str::FromStr;

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use pulp::{Arch, Simd, WithSimd};
use rand::RngExt;
use rayon::prelude::*;
use serde::Serialize;

use super::{Clip, clipped};
use crate::{
    Error, Result,
    io::{read::Rows, write::NpyOutput},
    math::{
        elementwise::first_not_finite,
        linalg,
        rng::{self, Purpose},
    },
    network::{self, CHUNK, Network, backward, softmax_minus_onehot},
};

/// How the sign of the gradient is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gradient {
    /// From differences of logits, so that no sign is lost to f32.
    Exact,
    /// From `softmax - onehot` in f32, as automatic differentiation in single
    /// precision has it. For a confident sample `p_y` is 1, and the term of its class is lost.
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
    /// Images of which the term of their own class, `p_y - 1`, is 0 in the arithmetic used: `p_y` is
    /// rounded to 1. The terms of the other classes may remain, and then the sign is wrong.
    pub lost_label_images: usize,
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
            lost_label_images: self.lost_label_images + other.lost_label_images,
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
        let (attacked, part) =
            attack(block.values.view(), y, first).map_err(|e| e.in_file(images.name()))?;
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
            let (y, first) = (&y[start..start + x.nrows()], first + start);
            let lost_label_images = match self.gradient {
                Gradient::Random => {
                    self.random_signs(g.view_mut(), first);
                    0
                }
                _ => self.gradient(network, x, y, first, g.view_mut())?,
            };
            Ok(Audit { lost_label_images, ..self.step(x, x, self.epsilon, g) })
        })
    }

    /// `dE/dx` of each sample, into `input` (samples, pixels); [`Gradient::Exact`]
    /// up to a positive factor a sample, which changes no sign. Gives the number of
    /// [`Audit::lost_label_images`]; `first` is the index of the first sample among all images,
    /// by which one is named whose gradient is not finite.
    pub fn gradient(
        &self,
        network: &Network,
        x: ArrayView2<'_, f32>,
        y: &[u8],
        first: usize,
        mut input: ArrayViewMut2<'_, f32>,
    ) -> Result<usize> {
        let layers = &network.layers[..self.layer];
        let readout = network.readout(self.layer)?;
        let h = network.activations(x, self.layer)?;
        let mut d = Array2::zeros((x.nrows(), network.classes));
        readout.logits(h[self.layer - 1].view(), d.view_mut());
        let lost = self.loss_gradient(d.view_mut(), y);
        let mut g = Array2::zeros(h[self.layer - 1].dim());
        backward(g.view_mut(), d.view(), readout.r.view(), h[self.layer - 1].view());
        for (layer, h) in layers.iter().skip(1).zip(&h).rev() {
            let mut lower = Array2::zeros(h.dim());
            backward(lower.view_mut(), g.view(), layer.w.view(), h.view());
            g = lower;
        }
        linalg::product(input.view_mut(), g.view(), layers[0].w.t());
        if let Some(found) = first_not_finite(input.view()) {
            let finite = |row: ArrayView1<'_, f32>| row.iter().all(|g| g.is_finite());
            let row = input.rows().into_iter().position(|row| !finite(row)).unwrap_or(0);
            return Err(Error::data(format!(
                "image {} has a gradient that is no number (found {found}: the network's weights or the pixels are too large)",
                first + row
            )));
        }
        Ok(lost)
    }

    /// Logits become `dE/dz`; gives the number of samples whose own class has a term of 0.
    fn loss_gradient(&self, mut z: ArrayViewMut2<'_, f32>, y: &[u8]) -> usize {
        let mut lost = 0;
        for (mut z, &y) in z.rows_mut().into_iter().zip(y) {
            let y = usize::from(y);
            if let Some(z) = z.as_slice_mut() {
                match self.gradient {
                    Gradient::Exact => logit_differences(z, y),
                    _ => {
                        softmax_minus_onehot(z, y);
                    }
                }
                // With a single class p_y is 1, and nothing is lost.
                lost += usize::from(z.len() > 1 && z[y] == 0.0);
            }
        }
        lost
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
    // In the order of the chunks, whatever the order of the threads; so is the first error.
    let audits: Vec<Result<Audit>> = audits.collect();
    let audit = audits.into_iter().try_fold(Audit::default(), |all, one| Ok(all.with(one?)));
    Ok((attacked, audit?))
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
            lost_label_images: 0, // of the loss, which is not seen here
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
                fgsm(layer, gradient).gradient(&network, x.view(), &y, 0, g.view_mut()).unwrap();
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

    /// `p_y` in f64, written again from the formulas.
    fn p_of_label(network: &Network, x: ArrayView1<'_, f32>, y: u8) -> f64 {
        let x: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
        (-loss(network, &x, 3, usize::from(y))).exp()
    }

    #[test]
    fn the_term_of_the_own_class_is_lost_where_p_rounds_to_1() {
        let mut network = network();
        network.layers[2].readout.as_mut().unwrap().r *= 150.0;
        let x = images(400);
        let y: Vec<u8> = (0..400).map(|i| (i % 4) as u8).collect();
        let audit = |gradient, row: usize| {
            let image = x.slice(ndarray::s![row..=row, ..]);
            fgsm(3, gradient).attack(&network, image, &y[row..=row], row).unwrap().1
        };
        // f4 has numbers 2^-24 apart below 1; the sum of the exponentials is rounded as well.
        let (mut lost, mut kept, mut wrong_not_zero) = (0, 0, 0);
        for (row, &label) in y.iter().enumerate() {
            let missing = 1.0 - p_of_label(&network, x.row(row), label);
            let float32 = audit(Gradient::Float32, row);
            if missing < 2.0_f64.powi(-26) {
                assert_eq!(float32.lost_label_images, 1, "{missing:e}");
                lost += 1;
                wrong_not_zero += 1 - float32.zero_gradient_images;
            } else if missing > 2.0_f64.powi(-22) {
                assert_eq!(float32.lost_label_images, 0, "{missing:e}");
                kept += 1;
            }
            for gradient in [Gradient::Exact, Gradient::Random] {
                assert_eq!(audit(gradient, row).lost_label_images, 0);
            }
        }
        assert!(lost > 30 && kept > 30 && wrong_not_zero > 30, "{lost} {kept} {wrong_not_zero}");
        let all = fgsm(3, Gradient::Float32).attack(&network, x.view(), &y, 0).unwrap().1;
        let each: usize = (0..400).map(|i| audit(Gradient::Float32, i).lost_label_images).sum();
        assert_eq!(all.lost_label_images, each);
    }

    #[test]
    fn a_single_class_has_nothing_to_lose() {
        let network = train::start(&[12, 9], 1, train::Rule::Local, None, 2);
        for gradient in [Gradient::Exact, Gradient::Float32] {
            let attack = fgsm(1, gradient);
            let audit = attack.attack(&network, images(3).view(), &[0; 3], 0).unwrap().1;
            assert_eq!((audit.lost_label_images, audit.zero_gradient_images), (0, 3));
        }
    }

    #[test]
    fn a_gradient_that_is_no_number_names_its_image() {
        // Finite weights; the logits are infinite, of both signs.
        let mut network = network();
        network.layers[2].w *= 100.0;
        network.layers[2].readout.as_mut().unwrap().r *= 1e38;
        let mut x = images(600);
        x.slice_mut(ndarray::s![..300, ..]).fill(0.0);
        let y = [0; 600];
        for gradient in [Gradient::Exact, Gradient::Float32] {
            let attack = |x: &Array2<f32>, first| {
                fgsm(3, gradient).attack(&network, x.view(), &y[..x.nrows()], first)
            };
            let message = attack(&x, 1000).unwrap_err().to_string();
            let found = message.strip_prefix("image ").and_then(|rest| rest.split(' ').next());
            let found: usize = found.unwrap().parse().unwrap();
            assert!((1300..1600).contains(&found), "{message}");
            // It alone is refused, and those before it are not.
            let row = found - 1000;
            assert!(attack(&x.slice(ndarray::s![row..=row, ..]).to_owned(), 0).is_err());
            assert!(attack(&x.slice(ndarray::s![..row, ..]).to_owned(), 0).is_ok());
        }
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
