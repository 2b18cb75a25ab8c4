//! Attacks: changes to the images before they enter the network.

pub mod fgsm;
pub mod gauss;
pub mod pgd;

use std::str::FromStr;

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
    fn from_str(text: &str) -> Result<Self, String> {
        text.split_once(',')
            .and_then(|(low, high)| Some(Self { low: low.parse().ok()?, high: high.parse().ok()? }))
            .filter(|clip| clip.low.is_finite() && clip.high.is_finite() && clip.low < clip.high)
            .ok_or_else(|| "expected LOW,HIGH such as 0,1".into())
    }
}

/// Cut `x` off, if asked. Not by `clamp`, whose check of its bounds is in the way of vectors.
#[inline]
fn clipped(x: f32, clip: Option<Clip>) -> f32 {
    match clip {
        Some(Clip { low, .. }) if x < low => low,
        Some(Clip { high, .. }) if x > high => high,
        _ => x,
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
}
