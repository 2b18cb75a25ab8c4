//! An array as rows: images, activations, spectra.

use std::path::Path;

use ndarray::Array2;

use super::{Dtype, Float, Source, header::index_text, npy::Npy};
use crate::{Error, Result, number};

/// Some consecutive rows of one matrix of an array.
pub struct Block<T> {
    /// Which matrix of the stack, from 0.
    pub matrix: usize,
    /// (rows, columns)
    pub values: Array2<T>,
}

/// An array as a stack of matrices, read in blocks of rows: images (samples,
/// pixels), activations (samples, units) or (layers, samples, units).
pub struct Rows<T> {
    npy: Npy,
    matrices: Option<usize>,
    stored: usize,
    columns: usize,
    kept: usize,
    cut: bool,
    matrix: usize,
    row: usize,
    unit_interval: bool,
    /// What is used of an array in Fortran order, whose elements are in C order only all at once.
    reordered: Option<std::vec::IntoIter<T>>,
}

impl<T: Float> Rows<T> {
    /// Images: f2, f4, f8, u1 of which 255 is 1, or b1, of shape (samples, …), the further axes
    /// flattened. Any finite value passes.
    pub fn images(source: Source) -> Result<Self> {
        let accepted = [Dtype::F2, Dtype::F4, Dtype::F8, Dtype::U1, Dtype::B1];
        let mut npy = Npy::of(source, &accepted, "f4, f2, f8, u1 or b1")?;
        npy.pixels = npy.header.dtype == Dtype::U1;
        let [samples, axes @ ..] = npy.header.shape.as_slice() else {
            return Err(npy.wrong_shape("(samples, pixels)"));
        };
        if axes.is_empty() {
            return Err(npy.wrong_shape("(samples, pixels)"));
        }
        let (samples, pixels) = (*samples, axes.iter().product());
        Self::new(npy, None, samples, pixels)
    }

    /// Activations, of any dtype: (samples, units), or (layers, samples, units); or with
    /// `flatten` (samples, …), the further axes flattened.
    pub fn activations(source: Source, flatten: bool) -> Result<Self> {
        let npy = Npy::open(source)?;
        match *npy.header.shape.as_slice() {
            [samples, units] => Self::new(npy, None, samples, units),
            [samples, ref axes @ ..] if flatten && !axes.is_empty() => {
                let units = axes.iter().product();
                Self::new(npy, None, samples, units)
            }
            [layers, samples, units] => Self::new(npy, Some(layers), samples, units),
            _ if flatten => Err(npy.wrong_shape("(samples, …)")),
            _ => Err(npy.wrong_shape(
                "(samples, units) or (layers, samples, units); flatten further axes into units",
            )),
        }
    }

    /// Moments: f8 of shape (units + 2, units), or (layers, units + 2, units).
    pub fn moments(source: Source) -> Result<Self> {
        let npy = Npy::of(source, &[Dtype::F8], "f8")?;
        match *npy.header.shape.as_slice() {
            [rows, units] if rows == units + 2 => Self::new(npy, None, rows, units),
            [layers, rows, units] if rows == units + 2 => Self::new(npy, Some(layers), rows, units),
            _ => Err(npy.wrong_shape("(units + 2, units) or (layers, units + 2, units)")),
        }
    }

    /// Spectra, floating point or integers: one, of shape (units,), a column (units, 1) or a row
    /// (1, units); or (layers, units).
    pub fn spectra(source: Source) -> Result<Self> {
        let numbers: Vec<_> = Dtype::ALL.into_iter().filter(|&dtype| dtype != Dtype::B1).collect();
        let npy = Npy::of(source, &numbers, "floating point or integers")?;
        match *npy.header.shape.as_slice() {
            [units] | [1, units] | [units, 1] => Self::new(npy, None, 1, units),
            [layers, units] => Self::new(npy, Some(layers), 1, units),
            _ => Err(npy.wrong_shape("(units,) or (layers, units)")),
        }
    }

    fn new(npy: Npy, matrices: Option<usize>, rows: usize, columns: usize) -> Result<Self> {
        if matrices == Some(0) || rows == 0 || columns == 0 {
            return Err(npy.wrong_shape("no axis of 0"));
        }
        Ok(Self {
            npy,
            matrices,
            stored: rows,
            columns,
            kept: rows,
            cut: false,
            matrix: 0,
            row: 0,
            unit_interval: false,
            reordered: None,
        })
    }

    /// Use the first `samples` rows of each matrix only.
    pub fn first(mut self, samples: Option<usize>) -> Result<Self> {
        let Some(samples) = samples else {
            return Ok(self);
        };
        if samples > self.stored {
            return Err(self.npy.source.wrong(format!(
                "has too few samples (found {}, expected at least the {samples} to be used)",
                self.stored
            )));
        }
        (self.kept, self.cut) = (samples, true);
        Ok(self)
    }

