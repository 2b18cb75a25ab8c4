//! The range of the pixels that a network learns from.

use std::borrow::Cow;

use ndarray::{Array2, Axis};
use serde::{Serialize, Serializer};

use crate::network::Network;

/// The range to which pixels from 0 to 1 are mapped for the training, `x -> low + (high - low) x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelRange {
    low: f32,
    high: f32,
}

impl Default for PixelRange {
    /// From 0 to 1, which changes no pixel.
    fn default() -> Self {
        Self { low: 0.0, high: 1.0 }
    }
}

impl Serialize for PixelRange {
    /// As `[low, high]`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [self.low, self.high].serialize(serializer)
    }
}

impl PixelRange {
    /// The range from `low` to `high`; `None` unless `low < high` and their difference is finite in f32.
    #[must_use]
    pub fn new(low: f32, high: f32) -> Option<Self> {
        (low < high && (high - low).is_finite()).then_some(Self { low, high })
    }

    /// Whether it is the default.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Map images from 0 to 1, (samples, pixels), to this range.
    #[must_use]
    pub fn map(self, images: Array2<f32>) -> Array2<f32> {
        if self.is_default() {
            return images;
        }
        images.mapv_into(|x| self.low + (self.high - self.low) * x)
    }

    /// The network that computes from images from 0 to 1 what `network` computes from mapped images:
    /// `w' = (high - low) w` and `b' = b + low sum(w)` in the first layer, the sum over its pixels.
    #[must_use]
    pub fn folded_into(self, network: &Network) -> Cow<'_, Network> {
        if self.is_default() {
            return Cow::Borrowed(network);
        }
        let mut folded = network.clone();
        if let Some(layer) = folded.layers.first_mut() {
            let [low, high] = [self.low, self.high].map(f64::from);
            let sums = layer.w.mapv(f64::from).sum_axis(Axis(0));
            layer.b.zip_mut_with(&sums, |b, sum| *b = (f64::from(*b) + low * sum) as f32);
            layer.w.mapv_inplace(|w| ((high - low) * f64::from(w)) as f32);
        }
        Cow::Owned(folded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{Rule, Settings, init};
    use ndarray::array;
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    #[test]
    fn pixels_are_mapped_linearly() {
        let x = array![[0.0, 0.25, 1.0]];
        let range = |low, high| PixelRange::new(low, high).unwrap();
        assert_eq!(range(-1.0, 1.0).map(x.clone()), array![[-1.0, -0.5, 1.0]]);
        assert_eq!(range(0.5, 2.5).map(x.clone()), array![[0.5, 1.0, 2.5]]);
        assert_eq!(PixelRange::default().map(x.clone()), x);
    }

    #[test]
    fn ranges_that_are_none_are_refused() {
        let none = [(1.0, 0.0), (0.5, 0.5), (f32::NAN, 1.0), (0.0, f32::INFINITY), (-3e38, 3e38)];
        for (low, high) in none {
            assert_eq!(PixelRange::new(low, high), None);
        }
    }

    #[test]
    fn the_folded_network_computes_from_images_what_the_other_computes_from_mapped_ones() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let x = Array2::from_shape_simple_fn((30, 50), || rng.random::<f32>());
        for rule in Rule::ALL {
            let mut network = init(&[50, 20, 10], 4, &Settings::preset(rule)).unwrap();
            network.layers[0].b.mapv_inplace(|_| rng.random::<f32>() - 0.5);
            for (low, high) in [(-1.0, 1.0), (-0.4242, 2.8215), (0.25, 0.5)] {
                let range = PixelRange::new(low, high).unwrap();
                // The logits in f64, in which only the folded parameters are rounded to f4.
                let logits = |network: &Network, x: Array2<f64>| {
                    let mut h = x;
                    for l in &network.layers {
                        let z = h.dot(&l.w.mapv(f64::from)) + l.b.mapv(f64::from);
                        h = z.mapv(|z| z.max(0.0));
                    }
                    h.dot(&network.layers[1].readout.as_ref().unwrap().r.mapv(f64::from))
                };
                let [low, high] = [low, high].map(f64::from);
                let mapped = x.mapv(|x| low + (high - low) * f64::from(x));
                let expected = logits(&network, mapped);
                let found = logits(&range.folded_into(&network), x.mapv(f64::from));
                let size = expected.iter().fold(0.0_f64, |size, z| size.max(z.abs()));
                for (found, expected) in found.iter().zip(&expected) {
                    assert!((found - expected).abs() < 1e-6 * size, "{found} {expected}");
                }
            }
        }
    }
}
