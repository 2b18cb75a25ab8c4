//! The data as the layers that learn see them: the images, or the activations of the layers below.

use ndarray::{Array2, Axis};
use rayon::prelude::*;

use super::{Data, Images, TestSet, TrainingSet};
use crate::{
    Result,
    network::{CHUNK, Layer, Network},
};

/// The data of a training.
pub struct LayerInputs<'a> {
    train: &'a TrainingSet,
    test: Option<&'a TestSet>,
    /// The data passed through the first layers, with their number, from 1.
    passed: Option<(usize, TrainingSet, Option<TestSet>)>,
}

impl<'a> LayerInputs<'a> {
    /// The inputs that begins with the images.
    #[must_use]
    pub fn new(train: &'a TrainingSet, test: Option<&'a TestSet>) -> Self {
        Self { train, test, passed: None }
    }

    /// Number of training images.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.train.labels.len()
    }

    /// What the layer above the first `layers` reads. These must have their final parameters.
    ///
    /// # Errors
    /// If an activation is not finite.
    pub(super) fn above(
        &mut self,
        network: &Network,
        layers: usize,
    ) -> Result<(&TrainingSet, Option<&TestSet>)> {
        while layers > self.passed.as_ref().map_or(0, |(passed, ..)| *passed) {
            let (passed, train, test) = match &self.passed {
                Some((passed, train, test)) => (*passed, train, test.as_ref()),
                None => (0, self.train, self.test),
            };
            let one = network.part(passed..passed + 1);
            let images = one.training_activations(&train.images);
            let train = Data { images: Images::new(images), labels: train.labels.clone() };
            let test = test.map(|test| -> Result<TestSet> {
                let images = one.layer(1, test.images.view())?;
                Ok(Data { images, labels: test.labels.clone() })
            });
            self.passed = Some((passed + 1, train, test.transpose()?));
        }
        Ok(match &self.passed {
            Some((_, train, test)) if layers > 0 => (train, test.as_ref()),
            _ => (self.train, self.test),
        })
    }
}

impl Network {
    /// The activations of the first layer, computed as in a training.
    fn training_activations(&self, images: &Images) -> Array2<f32> {
        let Layer { w, b, .. } = &self.layers[0];
        let mut h = Array2::zeros((images.samples(), w.ncols()));
        let chunks: Vec<_> = h.axis_chunks_iter_mut(Axis(0), CHUNK).collect();
        chunks.into_par_iter().enumerate().for_each(|(index, mut h)| {
            let samples: Vec<usize> = (index * CHUNK..index * CHUNK + h.nrows()).collect();
            let mut x = Array2::zeros((h.nrows(), w.nrows()));
            images.product(h.view_mut(), &samples, w.view(), &mut x.view_mut());
            self.activation.add_bias_and_apply(h, b, None);
        });
        h
    }
}