    /// Refuse values outside \[0, 1\], as images have before any attack.
    #[must_use]
    pub fn within_unit_interval(self) -> Self {
        Self { unit_interval: true, ..self }
    }

    /// Refuse another number of columns than `expected`, which is that of `whose`.
    pub fn expect_columns(&self, expected: usize, whose: &str) -> Result<()> {
        if self.columns == expected {
            return Ok(());
        }
        let found = self.columns;
        Err(self.wrong(format!(
            "has rows of the wrong length (found {found}, expected {expected} as {whose})"
        )))
    }

    /// Layers of a stack; `None` for a single matrix.
    #[must_use]
    pub fn layers(&self) -> Option<usize> {
        self.matrices
    }

    /// Rows used of each matrix.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.kept
    }

    /// Whether [`Rows::first`] was asked for some rows only.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Elements of a row.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Whether the same rows can be read again by the file's name.
    #[must_use]
    pub fn opens_again(&self) -> bool {
        self.npy.source.opens_again()
    }

    /// Whether the elements are bytes, which count 255 as 1.
    #[must_use]
    pub fn is_bytes(&self) -> bool {
        self.npy.header.dtype == Dtype::U1
    }

    /// What messages call the file.
    #[must_use]
    pub fn name(&self) -> &Path {
        self.npy.source.name()
    }

    /// An error about these data.
    pub fn wrong(&self, message: impl Into<String>) -> Error {
        self.npy.source.wrong(message)
    }

    /// The next rows, at most `rows` and all of one matrix; `None` at the end.
    pub fn next_block(&mut self, rows: usize) -> Result<Option<Block<T>>> {
        if self.matrix == self.matrices.unwrap_or(1) {
            return Ok(None);
        }
        let rows = rows.min(self.kept - self.row);
        let values = self.take(rows * self.columns)?;
        self.check(&values)?;
        let values = Array2::from_shape_vec((rows, self.columns), values)
            .map_err(|e| self.wrong(e.to_string()))?;
        let block = Block { matrix: self.matrix, values };
        self.row += rows;
        if self.row == self.kept {
            if self.reordered.is_none() {
                self.npy.skip((self.stored - self.kept) * self.columns)?;
            }
            (self.matrix, self.row) = (self.matrix + 1, 0);
            if self.matrix == self.matrices.unwrap_or(1) {
                self.npy.source.end()?;
            }
        }
        Ok(Some(block))
    }

    /// The next elements in C order.
    fn take(&mut self, count: usize) -> Result<Vec<T>> {
        if self.reordered.is_none() && self.npy.is_reordered() {
            // A spectrum has no axis of samples to cut.
            let axis = if self.cut { usize::from(self.matrices.is_some()) } else { 0 };
            let stored = self.npy.header.shape.get(axis).copied().unwrap_or(1);
            let kept = if self.cut { self.kept } else { stored };
            self.reordered = Some(self.npy.in_c_order(axis, kept)?.into_iter());
        }
        Ok(match &mut self.reordered {
            None => self.npy.take(count)?,
            // All of them go as they are, and not as a copy.
            Some(left) if left.len() == count => std::mem::take(left).collect(),
            Some(left) => left.take(count).collect(),
        })
    }

    /// All rows of the (first) matrix, and the SHA-256 of the file if it was asked for.
    pub fn read(mut self) -> Result<(Array2<T>, Option<String>)> {
        let rows = self.kept;
        let block = self.next_block(rows)?.ok_or_else(|| self.wrong("is empty"))?;
        Ok((block.values, self.npy.source.sha256()))
    }

    fn check(&self, values: &[T]) -> Result<()> {
        let position = if self.unit_interval {
            first_not(values, |x| (0.0..=1.0).contains(&x))
        } else {
            first_not(values, f64::is_finite)
        };
        let Some((position, found)) = position else {
            return Ok(());
        };
        let value: f64 = found.into();
        let place = (self.matrix * self.stored + self.row) * self.columns + position;
        let (index, found) = (index_text(&self.npy.header.shape, place), number(found));
        Err(self.wrong(if self.unit_interval && value.is_finite() {
            format!(
                "has a pixel outside [0, 1] at {index} (found {found}, expected 0 to 1: divide by the largest)"
            )
        } else {
            format!("has a non-finite value at {index} (found {found}, expected a number{})", self.npy.limit::<T>())
        }))
    }
}

/// The first value that is not `good`, and where it is.
pub(super) fn first_not<T: Float>(values: &[T], good: impl Fn(f64) -> bool) -> Option<(usize, T)> {
    // A first look has no way out for each value, because hardly any is not good.
    let all = values.iter().fold(true, |all, &x| all & good(x.into()));
    if all { None } else { values.iter().copied().enumerate().find(|&(_, x)| !good(x.into())) }
}
