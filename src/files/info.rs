//! A summary of an array, computed in one pass with constant memory.

use std::{fmt, ops::Add};

use serde::Serialize;

use crate::{
    Result,
    error::escape,
    files::read::{Dtype, Elements, Values, shape_text},
};

/// Number of elements read at a time. Blocks are summed separately, so that the rounding error hardly
/// grows with the size of the array.
const BLOCK: usize = 1 << 16;

/// Number of values shown.
const FIRST: usize = 5;

/// A value of an array. It is displayed as the shortest text that reads back the same.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Number {
    /// A value of an f4 or f2 array.
    F4(f32),
    /// A value of an f8 array.
    F8(f64),
    /// A value of an array of integers or b1.
    Int(i128),
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::F4(x) => write!(f, "{x:?}"),
            Self::F8(x) => write!(f, "{x:?}"),
            Self::Int(n) => write!(f, "{n}"),
        }
    }
}

/// A summary of an array: its type, its shape, and its values. It is displayed as one line.
#[derive(Debug, Serialize)]
pub struct Info {
    /// Name of the file.
    pub file: String,
    /// The element type as NumPy writes it, such as `<f4`.
    pub dtype: String,
    /// The shape; empty for a scalar.
    pub shape: Vec<usize>,
    /// The order of the elements, `C` or `Fortran`.
    pub order: &'static str,
    /// The smallest finite value; `None` if there is no finite value, as for `max` and `mean`.
    pub min: Option<Number>,
    /// The largest finite value.
    pub max: Option<Number>,
    /// The mean of the finite values. Integers are summed exactly.
    pub mean: Option<f64>,
    /// The first values in the order of the file.
    pub first: Vec<Number>,
    /// Number of values that are NaN.
    pub nan: usize,
    /// Number of values that are infinite.
    pub infinite: usize,
}

impl Info {
    /// Read an array to its end and summarise it.
    ///
    /// # Errors
    /// If the array cannot be read.
    pub fn read(mut elements: Elements) -> Result<Self> {
        let single = matches!(elements.dtype(), Dtype::F2 | Dtype::F4);
        let float = |x: f64| if single { Number::F4(x as f32) } else { Number::F8(x) };
        let (mut floats, mut integers) = (None, None);
        let (mut first, mut nan, mut infinite) = (Vec::new(), 0, 0);
        while let Some(block) = elements.next_block(BLOCK)? {
            match numbers(block) {
                Numbers::Float(v) => {
                    let wanted = FIRST.saturating_sub(first.len());
                    first.extend(v.iter().take(wanted).copied().map(float));
                    nan += v.iter().filter(|x| x.is_nan()).count();
                    infinite += v.iter().filter(|x| x.is_infinite()).count();
                    let finite = v.into_iter().filter(|x| x.is_finite());
                    let block = Statistics::of(finite);
                    floats = Statistics::merged(floats.into_iter().chain(block));
                }
                Numbers::Int(v) => {
                    let wanted = FIRST.saturating_sub(first.len());
                    first.extend(v.iter().take(wanted).copied().map(Number::Int));
                    let block = Statistics::of(v.into_iter());
                    integers = Statistics::merged(integers.into_iter().chain(block));
                }
            }
        }
        let range = floats.map(|s| (float(s.min), float(s.max), s.sum / s.count as f64));
        let range = range.or(integers
            .map(|s| (Number::Int(s.min), Number::Int(s.max), s.sum as f64 / s.count as f64)));
        Ok(Self {
            file: elements.name().to_string_lossy().into_owned(),
            dtype: elements.descr(),
            shape: elements.shape().to_owned(),
            order: if elements.is_fortran() { "Fortran" } else { "C" },
            min: range.map(|(min, _, _)| min),
            max: range.map(|(_, max, _)| max),
            mean: range.map(|(_, _, mean)| mean),
            first,
            nan,
            infinite,
        })
    }
}

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", escape(&self.file), self.dtype, shape_text(&self.shape))?;
        if self.order != "C" {
            write!(f, " {} order", self.order)?;
        }
        if self.first.is_empty() {
            return f.write_str(", no values");
        }
        if let (Some(min), Some(max), Some(mean)) = (self.min, self.max, self.mean) {
            write!(f, ", min {min}, max {max}, mean {mean:?}")?;
        }
        f.write_str(", first")?;
        self.first.iter().try_for_each(|x| write!(f, " {x}"))?;
        match (self.nan, self.infinite) {
            (0, 0) => f.write_str(", all finite"),
            (nan, infinite) => write!(f, ", not finite: {nan} NaN, {infinite} infinite"),
        }
    }
}

/// Values in the type in which they are summed.
enum Numbers {
    Float(Vec<f64>),
    Int(Vec<i128>),
}

fn numbers(values: Values) -> Numbers {
    fn wide<T: Into<i128>>(values: Vec<T>) -> Numbers {
        Numbers::Int(values.into_iter().map(Into::into).collect())
    }
    match values {
        Values::F4(v) => Numbers::Float(v.into_iter().map(f64::from).collect()),
        Values::F8(v) => Numbers::Float(v),
        Values::U1(v) => wide(v),
        Values::Int(v) => wide(v),
        Values::U8(v) => wide(v),
    }
}

/// Statistics of one or more values.
struct Statistics<T> {
    count: usize,
    min: T,
    max: T,
    sum: T,
}

impl<T: Copy + PartialOrd + Add<Output = T>> Statistics<T> {
    /// The statistics of these values; `None` if there are none.
    fn of(values: impl Iterator<Item = T>) -> Option<Self> {
        Self::merged(values.map(|x| Self { count: 1, min: x, max: x, sum: x }))
    }

    fn merged(statistics: impl Iterator<Item = Self>) -> Option<Self> {
        statistics.reduce(|a, b| Self {
            count: a.count + b.count,
            min: if b.min < a.min { b.min } else { a.min },
            max: if b.max > a.max { b.max } else { a.max },
            sum: a.sum + b.sum,
        })
    }
}
