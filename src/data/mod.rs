//! Data that are drawn: digits to learn, and activations whose spectrum is known.

pub mod digits;
pub mod synthetic;
