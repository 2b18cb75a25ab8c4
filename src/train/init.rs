//! The network before it has learned anything.

use ndarray::{Array1, Array2};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{Rule, Settings};
use crate::{
    Error, Result,
    math::rng::{self, Purpose},
    network::{Layer, Network, Readout},
};

/// The untrained network: `w ~ N(0, 2/inputs)`, `b = 0`, `r ~ N(0, scale²)`; with
/// backpropagation a readout, and its bias 0, at the last layer only. `sizes` are the inputs, then
/// the units of each layer.
///
/// Each layer and readout has a stream of its own, so that layers 1 to k of a
/// deeper network start as those of the k-layer network.
pub fn init(sizes: &[usize], classes: usize, settings: &Settings) -> Result<Network> {
    let Settings { rule, readout_scale, seed, .. } = *settings;
    let &[_, .., _] = sizes else {
        return Err(Error::usage("a network has inputs and at least one layer"));
    };
    if !fits(parameters(sizes, classes)) {
        return Err(Error::usage(format!(
            "a network of {sizes:?} units is too large for memory, or for the limit of {MOST_NUMBERS} numbers"
        )));
    }
    let depth = sizes.len() - 1;
    let layer = |(index, pair): (usize, &[usize])| {
        let (inputs, units) = (pair[0], pair[1]);
        let mut weights = rng::stream(seed, Purpose::Weights, index);
        let w = normal(&mut weights, (inputs, units), (2.0 / inputs as f64).sqrt());
        let with_readout = rule == Rule::Local || index + 1 == depth;
        let readout = with_readout.then(|| {
            let scale = readout_scale.unwrap_or(1.0 / (units as f64).sqrt());
            let mut readout = rng::stream(seed, Purpose::Readout, index);
            let r = normal(&mut readout, (units, classes), scale);
            let c = (rule == Rule::Backprop).then(|| Array1::zeros(classes));
            Readout { r, c }
        });
        Layer { w, b: Array1::zeros(units), readout }
    };
    Ok(Network { layers: sizes.windows(2).enumerate().map(layer).collect(), classes })
}

fn normal(rng: &mut impl Rng, shape: (usize, usize), scale: f64) -> Array2<f32> {
    Array2::from_shape_simple_fn(shape, || {
        let z: f64 = StandardNormal.sample(rng);
        (scale * z) as f32
    })
}

/// The number of parameters, if usize holds it.
fn parameters(sizes: &[usize], classes: usize) -> Option<usize> {
    let layer = |pair: &[usize]| {
        let (inputs, units) = (pair[0], pair[1]);
        let readout = units.checked_add(1)?.checked_mul(classes)?;
        inputs.checked_add(1)?.checked_mul(units)?.checked_add(readout)
    };
    sizes.windows(2).map(layer).try_fold(0, |total: usize, layer| total.checked_add(layer?))
}

/// Whether memory holds this many numbers.
pub(super) fn fits(numbers: Option<usize>) -> bool {
    let is_free = |numbers| Vec::<f32>::new().try_reserve_exact(numbers).is_ok();
    numbers.is_some_and(|numbers| numbers <= MOST_NUMBERS && is_free(numbers))
}

/// 17 GB. Systems that promise more memory than they have would end the process.
const MOST_NUMBERS: usize = 1 << 32;
