//! One step on a batch: the losses, their gradient, and the change of the parameters.

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, s};
use rayon::prelude::*;

use super::{Images, Rule, Settings, TrainingSet, init::fits};
use crate::{
    Error, Result,
    math::{
        elementwise::add_sum_of_rows,
        linalg::{add_transposed_product, product, shares, split_rows},
    },
    network::{Layer, Network, Readout, predicted, softmax_minus_onehot},
};

/// Loss and errors of a layer's readout, summed over samples.
#[derive(Clone, Copy, Default)]
pub struct Sums {
    /// Sum of `-ln p_y`; 0 without a readout.
    pub loss: f64,
    /// Number of samples classified wrongly.
    pub wrong: usize,
}

/// Performs steps; it holds their arrays, which are allocated once and have one row per sample of
/// the batch.
pub struct Steps {
    /// The images, (batch, pixels); unused if they are sparse.
    x: Array2<f32>,
    layers: Vec<LayerArrays>,
    /// The gradient, if the optimizer remembers any.
    gradient: Option<Vec<Layer>>,
}

struct LayerArrays {
    /// Activations, (batch, units).
    h: Array2<f32>,
    /// Pre-activations, (batch, units), if the derivative needs them; otherwise (batch, 0).
    z: Array2<f32>,
    /// `dE/d(x w + b)` of each sample, (batch, units).
    delta: Array2<f32>,
    /// `dE/dz` of the readout's logits z, (batch, classes).
    dz: Array2<f32>,
    /// Loss of each sample, and whether it is classified wrongly.
    losses: Vec<(f64, bool)>,
}

/// A range of rows of these arrays: the share of one task in the batch.
struct Share<'a> {
    /// The indices of the samples in the training set.
    samples: &'a [usize],
    x: ArrayViewMut2<'a, f32>,
    layers: Vec<LayerShare<'a>>,
}

struct LayerShare<'a> {
    h: ArrayViewMut2<'a, f32>,
    z: ArrayViewMut2<'a, f32>,
    delta: ArrayViewMut2<'a, f32>,
    dz: ArrayViewMut2<'a, f32>,
    losses: &'a mut [(f64, bool)],
}

impl Steps {
    /// Allocate the arrays for batches of at most `batch` samples.
    ///
    /// # Errors
    /// If the arrays are too large for memory.
    pub fn new(network: &Network, settings: &Settings, batch: usize) -> Result<Self> {
        let kept = |units: usize| if network.activation.derivative_needs_z() { units } else { 0 };
        let values = |layer: &Layer| {
            let units = layer.w.ncols();
            2 * units + kept(units) + network.classes
        };
        let row = network.inputs() + network.layers.iter().map(values).sum::<usize>();
        if !fits(batch.checked_mul(row)) {
            let message = format!("a batch of {batch} images is too large for memory");
            return Err(Error::usage(message));
        }
        let layer = |units: usize| LayerArrays {
            h: Array2::zeros((batch, units)),
            z: Array2::zeros((batch, kept(units))),
            delta: Array2::zeros((batch, units)),
            dz: Array2::zeros((batch, network.classes)),
            losses: vec![(0.0, false); batch],
        };
        Ok(Self {
            x: Array2::zeros((batch, network.inputs())),
            layers: network.layers.iter().map(|l| layer(l.w.ncols())).collect(),
            gradient: (settings.memory() > 0).then(|| zeros(network, settings.rule)),
        })
    }

    /// Perform one step on the samples of `data` with the indices `batch`. The gradient is averaged
    /// over the batch. `memory` is what the optimizer remembers of these layers, and `at` the learning
    /// rate and the number of the step, counted from 1. Returns the sums of each layer before the step.
    pub fn run(
        &mut self,
        network: &mut Network,
        memory: &mut [&mut [Layer]],
        settings: &Settings,
        at: (f64, usize),
        data: &TrainingSet,
        batch: &[usize],
    ) -> Vec<Sums> {
        // Rows are independent of one another up to the sums over the batch in `descend`.
        self.shares(batch).into_par_iter().for_each(|mut share| {
            share.forward(network, &data.images);
            share.backward(network, settings.rule, &data.labels);
        });
        self.descend(network, memory, settings, at, &data.images, batch);
        let sums = |layer: &LayerArrays| {
            let losses = &layer.losses[..batch.len()];
            Sums {
                loss: losses.iter().map(|(loss, _)| loss).sum(),
                wrong: losses.iter().filter(|(_, wrong)| *wrong).count(),
            }
        };
        self.layers.iter().map(sums).collect()
    }

