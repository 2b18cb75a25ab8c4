//! The logits of a layer's readout as functions of the pixels, and their gradients.

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};

use crate::{
    Error, Result,
    math::{elementwise::first_not_finite, linalg},
    network::{Layer, Network, Readout},
};

/// The readout of one layer, on top of the layers up to this one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Logits<'a> {
    pub network: &'a Network,
    /// The layer, counted from 1.
    layer: usize,
    pub readout: &'a Readout,
    /// Whether derivatives of saturated units keep their relative precision.
    exact: bool,
}

/// What remains of images that passed through the network.
pub(super) struct Forward {
    /// The logits, (samples, classes).
    pub logits: Array2<f32>,
    /// What the derivatives of each layer's activation function are computed from, (samples, units):
    /// the pre-activations if they need these, otherwise the activations.
    kept: Vec<Array2<f32>>,
}

impl Forward {
    /// The passes of some of the images.
    pub fn select(&self, rows: &[usize]) -> Self {
        let select = |array: &Array2<f32>| array.select(Axis(0), rows);
        Self { logits: select(&self.logits), kept: self.kept.iter().map(select).collect() }
    }
}

impl<'a> Logits<'a> {
    /// The logits of layer `layer`, counted from 1; `None` is the last layer. If `exact`, gradients keep
    /// their relative precision where units are saturated, and not only in single precision.
    ///
    /// # Errors
    /// If there is no such layer, or if it has no readout.
    pub fn new(network: &'a Network, layer: Option<usize>, exact: bool) -> Result<Self> {
        let layer = network.layer_number(layer)?;
        let readout = network.readout(layer)?;
        // The derivatives of functions that are linear in parts are exact in single precision.
        let exact = exact && !network.activation.is_piecewise_linear();
        Ok(Self { network, layer, readout, exact })
    }

    /// The layers up to the one of the readout.
    pub fn layers(&self) -> &'a [Layer] {
        &self.network.layers[..self.layer]
    }

    /// The forward pass of images x, (samples, pixels).
    ///
    /// # Errors
    /// If an activation is not finite.
    pub fn forward(&self, x: ArrayView2<'_, f32>) -> Result<Forward> {
        let needs_z = self.exact || self.network.activation.derivative_needs_z();
        let [h, z] = if needs_z {
            self.network.activations_and_z(x, self.layer)?
        } else {
            [self.network.activations(x, self.layer)?, Vec::new()]
        };
        let mut logits = Array2::zeros((x.nrows(), self.network.classes));
        self.readout.logits(h[self.layer - 1].view(), logits.view_mut());
        Ok(Forward { logits, kept: if needs_z { z } else { h } })
    }

    /// Write to `g`, (samples, pixels), the gradient `dE/dx` of any function E of the logits with
    /// the derivatives `dz = dE/dz`, (samples, classes). The gradient of each sample has an additional
    /// positive factor. Returns the logarithms of these factors, (samples,), which are 0 unless exact
    /// derivatives of saturating units were asked for.
    pub fn backward(
        &self,
        forward: &Forward,
        dz: Array2<f32>,
        g: ArrayViewMut2<'_, f32>,
    ) -> Vec<f64> {
        let layers = self.layers();
        let mut ln_factors = vec![0.0; dz.nrows()];
        let mut delta = dz;
        // The weights above each layer.
        let above = layers.iter().skip(1).map(|layer| &layer.w).chain([&self.readout.r]);
        for (weights, kept) in above.zip(&forward.kept).collect::<Vec<_>>().into_iter().rev() {
            let mut lower = Array2::zeros(kept.dim());
            linalg::product(lower.view_mut(), delta.view(), weights.t());
            if self.exact {
                let activation = self.network.activation;
                let further = activation.times_exact_derivative(lower.view_mut(), kept.view());
                ln_factors.iter_mut().zip(further).for_each(|(sum, further)| *sum += further);
            } else {
                self.network.activation.times_derivative(lower.view_mut(), kept.view());
            }
            delta = lower;
        }
        linalg::product(g, delta.view(), layers[0].w.t());
        ln_factors
    }
}

/// Check that the gradients or logits `values` of some samples, one row each, are finite. `what` names
/// them in the message, and `image` tells the index of a row's sample among all images.
pub(super) fn check_finite(
    values: ArrayView2<'_, f32>,
    what: &str,
    image: impl Fn(usize) -> usize,
) -> Result<()> {
    let Some(found) = first_not_finite(values) else {
        return Ok(());
    };
    let finite = |row: ArrayView1<'_, f32>| row.iter().all(|value| value.is_finite());
    let row = values.rows().into_iter().position(|row| !finite(row));
    let image = image(row.expect("one of the rows holds the value found"));
    Err(Error::data(format!(
        "image {image} has a {what} that is not finite (found {found}: the network's weights or the pixels are too large)"
    )))
}
