//! Activation functions of the hidden layers: `h = f(z)` with the pre-activations `z = x w + b`.

#![allow(clippy::inline_always)] // as in math::elementwise

use clap::ValueEnum;
use ndarray::{Array1, ArrayView2, ArrayViewMut2};
use rten_simd::SimdUnaryOp;
use rten_vecmath::{Erf, Exp, Gelu, Sigmoid, Silu, Tanh};
use serde::{Deserialize, Serialize};

use crate::math::elementwise::{add_bias_then, for_each_pair};

/// The activation function of all hidden layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// max(0, z)
    #[default]
    Relu,
    /// z where it is positive, otherwise 0.01 z
    LeakyRelu,
    /// tanh z
    Tanh,
    /// 1/(1 + exp(-z))
    Sigmoid,
    /// (1 + tanh z)/2
    ShiftedTanh,
    /// z Phi(z), with Phi the normal distribution function
    Gelu,
    /// z/(1 + exp(-z))
    Silu,
}

/// The slope of [`Activation::LeakyRelu`] below 0.
pub(super) const LEAK: f32 = 0.01;

impl Activation {
    /// The initial weights have the variance gain/inputs: 2 for functions like ReLU, which let about
    /// half of the variance pass (He et al., ICCV 2015), otherwise 1.
    #[must_use]
    pub fn gain(self) -> f64 {
        match self {
            Self::Relu | Self::LeakyRelu | Self::Gelu | Self::Silu => 2.0,
            Self::Tanh | Self::Sigmoid | Self::ShiftedTanh => 1.0,
        }
    }

    /// Whether the derivative takes two values only, which single precision holds exactly up to a factor.
    #[must_use]
    pub fn is_piecewise_linear(self) -> bool {
        matches!(self, Self::Relu | Self::LeakyRelu)
    }

    /// Whether the derivative is a function of z, and not of h alone.
    #[must_use]
    pub fn derivative_needs_z(self) -> bool {
        matches!(self, Self::Gelu | Self::Silu)
    }

    /// Replace the products `x w` in `h`, (samples, units), by `f(z)` with `z = x w + b`; b is (units,).
    /// Writes z to `kept`, if given. NaN stays NaN.
    pub fn add_bias_and_apply(
        self,
        mut h: ArrayViewMut2<'_, f32>,
        b: &Array1<f32>,
        kept: Option<ArrayViewMut2<'_, f32>>,
    ) {
        match (self, kept) {
            (Self::Relu, None) => add_bias_then(h, b, relu),
            (Self::LeakyRelu, None) => add_bias_then(h, b, leaky_relu),
            (_, kept) => {
                add_bias_then(h.view_mut(), b, |z| z);
                if let Some(mut kept) = kept {
                    kept.assign(&h);
                }
                self.apply(h);
            }
        }
    }

    /// Replace z, (samples, units), by `h = f(z)`.
    fn apply(self, mut z: ArrayViewMut2<'_, f32>) {
        match self {
            Self::Relu => z.mapv_inplace(relu),
            Self::LeakyRelu => z.mapv_inplace(leaky_relu),
            Self::Tanh => map(z, |z| Tanh {}.map_mut(z)),
            Self::Sigmoid => map(z, |z| Sigmoid {}.map_mut(z)),
            // (1 + tanh z)/2 = 1/(1 + exp(-2 z))
            Self::ShiftedTanh => {
                z *= 2.0;
                map(z, |z| Sigmoid {}.map_mut(z));
            }
            Self::Gelu => map(z, |z| Gelu {}.map_mut(z)),
            Self::Silu => map(z, |z| Silu {}.map_mut(z)),
        }
    }