    /// Split the rows of the batch among parallel tasks.
    fn shares<'a>(&'a mut self, batch: &'a [usize]) -> Vec<Share<'a>> {
        let count = batch.len();
        let rows = shares(count);
        let split =
            |array: &'a mut Array2<f32>| split_rows(array.slice_mut(s![..count, ..]), &rows);
        let xs = split(&mut self.x);
        let mut shares: Vec<Share<'a>> = xs
            .into_iter()
            .zip(&rows)
            .map(|(x, rows)| Share { samples: &batch[rows.clone()], x, layers: Vec::new() })
            .collect();
        for layer in &mut self.layers {
            let hs = split(&mut layer.h).into_iter().zip(split(&mut layer.z));
            let deltas = split(&mut layer.delta).into_iter().zip(split(&mut layer.dz));
            let mut rest = &mut layer.losses[..count];
            for (share, ((h, z), (delta, dz))) in shares.iter_mut().zip(hs.zip(deltas)) {
                let losses;
                (losses, rest) = rest.split_at_mut(share.samples.len());
                share.layers.push(LayerShare { h, z, delta, dz, losses });
            }
        }
        shares
    }

    /// Change the parameters of all layers: `w` and `b`, and with backpropagation `r` and `c`.
    fn descend(
        &mut self,
        network: &mut Network,
        memory: &mut [&mut [Layer]],
        settings: &Settings,
        (rate, step): (f64, usize),
        images: &Images,
        batch: &[usize],
    ) {
        let mut memories: Vec<Vec<&mut Layer>> = network.layers.iter().map(|_| vec![]).collect();
        for layers in memory {
            memories.iter_mut().zip(layers.iter_mut()).for_each(|(of, layer)| of.push(layer));
        }
        let gradients = self.gradient.iter_mut().flatten().map(Some);
        let gradients: Vec<_> =
            gradients.chain(std::iter::repeat_with(|| None)).take(memories.len()).collect();
        let (x, layers) = (&self.x, &self.layers);
        let add = |layer: &mut Layer, alpha: f64, index: usize| {
            let x = index.checked_sub(1).map_or(x, |below| &layers[below].h);
            let sparse = (index == 0).then_some(images);
            add_gradient(layer, alpha as f32, settings, (sparse, x), &layers[index], batch);
        };
        let layers = network.layers.par_iter_mut().zip(memories).zip(gradients).enumerate();
        layers.for_each(|(index, ((layer, mut memory), gradient))| {
            let Some(gradient) = gradient else {
                return add(layer, -rate / batch.len() as f64, index);
            };
            gradient.parameters_mut().for_each(|g| g.fill(0.0));
            add(gradient, 1.0 / batch.len() as f64, index);
            settings.step(layer, gradient, &mut memory, rate, step);
        });
    }
}

/// Add `alpha` times the gradient, summed over the batch, to a layer. `x` is what the layer reads, (batch,
/// inputs), and `images` where it comes from if the layer is the first.
fn add_gradient(
    layer: &mut Layer,
    alpha: f32,
    settings: &Settings,
    (images, x): (Option<&Images>, &Array2<f32>),
    arrays: &LayerArrays,
    batch: &[usize],
) {
    let rows = s![..batch.len(), ..];
    let (x, delta) = (x.slice(rows), arrays.delta.slice(rows));
    match images {
        Some(images) => images.add_transposed_product(&mut layer.w, alpha, batch, x, delta),
        None => add_transposed_product(&mut layer.w, alpha, x, delta),
    }
    if settings.bias {
        add_sum_of_rows(&mut layer.b, alpha, delta);
    }
    if let (Rule::Backprop, Some(readout)) = (settings.rule, &mut layer.readout) {
        let dz = arrays.dz.slice(rows);
        add_transposed_product(&mut readout.r, alpha, arrays.h.slice(rows), dz);
        if let Some(c) = &mut readout.c {
            add_sum_of_rows(c, alpha, dz);
        }
    }
}

/// Zeros in the shape of what is trained: with local errors the readouts are not.
pub fn zeros(network: &Network, rule: Rule) -> Vec<Layer> {
    let layer = |layer: &Layer| Layer {
        w: Array2::zeros(layer.w.dim()),
        b: Array1::zeros(layer.b.dim()),
        readout: layer.readout.as_ref().filter(|_| rule == Rule::Backprop).map(|readout| Readout {
            r: Array2::zeros(readout.r.dim()),
            c: readout.c.as_ref().map(|c| Array1::zeros(c.dim())),
            probe: false,
        }),
    };
    network.layers.iter().map(layer).collect()
}

