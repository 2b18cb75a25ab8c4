//! Training images, stored in the form that makes the first layer's matrix products fast.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use serde::{Deserialize, Serialize};

use crate::math::{
    linalg,
    sparse::{self, Sparse},
};

/// The fraction of non-zero pixels from which dense products are as fast as sparse ones.
const DENSE: f64 = 1.0 / 3.0;

/// Training images, (samples, pixels).
///
/// The form depends on the images alone and not on, say, the batch size, because the products of the
/// two forms are rounded differently.
#[derive(Debug)]
pub enum Images {
    /// All pixels.
    Dense(Array2<f32>),
    /// The non-zero pixels.
    Sparse(Sparse),
}

/// The form of [`Images`], as recorded in `model.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// All pixels, [`Images::Dense`].
    Dense,
    /// The non-zero pixels, [`Images::Sparse`].
    Sparse,
}

impl Images {
    /// Choose the form of images (samples, pixels): sparse if less than a third of the pixels is
    /// non-zero, otherwise dense.
    #[must_use]
    pub fn new(images: Array2<f32>) -> Self {
        match Sparse::of(images.view(), DENSE) {
            Some(sparse) => Self::Sparse(sparse),
            None => Self::Dense(images),
        }
    }

    /// The form of these images.
    #[must_use]
    pub fn form(&self) -> Form {
        match self {
            Self::Dense(_) => Form::Dense,
            Self::Sparse(_) => Form::Sparse,
        }
    }

    /// Number of images.
    #[must_use]
    pub fn samples(&self) -> usize {
        match self {
            Self::Dense(images) => images.nrows(),
            Self::Sparse(images) => images.rows(),
        }
    }

    /// Write `out = x w`, (samples, units), where x holds the images with the indices `samples`, and
    /// w is (pixels, units). Dense images are copied to the buffer `x`, (samples, pixels).
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
                    // `copy_from_slice` is faster than `assign`, which does not use wide registers.
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

    /// Add `alpha xᵀ delta` to `w`, (pixels, units); `delta` is (samples, units), and `x` is the
    /// buffer that [`Self::product`] filled for the same samples.
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
