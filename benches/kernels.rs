//! What the stages compute, on one thread, in floating-point operations a second (an item is
//! one of them) beside the most that the machine's registers can do in the same run. `make bench`.
//!
//! Operations are those of the matrix products, counted as if no entry were 0; what else a stage does
//! counts as nothing.

use divan::{Bencher, counter::ItemsCount};
use local_errors::{
    network::Network,
    spectrum::Spectrum,
    train::{Data, Rule, Settings, Training, start},
};
use ndarray::Array2;
use pulp::{Arch, Simd, WithSimd};
use rand::{Rng, RngExt, SeedableRng, rngs::ChaCha8Rng};

fn main() -> Result<(), rayon::ThreadPoolBuildError> {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global()?;
    divan::main();
    Ok(())
}

const PIXELS: usize = 784;
const CLASSES: usize = 10;

/// As many operations at once as registers can hold, and nothing read from memory.
struct Limit {
    rounds: usize,
}

const REGISTERS: usize = 12;

impl WithSimd for Limit {
    type Output = f32;

    #[allow(clippy::inline_always)] // what is not inlined is not compiled for wide registers
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let (a, b) = (simd.splat_f32s(0.5), simd.splat_f32s(1.0));
        let mut sums = [b; REGISTERS];
        for _ in 0..self.rounds {
            for sum in &mut sums {
                *sum = simd.mul_add_f32s(*sum, a, b);
            }
        }
        let total = sums.into_iter().fold(b, |total, sum| simd.add_f32s(total, sum));
        simd.reduce_sum_f32s(total)
    }
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

#[divan::bench]
fn limit_f32(bencher: Bencher) {
    let rounds = 100_000;
    let lanes = Arch::new().dispatch(Lanes);
    bencher
        .counter(ItemsCount::new(2 * lanes * REGISTERS * rounds))
        .bench(|| Arch::new().dispatch(Limit { rounds: divan::black_box(rounds) }));
}

/// Images of which a part `density` of the pixels is not 0, as MNIST's 0.19.
fn data(samples: usize, density: f64) -> Data {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let pixel = |rng: &mut ChaCha8Rng| {
        let drawn: f64 = rng.random();
        if drawn < density { rng.random() } else { 0.0 }
    };
    let images = Array2::from_shape_simple_fn((samples, PIXELS), || pixel(&mut rng));
    let labels = (0..samples).map(|_| (rng.next_u32() % 10) as u8).collect();
    Data { images, labels }
}

fn network(width: usize) -> Network {
    start(&[PIXELS, width, width, width, width, width], CLASSES, Rule::Local, None, 1)
}

/// Multiplications and additions of one sample forward, readouts included.
fn forward_operations(width: usize) -> usize {
    2 * (PIXELS * width + 4 * width * width + 5 * width * CLASSES)
}

/// Forward, the update of all weights, and the way back through the readouts.
fn epoch_operations(width: usize) -> usize {
    2 * forward_operations(width)
}

#[divan::bench(sample_count = 7, args = [(200, 64), (200, 128), (1000, 128), (1000, 250)])]
fn epoch(bencher: Bencher, (width, batch_size): (usize, usize)) {
    let samples = if width > 500 { 1500 } else { 6400 };
    let data = data(samples, 1.0);
    let settings = Settings {
        epochs: 1,
        batch_size,
        learning_rate: 0.1,
        lr_decay: 1.0,
        lr_decay_every: 1,
        readout_scale: None,
        seed: 1,
        shuffle_labels: false,
    };
    bencher
        .counter(ItemsCount::new(samples * epoch_operations(width)))
        .with_inputs(|| Training::new(network(width)))
        .bench_values(|mut training| {
            let done = training.run_epoch(Rule::Local, &settings, &data, None, |_, _| ());
            (training, done)
        });
}

#[divan::bench(args = [200, 1000])]
fn forward(bencher: Bencher, width: usize) {
    let (samples, network) = (2048, network(width));
    let images = data(samples, 1.0).images;
    bencher
        .counter(ItemsCount::new(samples * forward_operations(width)))
        .bench(|| network.activations_of(images.view(), 1..=5));
}

/// The covariance by its lower triangle, half of the full product; and its eigenvalues, whose
/// operations are not counted.
#[divan::bench(sample_count = 7, args = [200, 784, 1000])]
fn spectrum(bencher: Bencher, units: usize) {
    const BLOCK: usize = 256;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let block = Array2::from_shape_simple_fn((BLOCK, units), || rng.random::<f64>());
    let blocks = 10_000_usize.div_ceil(BLOCK);
    bencher.counter(ItemsCount::new(blocks * BLOCK * units * units)).bench(|| {
        let mut spectrum = Spectrum::new(blocks * BLOCK, units, true)?;
        for _ in 0..blocks {
            spectrum.add(block.clone());
        }
        spectrum.eigenvalues()
    });
}