    /// Multiply delta by `f'(z)` in single precision, as automatic differentiation does; all are
    /// (samples, units). `kept` is z if [`Self::derivative_needs_z`], otherwise h.
    pub fn times_derivative(self, delta: ArrayViewMut2<'_, f32>, kept: ArrayView2<'_, f32>) {
        match self {
            Self::Relu => for_each_pair(delta, kept, |d, h| if h <= 0.0 { 0.0 } else { d }),
            Self::LeakyRelu => {
                for_each_pair(delta, kept, |d, h| if h <= 0.0 { LEAK * d } else { d });
            }
            Self::Tanh => for_each_pair(delta, kept, |d, h| d * (1.0 - h * h)),
            Self::Sigmoid => for_each_pair(delta, kept, |d, h| d * (h * (1.0 - h))),
            Self::ShiftedTanh => for_each_pair(delta, kept, |d, h| d * (2.0 * h * (1.0 - h))),
            Self::Gelu => {
                // Phi(z) + z phi(z)
                let mut slope = kept.mapv(|z| z * std::f32::consts::FRAC_1_SQRT_2);
                map(slope.view_mut(), |z| Erf {}.map_mut(z));
                for_each_pair(slope.view_mut(), kept, |erf, _| 0.5 * (1.0 + erf));
                let mut phi = kept.mapv(|z| -0.5 * z * z);
                map(phi.view_mut(), |z| Exp {}.map_mut(z));
                let scale = 1.0 / (2.0 * std::f32::consts::PI).sqrt();
                for_each_pair(phi.view_mut(), kept, |exp, z| scale * exp * z);
                for_each_pair(slope.view_mut(), phi.view(), |a, b| a + b);
                for_each_pair(delta, slope.view(), |d, slope| d * slope);
            }
            Self::Silu => {
                let mut slope = kept.to_owned();
                map(slope.view_mut(), |z| Sigmoid {}.map_mut(z));
                for_each_pair(slope.view_mut(), kept, |s, z| s * (1.0 + z * (1.0 - s)));
                for_each_pair(delta, slope.view(), |d, slope| d * slope);
            }
        }
    }
}

/// `max(0, z)`, except that NaN stays NaN; `f32::max` would turn it into 0.
#[inline(always)]
fn relu(z: f32) -> f32 {
    if z < 0.0 { 0.0 } else { z }
}

#[inline(always)]
fn leaky_relu(z: f32) -> f32 {
    if z < 0.0 { LEAK * z } else { z }
}

