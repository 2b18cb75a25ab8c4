//! The activation functions in double precision, and their exact derivatives, for gradients that lose no
//! sign.

use std::f64::consts::{LN_2, PI, SQRT_2};

use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use rten_simd::SimdUnaryOp;
use rten_vecmath::Exp;
use statrs::function::erf::erfc;

use super::activation::{Activation, LEAK, map};
use crate::math::elementwise::for_each_pair;

impl Activation {
    /// Multiply delta by `f'(z)`, and each sample by a positive factor which makes its largest product
    /// ±1; both are (samples, units). Returns the logarithms of the factors, (samples,). `1 - h²` of a
    /// saturated unit is 0 in single precision, so that the products are formed from z, and from
    /// logarithms where a sample has units so saturated that all its products are 0.
    pub(crate) fn times_exact_derivative(
        self,
        mut delta: ArrayViewMut2<'_, f32>,
        z: ArrayView2<'_, f32>,
    ) -> Vec<f64> {
        let (products, mut ln_factors) = match self {
            Self::Tanh => times_logistic_derivative(delta.view(), z, 2.0, 4.0),
            Self::ShiftedTanh => times_logistic_derivative(delta.view(), z, 2.0, 2.0),
            Self::Sigmoid => times_logistic_derivative(delta.view(), z, 1.0, 1.0),
            _ => {
                let slope = z.mapv(|z| self.derivative(f64::from(z)) as f32);
                (&delta * &slope, vec![0.0; z.nrows()])
            }
        };
        for (((mut delta, z), products), ln_factor) in
            delta.rows_mut().into_iter().zip(z.rows()).zip(products.rows()).zip(&mut ln_factors)
        {
            let largest =
                products.iter().fold(0.0, |largest: f32, product| largest.max(product.abs()));
            if largest >= f32::MIN_POSITIVE / f32::EPSILON {
                delta.zip_mut_with(&products, |delta, product| *delta = product / largest);
                *ln_factor -= f64::from(largest).ln();
            } else {
                let both = delta.iter().zip(z).map(|(&d, &z)| (f64::from(d), f64::from(z)));
                let scaled;
                (scaled, *ln_factor) = self.scaled_products(&both.collect::<Vec<_>>());
                delta.iter_mut().zip(scaled).for_each(|(delta, scaled)| *delta = scaled as f32);
            }
        }
        ln_factors
    }

    /// The products of delta and `f'(z)`, of one sample, times a factor that makes the largest ±1, and
    /// the logarithm of this factor. If all products are 0, so is the logarithm.
    fn scaled_products(self, delta_and_z: &[(f64, f64)]) -> (Vec<f64>, f64) {
        let product = |&(delta, z): &(f64, f64)| {
            let ((sign, ln), (sign_of_delta, ln_of_delta)) =
                (self.ln_derivative(z), signed(delta, 0.0));
            (sign * sign_of_delta, ln + ln_of_delta)
        };
        let products: Vec<(f64, f64)> = delta_and_z.iter().map(product).collect();
        let largest = products.iter().filter(|(sign, _)| *sign != 0.0).map(|(_, ln)| *ln);
        let largest = largest.fold(f64::NEG_INFINITY, f64::max);
        let scaled =
            |(sign, ln): (f64, f64)| if sign == 0.0 { 0.0 } else { sign * (ln - largest).exp() };
        let products = products.into_iter().map(scaled).collect();
        (products, if largest == f64::NEG_INFINITY { 0.0 } else { -largest })
    }

    /// `f(z)` in f64. NaN stays NaN.
    #[must_use]
    pub fn value(self, z: f64) -> f64 {
        let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
        match self {
            Self::Relu if z < 0.0 => 0.0,
            Self::LeakyRelu if z < 0.0 => f64::from(LEAK) * z,
            Self::Relu | Self::LeakyRelu => z,
            Self::Tanh => z.tanh(),
            Self::Sigmoid => sigmoid(z),
            Self::ShiftedTanh => f64::midpoint(1.0, z.tanh()),
            Self::Gelu => 0.5 * z * erfc(-z / SQRT_2),
            Self::Silu => z * sigmoid(z),
        }
    }

    /// `f'(z)` as automatic differentiation computes it in f64: from `h = f(z)` where it can, so that the
    /// derivative of a saturated unit is rounded to 0.
    pub(crate) fn rounded_derivative(self, z: f64, h: f64) -> f64 {
        match self {
            Self::Tanh => 1.0 - h * h,
            Self::Sigmoid => h * (1.0 - h),
            Self::ShiftedTanh => 2.0 * h * (1.0 - h),
            Self::Relu | Self::LeakyRelu | Self::Gelu | Self::Silu => self.derivative(z),
        }
    }

