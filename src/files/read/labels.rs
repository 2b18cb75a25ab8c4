//! Reading labels, the true classes of images.

use std::path::{Path, PathBuf};

use super::{Float, Rows, Source, array, known::in_python, npy::Npy, transposed};
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

/// The samples that labels are of.
#[derive(Debug)]
pub struct Labelled<'a> {
    /// What messages call a sample.
    pub thing: &'a str,
    /// What messages call the file of the samples.
    pub of: &'a str,
    /// Number of samples used.
    pub count: usize,
    /// Number of elements of a sample.
    pub columns: usize,
    /// Whether the file holds a stack of matrices.
    pub is_stack: bool,
    /// Whether they are the first ones of more.
    pub cut: bool,
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

    /// Read the labels of these samples. If they are the first ones of more, as many labels are read;
    /// otherwise, there must be no more.
    ///
    /// # Errors
    /// If the source does not hold labels, or if their number differs from that of the samples.
    pub fn read_for_samples(source: Source, samples: &Labelled<'_>) -> Result<Self> {
        Self::first(source, samples.cut.then_some(samples.count))?.expect_count(samples)
    }

    /// The labels of an opened array, and the bytes that its source has copied.
    pub(super) fn with_bytes(mut npy: Npy) -> Result<(Self, Vec<u8>)> {
        let labels = Self::of_array(&mut npy, None)?;
        Ok((labels, npy.source.end_copy()))
    }

    fn first(source: Source, kept: Option<usize>) -> Result<Self> {
        Self::of_array(&mut Npy::open(source)?, kept)
    }

    fn of_array(npy: &mut Npy, kept: Option<usize>) -> Result<Self> {
        let values = array::bytes(npy, kept)?;
        let classes = values.iter().max().map_or(0, |&largest| usize::from(largest) + 1);
        let (name, sha256) = (npy.source.name().to_owned(), npy.source.sha256());
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
        let name = images.name().display().to_string();
        self.expect_count(&Labelled {
            thing: "image",
            of: &name,
            count: images.samples(),
            columns: images.columns(),
            is_stack: images.layers().is_some(),
            cut: images.is_cut(),
        })
    }

    /// Check that there are as many labels as samples.
    fn expect_count(self, samples: &Labelled<'_>) -> Result<Self> {
        let &Labelled { thing, of, count, columns, is_stack, .. } = samples;
        let found = self.values.len();
        if found == count {
            return Ok(self);
        }
        let error = self.wrong(format!(
            "label count differs from {thing} count of {of} (found {found} labels, {count} {thing}s)"
        ));
        Err(error.with_remedy((found == columns).then(|| transposed(is_stack))))
    }

    /// Check that all labels are below `classes`.
    ///
    /// # Errors
    /// If one is not.
    pub fn within(self, classes: usize) -> Result<Self> {
        let mut labels = self.values.iter().enumerate();
        match labels.find(|&(_, &label)| usize::from(label) >= classes) {
            None => Ok(self),
            Some((index, found)) => {
                let error = self.wrong(format!(
                    "has a label outside the classes at [{index}] (found {found}, expected 0 to {})",
                    classes - 1
                ));
                Err(error.with_remedy(self.remedy_if_from_1()))
            }
        }
    }

    /// What to say of labels that seem to be counted from 1, as they are in MATLAB and R.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        let remedy = self.remedy_if_from_1()?;
        Some(format!("has labels from 1 to {}, so class 0 is empty: {remedy}", self.classes - 1))
    }

    /// How to count labels of several classes from 0, if the first is 1.
    fn remedy_if_from_1(&self) -> Option<String> {
        let from_1 = self.classes > 2 && self.values.iter().min() == Some(&1);
        from_1.then(|| format!("to count from 0, {}", in_python("numpy.load(OLD) - 1")))
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

    fn labels(values: &[u8]) -> Labels {
        let classes = values.iter().map(|&label| usize::from(label) + 1).max().unwrap_or(0);
        Labels { name: "y.npy".into(), values: values.to_vec(), classes, sha256: None }
    }

    #[test]
    fn labels_from_1_are_doubted() {
        let expected = "has labels from 1 to 3, so class 0 is empty: to count from 0, in Python, \
                        numpy.save(NEW, numpy.load(OLD) - 1)";
        assert_eq!(labels(&[1, 3, 2, 3]).doubt().as_deref(), Some(expected));
        // The labels of a single class are those of a selection.
        for values in [&[0, 1, 2][..], &[1, 1], &[3, 4], &[0], &[]] {
            assert_eq!(labels(values).doubt(), None, "{values:?}");
        }
        let message = labels(&[1, 2, 3]).within(3).unwrap_err().to_string();
        assert!(message.ends_with(
            "expected 0 to 2): to count from 0, in Python, numpy.save(NEW, numpy.load(OLD) - 1)"
        ));
    }

    #[test]
    fn a_label_outside_the_classes_is_named() {
        assert!(labels(&[0, 2]).within(3).is_ok());
        assert_eq!(
            labels(&[0, 3]).within(3).unwrap_err().to_string(),
            "y.npy: has a label outside the classes at [1] (found 3, expected 0 to 2)"
        );
    }
}
