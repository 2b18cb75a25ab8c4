//! Linear probes: readouts trained on given activations (G. Alain and Y. Bengio, arXiv 1610.01644,
//! 2016).
//!
//! A probe is a multinomial logistic regression on the standardised activations of one layer. It
//! measures how well a linear classifier can tell the classes apart there, whatever the network's own
//! readouts learned.

mod layers;
mod regression;
mod standardise;

use ndarray::{Array1, Array2, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use self::layers::{Layers, Measured, Rounded, Samples};
use self::{
    regression::{Regression, logits},
    standardise::Standardisation,
};
use crate::{
    Error, Result,
    math::minimise::minimise,
    network::{CHUNK, Readout, cross_entropy, predicted},
};

/// How a probe is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// `l2/2` times the sum of the squared weights is added to the loss.
    pub l2: f64,
    /// Largest number of iterations.
    pub iterations: usize,
    /// Euclidean norm of the gradient at which the training ends.
    pub tolerance: f64,
}

/// One line of the output of `probe`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The layer, counted from 1; `None` for a single matrix.
    pub layer: Option<usize>,
    /// Number of units of the layer.
    pub units: usize,
    /// Number of classes.
    pub classes: usize,
    /// The fraction of the training samples classified correctly.
    pub train_accuracy: f64,
    /// The fraction of the test samples classified correctly.
    pub test_accuracy: f64,
    /// Mean of `-ln p_y` over the training samples, without the term of the weights.
    pub train_loss: f64,
    /// Mean of `-ln p_y` over the test samples; `None` if it is infinite because a class has test
    /// samples and no training samples.
    pub test_loss: Option<f64>,
    /// Number of iterations.
    pub iterations: usize,
    /// Whether the gradient reached the tolerance.
    pub converged: bool,
}

/// A trained probe of one layer.
pub struct Probe {
    scale: Standardisation,
    /// The classes that have training samples, in ascending order.
    classes: Vec<usize>,
    /// The weights of the features, (features, classes).
    w: Array2<f64>,
    /// The biases, (classes,).
    b: Array1<f64>,
    /// Number of iterations of the training.
    pub iterations: usize,
    /// Euclidean norm of the gradient at its end.
    pub gradient_norm: f64,
}

/// How well samples are classified.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Number of samples.
    pub samples: usize,
    /// Number of samples classified correctly.
    pub correct: usize,
    /// Sum of `-ln p_y` over the samples.
    pub loss: f64,
}

impl Score {
    /// The score of the samples of both.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            samples: self.samples + other.samples,
            correct: self.correct + other.correct,
            loss: self.loss + other.loss,
        }
    }

    /// The fraction of the samples classified correctly.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.samples as f64
    }

    /// Mean of `-ln p_y`; `None` if it is infinite.
    #[must_use]
    pub fn mean_loss(&self) -> Option<f64> {
        Some(self.loss / self.samples as f64).filter(|loss| loss.is_finite())
    }
}

impl Probe {
    /// Train a probe on activations h, (samples, units), with labels y, (samples,), and score it on
    /// them. `on_evaluation` is called with the loss, with its term of the weights, at each point that
    /// is tried. A class without samples gets the probability 0.
    ///
    /// # Errors
    /// If there are no samples, or if the loss is not finite.
    pub fn train(
        h: Array2<f64>,
        y: &[u8],
        settings: Settings,
        mut on_evaluation: impl FnMut(f64),
    ) -> Result<(Self, Score)> {
        let classes = distinct(y);
        let index = |&y: &u8| classes.binary_search(&usize::from(y)).expect("all are listed");
        let indices: Vec<usize> = y.iter().map(index).collect();
        let (scale, x) = Standardisation::of(h);
        let regression =
            Regression { x: x.view(), y: &indices, classes: classes.len(), l2: settings.l2 };
        let evaluate = |parameters: &[f64]| {
            let (loss, gradient) = regression.evaluate(parameters);
            on_evaluation(loss);
            (loss, gradient)
        };
        let minimum =
            minimise(evaluate, regression.start(), settings.iterations, settings.tolerance)
                .ok_or_else(|| Error::data("has a loss that is not finite"))?;
        let (w, b) = regression.split(&minimum.at);
        let (w, b) = (w.to_owned(), b.to_owned());
        let (iterations, gradient_norm) = (minimum.iterations, minimum.gradient_norm);
        let probe = Self { scale, classes, w, b, iterations, gradient_norm };
        let score = probe.score_features(x.view(), y, Score::default())?;
        Ok((probe, score))
    }

