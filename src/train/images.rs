//! Training images, in the form in which the first layer's products are cheap.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use serde::{Deserialize, Serialize};

use crate::math::{
    linalg,
    sparse::{self, Sparse},
};

/// The part of the pixels from which on products of all of them are as fast.
const DENSE: f64 = 1.0 / 3.0;

/// Images (samples, pixels), which the first layer learns from.
///
/// The form follows from the images alone, since the two round differently.
#[derive(Debug)]
pub enum Images {
    /// All pixels.
    Dense(Array2<f32>),
    /// The pixels other than 0.
    Sparse(Sparse),
}

/// What `model.json` says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// [`Images::Dense`]
    Dense,
    /// [`Images::Sparse`]
    Sparse,
}

impl Images {
    /// Sparse if fewer than a third of the pixels are not 0.
    #[must_use]
    pub fn new(images: Array2<f32>) -> Self {
        match Sparse::of(images.view(), DENSE) {
            Some(sparse) => Self::Sparse(sparse),
            None => Self::Dense(images),
        }
    }

    /// Which of the two.
    #[must_use]
    pub fn form(&self) -> Form {
        match self {
            Self::Dense(_) => Form::Dense,
            Self::Sparse(_) => Form::Sparse,
        }
    }

    /// `out = x w` with x the images `samples`. Shapes (samples, units), (pixels, units);
    /// `x`, (samples, pixels), holds them afterwards if they are dense.
    pub(super) fn product(
        &self,
        out: ArrayViewMut2<'_, f32>,
        samples: &[usize],
        w: ArrayView2<'_, f32>,
        x: &mut ArrayViewMut2<'_, f32>,
    ) {
        match self {
            Self::Dense(images) => {
                for (mut x, &sample) in x.rows_mut().into_iter().zip(samples) {
                    // Not `assign`, which copies in narrow registers.
                    match (x.as_slice_mut(), images.row(sample).to_slice()) {
                        (Some(x), Some(row)) => x.copy_from_slice(row),
                        _ => x.assign(&images.row(sample)),
                    }
                }
                linalg::product(out, x.view(), w);
            }
            Self::Sparse(images) => sparse::product(out, images, samples, w),
        }
    }

    /// `w += alpha xᵀ delta`, with `x` as [`Self::product`] left it.
    pub(super) fn add_transposed_product(
        &self,
        w: &mut Array2<f32>,
        alpha: f32,
        samples: &[usize],
        x: ArrayView2<'_, f32>,
        delta: ArrayView2<'_, f32>,
    ) {
        match self {
            Self::Dense(_) => linalg::add_transposed_product(w, alpha, x, delta),
            Self::Sparse(images) => {
                sparse::add_transposed_product(w, alpha, images, samples, delta);
            }
        }
    }
}