    /// `f'(z)`.
    pub(super) fn derivative(self, z: f64) -> f64 {
        // s (1 - s) with s = 1/(1 + exp(-z)), which is even in z
        let logistic = |z: f64| {
            let e = (-z.abs()).exp();
            e / ((1.0 + e) * (1.0 + e))
        };
        match self {
            Self::Relu => {
                if z > 0.0 {
                    1.0
                } else {
                    0.0
                }
            }
            Self::LeakyRelu => {
                if z > 0.0 {
                    1.0
                } else {
                    f64::from(LEAK)
                }
            }
            // sech² z = 4 s (1 - s) at 2 z
            Self::Tanh => 4.0 * logistic(2.0 * z),
            Self::Sigmoid => logistic(z),
            Self::ShiftedTanh => 2.0 * logistic(2.0 * z),
            // Phi(z) + z phi(z)
            Self::Gelu => 0.5 * erfc(-z / SQRT_2) + z * (-0.5 * z * z).exp() / (2.0 * PI).sqrt(),
            // s (1 + z (1 - s))
            Self::Silu => (1.0 + z / (1.0 + z.exp())) / (1.0 + (-z).exp()),
        }
    }

    /// The sign of `f'(z)`, and the logarithm of its absolute value.
    pub(super) fn ln_derivative(self, z: f64) -> (f64, f64) {
        let logistic = |z: f64| -z.abs() - 2.0 * (-z.abs()).exp().ln_1p();
        match self {
            Self::Relu | Self::LeakyRelu => signed(self.derivative(z), 0.0),
            Self::Tanh => (1.0, 2.0 * LN_2 + logistic(2.0 * z)),
            Self::Sigmoid => (1.0, logistic(z)),
            Self::ShiftedTanh => (1.0, LN_2 + logistic(2.0 * z)),
            Self::Gelu if z > -5.0 => signed(self.derivative(z), 0.0),
            Self::Gelu => {
                // Phi/phi by Laplace's continued fraction, 1/(x + 1/(x + 2/(x + ...))) at x = -z. Phi
                // itself is below the smallest number where z is below -38.
                let x = -z;
                let ratio = (1..=60).rev().fold(x, |below, k| x + f64::from(k) / below).recip();
                signed(ratio + z, -0.5 * z * z - 0.5 * (2.0 * PI).ln())
            }
            Self::Silu => {
                let ln_s = z.min(0.0) - (-z.abs()).exp().ln_1p();
                signed(1.0 + z / (1.0 + z.exp()), ln_s)
            }
        }
    }
}

/// The sign and the logarithm of a number times `exp(ln)`.
fn signed(factor: f64, ln: f64) -> (f64, f64) {
    let sign = if factor == 0.0 { 0.0 } else { factor.signum() };
    (sign, ln + factor.abs().ln())
}

/// The products of delta and `s (1 - s)` with `s = 1/(1 + exp(-rate z))`, each sample times a factor
/// that takes its least saturated unit to about 1. Also returns the logarithms of the factors of the
/// samples by which the products differ from those of delta and `f'(z) = height s (1 - s)`.
///
/// `s (1 - s) = e/(1 + e)²` with `e = exp(-rate |z|)`; the factor is `exp(rate m)`, with m the least |z| of
/// the sample's units.
fn times_logistic_derivative(
    delta: ArrayView2<'_, f32>,
    z: ArrayView2<'_, f32>,
    rate: f32,
    height: f64,
) -> (Array2<f32>, Vec<f64>) {
    let mut exponent = Array2::zeros(z.dim());
    for_each_pair(exponent.view_mut(), z, |_, z| -rate * z.abs());
    let mut scaled = exponent.clone();
    let mut ln_factors = Vec::with_capacity(z.nrows());
    for mut row in scaled.rows_mut() {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        row -= largest;
        ln_factors.push(-f64::from(largest) - height.ln());
    }
    map(scaled.view_mut(), |scaled| Exp {}.map_mut(scaled));
    map(exponent.view_mut(), |exponent| Exp {}.map_mut(exponent));
    for_each_pair(scaled.view_mut(), exponent.view(), |scaled, e| scaled / ((1.0 + e) * (1.0 + e)));
    for_each_pair(scaled.view_mut(), delta, |scaled, delta| scaled * delta);
    (scaled, ln_factors)
}
