//! DeepFool: the smallest change of an image that changes the network's answer, after
//! Moosavi-Dezfooli, Fawzi and Frossard, CVPR 2016 (arXiv 1511.04599).
//!
//! Near a point x_i, the boundary between the answer y and another class k is approximately the plane
//! `f_k + <w_k, r> = 0`, with the difference of the logits `f_k = z_k - z_y` and its gradient w_k. Its
//! distance in the norm p is `|f_k| / ||w_k||_q`, with 1/p + 1/q = 1. The step r_i leads to the nearest
//! plane in the steepest direction: `r_i = |f_k| w_k / ||w_k||_2²` for p = 2, and
//! `r_i = |f_k| sign(w_k) / ||w_k||_1` for p = infinity. As in the authors' code, all steps together
//! overshoot, `x_{i+1} = x_0 + (1 + overshoot) (r_0 + ... + r_i)`, until the answer changes.
//!
//! Gradients of saturated units are small, and the planes are then far beyond the boundaries. With a
//! line search, an image whose answer has changed goes back towards x_0 until it is just over a boundary,
//! as in the code of SuperDeepFool (Abdolahpourrostam, Abroshan and Moosavi-Dezfooli, arXiv 2303.12481).

mod line;
mod walk;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};

use self::walk::Image;
use super::{
    Clip, Norm, at_least_one, by_chunks,
    logits::{Logits, check_finite},
};
use crate::{
    Error, Result,
    network::{Network, predicted},
    number,
};

/// What DeepFool did to an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The norm of the change.
    pub distance: f32,
    /// How the attack ended.
    pub end: End,
}

/// How the attack on an image ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The answer changed.
    Changed,
    /// The answer was wrong before the attack, and the image is as it was.
    AlreadyWrong,
    /// The answer is the same after all steps.
    OutOfSteps,
    /// The answer is the same, and there is no further step: all gradients are 0, or so small that the
    /// nearest plane is beyond the range of f32.
    NoDirection,
}

/// DeepFool: steps to the nearest linearised boundary until the answer changes.
#[derive(Clone, Copy, Debug)]
pub struct DeepFool<'a> {
    logits: Logits<'a>,
    norm: Norm,
    steps: usize,
    overshoot: f64,
    clip: Option<Clip>,
    line_search: bool,
}

impl<'a> DeepFool<'a> {
    /// An attack on the answer of layer `layer`, counted from 1; `None` is the last layer. It takes at
    /// most 50 steps and overshoots by 0.02.
    ///
    /// # Errors
    /// If there is no such layer, or if it has no readout.
    pub fn new(network: &'a Network, layer: Option<usize>, norm: Norm) -> Result<Self> {
        let logits = Logits::new(network, layer, true)?;
        Ok(Self { logits, norm, steps: 50, overshoot: 0.02, clip: None, line_search: false })
    }

    /// The same attack with another largest number of steps.
    ///
    /// # Errors
    /// If `steps` is 0.
    pub fn with_steps(self, steps: usize) -> Result<Self> {
        at_least_one(steps)?;
        Ok(Self { steps, ..self })
    }

    /// The same attack with another overshoot.
    ///
    /// # Errors
    /// If `overshoot` is negative or not finite.
    pub fn with_overshoot(self, overshoot: f64) -> Result<Self> {
        if overshoot >= 0.0 && overshoot.is_finite() {
            return Ok(Self { overshoot, ..self });
        }
        Err(Error::usage(format!(
            "the overshoot is out of range (found {}, expected a finite number of at least 0)",
            number(overshoot)
        )))
    }

    /// The same attack with the pixels clipped after each step.
    #[must_use]
    pub fn with_clip(self, clip: Option<Clip>) -> Self {
        Self { clip, ..self }
    }

    /// The same attack, followed by a line search from each attacked image towards the image before the
    /// attack. The change that remains is at most the fraction `overshoot` beyond a boundary.
    #[must_use]
    pub fn with_line_search(self, line_search: bool) -> Self {
        Self { line_search, ..self }
    }

    /// Attack images (samples, pixels), and return the attacked images and one outcome each. If true
    /// labels `y`, (samples,), are given, images with a wrong answer stay as they are. `first` is the
    /// index of the first image among all images, for error messages.
    ///
    /// # Errors
    /// If an activation, a logit or a gradient is not finite.
    pub fn attack(
        &self,
        images: ArrayView2<'_, f32>,
        y: Option<&[u8]>,
        first: usize,
    ) -> Result<(Array2<f32>, Vec<Outcome>)> {
        let (attacked, outcomes) = by_chunks(images, |start, x, attacked| {
            self.attack_chunk(x, y.map(|y| &y[start..]), first + start, attacked)
        })?;
        Ok((attacked, outcomes.concat()))
    }

    /// Attack one chunk of images x, and write the result to `attacked`; both are (samples, pixels).
    fn attack_chunk(
        &self,
        x: ArrayView2<'_, f32>,
        y: Option<&[u8]>,
        first: usize,
        mut attacked: ArrayViewMut2<'_, f32>,
    ) -> Result<Vec<Outcome>> {
        attacked.assign(&x);
        let mut answers = self.answers(x, first)?;
        let is_right = |row: &usize| y.is_none_or(|y| usize::from(y[*row]) == answers[*row]);
        let right = (0..x.nrows()).filter(is_right);
        let image = |row| {
            Image::new(row, x.index_axis_move(Axis(0), row), answers[row], self.norm, self.steps)
        };
        let mut images: Vec<_> = right.map(image).collect();
        loop {
            let unfinished = images.iter_mut().filter(|image| {
                answers[image.row] == image.class && image.has_direction && image.steps_left > 0
            });
            let unfinished: Vec<_> = unfinished.collect();
            if unfinished.is_empty() {
                break;
            }
            self.walk(unfinished, first)?;
            for image in &images {
                attacked.row_mut(image.row).assign(&image.point.x);
            }
            // Close to a boundary the answer depends on rounding, and rounding on the number of images
            // that pass through the network together. What counts are the answers of the whole chunk,
            // which are those that `accuracy` gives.
            answers = self.answers(attacked.view(), first)?;
        }
        if self.line_search {
            let changed = images.iter_mut().filter(|image| answers[image.row] != image.class);
            self.search_lines(changed, first, attacked.view_mut())?;
        }
        let mut outcomes = vec![Outcome { distance: 0.0, end: End::AlreadyWrong }; x.nrows()];
        for image in images {
            let end = match (answers[image.row] == image.class, image.has_direction) {
                (false, _) => End::Changed,
                (true, false) => End::NoDirection,
                (true, true) => End::OutOfSteps,
            };
            let distance = image.distance(self.norm) as f32;
            outcomes[image.row] = Outcome { distance, end };
        }
        Ok(outcomes)
    }

    /// The answers of the network, (samples,), for images x, (samples, pixels).
    fn answers(&self, x: ArrayView2<'_, f32>, first: usize) -> Result<Vec<usize>> {
        let logits = self.logits.forward(x)?.logits;
        check_finite(logits.view(), "logit", |row| first + row)?;
        Ok(logits.rows().into_iter().map(predicted).collect())
    }
}

#[cfg(test)]
mod tests;
