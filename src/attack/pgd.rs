//! Projected gradient descent (PGD): steps along the sign of the gradient, each projected onto the
//! ball of radius epsilon around the image,
//! `x_{t+1} = clip(x_t + step sign(dE/dx at x_t), x - epsilon, x + epsilon)`.
//!
//! With a random start it is the attack of Madry et al., arXiv 1706.06083 (2018). Started at the image
//! itself it is the basic iterative method of Kurakin, Goodfellow and Bengio, arXiv 1607.02533 (2017).

use ndarray::{Array2, ArrayView2};
use rand::RngExt;

use super::{
    Audit, Ball, Loss, at_least_one,
    ball::{clipped, largest_change},
    by_chunks,
};
use crate::{
    Error, Result,
    math::rng::{self, Purpose},
    number,
};

/// PGD: several steps along the sign of the gradient.
#[derive(Clone, Copy, Debug)]
pub struct Pgd<'a> {
    loss: Loss<'a>,
    ball: Ball,
    steps: usize,
    /// Change of a pixel per step, in pixel units.
    step: f32,
    /// Seed of the random start; `None` starts at the image itself.
    start_seed: Option<u64>,
}

/// The default size of a step, `2.5 epsilon / steps` (Madry et al. 2018), clamped to positive finite
/// f32. With it, the steps reach the boundary of the ball from any start, and can still move along it.
fn usual_step(epsilon: f64, steps: usize) -> f32 {
    const SMALLEST_SUBNORMAL: f32 = f32::from_bits(1);
    let step = epsilon * 2.5 / steps as f64;
    step.clamp(SMALLEST_SUBNORMAL.into(), f32::MAX.into()) as f32
}

impl<'a> Pgd<'a> {
    /// An attack that increases `loss` within `ball` in `steps` steps of size `2.5 epsilon / steps`,
    /// starting at the image.
    ///
    /// # Errors
    /// If `steps` is 0.
    pub fn new(loss: Loss<'a>, ball: Ball, steps: usize) -> Result<Self> {
        at_least_one(steps)?;
        Ok(Self { loss, ball, steps, step: usual_step(ball.epsilon, steps), start_seed: None })
    }

    /// The same attack with another size of a step, in pixel units.
    ///
    /// # Errors
    /// If `step` is not positive and finite.
    pub fn with_step(self, step: f32) -> Result<Self> {
        if step > 0.0 && step.is_finite() {
            return Ok(Self { step, ..self });
        }
        Err(Error::usage(format!(
            "the size of a step is out of range (found {}, expected a finite number above 0)",
            number(step)
        )))
    }

    /// The same attack started at a point that is uniformly distributed in the ball. The start for
    /// image i depends on the seed and on i alone.
    #[must_use]
    pub fn with_random_start(self, seed: u64) -> Self {
        Self { start_seed: Some(seed), ..self }
    }

    /// Attack images (samples, pixels) with the true labels `y`, (samples,). `first` is the index of
    /// the first of them among all images. The audit counts zero and lost gradients of the first
    /// step, and the change after the last.
    ///
    /// # Errors
    /// If an activation or a gradient is not finite.
    pub fn attack(
        &self,
        images: ArrayView2<'_, f32>,
        y: &[u8],
        first: usize,
    ) -> Result<(Array2<f32>, Audit)> {
        let (attacked, audits) = by_chunks(images, |start, x, mut next| {
            let y = &y[start..start + x.nrows()];
            let mut at = self.start(x, first + start);
            let mut audit: Option<Audit> = None;
            for _ in 0..self.steps {
                let lost = self.loss.gradient(at.view(), y, first + start, next.view_mut())?;
                let step = self.ball.step(x, at.view(), self.step, next.view_mut());
                audit.get_or_insert(Audit { lost_label_images: lost, ..step });
                at.assign(&next);
            }
            let audit = audit.expect("at least one step is taken");
            Ok(Audit { max_change: largest_change(x, at.view()), ..audit })
        })?;
        Ok((attacked, Audit::total(audits)))
    }

