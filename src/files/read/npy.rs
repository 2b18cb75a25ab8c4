//! An opened `.npy` array, whose elements are read in the order of the file.

use std::{
    io::{ErrorKind, Read},
    path::Path,
};

use half::f16;
use ndarray::{ArrayD, ArrayView, Axis};
use ndarray_npy::{ReadDataError, ReadableElement};
use py_literal::Value as PyValue;

use super::{
    Dtype, Float, Source, Values,
    header::{self, Header, shape_text},
};
use crate::{Error, Result};

/// Number of elements read at a time. They are few enough to be still in the cache when they are checked.
/// Memory grows as bytes arrive, so that a wrong header on a pipe allocates little.
const CHUNK: usize = 1 << 16;

/// Number of elements converted at a time. They are held in both types, and are few enough for the
/// allocator to reuse the same memory.
const CONVERTED: usize = 1 << 12;

/// An opened array whose header has been checked.
pub(super) struct Npy {
    pub source: Source,
    pub header: Header,
    /// Whether u1 elements are pixels, which are divided by 255.
    pub pixels: bool,
}

impl Npy {
    pub fn open(mut source: Source) -> Result<Self> {
        let header = header::read(&mut source)?;
        Ok(Self { source, header, pixels: false })
    }

    /// Open an array with one of the `accepted` element types. Messages call these `names`.
    pub fn of(source: Source, accepted: &[Dtype], names: &str) -> Result<Self> {
        Self::open(source)?.accept(accepted, names)
    }

    /// Accept these element types only. Messages call them `names`.
    pub fn accept(self, accepted: &[Dtype], names: &str) -> Result<Self> {
        self.check(accepted, names).map(|()| self)
    }

    /// Check that the element type is one of these, which messages call `names`.
    pub fn check(&self, accepted: &[Dtype], names: &str) -> Result<()> {
        let found = self.header.dtype;
        if accepted.contains(&found) {
            return Ok(());
        }
        Err(self.source.wrong(format!("has the wrong dtype (found {found}, expected {names})")))
    }

    /// The next `count` elements.
    pub fn take<T: Float>(&mut self, count: usize) -> Result<Vec<T>> {
        let mut taken = self.with_capacity(count)?;
        while taken.len() < count {
            self.append(&mut taken, count)?;
        }
        Ok(taken)
    }

    /// Append the next elements, a few at a time, until there are `count`.
    pub fn append<T: Float>(&mut self, taken: &mut Vec<T>, count: usize) -> Result<()> {
        let (start, dtype) = (taken.len(), self.header.dtype);
        if dtype.is_float() && dtype.bytes() == size_of::<T>() && self.header.is_native() {
            taken.resize(start + CHUNK.min(count - start), T::default());
            let next = taken.get_mut(start..).unwrap_or_default();
            return self.source.fill(bytemuck::cast_slice_mut(next));
        }
        taken.extend(self.converted::<T>(CONVERTED.min(count - start))?);
        Ok(())
    }

    fn converted<T: Float>(&mut self, count: usize) -> Result<Vec<T>> {
        Ok(match self.values(count)? {
            Values::U1(bytes) if self.pixels => T::from_pixels(bytes),
            values => T::from_values(values),
        })
    }

    /// An empty vector with capacity for `count` elements if the header agrees with the length of the
    /// file. For a stream the capacity is 0, because its header may be wrong.
    pub fn with_capacity<T>(&self, count: usize) -> Result<Vec<T>> {
        let mut elements = Vec::new();
        if self.source.remaining().is_some() {
            elements.try_reserve_exact(count).map_err(|_| {
                self.source.wrong(format!("has too many elements for memory (found {count})"))
            })?;
        }
        Ok(elements)
    }

    /// The next `count` elements, which should be few, in their own type.
    pub fn values(&mut self, count: usize) -> Result<Values> {
        Ok(match self.header.dtype {
            // As in NumPy, every byte other than 0 is true.
            Dtype::B1 => Values::U1(
                self.decode::<u8>(count)?.into_iter().map(|x| u8::from(x != 0)).collect(),
            ),
            Dtype::F2 => {
                let bits = self.decode::<u16>(count)?;
                Values::F4(bits.into_iter().map(|bits| f16::from_bits(bits).to_f32()).collect())
            }
            Dtype::F4 => Values::F4(self.decode::<f32>(count)?),
            Dtype::F8 => Values::F8(self.decode::<f64>(count)?),
            Dtype::U1 => Values::U1(self.decode::<u8>(count)?),
            Dtype::U2 => Values::Int(widened(self.decode::<u16>(count)?)),
            Dtype::U4 => Values::Int(widened(self.decode::<u32>(count)?)),
            Dtype::U8 => Values::U8(self.decode::<u64>(count)?),
            Dtype::I1 => Values::Int(widened(self.decode::<i8>(count)?)),
            Dtype::I2 => Values::Int(widened(self.decode::<i16>(count)?)),
            Dtype::I4 => Values::Int(widened(self.decode::<i32>(count)?)),
            Dtype::I8 => Values::Int(self.decode::<i64>(count)?),
        })
    }

