//! The geometry of classes: how the samples of each class spread around its centre, and how the
//! centres spread.
//!
//! Let N samples `h` belong to C classes, `m` be the mean of all samples, and `m_c`, `n_c` and `cov_c`
//! be the mean, the count and the covariance (divisor `n_c - 1`) of class c. A class without samples
//! does not count.
//!
//! | number | definition | source |
//! |---|---|---|
//! | `within` | `tr Σ_W`, where `Σ_W = 1/N Σ (h - m_c)(h - m_c)ᵀ` | Papyan, Han and Donoho |
//! | `between` | `tr Σ_B`, where `Σ_B = 1/C Σ_c (m_c - m)(m_c - m)ᵀ` | Papyan, Han and Donoho |
//! | `ratio` | `between / within` | |
//! | `nc1` | `tr(Σ_W Σ_B⁺) / C` | Papyan, Han and Donoho |
//! | `centre_span` | `tr P Σ_T / tr Σ_T`, where P projects on the span of the `m_c - m`, and `Σ_T = 1/N Σ (h - m)(h - m)ᵀ` | |
//! | `class_dimension` | mean over classes of `(tr cov_c)² / tr cov_c²` | Cohen et al. |
//! | `class_radius` | mean over classes of `sqrt(tr cov_c) / |m_c - m|` | Cohen et al. |
//! | `centre_correlation` | mean over pairs of classes of `|cos|` of `m_c - m` and `m_c' - m` | Cohen et al. |
//!
//! V. Papyan, X. Han and D. Donoho, PNAS 117, 24652 (2020); U. Cohen, S. Chung, D. Lee and
//! H. Sompolinsky, Nat. Commun. 11, 746 (2020), here the plain statistics of the samples and not those
//! that follow from the capacity.

mod centres;
mod cloud;
mod scatter;
#[cfg(test)]
mod tests;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use self::{
    centres::Centres,
    cloud::Cloud,
    scatter::{Scatter, Within},
};
use crate::{
    Error, Result,
    math::scale::Scaled,
    spectrum::{MAX_VALUES, Shards, magnitude},
};

/// One line of the output of `class-geometry`; the module's documentation defines the numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassGeometry {
    /// The layer, counted from 1; `None` for a single matrix.
    pub layer: Option<usize>,
    /// Number of samples.
    pub samples: usize,
    /// Number of units.
    pub units: usize,
    /// Number of classes that have samples.
    pub classes: usize,
    /// Variance of the samples about the centres of their classes, summed over units.
    pub within: f64,
    /// Variance of the centres about the mean of all samples, summed over units.
    pub between: f64,
    /// `between / within`; `None` if `within` is 0.
    pub ratio: Option<f64>,
    /// Within-class scatter relative to between-class scatter, in the directions of the centres;
    /// `None` if all centres equal the mean of all samples.
    pub nc1: Option<f64>,
    /// Fraction of the variance that lies in the directions of the centres, between and within classes;
    /// `None` if all centres equal the mean of all samples. The first `classes - 1` principal directions
    /// hold at least as much, and exactly as much only if they are those of the centres.
    pub centre_span: Option<f64>,
    /// Mean participation ratio of the classes whose samples are not all equal; `None` if there is no
    /// such class.
    pub class_dimension: Option<f64>,
    /// Mean radius of the classes of at least two samples, in units of the distance of their centre
    /// from the mean of all samples; `None` if there is no such class, or if a centre equals the mean.
    pub class_radius: Option<f64>,
    /// Mean absolute cosine between centres; `None` if there is a single class, or if a centre equals
    /// the mean of all samples.
    pub centre_correlation: Option<f64>,
}

/// Measure the geometry of the classes in each layer, in one pass. `labels` are the classes of the
/// samples, one each.
///
/// For each class, memory holds units² numbers, or the samples of the class if they are fewer than the
/// units. A layer is released as soon as all its samples are read.
///
/// # Errors
/// If a file cannot be read, if the number of labels differs, if there are too many units for memory,
/// or if `within` or `between` is outside the range of f8.
pub fn class_geometry(mut shards: Shards, labels: &[u8]) -> Result<Vec<ClassGeometry>> {
    let name = shards.name().to_owned();
    let (samples, units) = (shards.samples(), shards.units());
    if labels.len() != samples {
        let message = format!("has {samples} samples for {} labels", labels.len());
        return Err(Error::data(message).in_file(&name));
    }
    let counts = counts(labels);
    check_memory(&counts, units, shards.layers_at_once()).map_err(|e| e.in_file(&name))?;
    let stack = shards.layers().is_some();
    let mut layers: Vec<Option<Layer>> = Vec::new();
    layers.resize_with(shards.layers().unwrap_or(1), || None);
    let mut lines = Vec::with_capacity(layers.len());
    while let Some(block) = shards.next_block()? {
        let place = &mut layers[block.matrix];
        let mut layer = match place.take() {
            Some(layer) => layer,
            None => Layer::new(&counts, units).map_err(|e| e.in_file(&name))?,
        };
        layer.add(block.values.view(), labels).map_err(|e| e.in_file(&name))?;
        if layer.rows < samples {
            *place = Some(layer);
        } else {
            let number = stack.then_some(block.matrix + 1);
            lines.push(layer.finish(number, units).map_err(|e| e.in_file(&name))?);
        }
    }
    Ok(lines)
}

