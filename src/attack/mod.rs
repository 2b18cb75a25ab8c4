//! Attacks: what is done to the images before the network sees them.

pub mod fgsm;
pub mod gauss;

/// Where attacked pixels are cut off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clip {
    /// The least value a pixel keeps.
    pub low: f32,
    /// The largest value a pixel keeps.
    pub high: f32,
}

/// Cut `x` off, if asked.
fn clipped(x: f32, clip: Option<Clip>) -> f32 {
    clip.map_or(x, |Clip { low, high }| x.clamp(low, high))
}
