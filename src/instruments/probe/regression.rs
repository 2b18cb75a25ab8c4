//! The loss of multinomial logistic regression, and its gradient.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::{
    math::{linalg, softmax::softmax_minus_onehot},
    network::CHUNK,
};

/// Largest number of parts into which the samples are divided. Each part has a gradient of its own, and
/// the gradients are added in order, so that the sum does not depend on the number of threads.
const MAX_PARTS: usize = 32;

/// The function to be minimised: `mean of -ln p_y + l2/2 |w|²` with `p = softmax(x w + b)`. The biases b
/// are free. The parameters are w, (features, classes), followed by b, (classes,).
pub struct Regression<'a> {
    /// The features, (samples, features).
    pub x: ArrayView2<'a, f64>,
    /// The class of each sample, below `classes`.
    pub y: &'a [usize],
    /// Number of classes.
    pub classes: usize,
    /// The factor of the squared weights.
    pub l2: f64,
}

/// The sums over some of the samples.
struct Sums {
    loss: f64,
    dw: Array2<f64>,
    db: Array1<f64>,
}

impl Regression<'_> {
    /// The parameters without features: weights of 0, and biases at the logarithms of the classes'
    /// frequencies. Each class must have a sample.
    pub fn start(&self) -> Vec<f64> {
        let mut counts = vec![0.0; self.classes];
        for &class in self.y {
            counts[class] += 1.0;
        }
        let samples = self.y.len() as f64;
        let biases = counts.into_iter().map(|count: f64| (count / samples).ln());
        std::iter::repeat_n(0.0, self.x.ncols() * self.classes).chain(biases).collect()
    }

    /// The weights and the biases in a vector of parameters.
    pub fn split<'p>(&self, parameters: &'p [f64]) -> (ArrayView2<'p, f64>, ArrayView1<'p, f64>) {
        let (w, b) = parameters.split_at(self.x.ncols() * self.classes);
        let w = ArrayView2::from_shape((self.x.ncols(), self.classes), w);
        (w.expect("the slice was split at this size"), b.into())
    }

    /// The function and its gradient.
    pub fn evaluate(&self, parameters: &[f64]) -> (f64, Vec<f64>) {
        let (w, b) = self.split(parameters);
        let samples = self.y.len();
        let rows = samples.div_ceil(MAX_PARTS).next_multiple_of(CHUNK);
        let starts: Vec<usize> = (0..samples).step_by(rows).collect();
        let parts = starts.into_par_iter().map(|start| {
            let end = (start + rows).min(samples);
            self.sums(start, end, w, b)
        });
        let mut parts = parts.collect::<Vec<_>>().into_iter();
        let mut total = parts.next().expect("there are samples");
        for part in parts {
            total.loss += part.loss;
            total.dw += &part.dw;
            total.db += &part.db;
        }
        let samples = samples as f64;
        let squares: f64 = w.iter().map(|w| w * w).sum();
        let dw = total.dw.iter().zip(w).map(|(dw, w)| dw / samples + self.l2 * w);
        let db = total.db.iter().map(|db| db / samples);
        (total.loss / samples + self.l2 / 2.0 * squares, dw.chain(db).collect())
    }

    /// The sums of the losses and of their gradients over the samples from `start` to `end`.
    fn sums(
        &self,
        start: usize,
        end: usize,
        w: ArrayView2<'_, f64>,
        b: ArrayView1<'_, f64>,
    ) -> Sums {
        let (mut loss, mut dw, mut db) = (0.0, Array2::zeros(w.dim()), Array1::zeros(b.len()));
        for start in (start..end).step_by(CHUNK) {
            let rows = start..(start + CHUNK).min(end);
            let x = self.x.slice(s![rows.clone(), ..]);
            let mut dz = logits(x, w, b);
            for (mut z, &y) in dz.rows_mut().into_iter().zip(&self.y[rows]) {
                let z = z.as_slice_mut().expect("the logits are in standard layout");
                loss += softmax_minus_onehot(z, y);
            }
            linalg::add_product(dw.view_mut(), 1.0, x.t(), dz.view());
            db += &dz.sum_axis(Axis(0));
        }
        Sums { loss, dw, db }
    }
}