/// Number of samples of each class, up to the largest label.
fn counts(labels: &[u8]) -> Vec<usize> {
    let mut counts = Vec::new();
    for &label in labels {
        let class = usize::from(label);
        if class >= counts.len() {
            counts.resize(class + 1, 0);
        }
        counts[class] += 1;
    }
    counts
}

/// Refuse more numbers than memory may hold.
fn check_memory(counts: &[usize], units: usize, layers: usize) -> Result<()> {
    let add = |sum: usize, &count: &usize| sum.checked_add(Cloud::size(count, units)?);
    let values = counts.iter().try_fold(0, add).and_then(|values| values.checked_mul(layers));
    if values.is_some_and(|values| values <= MAX_VALUES) {
        return Ok(());
    }
    let classes = counts.iter().filter(|&&count| count > 0).count();
    Err(Error::data(format!(
        "is too large for units x units moments in memory (found {units} units, {classes} classes, {layers} layers at a time)"
    )))
}

/// The samples of one layer, as far as they are read.
struct Layer {
    /// The cloud of each class; `None` for a class without samples.
    clouds: Vec<Option<Cloud>>,
    /// Number of samples so far.
    rows: usize,
}

impl Layer {
    fn new(counts: &[usize], units: usize) -> Result<Self> {
        let cloud = |&count: &usize| (count > 0).then(|| Cloud::new(count, units)).transpose();
        Ok(Self { clouds: counts.iter().map(cloud).collect::<Result<_>>()?, rows: 0 })
    }

    /// Add the next rows, (samples, units). `labels` are those of all samples.
    fn add(&mut self, h: ArrayView2<'_, f64>, labels: &[u8]) -> Result<()> {
        let labels = &labels[self.rows..][..h.nrows()];
        for (h, &label) in h.rows().into_iter().zip(labels) {
            let cloud = self.clouds[usize::from(label)].as_mut();
            cloud.expect("the class of a label has samples").add(h)?;
        }
        self.rows += labels.len();
        Ok(())
    }

    /// The line of this layer.
    fn finish(self, layer: Option<usize>, units: usize) -> Result<ClassGeometry> {
        let mut within = Within::default();
        let (mut classes, mut traces, mut dimensions) = (Vec::new(), Vec::new(), Vec::new());
        for cloud in self.clouds.into_iter().flatten() {
            let (class, scatter) = cloud.finish()?;
            let Scatter { trace, dimension, .. } = scatter;
            classes.push(class);
            traces.push(trace);
            dimensions.extend(dimension);
            within.add(scatter);
        }
        let per_sample = |sum: Scaled| Scaled { value: sum.value / self.rows as f64, ..sum };
        let variance = per_sample(traces.iter().copied().sum());
        let centres = Centres::of(&classes, variance)?;
        let between = centres.between();
        let (axes, eigenvalues) = centres.axes()?;
        let (nc1, centre_span) = if eigenvalues.is_empty() {
            (None, None)
        } else {
            let along: Vec<Scaled> =
                within.along(axes.view()).into_iter().map(per_sample).collect();
            let quotients = along.iter().zip(eigenvalues).map(|(along, value)| along.over(value));
            let nc1 = quotients.sum::<f64>() / classes.len() as f64;
            // All that the centres vary lies in their span.
            let of_centres = classes.iter().enumerate().map(|(index, class)| {
                let square = centres.square(index);
                per_sample(Scaled { value: class.samples as f64 * square.value, ..square })
            });
            let of_centres: Scaled = of_centres.sum();
            let in_span: Scaled = along.into_iter().chain([of_centres]).sum();
            let all: Scaled = [variance, of_centres].into_iter().sum();
            (finite(nc1), finite(in_span.over(all)))
        };
        let mut radii = Vec::new();
        for (index, (class, trace)) in classes.iter().zip(&traces).enumerate() {
            if class.samples > 1 {
                let squared = trace.over(centres.square(index)) / (class.samples as f64 - 1.0);
                radii.push(squared.sqrt());
            }
        }
        Ok(ClassGeometry {
            layer,
            samples: self.rows,
            units,
            classes: classes.len(),
            within: in_range(variance, "within")?,
            between: in_range(between, "between")?,
            ratio: finite(between.over(variance)),
            nc1,
            centre_span,
            class_dimension: mean(&dimensions),
            class_radius: mean(&radii),
            centre_correlation: centres.correlation(),
        })
    }
}

/// A variance as f8; an error if it is outside the range.
fn in_range(variance: Scaled, kind: &str) -> Result<f64> {
    let rounded = variance.to_f64();
    if variance.value == 0.0 || rounded.is_normal() {
        return Ok(rounded);
    }
    let (size, remedy) =
        if rounded.is_finite() { ("small", "multiply") } else { ("large", "divide") };
    let found = magnitude(variance.value, variance.exponent);
    Err(Error::data(format!(
        "has a {kind}-class variance that is too {size} for f8 (found about {found}): {remedy} the activations by a constant"
    )))
}

/// The mean, if there is one: of at least one value, all finite.
fn mean(values: &[f64]) -> Option<f64> {
    finite(values.iter().sum::<f64>() / values.len() as f64)
}

fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}
