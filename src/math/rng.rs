//! Random numbers: one stream per purpose, so that an additional draw for one purpose does not change
//! the numbers of another.
//!
//! The generator is ChaCha8, whose streams are independent by design and whose numbers are the same on
//! every machine. A stream is identified by the seed, its purpose, and an index such as that of the
//! layer, the epoch or the image.

use rand::{SeedableRng, rngs::ChaCha8Rng};

/// The purpose of a stream of random numbers. The numbers of the variants are part of the results:
/// changing one changes what a seed gives.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// The initial weights of a layer.
    Weights = 1,
    /// The initial readout of a layer.
    Readout = 2,
    /// The order of the samples in an epoch.
    Order = 3,
    /// The permutation of the labels.
    Labels = 4,
    /// The Gaussian noise of an image.
    Noise = 5,
    /// The random signs of an image.
    Signs = 6,
    /// The drawing of a digit.
    Digit = 7,
    /// The random start of an attack on an image.
    Start = 8,
    /// The rows of a subsample.
    Subsample = 9,
    /// A row of activations with a known spectrum.
    Signal = 10,
}

/// The stream of random numbers for a seed, a purpose and an index.
#[must_use]
pub fn stream(seed: u64, purpose: Purpose, index: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((purpose as u64) << 56) | index as u64);
    rng
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;
    use std::collections::HashSet;

    #[test]
    fn streams_differ_and_repeat() {
        let first = |seed, purpose, index| stream(seed, purpose, index).random::<u64>();
        let mut seen = HashSet::new();
        for seed in 0..3 {
            for purpose in [Purpose::Weights, Purpose::Readout, Purpose::Noise] {
                for index in 0..3 {
                    assert!(seen.insert(first(seed, purpose, index)));
                    assert!(!seen.insert(first(seed, purpose, index)));
                }
            }
        }
    }
}
