//! Optimizers: how a step follows from the gradient.

#![allow(clippy::inline_always)] // as in math::elementwise

use clap::ValueEnum;
use serde::Serialize;

use super::Settings;
use crate::{
    math::elementwise::{combine, combine_three},
    network::Layer,
};

/// The optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// Stochastic gradient descent
    Sgd,
    /// Adam (Kingma and Ba, ICLR 2015), with beta 0.9 and 0.999 and epsilon 1e-8
    Adam,
}

/// Adam's rates of decay of the means of the gradient and of its square.
const BETA: [f64; 2] = [0.9, 0.999];
/// Adam's addition to the denominator.
const EPSILON: f32 = 1e-8;

impl Settings {
    /// The number of arrays that the optimizer remembers for each parameter: none for plain descent,
    /// the velocity for descent with momentum, and the means m and v for Adam.
    #[must_use]
    pub fn memory(&self) -> usize {
        match self.optimizer {
            Optimizer::Sgd => usize::from(self.momentum > 0.0),
            Optimizer::Adam => 2,
        }
    }

    /// Change the parameters of a layer by one step with the gradient g, for optimizers with a memory.
    /// `memory` has [`Self::memory`] layers of the same shape; `step` counts the steps from 1.
    ///
    /// Momentum as in PyTorch: `v = momentum v + g`, `w = w - rate v`.
    pub(super) fn step(
        &self,
        layer: &mut Layer,
        g: &Layer,
        memory: &mut [&mut Layer],
        rate: f64,
        step: usize,
    ) {
        let steps = i32::try_from(step).unwrap_or(i32::MAX);
        let [first, second] = BETA.map(|beta| beta as f32);
        let unbiased = BETA.map(|beta| 1.0 - beta.powi(steps));
        let adam_rate = (rate / unbiased[0]) as f32;
        let root = (unbiased[1].sqrt()) as f32;
        let (rate, momentum) = (rate as f32, self.momentum as f32);
        let parameters = layer.parameters_mut().zip(g.parameters());
        match memory {
            [v] => {
                for ((w, g), v) in parameters.zip(v.parameters_mut()) {
                    combine(v, g, |v, g| flushed(momentum * v + g));
                    combine(w, v, |w, v| w - rate * v);
                }
            }
            [m, v] => {
                let memory = m.parameters_mut().zip(v.parameters_mut());
                for ((w, g), (m, v)) in parameters.zip(memory) {
                    combine_three([w, m, v], g, |[w, m, v], g| {
                        let m = flushed(first * m + (1.0 - first) * g);
                        let v = flushed(second * v + (1.0 - second) * g * g);
                        [w - adam_rate * m / (v.sqrt() / root + EPSILON), m, v]
                    });
                }
            }
            _ => unreachable!("plain descent remembers nothing: it needs no gradient apart"),
        }
    }
}

/// Zero in place of a number too small to change a parameter. Where a unit has no gradient any more, the
/// means would fall below 1e-38, where processors are slow: ReLU with Adam took 1.9 times as long.
#[inline(always)]
fn flushed(x: f32) -> f32 {
    if x.abs() < 1e-30 { 0.0 } else { x }
}