/// Apply `f` to the elements, row by row where the rows are apart.
pub(super) fn map(mut z: ArrayViewMut2<'_, f32>, f: impl Fn(&mut [f32])) {
    if let Some(z) = z.as_slice_mut() {
        return f(z);
    }
    for mut row in z.rows_mut() {
        match row.as_slice_mut() {
            Some(row) => f(row),
            None => row.iter_mut().for_each(|z| f(std::slice::from_mut(z))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use ndarray::{Array2, array};

    #[test]
    fn functions_and_derivatives_agree_with_their_definitions() {
        let points = Array2::from_shape_fn((8, 40), |(i, j)| (i * 40 + j) as f32 / 20.0 - 8.013);
        for &activation in Activation::value_variants() {
            let (mut h, mut z) = (points.clone(), Array2::zeros(points.dim()));
            activation.add_bias_and_apply(h.view_mut(), &Array1::zeros(40), Some(z.view_mut()));
            assert_eq!(z, points);
            let kept = if activation.derivative_needs_z() { &z } else { &h };
            let mut slope = Array2::ones(points.dim());
            activation.times_derivative(slope.view_mut(), kept.view());
            for ((&z, &h), &slope) in points.iter().zip(&h).zip(&slope) {
                let z = f64::from(z);
                let near = |found: f64, expected: f64, tolerance: f64| {
                    let error = (found - expected).abs();
                    assert!(
                        error < tolerance * expected.abs().max(1.0),
                        "{activation:?} {z}: {found}"
                    );
                };
                near(f64::from(h), activation.value(z), 1e-6);
                let derivative = (activation.value(z + 1e-5) - activation.value(z - 1e-5)) / 2e-5;
                near(f64::from(slope), derivative, 2e-6);
                near(activation.derivative(z), derivative, 1e-9);
                near(activation.rounded_derivative(z, activation.value(z)), derivative, 1e-9);
                let (sign, ln) = activation.ln_derivative(z);
                near(sign * ln.exp(), derivative, 1e-9);
            }
        }
    }

    #[test]
    fn exact_derivatives_keep_their_ratio_where_single_precision_has_none() {
        // From the expansions for large |z|, in logarithms.
        let z = array![[-60.0_f32, -58.0, 57.0, 300.0]];
        for (activation, rate) in [(Activation::Tanh, 2.0), (Activation::Sigmoid, 1.0)] {
            let mut delta = array![[1.0, -1.0, 1.0, 1.0]];
            activation.times_exact_derivative(delta.view_mut(), z.view());
            let expected = [-3.0 * rate, -rate, 0.0].map(f64::exp);
            let signs = [1.0, -1.0, 1.0];
            for ((&found, expected), sign) in delta.iter().zip(expected).zip(signs) {
                assert!((f64::from(found) - sign * expected).abs() < 1e-6, "{delta}");
            }
            assert!(delta[[0, 3]].abs() < 1e-30, "{delta}");
        }
        // Below the smallest number of double precision.
        for (activation, z) in
            [(Activation::Tanh, [-400.5, 400.0]), (Activation::Sigmoid, [801.0, 800.0])]
        {
            let mut delta = array![[1.0, -2.0]];
            activation.times_exact_derivative(delta.view_mut(), array![z].view());
            assert_relative_eq!(delta, array![[0.5 * (-1.0_f32).exp(), -1.0]], max_relative = 1e-6);
        }
        // phi(z) z (1 - 1/z²) and exp(z) (1 + z)
        let z = array![[-50.0_f32, -50.5]];
        for (activation, ratio, tolerance) in [
            (Activation::Gelu, 1.01 * (-25.125_f32).exp(), 1e-3),
            (Activation::Silu, 49.5 / 49.0 * (-0.5_f32).exp(), 1e-5),
        ] {
            let mut delta = array![[1.0, 1.0]];
            activation.times_exact_derivative(delta.view_mut(), z.view());
            assert_relative_eq!(delta[[0, 0]], -1.0);
            assert_relative_eq!(delta[[0, 1]], -ratio, max_relative = tolerance);
        }
    }

    #[test]
    fn exact_derivatives_come_with_their_factors() {
        // Rows that are more and more saturated, down to where f32 and then f64 hold no derivative.
        let z = array![[-0.3_f32, 0.7, 2.0], [-7.0, 5.0, 6.0], [-40.0, 42.0, 41.0]];
        let far = array![[-500.0_f32, 500.1, 501.0]];
        for &activation in Activation::value_variants() {
            for z in [&z, &far] {
                let mut delta = Array2::from_elem(z.dim(), 0.0);
                delta
                    .rows_mut()
                    .into_iter()
                    .for_each(|mut row| row.assign(&array![2.0, -1.0, 0.5]));
                let ones = delta.clone();
                let ln_factors = activation.times_exact_derivative(delta.view_mut(), z.view());
                assert_eq!(ln_factors.len(), z.nrows());
                for (row, ln_factor) in ln_factors.into_iter().enumerate() {
                    for column in 0..3 {
                        let (sign, ln) = activation.ln_derivative(f64::from(z[[row, column]]));
                        let expected =
                            sign * (ln + ln_factor).exp() * f64::from(ones[[row, column]]);
                        let found = f64::from(delta[[row, column]]);
                        assert!(
                            (found - expected).abs() < 1e-5,
                            "{activation:?} {row}: {found} {expected}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn nan_stays_nan() {
        for &activation in Activation::value_variants() {
            let mut h = array![[f32::NAN, 1.0, 0.5, 0.25, 2.0, 3.0, 4.0, 5.0, 6.0]];
            activation.add_bias_and_apply(h.view_mut(), &Array1::zeros(9), None);
            assert!(h[[0, 0]].is_nan() && h[[0, 1]].is_finite(), "{activation:?}: {h}");
        }
    }
}
