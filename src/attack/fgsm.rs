//! The fast gradient sign method, `x' = x + epsilon sign(dE/dx)` (Goodfellow, Shlens and Szegedy,
//! arXiv 1412.6572, 2015).

use ndarray::{Array2, ArrayView2};
use rand::RngExt;

use super::{Audit, Ball, Loss, ball::largest_change, by_chunks};
use crate::{
    Result,
    math::rng::{self, Purpose},
};

/// FGSM: one step of size epsilon along the sign of the gradient.
#[derive(Clone, Copy, Debug)]
pub struct Fgsm<'a> {
    loss: Loss<'a>,
    ball: Ball,
}

impl<'a> Fgsm<'a> {
    /// An attack that increases `loss` within `ball`.
    #[must_use]
    pub fn new(loss: Loss<'a>, ball: Ball) -> Self {
        Self { loss, ball }
    }

    /// Attack images (samples, pixels) with the true labels `y`, (samples,). `first` is the index of
    /// the first of them among all images, for error messages.
    ///
    /// # Errors
    /// If an activation or a gradient is not finite.
    pub fn attack(
        &self,
        images: ArrayView2<'_, f32>,
        y: &[u8],
        first: usize,
    ) -> Result<(Array2<f32>, Audit)> {
        let (attacked, audits) = by_chunks(images, |start, x, mut g| {
            let y = &y[start..start + x.nrows()];
            let lost_label_images = self.loss.gradient(x, y, first + start, g.view_mut())?;
            let audit = self.ball.step(x, x, self.ball.epsilon as f32, g.view_mut());
            Ok(Audit { lost_label_images, max_change: largest_change(x, g.view()), ..audit })
        })?;
        Ok((attacked, Audit::total(audits)))
    }
}

/// The control of FGSM: a change of the same size with random signs in place of the gradient's.
#[derive(Clone, Copy, Debug)]
pub struct RandomSigns {
    ball: Ball,
    seed: u64,
}

impl RandomSigns {
    /// An attack within `ball`. The signs of image i depend on the seed and on i alone.
    #[must_use]
    pub fn new(ball: Ball, seed: u64) -> Self {
        Self { ball, seed }
    }

    /// Attack images (samples, pixels). `first` is the index of the first of them among all images.
    #[must_use]
    pub fn attack(&self, images: ArrayView2<'_, f32>, first: usize) -> (Array2<f32>, Audit) {
        let attacked = by_chunks(images, |start, x, mut signs| {
            for (row, mut signs) in signs.rows_mut().into_iter().enumerate() {
                let mut rng = rng::stream(self.seed, Purpose::Signs, first + start + row);
                signs.mapv_inplace(|_| if rng.random::<bool>() { 1.0 } else { -1.0 });
            }
            let audit = self.ball.step(x, x, self.ball.epsilon as f32, signs.view_mut());
            Ok(Audit { max_change: largest_change(x, signs.view()), ..audit })
        });
        let (attacked, audits) = attacked.expect("no chunk fails");
        (attacked, Audit::total(audits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        attack::{
            Gradient,
            loss::tests::{loss, network},
        },
        network::{Network, predicted},
        train::{Rule, Settings, init},
    };
    use clap::ValueEnum;
    use ndarray::ArrayView1;
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::ChaCha8Rng};

    fn fgsm(network: &Network, gradient: Gradient) -> Fgsm<'_> {
        within(network, 3, gradient, 0.1)
    }

