//! What is in an array, in one pass and in memory that does not grow with it.

use std::{fmt, ops::Add};

use serde::Serialize;

use crate::{
    Result,
    error::escape,
    io::read::{Dtype, Elements, Values, shape_text},
};

/// Elements read at a time. Each block has a sum of its own, so that rounding hardly
/// grows with the array.
const BLOCK: usize = 1 << 16;

/// Values shown.
const FIRST: usize = 5;

/// A value of an array. Displays as the shortest text that reads back the same.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Number {
    /// Of an array of f4
    F4(f32),
    /// Of an array of f8
    F8(f64),
    /// Of an array of integers
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

/// What an array is, and what its values are. Displays as one line.
#[derive(Debug, Serialize)]
pub struct Info {
    /// What messages call the file.
    pub file: String,
    /// As NumPy writes it, `<f4` say.
    pub dtype: String,
    /// Of no axis for a scalar.
    pub shape: Vec<usize>,
    /// `C` or `Fortran`
    pub order: &'static str,
    /// Of the finite values, as the next two; `None` where there are none.
    pub min: Option<Number>,
    /// The largest.
    pub max: Option<Number>,
    /// Of integers, their exact sum divided.
    pub mean: Option<f64>,
    /// In the order of the file.
    pub first: Vec<Number>,
    /// How many are not a number.
    pub nan: usize,
    /// How many are infinite.
    pub infinite: usize,
}

impl Info {
    /// Read an array to its end.
    pub fn read(mut elements: Elements) -> Result<Self> {
        let single = matches!(elements.dtype(), Dtype::F2 | Dtype::F4);
        let float = |x: f64| if single { Number::F4(x as f32) } else { Number::F8(x) };
        let (mut floats, mut integers) = (None, None);
        let (mut first, mut nan, mut infinite) = (Vec::new(), 0, 0);
        while let Some(block) = elements.next_block(BLOCK)? {
            match numbers(block) {
                Numbers::Float(v) => {
                    let missing = FIRST.saturating_sub(first.len());
                    first.extend(v.iter().take(missing).copied().map(float));
                    nan += v.iter().filter(|x| x.is_nan()).count();
                    infinite += v.iter().filter(|x| x.is_infinite()).count();
                    let finite = v.into_iter().filter(|x| x.is_finite());
                    floats = Seen::all(floats.into_iter().chain(Seen::of(finite)));
                }
                Numbers::Int(v) => {
                    let missing = FIRST.saturating_sub(first.len());
                    first.extend(v.iter().take(missing).copied().map(Number::Int));
                    integers = Seen::all(integers.into_iter().chain(Seen::of(v.into_iter())));
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

/// Values as they are summed.
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

/// What is known of some values, at least one.
struct Seen<T> {
    count: usize,
    min: T,
    max: T,
    sum: T,
}

impl<T: Copy + PartialOrd + Add<Output = T>> Seen<T> {
    fn of(values: impl Iterator<Item = T>) -> Option<Self> {
        Self::all(values.map(|x| Self { count: 1, min: x, max: x, sum: x }))
    }

    fn all(parts: impl Iterator<Item = Self>) -> Option<Self> {
        parts.reduce(|a, b| Self {
            count: a.count + b.count,
            min: if b.min < a.min { b.min } else { a.min },
            max: if b.max > a.max { b.max } else { a.max },
            sum: a.sum + b.sum,
        })
    }
}