    fn decode<T: ReadableElement>(&mut self, count: usize) -> Result<Vec<T>> {
        // f2 is decoded as its bits, u2, and b1 as bytes.
        let descr = self.header.descr().replace("f2", "u2").replace("b1", "u1");
        let bytes = (count * self.header.dtype.bytes()) as u64;
        let source = (&mut self.source).take(bytes);
        T::read_to_end_exact_vec(source, &PyValue::String(descr), count).map_err(|e| match e {
            ReadDataError::Io(e) => self.source.failed(e),
            ReadDataError::MissingData => self.source.failed(ErrorKind::UnexpectedEof.into()),
            other => self.source.wrong(other.to_string()),
        })
    }

    /// Skip `count` elements.
    pub fn skip(&mut self, count: usize) -> Result<()> {
        self.source.skip((count * self.header.dtype.bytes()) as u64)
    }

    /// Whether the elements of the file are not in C order.
    pub fn is_reordered(&self) -> bool {
        let long_axes = self.header.shape.iter().filter(|&&axis| axis > 1).count();
        self.header.fortran_order && long_axes > 1
    }

    /// Read an array in Fortran order and bring its elements into C order. Only the first `kept` indices
    /// of `axis`, which must not be the last axis, are kept.
    pub fn in_c_order<T: Float>(&mut self, axis: usize, kept: usize) -> Result<Vec<T>> {
        let mut shape = self.header.shape.clone();
        let (before, rest) = shape.split_at_mut(axis);
        let [stored, after @ .., last] = rest else {
            return Err(self.wrong_shape("more axes"));
        };
        // In the file, the elements that are kept form runs, one for each index of the later axes.
        let before: usize = before.iter().product();
        let (run, gap) = (before * kept, before * (*stored - kept));
        let runs = after.iter().product::<usize>() * *last;
        // Several elements of each row are copied together, which takes as long as copying one. On a
        // stream, all elements are read before memory for the result is allocated.
        let batch =
            if self.source.remaining().is_some() { (*last / 8).clamp(1, 64) } else { *last };
        let mut arrived = if batch == *last { Some(self.runs(runs, run, gap)?) } else { None };
        *stored = kept;
        let mut elements = self.with_capacity(run * runs)?;
        elements.resize(run * runs, T::default());
        let mut array =
            ArrayD::from_shape_vec(shape, elements).expect("there are run x runs elements");
        for target in array.view_mut().reversed_axes().axis_chunks_iter_mut(Axis(0), batch) {
            let elements = match arrived.take() {
                Some(all) => all,
                None => self.runs(target.len() / run.max(1), run, gap)?,
            };
            let elements = ArrayView::from_shape(target.raw_dim(), &elements)
                .expect("a batch has as many elements as its target");
            let order: Vec<usize> = (1..elements.ndim()).chain([0]).collect();
            let mut target = target.permuted_axes(order.as_slice());
            let elements = elements.permuted_axes(order.as_slice());
            for (mut target, elements) in target.rows_mut().into_iter().zip(elements.rows()) {
                target.assign(&elements);
            }
        }
        Ok(array.into_raw_vec_and_offset().0)
    }

    /// Read `runs` runs of `run` elements, skipping `gap` elements after each.
    fn runs<T: Float>(&mut self, runs: usize, run: usize, gap: usize) -> Result<Vec<T>> {
        let mut elements = self.with_capacity(runs * run)?;
        for _ in 0..runs {
            elements.extend(self.take::<T>(run)?);
            self.skip(gap)?;
        }
        Ok(elements)
    }

    /// The addition to a message if numbers of the file may be outside the range of `T`, which is f4.
    pub fn limit<T>(&self) -> &'static str {
        if self.header.dtype.bytes() > size_of::<T>() && self.header.dtype.is_float() {
            " within f4"
        } else {
            ""
        }
    }

    pub fn wrong_shape(&self, expected: &str) -> Error {
        let found = shape_text(&self.header.shape);
        self.source.wrong(format!("has the wrong shape (found {found}, expected {expected})"))
    }
}

fn widened<T: Into<i64>>(values: Vec<T>) -> Vec<i64> {
    values.into_iter().map(Into::into).collect()
}

/// An array of any dtype and shape, with any values, which is read in blocks in the order of the file.
pub struct Elements {
    npy: Npy,
    left: usize,
}

impl Elements {
    /// Open an array and check its header.
    ///
    /// # Errors
    /// If the source is not a valid `.npy` array.
    pub fn open(source: Source) -> Result<Self> {
        let npy = Npy::open(source)?;
        let left = npy.header.count();
        Ok(Self { npy, left })
    }

    /// The name of the file in messages.
    #[must_use]
    pub fn name(&self) -> &Path {
        self.npy.source.name()
    }

    /// The type of the elements.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        self.npy.header.dtype
    }

    /// The element type as NumPy writes it, such as `<f4`.
    #[must_use]
    pub fn descr(&self) -> String {
        self.npy.header.descr()
    }

    /// The shape; empty for a scalar.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.npy.header.shape
    }

    /// Whether the array is in Fortran order, in which the first index varies fastest.
    #[must_use]
    pub fn is_fortran(&self) -> bool {
        self.npy.header.fortran_order
    }

    /// The next elements, at most `count`; `None` at the end.
    ///
    /// # Errors
    /// If reading fails.
    pub fn next_block(&mut self, count: usize) -> Result<Option<Values>> {
        let count = count.min(self.left);
        if count == 0 {
            self.npy.source.end()?;
            return Ok(None);
        }
        self.left -= count;
        self.npy.values(count).map(Some)
    }
}
