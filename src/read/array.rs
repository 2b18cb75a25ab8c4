//! Arrays: `.npy` elements as the numbers the pipeline computes with.

use std::{
    io::{self, Read},
    path::Path,
};

use half::f16;
use ndarray::{Array1, Array2, ArrayD, IxDyn, ShapeBuilder};
use ndarray_npy::{ReadDataError, ReadableElement};
use py_literal::Value as PyValue;

use super::{
    Source,
    header::{self, Dtype, Header, shape_text},
};
use crate::{Error, Result};

/// Elements read at a time where the whole array is wanted: memory grows as
/// bytes arrive, so that a lying header on a pipe allocates next to nothing.
const CHUNK: usize = 1 << 18;

/// Elements as they are in the file.
#[derive(Clone)]
pub enum Values {
    /// `f4`
    F4(Vec<f32>),
    /// `f8`
    F8(Vec<f64>),
    /// `u1`: pixels, or labels
    U1(Vec<u8>),
    /// Any other integers.
    Int(Vec<i128>),
}

/// What arrays of floating point numbers become: f4 for images and networks, f8 for spectra.
pub trait Float: Copy + Into<f64> + Send + Sync {
    /// Convert; `u1` counts 255 as 1, as pixels do.
    fn from_values(values: Values) -> Vec<Self>;
}

impl Float for f32 {
    fn from_values(values: Values) -> Vec<Self> {
        match values {
            Values::F4(v) => v,
            Values::F8(v) => v.into_iter().map(|x| x as f32).collect(),
            Values::U1(v) => v.into_iter().map(|x| f32::from(x) / 255.0).collect(),
            Values::Int(v) => v.into_iter().map(|x| x as f32).collect(),
        }
    }
}

impl Float for f64 {
    fn from_values(values: Values) -> Vec<Self> {
        match values {
            Values::F4(v) => v.into_iter().map(f64::from).collect(),
            Values::F8(v) => v,
            Values::U1(v) => v.into_iter().map(|x| f64::from(x) / 255.0).collect(),
            Values::Int(v) => v.into_iter().map(|x| x as f64).collect(),
        }
    }
}

/// An opened array: its header is checked, its elements come in C order.
struct Npy {
    source: Source,
    header: Header,
    /// The elements of an array in Fortran order, which are in C order only all at once.
    reordered: Option<(Values, usize)>,
}

impl Npy {
    /// The elements come in the order of the file.
    fn as_stored(mut source: Source) -> Result<Self> {
        let header = header::read(&mut source)?;
        Ok(Self { source, header, reordered: None })
    }

    fn open(source: Source, accepted: &[Dtype]) -> Result<Self> {
        let mut npy = Self::as_stored(source)?;
        if !accepted.contains(&npy.header.dtype) {
            let names: Vec<_> = accepted.iter().map(ToString::to_string).collect();
            return Err(npy.source.wrong(format!(
                "has the wrong dtype (found {}, expected {})",
                npy.header.dtype,
                names.join(" or ")
            )));
        }
        let long_axes = npy.header.shape.iter().filter(|&&axis| axis > 1).count();
        if npy.header.fortran_order && long_axes > 1 {
            let stored = npy.read(npy.header.count())?;
            npy.reordered = Some((reorder(stored, &npy.header.shape), 0));
        }
        Ok(npy)
    }

    /// The next `count` elements in C order.
    fn take(&mut self, count: usize) -> Result<Values> {
        let Some((values, position)) = &mut self.reordered else {
            return self.read(count);
        };
        let range = *position..*position + count;
        *position = range.end;
        let missing = || self.source.wrong("ends early");
        Ok(match values {
            Values::F4(v) => Values::F4(v.get(range).ok_or_else(missing)?.to_vec()),
            Values::F8(v) => Values::F8(v.get(range).ok_or_else(missing)?.to_vec()),
            Values::U1(v) => Values::U1(v.get(range).ok_or_else(missing)?.to_vec()),
            Values::Int(v) => Values::Int(v.get(range).ok_or_else(missing)?.to_vec()),
        })
    }

