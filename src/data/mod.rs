//! Synthetic data: images of digits, and activations with a known spectrum.

pub mod digits;
pub mod synthetic;