    /// Score the probe on activations h, (samples, units), with labels y, (samples,), and add the score to
    /// that of the samples before. If these come in blocks of a multiple of [`CHUNK`] samples, the sum
    /// does not depend on the size of the blocks.
    ///
    /// # Errors
    /// If a logit is not finite, because the activations are much larger than those of the training.
    pub fn score(&self, h: Array2<f64>, y: &[u8], before: Score) -> Result<Score> {
        self.score_features(self.scale.apply(h).view(), y, before)
    }

    fn score_features(&self, x: ArrayView2<'_, f64>, y: &[u8], before: Score) -> Result<Score> {
        let chunks: Vec<_> = x.axis_chunks_iter(Axis(0), CHUNK).zip(y.chunks(CHUNK)).collect();
        let scores = chunks.into_par_iter().map(|(x, y)| {
            let z = logits(x, self.w.view(), self.b.view());
            if !z.iter().all(|z| z.is_finite()) {
                return Err(Error::data(
                    "has activations that are too large beside those of the training",
                ));
            }
            let mut score = Score { samples: y.len(), ..Score::default() };
            for (z, &y) in z.rows().into_iter().zip(y) {
                match self.classes.binary_search(&usize::from(y)) {
                    Ok(class) => {
                        score.correct += usize::from(predicted(z) == class);
                        score.loss += cross_entropy(z, class);
                    }
                    Err(_) => score.loss = f64::INFINITY,
                }
            }
            Ok(score)
        });
        // Collected in order, so that neither the sum nor the first error depends on the threads.
        let scores = scores.collect::<Vec<_>>().into_iter().collect::<Result<Vec<_>>>()?;
        Ok(scores.into_iter().fold(before, Score::merge))
    }

    /// The probe as a readout of a network, for logits of all `classes`.
    ///
    /// # Errors
    /// If a class has no training samples, or if the readout is outside the range of f4.
    pub fn readout(&self, classes: usize) -> Result<Readout> {
        require_all(&self.classes, classes)?;
        self.scale.readout(self.w.view(), self.b.view())
    }
}

/// The classes that occur among labels, in ascending order.
fn distinct(y: &[u8]) -> Vec<usize> {
    let mut classes: Vec<usize> = y.iter().map(|&y| usize::from(y)).collect();
    classes.sort_unstable();
    classes.dedup();
    classes
}

