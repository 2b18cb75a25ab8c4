//! Attacks: perturbations of the images that a network classifies.
//!
//! The constructor of an attack checks its settings, and its method `attack` perturbs images
//! (samples, pixels). Attacks that follow a gradient also need the true labels. The index of the
//! first image among all images is given as well, because the random numbers for image i depend on
//! the seed and on i alone.

mod ball;
mod fgsm;
mod gauss;
mod loss;
mod pgd;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;
use serde::Serialize;

use crate::{
    Error, Result,
    io::{read::Rows, write::NpyOutput},
    network::{self, CHUNK},
    number,
};
pub use ball::{Ball, Clip};
pub use fgsm::{Fgsm, RandomSigns};
pub use gauss::Gauss;
pub use loss::{Gradient, Loss};
pub use pgd::Pgd;

/// A summary of what an attack changed, and of the gradients that were lost to rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Audit {
    /// Number of images attacked.
    pub samples: usize,
    /// Number of images for which the term of the true class in the gradient, `p_y - 1`, is 0 because
    /// `p_y` is rounded to 1. If the terms of other classes remain, the signs are wrong.
    pub lost_label_images: usize,
    /// Number of images whose gradient is 0 in every pixel.
    pub zero_gradient_images: usize,
    /// Number of pixels, over all images, whose gradient is 0.
    pub zero_sign_pixels: usize,
    /// The largest absolute change of a pixel, after clipping.
    pub max_change: f64,
}

impl Audit {
    /// The audit of the images of `self` and `other` together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            samples: self.samples + other.samples,
            lost_label_images: self.lost_label_images + other.lost_label_images,
            zero_gradient_images: self.zero_gradient_images + other.zero_gradient_images,
            zero_sign_pixels: self.zero_sign_pixels + other.zero_sign_pixels,
            max_change: self.max_change.max(other.max_change),
        }
    }
}

/// Attack all images one block at a time, and write them to `output`. `attack` is called with the
/// images of a block, their true labels from `y`, and the index of the first image.
///
/// # Errors
/// If reading, attacking or writing fails.
pub fn by_blocks(
    mut images: Rows<f32>,
    y: &[u8],
    output: &mut NpyOutput<f32>,
    attack: impl Fn(ArrayView2<'_, f32>, &[u8], usize) -> Result<(Array2<f32>, Audit)>,
) -> Result<Audit> {
    let mut audit = Audit::default();
    while let Some(block) = images.next_block(network::block())? {
        let first = audit.samples;
        let y = &y[first..first + block.values.nrows()];
        let (attacked, block_audit) =
            attack(block.values.view(), y, first).map_err(|e| e.in_file(images.name()))?;
        output.block(&attacked)?;
        audit = audit.merge(block_audit);
    }
    Ok(audit)
}

/// Check an attack's strength `value`, in pixel units: it must not be negative, and must be finite in f32.
fn strength(name: &str, value: f64) -> Result<f64> {
    if value >= 0.0 && (value as f32).is_finite() {
        return Ok(value);
    }
    let found = number(value);
    Err(Error::usage(format!(
        "{name} is out of range (found {found}, expected a finite number of at least 0)"
    )))
}

/// Attack chunks of images in parallel. `attack` is called with the index of the chunk's first image,
/// the images, and an array of the same shape for the result.
fn by_chunks(
    images: ArrayView2<'_, f32>,
    attack: impl Fn(usize, ArrayView2<'_, f32>, ArrayViewMut2<'_, f32>) -> Result<Audit> + Sync,
) -> Result<(Array2<f32>, Audit)> {
    let mut attacked = Array2::zeros(images.dim());
    let outputs: Vec<_> = attacked.axis_chunks_iter_mut(Axis(0), CHUNK).collect();
    let chunks: Vec<_> = images.axis_chunks_iter(Axis(0), CHUNK).collect();
    let audits = chunks.into_par_iter().zip(outputs).enumerate();
    let audits = audits.map(|(index, (x, output))| attack(index * CHUNK, x, output));
    // Collected in the order of the chunks, so that neither the audit nor the first error depends on
    // the threads.
    let audits: Vec<Result<Audit>> = audits.collect();
    let audit =
        audits.into_iter().try_fold(Audit::default(), |total, audit| Ok(total.merge(audit?)));
    Ok((attacked, audit?))
}