    fn within(network: &Network, layer: usize, gradient: Gradient, epsilon: f64) -> Fgsm<'_> {
        let loss = Loss::new(network, Some(layer), gradient).unwrap();
        Fgsm::new(loss, Ball::new(epsilon, None).unwrap())
    }

    fn random(epsilon: f64, seed: u64) -> RandomSigns {
        RandomSigns::new(Ball::new(epsilon, None).unwrap(), seed)
    }

    fn images(samples: usize) -> Array2<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        Array2::from_shape_simple_fn((samples, 12), || rng.random())
    }

    #[test]
    fn a_confident_sample_keeps_its_sign_only_when_exact() {
        let mut network = network();
        // Large readout weights make the network confident of some class for every sample.
        for layer in &mut network.layers {
            layer.readout.as_mut().unwrap().r *= 1e3;
        }
        let x = images(20);
        let h = network.activations(x.view(), 3).unwrap();
        let mut z = Array2::zeros((20, 4));
        network.layers[2].readout.as_ref().unwrap().logits(h[2].view(), z.view_mut());
        let y: Vec<u8> = z.rows().into_iter().map(|z| predicted(z) as u8).collect();
        // If the largest logit leads by more than 104, p of the other classes is below e^-104, which
        // is 0 in f32.
        let gap = |z: ArrayView1<'_, f32>, y: usize| {
            let others = z.iter().enumerate().filter(|(class, _)| *class != y);
            z[y] - others.map(|(_, &z)| z).fold(f32::NEG_INFINITY, f32::max)
        };
        let gaps = z.rows().into_iter().zip(&y).map(|(z, &y)| gap(z, usize::from(y)));
        let confident = gaps.filter(|&gap| gap > 104.0).count();
        assert!(confident > 5, "{confident}");
        let zeros = |gradient| {
            fgsm(&network, gradient).attack(x.view(), &y, 0).unwrap().1.zero_gradient_images
        };
        assert_eq!(zeros(Gradient::Exact), 0);
        assert_eq!(zeros(Gradient::Float32), confident);
        assert_eq!(random(0.1, 1).attack(x.view(), 0).1.zero_gradient_images, 0);
    }

    /// `p_y`, computed independently in f64.
    fn p_of_label(network: &Network, x: ArrayView1<'_, f32>, y: u8) -> f64 {
        let x: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
        (-loss(network, &x, 3, usize::from(y))).exp()
    }

    #[test]
    fn the_term_of_the_true_class_is_lost_if_p_rounds_to_1() {
        let mut network = network();
        network.layers[2].readout.as_mut().unwrap().r *= 150.0;
        let x = images(400);
        let y: Vec<u8> = (0..400).map(|i| (i % 4) as u8).collect();
        let audit = |gradient, row: usize| {
            let image = x.slice(ndarray::s![row..=row, ..]);
            fgsm(&network, gradient).attack(image, &y[row..=row], row).unwrap().1
        };
        // Below 1, f4 numbers are 2^-24 apart; the sum of the exponentials is rounded as well.
        let (mut lost, mut kept, mut wrong_not_zero) = (0, 0, 0);
        for (row, &label) in y.iter().enumerate() {
            let missing = 1.0 - p_of_label(&network, x.row(row), label);
            let float32 = audit(Gradient::Float32, row);
            if missing < 2.0_f64.powi(-26) {
                assert_eq!(float32.lost_label_images, 1, "{missing:e}");
                lost += 1;
                wrong_not_zero += 1 - float32.zero_gradient_images;
            } else if missing > 2.0_f64.powi(-22) {
                assert_eq!(float32.lost_label_images, 0, "{missing:e}");
                kept += 1;
            }
            assert_eq!(audit(Gradient::Exact, row).lost_label_images, 0);
        }
        assert!(lost > 30 && kept > 30 && wrong_not_zero > 30, "{lost} {kept} {wrong_not_zero}");
        let all = fgsm(&network, Gradient::Float32).attack(x.view(), &y, 0).unwrap().1;
        let each: usize = (0..400).map(|i| audit(Gradient::Float32, i).lost_label_images).sum();
        assert_eq!(all.lost_label_images, each);
    }

    #[test]
    fn with_a_single_class_no_label_counts_as_lost() {
        let network = init(&[12, 9], 1, &Settings::preset(Rule::Local)).unwrap();
        for &gradient in Gradient::value_variants() {
            let attack = within(&network, 1, gradient, 0.1);
            let audit = attack.attack(images(3).view(), &[0; 3], 0).unwrap().1;
            assert_eq!((audit.lost_label_images, audit.zero_gradient_images), (0, 3));
        }
    }

    #[test]
    fn a_gradient_that_is_not_finite_names_its_image() {
        // The weights are finite; the logits are infinite with both signs.
        let mut network = network();
        network.layers[2].w *= 100.0;
        network.layers[2].readout.as_mut().unwrap().r *= 1e38;
        let mut x = images(600);
        x.slice_mut(ndarray::s![..300, ..]).fill(0.0);
        let y = [0; 600];
        for gradient in [Gradient::Exact, Gradient::Float32] {
            let attack = |x: &Array2<f32>, first| {
                fgsm(&network, gradient).attack(x.view(), &y[..x.nrows()], first)
            };
            let message = attack(&x, 1000).unwrap_err().to_string();
            let found = message.strip_prefix("image ").and_then(|rest| rest.split(' ').next());
            let found: usize = found.unwrap().parse().unwrap();
            assert!((1300..1600).contains(&found), "{message}");
            // Alone it is refused as well, and the images before it are accepted.
            let row = found - 1000;
            assert!(attack(&x.slice(ndarray::s![row..=row, ..]).to_owned(), 0).is_err());
            assert!(attack(&x.slice(ndarray::s![..row, ..]).to_owned(), 0).is_ok());
        }
    }

    #[test]
    fn a_zero_epsilon_changes_no_bit() {
        let mut x = images(3);
        x[[0, 0]] = -0.0;
        let network = network();
        let attack = within(&network, 3, Gradient::Exact, 0.0);
        let (attacked, audit) = attack.attack(x.view(), &[0, 1, 2], 0).unwrap();
        assert!(attacked.iter().zip(&x).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert!(audit.max_change <= 0.0);
    }

    proptest! {
        #[test]
        fn no_pixel_moves_beyond_epsilon(epsilon in 0.0..1.0_f32, layer in 1..=3_usize, seed: u64) {
            let (network, x, epsilon) = (network(), images(30), f64::from(epsilon));
            let y: Vec<u8> = (0..30).map(|i| i % 4).collect();
            let attack = |gradient| {
                within(&network, layer, gradient, epsilon).attack(x.view(), &y, 0).unwrap()
            };
            let random = random(epsilon, seed).attack(x.view(), 0);
            for (attacked, audit) in [attack(Gradient::Exact), attack(Gradient::Float32), random] {
                let largest = attacked
                    .iter()
                    .zip(&x)
                    .map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs())
                    .fold(0.0, f64::max);
                // The tolerance is the rounding error of x + epsilon, which is below 2.
                prop_assert!(largest <= epsilon + f64::from(f32::EPSILON));
                prop_assert!((audit.max_change - largest).abs() < f64::EPSILON);
                prop_assert_eq!(audit.samples, 30);
            }
        }
    }
}
