//! Reading arrays as blocks of rows: images, activations, moments and spectra.

use std::path::Path;

use ndarray::Array2;

use super::{Dtype, Float, Source, header::index_text, known::in_python, npy::Npy, pixels};
use crate::{Error, Result, number};

/// Consecutive rows of one matrix of a stack.
pub struct Block<T> {
    /// Index of the matrix in the stack, counted from 0.
    pub matrix: usize,
    /// The rows, (rows, columns).
    pub values: Array2<T>,
}

type Look<T> = Box<dyn FnOnce(&[T])>;

/// An array that is read in blocks of rows: a matrix such as images, (samples, pixels), or a stack of
/// matrices such as activations, (layers, samples, units).
pub struct Rows<T> {
    npy: Npy,
    /// Number of matrices in a stack; `None` for a single matrix.
    matrices: Option<usize>,
    /// Number of rows of each matrix in the file.
    stored: usize,
    columns: usize,
    /// Number of rows of each matrix that are used.
    kept: usize,
    /// Whether [`Rows::first`] limited the rows.
    cut: bool,
    /// Index of the current matrix.
    matrix: usize,
    /// Index of the next row in the current matrix.
    row: usize,
    /// Whether values must be grey values, from 0 to 1.
    grey: bool,
    /// What is called with the values of the first block.
    look: Option<Look<T>>,
    /// The elements of an array in Fortran order, which have to be read together to bring them into C
    /// order.
    reordered: Option<std::vec::IntoIter<T>>,
}

impl<T: Float> Rows<T> {
    /// The element types of images.
    pub(super) const PIXELS: [Dtype; 5] = [Dtype::F2, Dtype::F4, Dtype::F8, Dtype::U1, Dtype::B1];

    /// Images, (samples, …), f2, f4, f8, u1 or b1. All axes but the first are flattened to pixels, and
    /// u1 is divided by 255. Values must be finite.
    ///
    /// # Errors
    /// If the source does not have such a dtype and shape.
    pub fn images(source: Source) -> Result<Self> {
        Self::images_of(Npy::open(source)?)
    }