    /// The next `count` elements as the file has them.
    fn read(&mut self, count: usize) -> Result<Values> {
        Ok(match self.header.dtype {
            Dtype::F2 => {
                let bits = self.decode::<u16>(count)?;
                Values::F4(bits.into_iter().map(|bits| f16::from_bits(bits).to_f32()).collect())
            }
            Dtype::F4 => Values::F4(self.decode::<f32>(count)?),
            Dtype::F8 => Values::F8(self.decode::<f64>(count)?),
            Dtype::U1 => Values::U1(self.decode::<u8>(count)?),
            Dtype::U2 => Values::Int(widened(self.decode::<u16>(count)?)),
            Dtype::U4 => Values::Int(widened(self.decode::<u32>(count)?)),
            Dtype::U8 => Values::Int(widened(self.decode::<u64>(count)?)),
            Dtype::I1 => Values::Int(widened(self.decode::<i8>(count)?)),
            Dtype::I2 => Values::Int(widened(self.decode::<i16>(count)?)),
            Dtype::I4 => Values::Int(widened(self.decode::<i32>(count)?)),
            Dtype::I8 => Values::Int(widened(self.decode::<i64>(count)?)),
        })
    }

    fn decode<T: ReadableElement + Clone>(&mut self, count: usize) -> Result<Vec<T>> {
        // Of an f2 the bits, as u2.
        let descr = self.header.descr().replace("f2", "u2");
        let descr = PyValue::String(descr);
        let mut values = Vec::new();
        if self.source.remaining().is_some() {
            // The length was checked against the file's.
            values.try_reserve_exact(count).map_err(|_| {
                self.source.wrong(format!("has {count} elements, more than memory holds"))
            })?;
        }
        while values.len() < count {
            let chunk = CHUNK.min(count - values.len());
            let bytes = (chunk * self.header.dtype.bytes()) as u64;
            let part = T::read_to_end_exact_vec((&mut self.source).take(bytes), &descr, chunk)
                .map_err(|e| match e {
                    ReadDataError::Io(e) => self.source.failed(&e),
                    other => self.source.wrong(other.to_string()),
                })?;
            if values.is_empty() && chunk == count {
                return Ok(part);
            }
            values.extend(part);
        }
        Ok(values)
    }

    /// Pass over `count` elements.
    fn skip(&mut self, count: usize) -> Result<()> {
        if let Some((_, position)) = &mut self.reordered {
            *position += count;
            return Ok(());
        }
        let bytes = (count * self.header.dtype.bytes()) as u64;
        let skipped = io::copy(&mut (&mut self.source).take(bytes), &mut io::sink());
        match skipped {
            Ok(found) if found == bytes => Ok(()),
            Ok(_) => Err(self.source.failed(&io::ErrorKind::UnexpectedEof.into())),
            Err(e) => Err(self.source.failed(&e)),
        }
    }

    fn wrong_shape(&self, expected: &str) -> Error {
        let found = shape_text(&self.header.shape);
        self.source.wrong(format!("has the wrong shape (found {found}, expected {expected})"))
    }
}

fn widened<T: Into<i128>>(values: Vec<T>) -> Vec<i128> {
    values.into_iter().map(Into::into).collect()
}

/// From the order of a Fortran array's file to C order.
fn reorder(values: Values, shape: &[usize]) -> Values {
    fn to_c<T: Clone>(values: Vec<T>, shape: &[usize]) -> Vec<T> {
        ArrayD::from_shape_vec(IxDyn(shape).f(), values)
            .map(|array| array.iter().cloned().collect())
            .unwrap_or_default()
    }
    match values {
        Values::F4(v) => Values::F4(to_c(v, shape)),
        Values::F8(v) => Values::F8(to_c(v, shape)),
        Values::U1(v) => Values::U1(to_c(v, shape)),
        Values::Int(v) => Values::Int(to_c(v, shape)),
    }
}

/// An array of any dtype, shape and values, read in blocks in the order of the file.
pub struct Elements {
    npy: Npy,
    left: usize,
}

impl Elements {
    /// Open it: the header is checked.
    pub fn open(source: Source) -> Result<Self> {
        let npy = Npy::as_stored(source)?;
        let left = npy.header.count();
        Ok(Self { npy, left })
    }