impl Share<'_> {
    /// Compute the activations of every layer.
    fn forward(&mut self, network: &Network, images: &Images) {
        let activation = network.activation;
        let mut below: Option<ArrayView2<'_, f32>> = None;
        for (layer, arrays) in network.layers.iter().zip(&mut self.layers) {
            let LayerShare { h, z, .. } = arrays;
            match below {
                Some(x) => product(h.view_mut(), x, layer.w.view()),
                None => {
                    images.product(h.view_mut(), self.samples, layer.w.view(), &mut self.x);
                }
            }
            let z = activation.derivative_needs_z().then(|| z.view_mut());
            activation.add_bias_and_apply(h.view_mut(), &layer.b, z);
            below = Some(h.view());
        }
    }

    /// Compute the losses, and `delta` of every layer: from its own readout if it has one, otherwise
    /// from the layer above.
    fn backward(&mut self, network: &Network, rule: Rule, labels: &[u8]) {
        let mut above: Option<(usize, &LayerShare<'_>)> = None;
        for (index, arrays) in self.layers.iter_mut().enumerate().rev() {
            if let Some(readout) = &network.layers[index].readout {
                readout.logits(arrays.h.view(), arrays.dz.view_mut());
                let rows = arrays.dz.rows_mut().into_iter().zip(arrays.losses.iter_mut());
                for ((mut z, loss), &sample) in rows.zip(self.samples) {
                    let y = usize::from(labels[sample]);
                    let wrong = predicted(z.view()) != y;
                    let z = z.as_slice_mut().expect("the logits are in standard layout");
                    *loss = (softmax_minus_onehot(z, y), wrong);
                }
                product(arrays.delta.view_mut(), arrays.dz.view(), readout.r.t());
            } else if let (Rule::Backprop, Some((index, above))) = (rule, above) {
                let w = &network.layers[index].w;
                product(arrays.delta.view_mut(), above.delta.view(), w.t());
            }
            let activation = network.activation;
            let kept = if activation.derivative_needs_z() { &arrays.z } else { &arrays.h };
            activation.times_derivative(arrays.delta.view_mut(), kept.view());
            above = Some((index, arrays));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        network::Activation,
        train::{Data, Form, Optimizer, TestSet, init},
    };
    use clap::ValueEnum;
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    /// Images of which a fraction `density` of the pixels is non-zero.
    fn data(samples: usize, density: f64) -> TestSet {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let images = Array2::from_shape_simple_fn((samples, 6), || {
            if rng.random::<f64>() < density { rng.random() } else { 0.0 }
        });
        Data { images, labels: (0..samples).map(|i| (i % 3) as u8).collect() }
    }

    fn training_set(data: &TestSet, form: Form) -> TrainingSet {
        let images = Images::new(data.images.clone());
        assert_eq!(images.form(), form);
        Data { images, labels: data.labels.clone() }
    }

    /// The batch mean of the loss of layer `layer`, computed independently in f64.
    fn loss(network: &Network, data: &TestSet, layer: usize) -> f64 {
        let mut h = data.images.mapv(f64::from);
        for l in &network.layers[..=layer] {
            let z = h.dot(&l.w.mapv(f64::from)) + l.b.mapv(f64::from);
            h = z.mapv(|z| network.activation.value(z));
        }
        let readout = network.layers[layer].readout.as_ref().unwrap();
        let mut z = h.dot(&readout.r.mapv(f64::from));
        if let Some(c) = &readout.c {
            z += &c.mapv(f64::from);
        }
        let losses = z
            .rows()
            .into_iter()
            .zip(&data.labels)
            .map(|(z, &y)| z.mapv(f64::exp).sum().ln() - z[usize::from(y)]);
        losses.sum::<f64>() / data.labels.len() as f64
    }

    type Parameter = fn(&mut Network, usize) -> &mut [f32];

    /// Check that a step with learning rate 1 changes each parameter by minus its gradient.
    fn check(rule: Rule, parameter: Parameter, layer: usize, loss_layer: usize) {
        for (density, form) in [(1.0, Form::Dense), (0.2, Form::Sparse)] {
            let data = data(7, density);
            let train = training_set(&data, form);
            for &activation in Activation::value_variants() {
                let settings = Settings { activation, ..Settings::preset(rule) };
                check_on(&data, &train, &settings, parameter, layer, loss_layer);
            }
        }
    }

    fn check_on(
        data: &TestSet,
        train: &TrainingSet,
        settings: &Settings,
        parameter: Parameter,
        layer: usize,
        loss_layer: usize,
    ) {
        let mut network = init(&[6, 5, 5, 4], 3, settings).unwrap();
        network.layers.iter_mut().for_each(|l| l.b.fill(0.1));
        let mut stepped = network.clone();
        let batch: Vec<usize> = (0..7).collect();
        let mut steps = Steps::new(&network, settings, 9).unwrap();
        steps.run(&mut stepped, &mut [], settings, (1.0, 1), train, &batch);
        for i in 0..parameter(&mut network, layer).len() {
            let original = parameter(&mut network, layer)[i];
            // A power of two, so that `up - down` is exactly twice the step.
            let step = 1.0 / 65536.0;
            let mut at = |value: f32| {
                parameter(&mut network, layer)[i] = value;
                loss(&network, data, loss_layer)
            };
            let (up, down) = (original + step, original - step);
            let expected = (at(up) - at(down)) / f64::from(up - down);
            parameter(&mut network, layer)[i] = original;
            let found = f64::from(original) - f64::from(parameter(&mut stepped, layer)[i]);
            assert!((found - expected).abs() < 1e-5, "{i}: {found} for {expected}");
        }
    }

    fn w(network: &mut Network, layer: usize) -> &mut [f32] {
        network.layers[layer].w.as_slice_mut().unwrap()
    }
    fn b(network: &mut Network, layer: usize) -> &mut [f32] {
        network.layers[layer].b.as_slice_mut().unwrap()
    }
    fn r(network: &mut Network, layer: usize) -> &mut [f32] {
        network.layers[layer].readout.as_mut().unwrap().r.as_slice_mut().unwrap()
    }
    fn c(network: &mut Network, layer: usize) -> &mut [f32] {
        network.layers[layer].readout.as_mut().unwrap().c.as_mut().unwrap().as_slice_mut().unwrap()
    }

    #[test]
    fn local_errors_follow_the_gradient_of_their_own_loss() {
        for layer in 0..3 {
            check(Rule::Local, w, layer, layer);
            check(Rule::Local, b, layer, layer);
        }
    }

    #[test]
    fn backpropagation_follows_the_gradient_of_the_last_loss() {
        for layer in 0..3 {
            check(Rule::Backprop, w, layer, 2);
            check(Rule::Backprop, b, layer, 2);
        }
        check(Rule::Backprop, r, 2, 2);
        check(Rule::Backprop, c, 2, 2);
    }

    #[test]
    fn without_bias_the_weights_follow_the_gradient_and_biases_stay_0() {
        let data = training_set(&data(7, 1.0), Form::Dense);
        let plain = |rule, optimizer| Settings::preset_with(rule, optimizer);
        for (rule, optimizer, momentum) in [
            (Rule::Local, Optimizer::Sgd, 0.0),
            (Rule::Local, Optimizer::Sgd, 0.9),
            (Rule::Backprop, Optimizer::Adam, 0.0),
        ] {
            let with = Settings { momentum, ..plain(rule, optimizer) };
            let without = Settings { bias: false, ..with.clone() };
            let start = init(&[6, 5, 5], 3, &with).unwrap();
            let stepped = |settings: &Settings| {
                let mut network = start.clone();
                let mut memory = vec![zeros(&network, rule); settings.memory()];
                let mut memory: Vec<&mut [Layer]> =
                    memory.iter_mut().map(Vec::as_mut_slice).collect();
                let mut steps = Steps::new(&network, settings, 7).unwrap();
                let batch = [0, 1, 2, 3];
                steps.run(&mut network, &mut memory, settings, (1.0, 1), &data, &batch);
                network
            };
            let (with, without) = (stepped(&with), stepped(&without));
            for (with, without) in with.layers.iter().zip(&without.layers) {
                assert!(with.b.iter().any(|b| *b != 0.0));
                assert_eq!((&with.w, &with.readout), (&without.w, &without.readout));
                assert!(without.b.iter().all(|b| b.to_bits() == 0), "{}", without.b);
            }
        }
    }

    #[test]
    fn local_readouts_stay_fixed() {
        let data = training_set(&data(7, 1.0), Form::Dense);
        let settings = Settings::preset(Rule::Local);
        let mut network = init(&[6, 5, 5], 3, &settings).unwrap();
        let before = network.clone();
        let mut steps = Steps::new(&network, &settings, 7).unwrap();
        steps.run(&mut network, &mut [], &settings, (1.0, 1), &data, &[0, 1, 2, 3]);
        for (after, before) in network.layers.iter().zip(&before.layers) {
            assert_eq!(after.readout, before.readout);
            assert_ne!(after.w, before.w);
        }
    }
}