/// Check that the training samples `found` include each of `classes` classes.
fn require_all(found: &[usize], classes: usize) -> Result<()> {
    match (0..classes).find(|class| !found.contains(class)) {
        None => Ok(()),
        Some(class) => Err(Error::data(format!(
            "lacks class {class}, for which the readout of a network needs samples (expected all classes from 0 to {})",
            classes - 1
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::{assert_abs_diff_eq, assert_relative_eq};
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    const SETTINGS: Settings = Settings { l2: 1e-4, iterations: 1000, tolerance: 1e-7 };

    /// Samples of three classes that overlap.
    fn samples(count: usize) -> (Array2<f64>, Vec<u8>) {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let y: Vec<u8> = (0..count).map(|i| (i % 3) as u8).collect();
        let h = Array2::from_shape_fn((count, 4), |(i, j)| {
            f64::from(u8::from(usize::from(y[i]) == j)) + 2.0 * rng.random::<f64>()
        });
        (h, y)
    }

    fn train(h: &Array2<f64>, y: &[u8], settings: Settings) -> (Probe, Score) {
        Probe::train(h.clone(), y, settings, |_| ()).unwrap()
    }

    #[test]
    fn at_the_minimum_the_classes_have_their_frequencies() {
        let (h, y) = samples(500);
        let (probe, score) = train(&h, &y, SETTINGS);
        assert!(probe.gradient_norm <= SETTINGS.tolerance && score.samples == 500);
        assert!((0.6..0.95).contains(&score.accuracy()), "{score:?}");
        let again = probe.score(h.clone(), &y, Score::default()).unwrap();
        assert_eq!(again.correct, score.correct);
        assert_relative_eq!(again.loss, score.loss, max_relative = 1e-12);
        // The derivative with respect to a bias is the mean of p - onehot(y).
        let z = logits(probe.scale.apply(h).view(), probe.w.view(), probe.b.view());
        let p = z.mapv(f64::exp);
        let p = &p / &p.sum_axis(Axis(1)).insert_axis(Axis(1));
        let means = p.mean_axis(Axis(0)).unwrap();
        assert_abs_diff_eq!(means, ndarray::array![0.334, 0.334, 0.332], epsilon = 1e-7);
    }

    #[test]
    fn neither_scale_nor_order_changes_the_scores() {
        let (h, y) = samples(500);
        let (_, expected) = train(&h, &y, SETTINGS);
        let scaled = [1e-200, 1e-3, 1e200].map(|scale| (&h * scale, y.clone()));
        let mut mixed = h.clone();
        mixed.column_mut(1).mapv_inplace(|h| h * 1e150);
        let reversed =
            (h.slice(ndarray::s![..;-1, ..]).to_owned(), y.iter().rev().copied().collect());
        for (h, y) in scaled.into_iter().chain([(mixed, y), reversed]) {
            let (_, found) = train(&h, &y, SETTINGS);
            assert_eq!(found.correct, expected.correct);
            assert_relative_eq!(found.loss, expected.loss, max_relative = 1e-6);
        }
    }

    /// A function whose curvature is at least l2 is within `|gradient|² / (2 l2)` of its minimum.
    #[test]
    fn the_loss_ends_within_the_bound_that_the_gradient_gives() {
        let (h, y) = samples(500);
        let smallest = |tolerance| {
            let mut smallest = f64::INFINITY;
            let settings = Settings { tolerance, ..SETTINGS };
            Probe::train(h.clone(), &y, settings, |loss| smallest = smallest.min(loss)).unwrap();
            smallest
        };
        let above = smallest(1e-4) - smallest(1e-7);
        assert!((0.0..=1e-8 / (2.0 * SETTINGS.l2)).contains(&above), "{above}");
    }

    #[test]
    fn a_large_l2_leaves_the_frequencies() {
        let (h, y) = samples(500);
        for l2 in [1e3, 1e6] {
            let (probe, score) = train(&h, &y, Settings { l2, tolerance: 1e-5, ..SETTINGS });
            assert!(probe.gradient_norm <= 1e-5, "{}", probe.gradient_norm);
            assert!((score.loss / 500.0 - 3.0_f64.ln()).abs() < 1e-3, "{score:?}");
        }
        // Numbers at the limits of f8 give a result, converged or not.
        for l2 in [5e-324, 1e300, f64::MAX] {
            assert!(train(&h, &y, Settings { l2, ..SETTINGS }).1.loss.is_finite(), "{l2}");
        }
    }

    #[test]
    fn separable_classes_have_finite_weights_with_l2_and_a_vanishing_loss_without() {
        let h = Array2::from_shape_fn((40, 2), |(i, j)| (i as f64 - 19.5) * (j + 1) as f64);
        let y: Vec<u8> = (0..40).map(|i| u8::from(i >= 20)).collect();
        let (with, score) = train(&h, &y, Settings { l2: 1e-2, ..SETTINGS });
        assert!(with.gradient_norm <= SETTINGS.tolerance && score.correct == 40);
        assert!(score.loss / 40.0 > 1e-2, "{score:?}");
        let (without, score) = train(&h, &y, Settings { l2: 0.0, ..SETTINGS });
        assert!(without.gradient_norm <= SETTINGS.tolerance && score.correct == 40);
        assert!(score.loss / 40.0 < 1e-6, "{score:?}");
    }

    #[test]
    fn constant_activations_leave_the_frequencies_of_the_classes() {
        let y = [2, 0, 2, 2];
        let (probe, score) = train(&Array2::from_elem((4, 3), 0.1), &y, SETTINGS);
        assert_eq!((probe.iterations, score.correct), (0, 3));
        let entropy = -0.25 * 0.25_f64.ln() - 0.75 * 0.75_f64.ln();
        assert_relative_eq!(score.mean_loss().unwrap(), entropy, max_relative = 1e-14);
        // A class that was not there has the probability 0.
        let other = probe.score(Array2::zeros((2, 3)), &[2, 1], Score::default()).unwrap();
        assert_eq!((other.correct, other.mean_loss()), (1, None));
        let message = probe.readout(3).err().unwrap().to_string();
        assert!(message.contains("lacks class 1"), "{message}");
    }

    #[test]
    fn one_class_is_certain() {
        let (h, _) = samples(20);
        let (probe, score) = train(&h, &[7; 20], SETTINGS);
        assert_eq!((probe.iterations, score.correct, score.mean_loss()), (0, 20, Some(0.0)));
        assert!(probe.gradient_norm == 0.0);
    }

    #[test]
    fn activations_far_beyond_those_of_the_training_are_refused() {
        let (h, y) = samples(30);
        let (probe, _) = train(&(&h * 1e-200), &y, SETTINGS);
        let refused = probe.score(&h * 1e200, &y, Score::default()).unwrap_err();
        assert!(refused.to_string().contains("too large beside those"), "{refused}");
    }
}