    /// What messages call the file.
    #[must_use]
    pub fn name(&self) -> &Path {
        self.npy.source.name()
    }

    /// Of the elements.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        self.npy.header.dtype
    }

    /// The dtype as NumPy writes it, `<f4` say.
    #[must_use]
    pub fn descr(&self) -> String {
        self.npy.header.descr()
    }

    /// Of no axis for a scalar.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.npy.header.shape
    }

    /// Whether the first axis is the one that runs fastest in the file.
    #[must_use]
    pub fn is_fortran(&self) -> bool {
        self.npy.header.fortran_order
    }

    /// The next elements, at most `count`; `None` at the end.
    pub fn next_block(&mut self, count: usize) -> Result<Option<Values>> {
        let count = count.min(self.left);
        if count == 0 {
            self.npy.source.end()?;
            return Ok(None);
        }
        self.left -= count;
        self.npy.read(count).map(Some)
    }
}

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
    /// Whether bytes are what they count, and not pixels of which 255 is 1.
    counts: bool,
    element: std::marker::PhantomData<T>,
}

impl<T: Float> Rows<T> {
    /// Images: f4, f8 or u1 of shape (samples, …), the further axes flattened.
    /// Any finite value passes.
    pub fn images(source: Source) -> Result<Self> {
        let npy = Npy::open(source, &[Dtype::F4, Dtype::F8, Dtype::U1])?;
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
        let npy = Npy::open(source, &Dtype::ALL)?;
        let rows = match *npy.header.shape.as_slice() {
            [samples, units] => Self::new(npy, None, samples, units),
            [samples, ref axes @ ..] if flatten && !axes.is_empty() => {
                let units = axes.iter().product();
                Self::new(npy, None, samples, units)
            }
            [layers, samples, units] => Self::new(npy, Some(layers), samples, units),
            _ if flatten => Err(npy.wrong_shape("(samples, …)")),
            _ => Err(npy.wrong_shape(
                "(samples, units) or (layers, samples, units); --flatten takes further axes as units",
            )),
        };
        Ok(Self { counts: true, ..rows? })
    }

    /// Moments: f8 of shape (units + 2, units), or (layers, units + 2, units).
    pub fn moments(source: Source) -> Result<Self> {
        let npy = Npy::open(source, &[Dtype::F8])?;
        match *npy.header.shape.as_slice() {
            [rows, units] if rows == units + 2 => Self::new(npy, None, rows, units),
            [layers, rows, units] if rows == units + 2 => Self::new(npy, Some(layers), rows, units),
            _ => Err(npy.wrong_shape("(units + 2, units) or (layers, units + 2, units)")),
        }
    }

