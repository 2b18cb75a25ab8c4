//! Attacks: perturbations of the images that a network classifies.
//!
//! The constructor of an attack checks its settings, and its method `attack` perturbs images
//! (samples, pixels). Attacks that follow the gradient of a loss also need the true labels. The index of
//! the first image among all images is given as well, because the random numbers for image i depend on
//! the seed and on i alone, and for error messages.

mod ball;
mod deepfool;
mod double;
mod fgsm;
mod gauss;
mod logits;
mod loss;
mod norm;
mod pgd;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;
use serde::Serialize;

use crate::{
    Error, Result,
    files::{read::Rows, write::NpyOutput},
    network::{self, CHUNK},
    number,
};
pub use ball::{Ball, Clip};
pub use deepfool::{DeepFool, End, Outcome};
pub use fgsm::{Fgsm, RandomSigns};
pub use gauss::Gauss;
pub use loss::{Gradient, Loss};
pub use norm::Norm;
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
    /// The audit of the images of all `audits` together.
    #[must_use]
    pub fn total(audits: impl IntoIterator<Item = Self>) -> Self {
        audits.into_iter().fold(Self::default(), Self::merge)
    }

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
/// images of a block and the index of the first of them among all images. Returns what `attack` tells
/// of each block beside its attacked images.
///
/// # Errors
/// If reading, attacking or writing fails.
pub fn by_blocks<R>(
    mut images: Rows<f32>,
    output: &mut NpyOutput<f32>,
    attack: impl Fn(ArrayView2<'_, f32>, usize) -> Result<(Array2<f32>, R)>,
) -> Result<Vec<R>> {
    let (mut results, mut first) = (Vec::new(), 0);
    while let Some(block) = images.next_block(network::block())? {
        let (attacked, result) =
            attack(block.values.view(), first).map_err(|e| e.in_file(images.name()))?;
        output.block(&attacked)?;
        results.push(result);
        first += attacked.nrows();
    }
    Ok(results)
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

/// Check a number of steps.
fn at_least_one(steps: usize) -> Result<()> {
    if steps == 0 {
        return Err(Error::usage(
            "the number of steps is too small (found 0, expected at least 1)",
        ));
    }
    Ok(())
}

/// Attack chunks of images in parallel. `attack` is called with the index of the chunk's first image,
/// the images, and an array of the same shape for the result. Returns what `attack` tells of each chunk
/// beside its attacked images.
fn by_chunks<R: Send>(
    images: ArrayView2<'_, f32>,
    attack: impl Fn(usize, ArrayView2<'_, f32>, ArrayViewMut2<'_, f32>) -> Result<R> + Sync,
) -> Result<(Array2<f32>, Vec<R>)> {
    let mut attacked = Array2::zeros(images.dim());
    let outputs: Vec<_> = attacked.axis_chunks_iter_mut(Axis(0), CHUNK).collect();
    let chunks: Vec<_> = images.axis_chunks_iter(Axis(0), CHUNK).collect();
    let results = chunks.into_par_iter().zip(outputs).enumerate();
    let results = results.map(|(index, (x, output))| attack(index * CHUNK, x, output));
    // Collected in the order of the chunks, so that neither the results nor the first error depends on
    // the threads.
    let results: Vec<Result<R>> = results.collect();
    Ok((attacked, results.into_iter().collect::<Result<_>>()?))
}
