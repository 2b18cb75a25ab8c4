//! Initialisation of the network.

use ndarray::{Array1, Array2};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{Rule, Settings};
use crate::{
    Error, Result,
    math::rng::{self, Purpose},
    network::{Layer, Network, Readout},
};

/// The untrained network: `w ~ N(0, gain/inputs)`, with [`Activation::gain`](crate::network::Activation::gain)
/// unless the settings have another, `b = 0` and `r ~ N(0, readout_scale²)`. With local errors every layer has a readout without bias; with
/// backpropagation only the last layer has one, with bias 0. `sizes` holds the number of inputs, then
/// the number of units of each layer.
///
/// Each layer and each readout has its own stream of random numbers. Layers 1 to k of a deeper
/// network are therefore initialised like those of a network with k layers.
///
/// # Errors
/// If there is no layer, or if the network is too large for memory.
pub fn init(sizes: &[usize], classes: usize, settings: &Settings) -> Result<Network> {
    let Settings { rule, activation, weight_gain, readout_scale, seed, .. } = *settings;
    let gain = weight_gain.unwrap_or(activation.gain());
    let &[_, .., _] = sizes else {
        return Err(Error::usage("a network needs inputs and at least one layer"));
    };
    if !fits(parameters(sizes, classes)) {
        return Err(Error::usage(format!(
            "a network of sizes {sizes:?} is too large for memory, or has more than {MAX_VALUES} parameters"
        )));
    }
    let depth = sizes.len() - 1;
    let layer = |(index, pair): (usize, &[usize])| {
        let (inputs, units) = (pair[0], pair[1]);
        let mut weights = rng::stream(seed, Purpose::Weights, index);
        let w = normal(&mut weights, (inputs, units), (gain / inputs as f64).sqrt());
        let with_readout = rule == Rule::Local || index + 1 == depth;
        let readout = with_readout.then(|| {
            let scale = readout_scale.unwrap_or(1.0 / (units as f64).sqrt());
            let mut readout = rng::stream(seed, Purpose::Readout, index);
            let r = normal(&mut readout, (units, classes), scale);
            let c = (rule == Rule::Backprop).then(|| Array1::zeros(classes));
            Readout { r, c, probe: false }
        });
        Layer { w, b: Array1::zeros(units), readout }
    };
    let layers = sizes.windows(2).enumerate().map(layer).collect();
    Ok(Network { layers, classes, activation })
}

/// Independent normal numbers with mean 0 and standard deviation `scale`.
fn normal(rng: &mut impl Rng, shape: (usize, usize), scale: f64) -> Array2<f32> {
    Array2::from_shape_simple_fn(shape, || {
        let z: f64 = StandardNormal.sample(rng);
        (scale * z) as f32
    })
}

/// The number of parameters; `None` if it overflows.
fn parameters(sizes: &[usize], classes: usize) -> Option<usize> {
    let layer = |pair: &[usize]| {
        let (inputs, units) = (pair[0], pair[1]);
        let readout = units.checked_add(1)?.checked_mul(classes)?;
        inputs.checked_add(1)?.checked_mul(units)?.checked_add(readout)
    };
    sizes.windows(2).map(layer).try_fold(0, |total: usize, layer| total.checked_add(layer?))
}

/// Whether this many f32 values fit in memory; `None` is a number that overflowed.
pub(super) fn fits(values: Option<usize>) -> bool {
    let is_free = |values| Vec::<f32>::new().try_reserve_exact(values).is_ok();
    values.is_some_and(|values| values <= MAX_VALUES && is_free(values))
}

/// Largest number of f32 values held: they take 17 GB. A system that overcommits memory would grant
/// more and kill the process later.
const MAX_VALUES: usize = 1 << 32;