    /// The images of an opened array.
    pub(super) fn images_of(npy: Npy) -> Result<Self> {
        let npy = npy.accept(&Self::PIXELS, "f4, f2, f8, u1 or b1");
        let mut npy = npy.map_err(|e| e.with_remedy(Some(pixels::remedy_of_integers())))?;
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

    /// Activations of any dtype, (samples, units) or (layers, samples, units). With `flatten`, they are
    /// (samples, …), and all axes but the first are flattened to units.
    ///
    /// # Errors
    /// If the source does not have such a shape.
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
                "(samples, units) or (layers, samples, units); flatten other axes to units",
            )),
        }
    }

    /// Moments, f8, (units + 2, units) or (layers, units + 2, units).
    ///
    /// # Errors
    /// If the source does not have this dtype and such a shape.
    pub fn moments(source: Source) -> Result<Self> {
        let npy = Npy::of(source, &[Dtype::F8], "f8")?;
        match *npy.header.shape.as_slice() {
            [rows, units] if rows == units + 2 => Self::new(npy, None, rows, units),
            [layers, rows, units] if rows == units + 2 => Self::new(npy, Some(layers), rows, units),
            _ => Err(npy.wrong_shape("(units + 2, units) or (layers, units + 2, units)")),
        }
    }

    /// Spectra of floating-point numbers or integers: one spectrum, (units,), (units, 1) or (1, units),
    /// or one per layer, (layers, units).
    ///
    /// # Errors
    /// If the source does not have such a dtype and shape.
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
            grey: false,
            look: None,
            reordered: None,
        })
    }

    /// Use only the first `samples` rows of each matrix; `None` uses all.
    ///
    /// # Errors
    /// If there are fewer rows.
    pub fn first(mut self, samples: Option<usize>) -> Result<Self> {
        let Some(samples) = samples else {
            return Ok(self);
        };
        if samples > self.stored {
            return Err(self.npy.source.wrong(too_few(self.stored, samples)));
        }
        (self.kept, self.cut) = (samples, true);
        Ok(self)
    }

    /// Require values from 0 to 1, which images have before an attack. What rounding leaves beyond is
    /// accepted as it is. No other scale is left for [`Self::with_look`] to find.
    #[must_use]
    pub fn grey(self) -> Self {
        Self { grey: true, look: None, ..self }
    }

    /// Call `look` with the values of the first block, when they have been read and checked.
    #[must_use]
    pub fn with_look(self, look: impl FnOnce(&[T]) + 'static) -> Self {
        Self { look: Some(Box::new(look)), ..self }
    }

    /// Check the number of columns. Messages describe the expected number as `meaning`.
    ///
    /// # Errors
    /// If it differs from `expected`.
    pub fn expect_columns(&self, expected: usize, meaning: &str) -> Result<()> {
        if self.columns == expected {
            return Ok(());
        }
        let found = self.columns;
        let error = self.wrong(format!(
            "has rows of the wrong length (found {found}, expected {expected}, {meaning})"
        ));
        let remedy = || transposed(self.matrices.is_some());
        Err(error.with_remedy((self.stored == expected).then(remedy)))
    }

    /// Number of layers of a stack; `None` for a single matrix.
    #[must_use]
    pub fn layers(&self) -> Option<usize> {
        self.matrices
    }

    /// Number of rows used of each matrix.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.kept
    }

    /// Whether [`Rows::first`] limited the rows.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Number of elements of a row.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Whether the source can be opened again by its name, as a file other than stdin can.
    #[must_use]
    pub fn opens_again(&self) -> bool {
        self.npy.source.opens_again()
    }

    /// Whether the elements are u1, which images divide by 255.
    #[must_use]
    pub fn is_bytes(&self) -> bool {
        self.npy.header.dtype == Dtype::U1
    }

    /// The name of the file in messages.
    #[must_use]
    pub fn name(&self) -> &Path {
        self.npy.source.name()
    }

    /// An error about these data.
    pub fn wrong(&self, message: impl Into<String>) -> Error {
        self.npy.source.wrong(message)
    }

    /// The next rows, at most `rows` and from a single matrix; `None` at the end.
    ///
    /// # Errors
    /// If reading fails, or if a value is invalid.
    pub fn next_block(&mut self, rows: usize) -> Result<Option<Block<T>>> {
        if self.matrix == self.matrices.unwrap_or(1) {
            return Ok(None);
        }
        let rows = rows.min(self.kept - self.row);
        let values = self.take(rows * self.columns)?;
        if let Some(look) = self.look.take() {
            look(&values);
        }
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

    /// The next elements in C order, checked.
    fn take(&mut self, count: usize) -> Result<Vec<T>> {
        if self.reordered.is_none() && self.npy.is_reordered() {
            // Only the axis of samples is cut, which a spectrum does not have.
            let axis = if self.cut { usize::from(self.matrices.is_some()) } else { 0 };
            let stored = self.npy.header.shape.get(axis).copied().unwrap_or(1);
            let kept = if self.cut { self.kept } else { stored };
            self.reordered = Some(self.npy.in_c_order(axis, kept)?.into_iter());
        }
        let Some(left) = &mut self.reordered else {
            let mut values = self.npy.with_capacity(count)?;
            while values.len() < count {
                let start = values.len();
                self.npy.append(&mut values, count)?;
                self.check(values.get(start..).unwrap_or_default(), start)?;
            }
            return Ok(values);
        };
        let values: Vec<T> = if left.len() == count {
            std::mem::take(left).collect() // moved, not copied
        } else {
            left.take(count).collect()
        };
        self.check(&values, 0)?;
        Ok(values)
    }

    /// All rows used of the first matrix, and the SHA-256 of the file if the source is hashed.
    ///
    /// # Errors
    /// As for [`Self::next_block`].
    pub fn read(mut self) -> Result<(Array2<T>, Option<String>)> {
        let rows = self.kept;
        let block = self.next_block(rows)?.ok_or_else(|| self.wrong("is empty"))?;
        Ok((block.values, self.npy.source.sha256()))
    }

    /// Check values of the next block, the first of which has the index `start` in it.
    fn check(&self, values: &[T], start: usize) -> Result<()> {
        let bad = if self.grey {
            first_not(values, pixels::is_grey)
        } else {
            first_not(values, f64::is_finite)
        };
        let Some((position, found)) = bad else {
            return Ok(());
        };
        let value: f64 = found.into();
        let block = (self.matrix * self.stored + self.row) * self.columns;
        let position = block + start + position;
        let (index, found) = (index_text(&self.npy.header.shape, position), number(found));
        Err(self.wrong(if self.grey && value.is_finite() {
            let remedy = pixels::remedy(values);
            format!(
                "has a pixel outside [0, 1] at {index} (found {found}, expected 0 to 1): {remedy}"
            )
        } else {
            format!(
                "has a non-finite value at {index} (found {found}, expected a number{})",
                self.npy.limit::<T>()
            )
        }))
    }
}

/// The first value that is not `good`, with its index.
pub(super) fn first_not<T: Float>(values: &[T], good: impl Fn(f64) -> bool) -> Option<(usize, T)> {
    // The usual case, that all are good, is checked without an early exit, so that it vectorises.
    let all = values.iter().fold(true, |all, &x| all & good(x.into()));
    if all { None } else { values.iter().copied().enumerate().find(|&(_, x)| !good(x.into())) }
}

/// What to do about a matrix, or a stack of them, in which the samples seem to be columns.
#[must_use]
pub fn transposed(is_stack: bool) -> String {
    let other = if is_stack { "numpy.load(OLD).swapaxes(1, 2)" } else { "numpy.load(OLD).T" };
    format!("rows are samples, and the array may be transposed: {}", in_python(other))
}

/// What is wrong with a file, or several, of fewer samples than are to be used.
pub fn too_few(found: usize, samples: usize) -> String {
    format!("has too few samples (found {found}, expected at least the {samples} to be used)")
}
