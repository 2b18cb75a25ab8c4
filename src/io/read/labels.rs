//! Reading labels, the true classes of images.

use std::path::{Path, PathBuf};

use super::{Float, Rows, Source, array};
use crate::{Error, Result};

/// Labels, counted from 0.
#[derive(Debug)]
pub struct Labels {
    name: PathBuf,
    /// The labels, (samples,).
    pub values: Vec<u8>,
    /// Number of classes: one more than the largest label.
    pub classes: usize,
    /// SHA-256 of the file, if the source is hashed.
    pub sha256: Option<String>,
}

impl Labels {
    /// Read labels of shape (samples,): integers from 0 to 255, or b1 as 0 and 1.
    ///
    /// # Errors
    /// If the source does not hold such labels.
    pub fn read(source: Source) -> Result<Self> {
        Self::first(source, None)
    }

    /// Read the labels of the images used. If only the first N images are used, only the first N labels
    /// are read.
    ///
    /// # Errors
    /// If the source does not hold labels, or if their number differs from that of the images.
    pub fn read_for<T: Float>(source: Source, images: &Rows<T>) -> Result<Self> {
        Self::first(source, images.is_cut().then_some(images.samples()))?.of(images)
    }

    /// Read the labels of `samples` samples, which messages describe as those `of` a file. If they are
    /// only the `first` ones of it, as many labels are read; otherwise, there must be no more.
    ///
    /// # Errors
    /// If the source does not hold labels, or if their number differs from that of the samples.
    pub fn read_for_samples(source: Source, samples: usize, first: bool, of: &str) -> Result<Self> {
        Self::first(source, first.then_some(samples))?.expect_count(samples, "sample", of)
    }

    fn first(source: Source, kept: Option<usize>) -> Result<Self> {
        let name = source.name().to_owned();
        let (values, sha256) = array::bytes(source, kept)?;
        let classes = values.iter().max().map_or(0, |&largest| usize::from(largest) + 1);
        Ok(Self { name, values, classes, sha256 })
    }

    /// The labels of the images used.
    ///
    /// # Errors
    /// If the number of labels differs from that of the images.
    pub fn of<T: Float>(mut self, images: &Rows<T>) -> Result<Self> {
        if images.is_cut() {
            self.values.truncate(images.samples());
        }
        self.expect_count(images.samples(), "image", &images.name().display().to_string())
    }

    /// Check that there are as many labels as `thing`s in `of`.
    fn expect_count(self, expected: usize, thing: &str, of: &str) -> Result<Self> {
        let found = self.values.len();
        if found == expected {
            return Ok(self);
        }
        Err(self.wrong(format!(
            "label count differs from {thing} count of {of} (found {found} labels, {expected} {thing}s)"
        )))
    }

    /// Check that all labels are below `classes`.
    ///
    /// # Errors
    /// If one is not.
    pub fn within(self, classes: usize) -> Result<Self> {
        let mut labels = self.values.iter().enumerate();
        match labels.find(|&(_, &label)| usize::from(label) >= classes) {
            None => Ok(self),
            Some((index, found)) => Err(self.wrong(format!(
                "has a label outside the classes at [{index}] (found {found}, expected 0 to {})",
                classes - 1
            ))),
        }
    }

    /// The name of the file in messages.
    #[must_use]
    pub fn name(&self) -> &Path {
        &self.name
    }

    fn wrong(&self, message: String) -> Error {
        Error::data(message).in_file(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_outside_the_classes_is_named() {
        let labels = |values: &[u8]| Labels {
            name: "y.npy".into(),
            values: values.to_vec(),
            classes: 0,
            sha256: None,
        };
        assert!(labels(&[0, 2]).within(3).is_ok());
        assert_eq!(
            labels(&[0, 3]).within(3).unwrap_err().to_string(),
            "y.npy: has a label outside the classes at [1] (found 3, expected 0 to 2)"
        );
    }
}
