//! What the stages compute, on one thread, in floating-point operations a second (an item is
//! one of them) beside the most that the machine's registers can do in the same run. `make bench`.
//!
//! Operations are those of the matrix products, counted as if no entry were 0; what else a stage does
//! counts as nothing.

mod limit;

use divan::{Bencher, counter::ItemsCount};
use local_errors::{
    network::Network,
    spectrum::{Matrix, Spectrum},
    train::{Data, Images, LayerInputs, Rule, Settings, TestSet, Training, init},
};
use ndarray::Array2;
use rand::{Rng, RngExt, SeedableRng, rngs::ChaCha8Rng};

/// That of the tools.
#[global_allocator]
static ALLOCATOR: local_errors::cli::Allocator = local_errors::cli::Allocator;

fn main() -> Result<(), rayon::ThreadPoolBuildError> {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global()?;
    divan::main();
    Ok(())
}

const PIXELS: usize = 784;
const CLASSES: usize = 10;

#[divan::bench]
fn limit_f32(bencher: Bencher) {
    let operations = 100_000_000;
    bencher.counter(ItemsCount::new(operations)).bench(|| limit::multiply_add(operations));
}

#[divan::bench]
fn limit_f64(bencher: Bencher) {
    let operations = 50_000_000;
    bencher.counter(ItemsCount::new(operations)).bench(|| limit::multiply_add_f64(operations));
}

/// The part of MNIST's pixels that is not 0.
const MNIST_DENSITY: f64 = 0.19;

/// Images of which a part `density` of the pixels is not 0.
fn data(samples: usize, density: f64) -> TestSet {
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
    let settings = Settings::preset(Rule::Local);
    init(&[PIXELS, width, width, width, width, width], CLASSES, &settings).expect("it is small")
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
fn epoch_dense(bencher: Bencher, (width, batch_size): (usize, usize)) {
    epoch(bencher, width, batch_size, 1.0);
}

#[divan::bench(sample_count = 7, args = [(200, 64), (200, 128), (1000, 128)])]
fn epoch_sparse(bencher: Bencher, (width, batch_size): (usize, usize)) {
    epoch(bencher, width, batch_size, MNIST_DENSITY);
}

fn epoch(bencher: Bencher, width: usize, batch_size: usize, density: f64) {
    let samples = 12_800;
    let Data { images, labels } = data(samples, density);
    let data = Data { images: Images::new(images), labels };
    let settings = Settings {
        batch_size: batch_size.try_into().expect("it is not 0"),
        // There is nothing to learn here, and a network that diverges computes with denormals.
        learning_rate: 1e-4,
        ..Settings::preset(Rule::Local)
    };
    bencher
        .counter(ItemsCount::new(samples * epoch_operations(width)))
        .with_inputs(|| Training::new(network(width), &settings))
        .bench_values(|mut training| {
            let done = training.run_epoch(&settings, &mut LayerInputs::new(&data, None), |_, _| ());
            (training, done)
        });
}

#[divan::bench(args = [200, 1000])]
fn forward(bencher: Bencher, width: usize) {
    let (samples, network) = (2048, network(width));
    let images = data(samples, 1.0).images;
    let layers = network.layers.len();
    bencher
        .counter(ItemsCount::new(samples * forward_operations(width)))
        .bench(|| Network::chunks(images.view(), |_, x| network.activations(x, layers)));
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
        let mut spectrum = Spectrum::new(blocks * BLOCK, units, Matrix::Covariance)?;
        for _ in 0..blocks {
            spectrum.add(block.clone());
        }
        spectrum.eigenvalues()
    });
}
