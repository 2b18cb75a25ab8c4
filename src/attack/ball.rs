//! What an attacked image stays within, and a step along signs that stays there.

use std::str::FromStr;

use ndarray::{ArrayView2, ArrayViewMut2};
use pulp::{Arch, Simd, WithSimd};

use super::{Audit, strength};
use crate::Result;

/// Where attacked pixels are cut off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clip {
    /// The least value a pixel keeps.
    pub low: f32,
    /// The largest value a pixel keeps.
    pub high: f32,
}

impl FromStr for Clip {
    type Err = String;

    /// `LOW,HIGH`
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        text.split_once(',')
            .and_then(|(low, high)| Some(Self { low: low.parse().ok()?, high: high.parse().ok()? }))
            .filter(|clip| clip.low.is_finite() && clip.high.is_finite() && clip.low < clip.high)
            .ok_or_else(|| "expected LOW,HIGH such as 0,1".into())
    }
}

/// Cut `x` off, if asked. Not by `clamp`, whose check of its bounds is in the way of vectors.
#[inline]
pub(super) fn clipped(x: f32, clip: Option<Clip>) -> f32 {
    match clip {
        Some(Clip { low, .. }) if x < low => low,
        Some(Clip { high, .. }) if x > high => high,
        _ => x,
    }
}

/// The images that an attack may make of `x`: no pixel changes by more than epsilon, and all are
/// within the clip.
#[derive(Clone, Copy, Debug)]
pub struct Ball {
    pub(super) epsilon: f64,
    pub(super) clip: Option<Clip>,
}

impl Ball {
    /// `epsilon` is in pixel units: 0 or more, and a number that f32 holds.
    pub fn new(epsilon: f64, clip: Option<Clip>) -> Result<Self> {
        Ok(Self { epsilon: strength("epsilon", epsilon)?, clip })
    }

    /// `at + size sign(g)`, within the ball around `x`, in the place of `g`. All are (samples,
    /// pixels).
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
        // Their rows are slices then.
        let (x, at) = (x.as_standard_layout(), at.as_standard_layout());
        for ((x, at), mut g) in x.rows().into_iter().zip(at.rows()).zip(g.rows_mut()) {
            let (x, at) = (x.to_slice().expect(ROW), at.to_slice().expect(ROW));
            let g = g.as_slice_mut().expect(ROW);
            audit = audit.with(Arch::new().dispatch(Step { x, at, size, epsilon, clip, g }));
        }
        audit
    }
}

/// Why a row of an array is a slice.
const ROW: &str = "the array is in standard layout";

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_that_is_none_is_refused() {
        assert_eq!("0,1".parse(), Ok(Clip { low: 0.0, high: 1.0 }));
        assert_eq!("-0.5,1".parse(), Ok(Clip { low: -0.5, high: 1.0 }));
        for text in ["1,0", "0", "0,nan", "0,1,2", ""] {
            assert!(text.parse::<Clip>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_epsilon_that_is_none_is_refused() {
        for epsilon in [-0.1, f64::NAN, f64::INFINITY, 1e39] {
            assert!(Ball::new(epsilon, None).is_err(), "{epsilon}");
        }
    }
}