    /// The starting points `x_0`, (samples, pixels).
    fn start(&self, x: ArrayView2<'_, f32>, first: usize) -> Array2<f32> {
        let Ball { epsilon, clip } = self.ball;
        let mut at = x.as_standard_layout().into_owned();
        if let Some(seed) = self.start_seed
            && epsilon as f32 > 0.0
        {
            for (row, mut x) in at.rows_mut().into_iter().enumerate() {
                let mut rng = rng::stream(seed, Purpose::Start, first + row);
                x.mapv_inplace(|x| {
                    let u = 2.0 * rng.random::<f32>() - 1.0;
                    clipped(x + epsilon as f32 * u, clip)
                });
            }
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        attack::{Clip, Gradient, loss::tests::network},
        network::{CHUNK, Network},
    };
    use clap::ValueEnum;
    use ndarray::{Axis, s};
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::ChaCha8Rng};

    /// An attack with five steps, each of half of epsilon.
    fn pgd(network: &Network, epsilon: f64) -> Pgd<'_> {
        with_steps(network, epsilon, 5)
    }

    fn with_steps(network: &Network, epsilon: f64, steps: usize) -> Pgd<'_> {
        let loss = Loss::new(network, None, Gradient::Exact).unwrap();
        Pgd::new(loss, Ball::new(epsilon, None).unwrap(), steps).unwrap()
    }

    fn images(samples: usize) -> Array2<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        Array2::from_shape_simple_fn((samples, 12), || rng.random())
    }

    fn labels(samples: u8) -> Vec<u8> {
        (0..samples).map(|i| i % 4).collect()
    }

    #[test]
    fn starts_are_uniform_within_epsilon() {
        let x = Array2::from_elem((2000, 50), 0.5);
        let start = pgd(&network(), 0.3).with_random_start(1).start(x.view(), 0);
        let u: Vec<f64> = start.iter().map(|&at| f64::from((at - 0.5) / 0.3)).collect();
        let count = u.len() as f64;
        let moment = |k: i32| u.iter().map(|u| u.powi(k)).sum::<f64>() / count;
        // For u uniform in [-1, 1], the means of u, u², u³ and u⁴ are 0, 1/3, 0 and 1/5, and their
        // variances 1/3, 4/45, 1/7 and 16/225. Five standard errors are allowed.
        for (k, mean, variance) in [
            (1, 0.0, 1.0 / 3.0),
            (2, 1.0 / 3.0, 4.0 / 45.0),
            (3, 0.0, 1.0 / 7.0),
            (4, 0.2, 16.0 / 225.0),
        ] {
            let error: f64 = moment(k) - mean;
            assert!(error.abs() < 5.0 * f64::sqrt(variance / count), "{k}: {error}");
        }
        assert!(u.iter().all(|u| u.abs() < 1.0 + 1e-6));
    }

    #[test]
    fn the_start_of_an_image_depends_on_its_index_alone() {
        let x = images(300);
        let (network, y) = (network(), [labels(150), labels(150)].concat());
        let attack = |first: usize| {
            let x = x.slice(s![first.., ..]);
            pgd(&network, 0.2).with_random_start(1).attack(x, &y[first..], first).unwrap().0
        };
        // Cut at a multiple of the chunk size, so that the matrix products are the same.
        assert_eq!(attack(0).slice(s![CHUNK.., ..]), attack(CHUNK));
        let start = |seed| pgd(&network, 0.2).with_random_start(seed).start(x.view(), 0);
        assert_ne!(start(1), start(2));
        assert_ne!(start(1).index_axis(Axis(0), 0), start(1).index_axis(Axis(0), 1));
    }

    #[test]
    fn a_zero_epsilon_changes_no_bit() {
        let mut x = images(3);
        x[[0, 0]] = -0.0;
        let network = network();
        for step in [f32::from_bits(1), 0.1] {
            let attack = pgd(&network, 0.0).with_step(step).unwrap().with_random_start(1);
            let (attacked, audit) = attack.attack(x.view(), &[0, 1, 2], 0).unwrap();
            assert!(attacked.iter().zip(&x).all(|(a, b)| a.to_bits() == b.to_bits()));
            assert!(audit.max_change <= 0.0);
        }
    }

    #[test]
    fn the_usual_step_is_a_number_above_0() {
        assert!((usual_step(0.1, 10) - 0.025).abs() < 1e-9);
        for (epsilon, steps) in [(3.4e38, 1), (1e-45, 1_000_000), (0.1, usize::MAX)] {
            let step = usual_step(epsilon, steps);
            assert!(step.is_finite() && step > 0.0, "{epsilon} {steps}: {step}");
        }
    }

    #[test]
    fn a_gradient_that_is_not_finite_is_an_error_at_any_step() {
        let mut network = network();
        network.layers[2].w *= 100.0;
        network.layers[2].readout.as_mut().unwrap().r *= 1e38;
        for steps in [1, 3] {
            let attack = with_steps(&network, 0.2, steps);
            let message = attack.attack(images(30).view(), &labels(30), 500);
            let message = message.unwrap_err().to_string();
            assert!(message.starts_with("image 5"), "{message}");
        }
    }

    #[test]
    fn zeros_are_counted_at_the_first_step_and_changes_at_the_last() {
        let (x, y) = (images(30), labels(30));
        let mut network = network();
        network.layers[0].w.row_mut(5).fill(0.0);
        let attack = |steps| {
            let attack = with_steps(&network, 0.1, steps).with_step(0.05).unwrap();
            attack.attack(x.view(), &y, 0).unwrap().1
        };
        for (steps, change) in [(1, 0.05), (4, 0.1)] {
            let audit = attack(steps);
            assert_eq!((audit.samples, audit.zero_gradient_images), (30, 0));
            assert_eq!(audit.zero_sign_pixels, 30);
            assert!((audit.max_change - change).abs() < 1e-6, "{audit:?}");
        }
    }

    #[test]
    fn invalid_steps_are_refused() {
        let network = network();
        let loss = Loss::new(&network, None, Gradient::Exact).unwrap();
        assert!(Pgd::new(loss, Ball::new(0.1, None).unwrap(), 0).is_err());
        for step in [0.0, -0.1, f32::NAN, f32::INFINITY] {
            assert!(pgd(&network, 0.1).with_step(step).is_err(), "{step}");
        }
    }

    proptest! {
        #[test]
        fn no_pixel_ends_beyond_epsilon_or_the_clip(
            epsilon in 0.0..1.0_f32,
            step in f32::MIN_POSITIVE..1.0_f32,
            steps in 1..6_usize,
            random_start: bool,
            clip: bool,
            seed: u64,
        ) {
            let (network, x, y, epsilon) = (network(), images(30), labels(30), f64::from(epsilon));
            let clip = clip.then_some(Clip { low: 0.0, high: 1.0 });
            for &gradient in Gradient::value_variants() {
                let loss = Loss::new(&network, None, gradient).unwrap();
                let attack = Pgd::new(loss, Ball::new(epsilon, clip).unwrap(), steps).unwrap();
                let attack = attack.with_step(step).unwrap();
                let attack = if random_start { attack.with_random_start(seed) } else { attack };
                let (attacked, audit) = attack.attack(x.view(), &y, 0).unwrap();
                let largest = attacked
                    .iter()
                    .zip(&x)
                    .map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs())
                    .fold(0.0, f64::max);
                // The tolerance is the rounding error of x + epsilon, which is below 2.
                prop_assert!(largest <= epsilon + f64::from(f32::EPSILON));
                prop_assert!((audit.max_change - largest).abs() < f64::EPSILON);
                prop_assert!(clip.is_none() || attacked.iter().all(|a| (0.0..=1.0).contains(a)));
            }
        }
    }
}
