//! Activations with a known spectrum: independent units with variances `n^-alpha`.

use ndarray::{Array2, Axis};
use rand_distr::{Distribution, StandardNormal};

use crate::math::rng::{self, Purpose};

/// Gaussian activations with a power-law spectrum.
#[derive(Clone, Copy, Debug)]
pub struct PowerLaw {
    /// The exponent of the spectrum as a function of rank.
    pub alpha: f64,
    /// Number of units. Unit n, counted from 1, has the variance `n^-alpha`.
    pub units: usize,
    /// Seed of the signal; the same seed gives responses to the same stimuli.
    pub seed: u64,
    /// Standard deviation of the Gaussian noise on every unit.
    pub noise: f64,
    /// Seed of the noise; another seed gives another repeat of the same stimuli.
    pub noise_seed: u64,
}

/// Number of rows to draw at a time: a block of at most some megabytes, or a single row.
#[must_use]
pub fn block(units: usize) -> usize {
    const MAX_VALUES: usize = 1 << 20;
    (MAX_VALUES / units.max(1)).clamp(1, 1024)
}

impl PowerLaw {
    /// Draw rows with noise, (rows, units), starting at index `first`. A row depends on the seeds and on
    /// its index alone.
    #[must_use]
    pub fn rows(&self, first: usize, rows: usize) -> Array2<f64> {
        self.under_noise(self.signal(first, rows), first)
    }

    /// Draw the same rows without noise, (rows, units).
    #[must_use]
    pub fn signal(&self, first: usize, rows: usize) -> Array2<f64> {
        let scale: Vec<f64> =
            (1..=self.units).map(|n| (n as f64).powf(-self.alpha / 2.0)).collect();
        let mut h = Array2::zeros((rows, self.units));
        for (index, mut row) in h.axis_iter_mut(Axis(0)).enumerate() {
            let mut signal = rng::stream(self.seed, Purpose::Signal, first + index);
            for (h, scale) in row.iter_mut().zip(&scale) {
                let z: f64 = StandardNormal.sample(&mut signal);
                *h = scale * z;
            }
        }
        h
    }

    /// Add the noise to rows of the signal, (rows, units), of which the first has index `first`.
    #[must_use]
    pub fn under_noise(&self, mut h: Array2<f64>, first: usize) -> Array2<f64> {
        if self.noise > 0.0 {
            for (index, mut row) in h.axis_iter_mut(Axis(0)).enumerate() {
                let mut noise = rng::stream(self.noise_seed, Purpose::Noise, first + index);
                for h in &mut row {
                    let z: f64 = StandardNormal.sample(&mut noise);
                    *h += self.noise * z;
                }
            }
        }
        h
    }
}
