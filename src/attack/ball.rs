//! The set of images that an attack may produce, and a step along the signs of a gradient that
//! stays within this set.

use std::str::FromStr;

use ndarray::{ArrayView2, ArrayViewMut2};
use pulp::{Arch, Simd, WithSimd};

use super::{Audit, strength};
use crate::Result;

/// The range to which attacked pixels are clipped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clip {
    /// The smallest value of a pixel.
    pub low: f32,
    /// The largest value of a pixel.
    pub high: f32,
}

impl FromStr for Clip {
    type Err = String;

    /// Parse `LOW,HIGH`.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        text.split_once(',')
            .and_then(|(low, high)| Some(Self { low: low.parse().ok()?, high: high.parse().ok()? }))
            .filter(|clip| clip.low.is_finite() && clip.high.is_finite() && clip.low < clip.high)
            .ok_or_else(|| "expected LOW,HIGH such as 0,1".into())
    }
}

/// Clip `x` to the range, if there is one. `f32::clamp` would assert that its bounds are ordered,
/// which prevents vectorisation.
#[inline]
pub(super) fn clipped(x: f32, clip: Option<Clip>) -> f32 {
    match clip {
        Some(Clip { low, .. }) if x < low => low,
        Some(Clip { high, .. }) if x > high => high,
        _ => x,
    }
}

/// The images that an attack may produce: no pixel changes by more than epsilon (an L-infinity
/// ball around the original image), and all pixels are within the clipping range.
#[derive(Clone, Copy, Debug)]
pub struct Ball {
    pub(super) epsilon: f64,
    pub(super) clip: Option<Clip>,
}

impl Ball {
    /// A ball of radius `epsilon`, in pixel units.
    ///
    /// # Errors
    /// If `epsilon` is negative, or not finite in f32.
    pub fn new(epsilon: f64, clip: Option<Clip>) -> Result<Self> {
        Ok(Self { epsilon: strength("epsilon", epsilon)?, clip })
    }

    /// Replace the gradient `g` by `at + size sign(g)`, projected onto the ball around `x`. All arrays
    /// are (samples, pixels). The audit tells of the gradients.
    pub(super) fn step(
        self,
        x: ArrayView2<'_, f32>,
        at: ArrayView2<'_, f32>,
        size: f32,
        mut g: ArrayViewMut2<'_, f32>,
    ) -> Audit {
        let Self { epsilon, clip } = self;
        let epsilon = epsilon as f32;
        let mut audit = Audit::default();
        // In standard layout, rows are contiguous slices.
        let (x, at) = (x.as_standard_layout(), at.as_standard_layout());
        for ((x, at), mut g) in x.rows().into_iter().zip(at.rows()).zip(g.rows_mut()) {
            let (x, at) = (x.to_slice().expect(ROW), at.to_slice().expect(ROW));
            let g = g.as_slice_mut().expect(ROW);
            audit = audit.merge(Arch::new().dispatch(Step { x, at, size, epsilon, clip, g }));
        }
        audit
    }
}

/// Why an array, or each of its rows, is a contiguous slice.
const ROW: &str = "the array is in standard layout";

/// The arguments of a step of one image.
struct Step<'a> {
    /// The pixels of the original image, the centre of the ball.
    x: &'a [f32],
    /// The pixels before the step.
    at: &'a [f32],
    size: f32,
    epsilon: f32,
    clip: Option<Clip>,
    /// The gradient, replaced by the pixels after the step.
    g: &'a mut [f32],
}

impl WithSimd for Step<'_> {
    type Output = Audit;

    #[allow(clippy::inline_always)] // only inlined code is compiled for wide registers
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Audit {
        let Self { x, at, size, epsilon, clip, g } = self;
        // Wrapping, because checks of overflow would prevent vectorisation; no image has 2^32 pixels.
        let zeros = g.iter().fold(0_u32, |zeros, &g| zeros.wrapping_add(u32::from(g == 0.0)));
        let epsilon = Some(epsilon).filter(|&epsilon| epsilon > 0.0);
        for ((&x, &at), g) in x.iter().zip(at).zip(&mut *g) {
            // All candidates are computed and then selected, because selections vectorise and
            // branches do not.
            let (low, high) = epsilon.map_or((x, x), |epsilon| (x - epsilon, x + epsilon));
            let (up, down) = (at + size, at - size);
            let moved = if *g > 0.0 { up } else { at };
            let moved = if *g < 0.0 { down } else { moved };
            // With <= and >=, epsilon 0 returns x to the bit, including the sign of a zero.
            let moved = if moved <= low { low } else { moved };
            let moved = if moved >= high { high } else { moved };
            *g = clipped(moved, clip);
        }
        let zero_sign_pixels = zeros as usize;
        Audit {
            samples: 1,
            zero_gradient_images: usize::from(zero_sign_pixels == x.len()),
            zero_sign_pixels,
            ..Audit::default() // the rest is known elsewhere
        }
    }
}

/// The largest absolute difference of two arrays of images, (samples, pixels).
pub(super) fn largest_change(x: ArrayView2<'_, f32>, attacked: ArrayView2<'_, f32>) -> f64 {
    let (x, attacked) = (x.as_standard_layout(), attacked.as_standard_layout());
    let (x, attacked) = (x.as_slice().expect(ROW), attacked.as_slice().expect(ROW));
    Arch::new().dispatch(LargestChange { x, attacked })
}

struct LargestChange<'a> {
    x: &'a [f32],
    attacked: &'a [f32],
}

impl WithSimd for LargestChange<'_> {
    type Output = f64;

    #[allow(clippy::inline_always)] // only inlined code is compiled for wide registers
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let pairs = self.x.iter().zip(self.attacked);
        let changes = pairs.map(|(&x, &attacked)| (f64::from(attacked) - f64::from(x)).abs());
        // The bit patterns of non-negative floats are ordered like the floats, and an integer maximum
        // vectorises.
        f64::from_bits(changes.map(f64::to_bits).fold(0, u64::max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_clipping_ranges_are_refused() {
        assert_eq!("0,1".parse(), Ok(Clip { low: 0.0, high: 1.0 }));
        assert_eq!("-0.5,1".parse(), Ok(Clip { low: -0.5, high: 1.0 }));
        for text in ["1,0", "0", "0,nan", "0,1,2", ""] {
            assert!(text.parse::<Clip>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_invalid_epsilon_is_refused() {
        for epsilon in [-0.1, f64::NAN, f64::INFINITY, 1e39] {
            assert!(Ball::new(epsilon, None).is_err(), "{epsilon}");
        }
    }
}
