//! The range of pixels: those of images are grey values from 0 to 1.

use super::{Float, known::in_python};
use crate::number;

/// How far beyond [0, 1] rounding in single precision may leave a grey value.
pub(super) const ROUNDING: f64 = 1e-6;

/// A largest pixel from which on images are of another scale. Attacked images exceed 1 by less, or fall
/// below 0 as well.
const OTHER_SCALE: f64 = 2.0;

/// Whether a pixel is a grey value.
pub(super) fn is_grey(pixel: f64) -> bool {
    (-ROUNDING..=1.0 + ROUNDING).contains(&pixel)
}

/// How to make grey values of images with these pixels, of which some are none.
pub(super) fn remedy<T: Float>(pixels: &[T]) -> String {
    let (low, high) = range(pixels);
    if low < -ROUNDING {
        let original = in_python("numpy.load(OLD) * DEVIATION + MEAN");
        return format!("if the images are standardised, {original}");
    }
    // White in 8 and in 16 bits. No image of a few may be white.
    match [255.0, 65535.0].into_iter().find(|&white| high <= white && high > white / 2.0) {
        Some(white) => in_python(&format!("numpy.load(OLD) / {white}")),
        None => "divide the images by their largest value".into(),
    }
}

/// How to make images of integers of more than one byte.
pub(super) fn remedy_of_integers() -> String {
    format!("if they are from 0 to 255, {}", in_python("numpy.load(OLD).astype('u1')"))
}

/// What to say of images with these pixels, if they go from 0 to far above 1.
#[must_use]
pub fn doubt(pixels: &[f32]) -> Option<String> {
    let (low, high) = range(pixels);
    (low >= 0.0 && high >= OTHER_SCALE).then(|| {
        format!(
            "holds pixels from {} to {} (expected 0 to 1, unless the network learned others): {}",
            number(low as f32),
            number(high as f32),
            remedy(pixels)
        )
    })
}

/// The smallest and the largest value.
fn range<T: Float>(values: &[T]) -> (f64, f64) {
    let begin = (f64::INFINITY, f64::NEG_INFINITY);
    values.iter().fold(begin, |(low, high), &x| (low.min(x.into()), high.max(x.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_leaves_grey_values() {
        for pixel in [0.0, 1.0, -1e-9, 1.0 + f64::from(f32::EPSILON), -1e-6] {
            assert!(is_grey(pixel), "{pixel}");
        }
        for pixel in [-0.001, 1.001, 255.0, f64::NAN, f64::INFINITY] {
            assert!(!is_grey(pixel), "{pixel}");
        }
    }

    #[test]
    fn the_remedy_is_that_of_the_scale() {
        for (pixels, words) in [
            ([0.0, 255.0], "numpy.save(NEW, numpy.load(OLD) / 255)"),
            ([3.0, 201.0], "/ 255"),
            ([0.0, 60000.0], "/ 65535"),
            ([0.0, 16.0], "divide the images by their largest value"),
            ([0.0, 1.1], "divide the images by their largest value"),
            ([-0.42, 2.8], "if the images are standardised, in Python"),
            ([-1.0, 1.0], "numpy.load(OLD) * DEVIATION + MEAN"),
        ] {
            let remedy = remedy(&pixels);
            assert!(remedy.contains(words), "{pixels:?}: {remedy}");
        }
    }

    #[test]
    fn images_of_another_scale_are_doubted_and_attacked_ones_are_not() {
        for pixels in [[0.0, 255.0], [0.0, 16.0], [1.0, 2.0]] {
            let doubt = doubt(&pixels).unwrap_or_default();
            let range = format!("holds pixels from {} to {} (", pixels[0], pixels[1]);
            assert!(doubt.starts_with(&range), "{doubt}");
        }
        for pixels in [[0.0, 1.0], [0.0, 1.3], [-0.3, 1.3], [-30.0, 40.0], [-0.42, 2.8]] {
            assert_eq!(doubt(&pixels), None, "{pixels:?}");
        }
    }
}