    /// Spectra: f8 or f4 of shape (units,), one row, or (layers, units).
    pub fn spectra(source: Source) -> Result<Self> {
        let npy = Npy::open(source, &[Dtype::F8, Dtype::F4])?;
        match *npy.header.shape.as_slice() {
            [units] => Self::new(npy, None, 1, units),
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
            counts: false,
            element: std::marker::PhantomData,
        })
    }

    /// Use the first `samples` rows of each matrix only.
    pub fn first(mut self, samples: Option<usize>) -> Result<Self> {
        let Some(samples) = samples else {
            return Ok(self);
        };
        if samples > self.stored {
            return Err(self.npy.source.wrong(format!(
                "has too few samples for --samples (found {}, expected at least {samples})",
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
        let values = match self.npy.take(rows * self.columns)? {
            Values::U1(bytes) if self.counts => Values::Int(widened(bytes)),
            values => values,
        };
        let values = T::from_values(values);
        self.check(&values)?;
        let values = Array2::from_shape_vec((rows, self.columns), values)
            .map_err(|e| self.wrong(e.to_string()))?;
        let block = Block { matrix: self.matrix, values };
        self.row += rows;
        if self.row == self.kept {
            self.npy.skip((self.stored - self.kept) * self.columns)?;
            (self.matrix, self.row) = (self.matrix + 1, 0);
            if self.matrix == self.matrices.unwrap_or(1) {
                self.npy.source.end()?;
            }
        }
        Ok(Some(block))
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
        let (row, column) = (self.row + position / self.columns, position % self.columns);
        let index = match self.matrices {
            Some(_) => format!("[{}, {row}, {column}]", self.matrix),
            None => format!("[{row}, {column}]"),
        };
        Err(self.wrong(if self.unit_interval && found.is_finite() {
            format!(
                "has a pixel outside [0, 1] at {index} (found {found}, expected 0 to 1: divide by the largest)"
            )
        } else {
            format!("has a non-finite value at {index} (found {found}, expected a number)")
        }))
    }
}

/// The first value that is not `good`, and where it is.
fn first_not<T: Float>(values: &[T], good: impl Fn(f64) -> bool) -> Option<(usize, f64)> {
    // A first look has no way out for each value, because hardly any is not good.
    let all = values.iter().fold(true, |all, &x| all & good(x.into()));
    let mut values = values.iter().map(|&x| x.into()).enumerate();
    if all { None } else { values.find(|&(_, x)| !good(x)) }
}

/// A matrix of a network, f4 or f8, of exactly this shape.
pub fn matrix(path: &Path, shape: (usize, usize)) -> Result<Array2<f32>> {
    let values = exactly(path, &[shape.0, shape.1])?;
    Array2::from_shape_vec(shape, values).map_err(|e| Error::data(e.to_string()).in_file(path))
}

/// A vector of a network, f4 or f8, of exactly this length.
pub fn vector(path: &Path, len: usize) -> Result<Array1<f32>> {
    Ok(Array1::from_vec(exactly(path, &[len])?))
}

fn exactly(path: &Path, shape: &[usize]) -> Result<Vec<f32>> {
    let mut npy = Npy::open(Source::open(path)?, &[Dtype::F4, Dtype::F8])?;
    if npy.header.shape != shape {
        return Err(npy.wrong_shape(&format!("{} as model.json says", shape_text(shape))));
    }
    let values = f32::from_values(npy.take(npy.header.count())?);
    npy.source.end()?;
    match first_not(&values, f64::is_finite) {
        None => Ok(values),
        Some((position, found)) => {
            let index: Vec<_> = match shape {
                [_, columns] => vec![position / columns, position % columns],
                _ => vec![position],
            };
            Err(npy.source.wrong(format!(
                "has a non-finite value at {index:?} (found {found}, expected a number)"
            )))
        }
    }
}

/// The rest of a source, one f4 vector.
pub(super) fn rest(source: Source) -> Result<Vec<f32>> {
    let mut npy = Npy::open(source, &[Dtype::F4])?;
    let values = npy.take(npy.header.count())?;
    npy.source.end()?;
    Ok(f32::from_values(values))
}

/// Integers of shape (samples,), the largest 255, and the SHA-256 of the file if
/// it was asked for.
pub(super) fn bytes(source: Source) -> Result<(Vec<u8>, Option<String>)> {
    let accepted = [Dtype::U1, Dtype::I4, Dtype::I8, Dtype::U4, Dtype::U8];
    let mut npy = Npy::open(source, &accepted)?;
    let &[samples] = npy.header.shape.as_slice() else {
        return Err(npy.wrong_shape("(samples,)"));
    };
    let values = npy.take(samples)?;
    npy.source.end()?;
    let bytes = match values {
        Values::U1(bytes) => bytes,
        Values::Int(wide) => narrowed(&wide).map_err(|index| {
            let found = wide.get(index).copied().unwrap_or_default();
            npy.source.wrong(format!(
                "has a label out of range at [{index}] (found {found}, expected 0 to 255)"
            ))
        })?,
        Values::F4(_) | Values::F8(_) => Vec::new(), // not accepted above
    };
    Ok((bytes, npy.source.sha256()))
}

/// As bytes, or the index of the first that is none.
fn narrowed(wide: &[i128]) -> std::result::Result<Vec<u8>, usize> {
    wide.iter().enumerate().map(|(index, &value)| u8::try_from(value).map_err(|_| index)).collect()
}
