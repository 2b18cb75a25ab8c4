//! Additive Gaussian noise: `x' = x + sigma z` with `z ~ N(0, 1)`, independent for each pixel.

use ndarray::{Array2, Axis};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::{Clip, ball::clipped, strength};
use crate::{
    Result,
    math::rng::{self, Purpose},
};

/// Gaussian noise with the same standard deviation in all pixels.
#[derive(Clone, Copy, Debug)]
pub struct Gauss {
    sigma: f32,
    clip: Option<Clip>,
    seed: u64,
}

impl Gauss {
    /// Noise of standard deviation `sigma`, in pixel units. The noise of image i depends on the seed
    /// and on i alone.
    ///
    /// # Errors
    /// If `sigma` is negative, or not finite in f32.
    pub fn new(sigma: f64, clip: Option<Clip>, seed: u64) -> Result<Self> {
        Ok(Self { sigma: strength("sigma", sigma)? as f32, clip, seed })
    }

    /// Add noise to images (samples, pixels), which are modified in place and returned. `first` is
    /// the index of the first of them among all images.
    #[must_use]
    pub fn attack(&self, mut images: Array2<f32>, first: usize) -> Array2<f32> {
        let Self { sigma, clip, seed } = *self;
        images.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(row, mut image)| {
            let mut noise = rng::stream(seed, Purpose::Noise, first + row);
            for x in &mut image {
                if sigma > 0.0 {
                    let z: f32 = StandardNormal.sample(&mut noise);
                    *x += sigma * z;
                }
                *x = clipped(*x, clip);
            }
        });
        images
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attack(x: Array2<f32>, first: usize, sigma: f64, clip: Option<Clip>) -> Array2<f32> {
        Gauss::new(sigma, clip, 3).unwrap().attack(x, first)
    }

    #[test]
    fn the_noise_is_standard_normal_times_sigma() {
        let (samples, pixels, sigma) = (2000, 50, 0.3);
        let x = attack(Array2::from_elem((samples, pixels), 0.5), 0, sigma, None);
        let z: Vec<f64> = x.iter().map(|&x| f64::from(x - 0.5) / sigma).collect();
        let count = z.len() as f64;
        let moment = |k: i32| z.iter().map(|z| z.powi(k)).sum::<f64>() / count;
        // Five standard errors of the mean of z^k: sqrt(1, 2, 15, 96) / sqrt(count).
        assert!(moment(1).abs() < 5.0 * (1.0 / count).sqrt());
        assert!((moment(2) - 1.0).abs() < 5.0 * (2.0 / count).sqrt());
        assert!(moment(3).abs() < 5.0 * (15.0 / count).sqrt());
        assert!((moment(4) - 3.0).abs() < 5.0 * (96.0 / count).sqrt());
    }

    #[test]
    fn the_noise_of_an_image_depends_on_its_index_alone() {
        let all = attack(Array2::zeros((5, 7)), 0, 1.0, None);
        let rest = attack(Array2::zeros((3, 7)), 2, 1.0, None);
        assert_eq!(all.slice(ndarray::s![2.., ..]), rest);
    }

    #[test]
    fn the_noise_is_proportional_to_sigma_and_0_changes_no_bit() {
        let noise = |sigma| attack(Array2::zeros((3, 7)), 0, sigma, None);
        assert_eq!(noise(0.5) * 2.0, noise(1.0));
        let x = attack(Array2::from_elem((1, 2), -0.0), 0, 0.0, None);
        assert!(x.iter().all(|x| x.to_bits() == (-0.0_f32).to_bits()));
    }

    #[test]
    fn clipping_keeps_pixels_in_range() {
        let clip = Some(Clip { low: 0.0, high: 1.0 });
        let x = attack(Array2::from_elem((20, 20), 0.5), 0, 1.0, clip);
        assert!(x.iter().all(|x| (0.0..=1.0).contains(x)));
        assert!(x.iter().any(|&x| x <= 0.0) && x.iter().any(|&x| x >= 1.0));
    }

    #[test]
    fn an_invalid_sigma_is_refused() {
        for sigma in [-0.1, f64::NAN, f64::INFINITY, 1e39] {
            assert!(Gauss::new(sigma, None, 1).is_err(), "{sigma}");
        }
    }
}
