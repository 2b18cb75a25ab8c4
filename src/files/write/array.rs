//! Writing arrays as `.npy` files.

use std::{fmt::Display, path::Path};

use ndarray::{ArrayBase, Data, Dimension};
use ndarray_npy::{WritableElement, WriteDataError};
use py_literal::Value as PyValue;

use super::Output;
use crate::{
    Error, Result,
    files::read::{index_text, shape_text},
    math::elementwise::all_finite,
};

/// The element types of the arrays that are written.
pub trait Element: WritableElement + Copy + Display {
    /// Whether all elements are finite.
    fn are_finite(elements: &[Self]) -> bool;
}

impl Element for f32 {
    fn are_finite(elements: &[Self]) -> bool {
        all_finite(elements)
    }
}

impl Element for f64 {
    fn are_finite(elements: &[Self]) -> bool {
        all_finite(elements)
    }
}

impl Element for u8 {
    fn are_finite(_: &[Self]) -> bool {
        true
    }
}

/// Number of elements written at a time.
const CHUNK: usize = 1 << 16;

/// An array that is written in blocks, in C order.
pub struct NpyOutput<T> {
    output: Output,
    shape: Vec<usize>,
    missing: usize,
    element: std::marker::PhantomData<T>,
}

impl<T: Element> NpyOutput<T> {
    /// Create a file for an array of this shape.
    pub fn create(path: &Path, shape: &[usize]) -> Result<Self> {
        Self::within(Output::create(path)?, shape)
    }

    /// Start an array of this shape after the bytes already written to `output`.
    ///
    /// # Errors
    /// If the size of the array overflows, or if writing fails.
    pub fn within(mut output: Output, shape: &[usize]) -> Result<Self> {
        let elements = shape.iter().try_fold(1, |product: usize, &axis| product.checked_mul(axis));
        let bytes = elements.and_then(|elements| elements.checked_mul(size_of::<T>()));
        let (Some(missing), Some(_)) = (elements, bytes) else {
            let message = format!("would be too large for any file: shape {}", shape_text(shape));
            return Err(Error::data(message).in_file(output.name()));
        };
        output.bytes(&npy_header::<T>(shape))?;
        Ok(Self { output, shape: shape.to_vec(), missing, element: std::marker::PhantomData })
    }

    /// Write the elements of `block` as the next elements of the array, in C order.
    ///
    /// # Errors
    /// If an element is not finite, there are more elements than the shape has, or writing fails.
    pub fn block<S: Data<Elem = T>, D: Dimension>(
        &mut self,
        block: &ArrayBase<S, D>,
    ) -> Result<()> {
        let standard = block.as_standard_layout();
        let elements = standard.as_slice().expect("the array is in standard layout");
        // A few at a time, which are still in the cache when they are written after the check.
        elements.chunks(CHUNK).try_for_each(|elements| self.elements(elements))
    }

    fn elements(&mut self, elements: &[T]) -> Result<()> {
        if !T::are_finite(elements) {
            return Err(self.not_finite(elements));
        }
        self.missing = self
            .missing
            .checked_sub(elements.len())
            .ok_or_else(|| self.wrong("was given more elements than its shape has"))?;
        T::write_slice(elements, &mut self.output).map_err(|e| match e {
            WriteDataError::Io(e) => self.output.failed(e),
            e @ WriteDataError::FormatData(_) => self.wrong(&e.to_string()),
        })
    }

    /// Complete the array and its file.
    ///
    /// # Errors
    /// If elements are missing, or if writing fails.
    pub fn finish(self) -> Result<()> {
        self.filled()?.finish()
    }

    /// The output, after checking that the array is complete.
    ///
    /// # Errors
    /// If elements are missing.
    pub fn filled(self) -> Result<Output> {
        match self.missing {
            0 => Ok(self.output),
            missing => Err(self.wrong(&format!("lacks {missing} elements of its shape"))),
        }
    }

    /// The error for the first element that is not finite. Such arrays are not written, because no
    /// tool would read them.
    fn not_finite(&self, elements: &[T]) -> Error {
        let position = elements.iter().position(|&x| !T::are_finite(&[x]));
        let position = position.expect("one of the elements is not finite");
        let written = self.shape.iter().product::<usize>() - self.missing;
        let index = index_text(&self.shape, written + position);
        let found = elements[position];
        self.wrong(&format!(
            "would have a value at {index} that is not finite (found {found}): the arguments or the data are too large"
        ))
    }

    fn wrong(&self, message: &str) -> Error {
        Error::data(message).in_file(self.output.name())
    }
}

/// Write a whole array. The output must be finished by the caller.
pub fn npy<T, S, D>(path: &Path, array: &ArrayBase<S, D>) -> Result<Output>
where
    T: Element,
    S: Data<Elem = T>,
    D: Dimension,
{
    let mut output = NpyOutput::create(path, array.shape())?;
    output.block(array)?;
    output.filled()
}

/// The header in version 1.0 of the format, padded to a multiple of 64 bytes as NumPy does.
fn npy_header<T: WritableElement>(shape: &[usize]) -> Vec<u8> {
    let descr = match T::type_descriptor() {
        PyValue::String(descr) => descr,
        other => other.to_string(),
    };
    let shape = shape_text(shape);
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let len = (10 + text.len() + 1).next_multiple_of(64) - 10;
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    // A shape of at most 8 axes with 20 digits each is far shorter than 65,536 bytes.
    header.extend(u16::try_from(len).unwrap_or(u16::MAX).to_le_bytes());
    header.extend(format!("{text:<width$}\n", width = len - 1).into_bytes());
    header
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use ndarray::array;

    #[test]
    fn an_array_has_the_header_numpy_writes() {
        let header = npy_header::<f32>(&[3]);
        assert_eq!(header.len(), 128);
        assert!(header.ends_with(b" \n"));
        let text = String::from_utf8_lossy(&header[10..]).into_owned();
        assert!(text.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"));
    }

    #[test]
    fn a_value_that_is_not_finite_is_named_and_no_file_appears() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        for bad in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
            let mut output = NpyOutput::create(&path, &[3, 2, 2]).unwrap();
            output.block(&array![[1.0, 2.0], [3.0, f32::MAX]]).unwrap();
            let message = output.block(&array![[1.0, 2.0], [bad, bad]]).unwrap_err().to_string();
            assert!(message.contains("at [1, 1, 0]") && message.contains("x.npy"), "{message}");
            drop(output);
            assert!(npy(&path, &array![1.0, f64::from(bad)]).is_err());
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_shape_whose_size_overflows_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for shape in [&[usize::MAX, 2][..], &[1 << 32, 1 << 31], &[usize::MAX]] {
            let created = NpyOutput::<f64>::create(&folder.path().join("x.npy"), shape);
            let message = created.map(drop).unwrap_err().to_string();
            assert!(message.contains(&shape_text(shape)), "{message}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_array_with_missing_rows_does_not_appear() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let mut output = NpyOutput::create(&path, &[2, 2]).unwrap();
        output.block(&array![1.0_f64, 2.0]).unwrap();
        assert!(output.finish().is_err());
        assert!(!path.exists());
    }
}
