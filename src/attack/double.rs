//! The gradient in double precision, as automatic differentiation gives it.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Zip};

use super::{logits::Logits, loss::lost_labels};
use crate::math::{linalg, softmax::softmax_minus_onehot};

impl Logits<'_> {
    /// Write to `g` the gradient `dE/dx` of `E = -ln p_y` for the images `x` with the true labels `y`;
    /// `x` and `g` are (samples, pixels). All steps are in f64, from the f4 weights and pixels. At the end
    /// each sample is divided by its largest absolute value, because f4 holds no number below 1e-45.
    /// Returns the number of samples for which `p_y - 1` is 0. What overflows in f64 becomes NaN.
    pub fn gradient_in_double(
        &self,
        x: ArrayView2<'_, f32>,
        y: &[u8],
        mut g: ArrayViewMut2<'_, f32>,
    ) -> usize {
        let activation = self.network.activation;
        let mut h = in_double(x);
        // The weights and `f'(z)` of each layer, (samples, units).
        let mut passed = Vec::new();
        for layer in self.layers() {
            let w = in_double(layer.w.view());
            let z = product(h.view(), w.view()) + &layer.b.mapv(f64::from);
            h = z.mapv(|z| activation.value(z));
            let slope =
                Zip::from(&z).and(&h).map_collect(|&z, &h| activation.rounded_derivative(z, h));
            passed.push((w, slope));
        }
        let r = in_double(self.readout.r.view());
        let mut dz = product(h.view(), r.view());
        if let Some(c) = &self.readout.c {
            dz += &c.mapv(f64::from);
        }
        for (mut z, &y) in dz.rows_mut().into_iter().zip(y) {
            let z = z.as_slice_mut().expect("the logits are in standard layout");
            softmax_minus_onehot(z, y.into());
        }
        let lost = lost_labels(dz.view(), y);
        let mut delta = product(dz.view(), r.t());
        for (w, slope) in passed.into_iter().rev() {
            delta *= &slope;
            delta = product(delta.view(), w.t());
        }
        for (mut g, delta) in g.rows_mut().into_iter().zip(delta.rows()) {
            let largest = delta.iter().fold(0.0, |largest: f64, delta| largest.max(delta.abs()));
            // The largest of zeros is 0, by which none is divided.
            let scale = if largest > 0.0 { largest } else { 1.0 };
            g.zip_mut_with(&delta, |g, delta| *g = (delta / scale) as f32);
        }
        lost
    }
}

fn in_double(array: ArrayView2<'_, f32>) -> Array2<f64> {
    array.mapv(f64::from)
}

fn product(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut out = Array2::zeros((a.nrows(), b.ncols()));
    linalg::product(out.view_mut(), a, b);
    out
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array2, ArrayView1};
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    use crate::{
        attack::{Gradient, Loss, loss::tests::network},
        network::Network,
    };

    /// The logits of a network of ReLU, (classes,), and their derivatives, (pixels, classes).
    fn logits(network: &Network, x: ArrayView1<'_, f32>) -> (Array1<f64>, Array2<f64>) {
        let (mut h, mut slope) = (x.mapv(f64::from), Array2::eye(x.len()));
        for l in &network.layers {
            let w = l.w.mapv(f64::from);
            let z = h.dot(&w) + l.b.mapv(f64::from);
            slope = slope.dot(&w) * z.mapv(|z| if z > 0.0 { 1.0 } else { 0.0 });
            h = z.mapv(|z| z.max(0.0));
        }
        let r = network.layers.last().unwrap().readout.as_ref().unwrap().r.mapv(f64::from);
        (h.dot(&r), slope.dot(&r))
    }

    #[test]
    fn the_term_of_the_true_class_is_lost_where_f64_rounds_p_to_1() {
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        let x = Array2::from_shape_simple_fn((400, 12), || rng.random::<f32>());
        let (mut lost, mut kept, mut tiny) = (0, 0, 0);
        for scale in [30.0, 150.0, 1500.0] {
            let mut network = network();
            network.layers[2].readout.as_mut().unwrap().r *= scale;
            let loss = Loss::new(&network, None, Gradient::Float64).unwrap();
            for (row, x) in x.rows().into_iter().enumerate() {
                let y = row % 4;
                let (z, slope) = logits(&network, x);
                // 1 - p_y is this to first order, in which nothing is rounded.
                let missing: f64 = (0..4).filter(|&c| c != y).map(|c| (z[c] - z[y]).exp()).sum();
                let is_lost = missing < 2.0_f64.powi(-53);
                let largest = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let mut dz = z.mapv(|z| (z - largest).exp());
                dz /= dz.sum();
                dz[y] = if is_lost { 0.0 } else { -1.0 / (1.0 + 1.0 / missing) };
                let expected = slope.dot(&dz);
                let largest = expected.iter().fold(0.0_f64, |largest, g| largest.max(g.abs()));
                // Near the smallest f64, and where the rounding of p_y decides, nothing is compared.
                let near = 2.0_f64.powi(-45) > missing && missing > 2.0_f64.powi(-54);
                if near || (0.0 < largest && largest < 1e-300) {
                    continue;
                }
                let mut g = Array2::zeros((1, 12));
                let image = x.insert_axis(ndarray::Axis(0));
                let found = loss.gradient(image, &[y as u8], 0, g.view_mut()).unwrap();
                assert_eq!(found, usize::from(is_lost), "{scale} {row}: {missing:e}");
                let scale = if largest > 0.0 { largest } else { 1.0 };
                for (&found, expected) in g.iter().zip(expected) {
                    let error = (f64::from(found) - expected / scale).abs();
                    assert!(error < 1e-2, "{scale} {row}: {found} {expected:e}");
                }
                lost += usize::from(is_lost);
                kept += usize::from(!is_lost);
                tiny += usize::from(0.0 < largest && largest < 1e-60);
            }
        }
        assert!(lost > 100 && kept > 100 && tiny > 10, "{lost} {kept} {tiny}");
    }
}