/// The logits `z = x w + b`, (samples, classes), of features x, (samples, features).
pub fn logits(
    x: ArrayView2<'_, f64>,
    w: ArrayView2<'_, f64>,
    b: ArrayView1<'_, f64>,
) -> Array2<f64> {
    let mut z = Array2::zeros((x.nrows(), w.ncols()));
    linalg::product(z.view_mut(), x, w);
    z += &b;
    z
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::*;
    use crate::instruments::probe::standardise::Standardisation;
    use approx::assert_relative_eq;
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    fn random(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        Array2::from_shape_simple_fn((rows, columns), || rng.random::<f64>() - 0.5)
    }

    /// What `tests/reference/probe.py` computes in NumPy.
    #[test]
    fn the_loss_and_the_gradient_agree_with_numpy() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference/golden/probe");
        let stack: ndarray::Array3<f32> =
            ndarray_npy::read_npy(folder.join("train-activations.npy")).unwrap();
        let labels: Array1<u8> = ndarray_npy::read_npy(folder.join("train-labels.npy")).unwrap();
        let point: Array2<f64> = ndarray_npy::read_npy(folder.join("point.npy")).unwrap();
        let expected = fs::read_to_string(folder.join("point.json")).unwrap();
        let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
        let (_, x) = Standardisation::of(stack.index_axis(Axis(0), 0).mapv(f64::from));
        let y: Vec<usize> = labels.iter().map(|&y| usize::from(y)).collect();
        let regression = Regression { x: x.view(), y: &y, classes: 4, l2: 0.1 };
        let (loss, gradient) = regression.evaluate(point.as_slice().unwrap());
        let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        assert_relative_eq!(loss, expected["loss"].as_f64().unwrap(), max_relative = 1e-12);
        let expected = expected["gradient_norm"].as_f64().unwrap();
        assert_relative_eq!(norm, expected, max_relative = 1e-12);
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let x = random(600, 5, 1);
        let y: Vec<usize> = (0..600).map(|i| i * i % 3).collect();
        let regression = Regression { x: x.view(), y: &y, classes: 3, l2: 0.3 };
        let at = random(1, 18, 2).into_raw_vec_and_offset().0;
        let (_, gradient) = regression.evaluate(&at);
        for (place, &expected) in gradient.iter().enumerate() {
            let value = |step: f64| {
                let mut at = at.clone();
                at[place] += step;
                regression.evaluate(&at).0
            };
            let found = (value(1e-5) - value(-1e-5)) / 2e-5;
            assert!((found - expected).abs() < 1e-9, "{place}: {found} for {expected}");
        }
    }

    #[test]
    fn the_number_of_threads_changes_no_byte() {
        for (samples, features, classes) in
            [(20_000, 7, 3), (1000, 40, 2), (600, 1, 2), (300, 3, 1)]
        {
            let x = random(samples, features, 3);
            let y: Vec<usize> = (0..samples).map(|i| i % classes).collect();
            let regression = Regression { x: x.view(), y: &y, classes, l2: 0.01 };
            let at = random(1, (features + 1) * classes, 4).into_raw_vec_and_offset().0;
            let run = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| regression.evaluate(&at))
            };
            let one = run(1);
            assert!([2, 3, 8].iter().all(|&threads| run(threads) == one), "{samples} samples");
        }
    }

    #[test]
    fn without_features_the_start_is_the_minimum() {
        let x = Array2::zeros((4, 0));
        let regression = Regression { x: x.view(), y: &[0, 1, 1, 1], classes: 2, l2: 1.0 };
        let (loss, gradient) = regression.evaluate(&regression.start());
        assert_relative_eq!(loss, -0.25 * 0.25_f64.ln() - 0.75 * 0.75_f64.ln(), epsilon = 1e-15);
        assert!(gradient.iter().all(|g| g.abs() < 1e-15), "{gradient:?}");
    }
}
