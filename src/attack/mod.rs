//! Attacks: changes to the images before they enter the network.
//!
//! An attack is made of settings, which are checked, and has one method, `attack`. It is given
//! images (samples, pixels), their true labels if it follows a gradient, and the index of the
//! first image among all: what is random in image i depends on the seed and i alone.

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

/// What the attack did: the part of it that arithmetic kept from happening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Audit {
    /// Images attacked.
    pub samples: usize,
    /// Images of which the term of their own class, `p_y - 1`, is 0 in the arithmetic used: `p_y` is
    /// rounded to 1. The terms of the other classes may remain, and then the sign is wrong.
    pub lost_label_images: usize,
    /// Images whose gradient is 0 in every pixel.
    pub zero_gradient_images: usize,
    /// Pixels, of all images, whose gradient is 0.
    pub zero_sign_pixels: usize,
    /// The largest change of any pixel, clipping included.
    pub max_change: f64,
}

impl Audit {
    /// Both, as one.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            samples: self.samples + other.samples,
            lost_label_images: self.lost_label_images + other.lost_label_images,
            zero_gradient_images: self.zero_gradient_images + other.zero_gradient_images,
            zero_sign_pixels: self.zero_sign_pixels + other.zero_sign_pixels,
            max_change: self.max_change.max(other.max_change),
        }
    }
}

/// Attack all images, with their true labels `y`, a block at a time and into `output`; `attack` is
/// given the index of a block's first image.
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
        let (attacked, part) =
            attack(block.values.view(), y, first).map_err(|e| e.in_file(images.name()))?;
        output.block(&attacked)?;
        audit = audit.with(part);
    }
    Ok(audit)
}

/// A strength in pixel units, which is 0 or more and a number that f32 holds.
fn strength(name: &str, value: f64) -> Result<f64> {
    if value >= 0.0 && (value as f32).is_finite() {
        return Ok(value);
    }
    let found = number(value);
    Err(Error::usage(format!(
        "{name} is impossible (found {found}, expected a finite number of at least 0)"
    )))
}

/// What `attack` makes of each chunk of images: it is given the index of the chunk's first,
/// its images, and a place of their shape.
fn by_chunks(
    images: ArrayView2<'_, f32>,
    attack: impl Fn(usize, ArrayView2<'_, f32>, ArrayViewMut2<'_, f32>) -> Result<Audit> + Sync,
) -> Result<(Array2<f32>, Audit)> {
    let mut attacked = Array2::zeros(images.dim());
    let places: Vec<_> = attacked.axis_chunks_iter_mut(Axis(0), CHUNK).collect();
    let chunks: Vec<_> = images.axis_chunks_iter(Axis(0), CHUNK).collect();
    let audits = chunks.into_par_iter().zip(places).enumerate();
    let audits = audits.map(|(index, (x, place))| attack(index * CHUNK, x, place));
    // In the order of the chunks, whatever the order of the threads; so is the first error.
    let audits: Vec<Result<Audit>> = audits.collect();
    let audit = audits.into_iter().try_fold(Audit::default(), |all, one| Ok(all.with(one?)));
    Ok((attacked, audit?))
}
