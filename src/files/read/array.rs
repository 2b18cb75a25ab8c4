//! Reading whole arrays: those of a network, whose shape is known, and labels.

use std::path::Path;

use ndarray::{Array1, Array2};

use super::{
    Dtype, Source, Values,
    header::{index_text, shape_text},
    known::in_python,
    npy::Npy,
    rows::first_not,
};
use crate::{Result, number};

/// Read a matrix of a network, f4 or f8, with exactly this shape.
pub fn matrix(path: &Path, shape: (usize, usize)) -> Result<Array2<f32>> {
    let values = exactly(path, &[shape.0, shape.1])?;
    Ok(Array2::from_shape_vec(shape, values).expect("the shape was compared"))
}

/// Read a vector of a network, f4 or f8, with exactly this length.
pub fn vector(path: &Path, len: usize) -> Result<Array1<f32>> {
    Ok(Array1::from_vec(exactly(path, &[len])?))
}

/// Read a vector, f4 or f8, of any length.
pub fn vector_of_any_length(path: &Path) -> Result<Array1<f32>> {
    let npy = floats(path)?;
    match npy.header.shape.as_slice() {
        [_] => Ok(Array1::from_vec(values(npy)?)),
        _ => Err(npy.wrong_shape("(samples,)")),
    }
}

fn exactly(path: &Path, shape: &[usize]) -> Result<Vec<f32>> {
    let npy = floats(path)?;
    if npy.header.shape != shape {
        return Err(npy.wrong_shape(&format!("{} as in model.json", shape_text(shape))));
    }
    values(npy)
}

fn floats(path: &Path) -> Result<Npy> {
    Npy::of(Source::open(path)?, &[Dtype::F4, Dtype::F8], "f4 or f8")
}

/// All values of an array, which must be finite.
fn values(mut npy: Npy) -> Result<Vec<f32>> {
    let shape = npy.header.shape.clone();
    let values: Vec<f32> = if npy.is_reordered() {
        npy.in_c_order(0, shape.first().copied().unwrap_or(1))?
    } else {
        npy.take(npy.header.count())?
    };
    npy.source.end()?;
    match first_not(&values, f64::is_finite) {
        None => Ok(values),
        Some((place, found)) => Err(npy.source.wrong(format!(
            "has a non-finite value at {} (found {}, expected a number{})",
            index_text(&shape, place),
            number(found),
            npy.limit::<f32>(),
        ))),
    }
}

/// Read the rest of a source, which must be an f4 array.
pub(super) fn rest(source: Source) -> Result<Vec<f32>> {
    let mut npy = Npy::of(source, &[Dtype::F4], "f4")?;
    let values = npy.take(npy.header.count())?;
    npy.source.end()?;
    Ok(values)
}

/// Number of elements read at a time.
const BLOCK: usize = 1 << 16;

/// Read integers from 0 to 255 of shape (samples,). With `kept`, only the first `kept` of them are read,
/// or all if there are fewer.
pub(super) fn bytes(npy: &mut Npy, kept: Option<usize>) -> Result<Vec<u8>> {
    let integers: Vec<_> = Dtype::ALL.into_iter().filter(|dtype| !dtype.is_float()).collect();
    let remedy = remedy(&npy.header.shape);
    npy.check(&integers, "integers").map_err(|e| e.with_remedy(remedy.clone()))?;
    let &[samples] = npy.header.shape.as_slice() else {
        return Err(npy.wrong_shape("(samples,)").with_remedy(remedy));
    };
    let kept = kept.map_or(samples, |kept| kept.min(samples));
    let mut bytes = Vec::new();
    while bytes.len() < kept {
        let count = BLOCK.min(kept - bytes.len());
        let first = bytes.len();
        let appended = match npy.values(count)? {
            Values::U1(v) => append_as_bytes(v, &mut bytes),
            Values::Int(v) => append_as_bytes(v, &mut bytes),
            Values::U8(v) => append_as_bytes(v, &mut bytes),
            Values::F4(_) | Values::F8(_) => unreachable!("only integers are accepted"),
        };
        appended.map_err(|(index, found)| {
            npy.source.wrong(format!(
                "has a label out of range at [{}] (found {found}, expected 0 to 255)",
                first + index
            ))
        })?;
    }
    npy.skip(samples - kept)?;
    npy.source.end()?;
    Ok(bytes)
}

/// How to make labels of an array of another form, such as MATLAB and deep-learning libraries have.
fn remedy(shape: &[usize]) -> Option<String> {
    match shape {
        [_] => Some(in_python("numpy.load(OLD).astype('i8')")),
        [_, 1] | [1, _] => Some(in_python("numpy.load(OLD).ravel().astype('i8')")),
        [_, _] => {
            let largest = in_python("numpy.load(OLD).argmax(1)");
            Some(format!("if each row marks its class, {largest}"))
        }
        _ => None,
    }
}

/// Append integers to `bytes`. The error holds the index and the text of the first that is not from 0
/// to 255.
fn append_as_bytes<T: Copy + ToString + TryInto<u8>>(
    values: Vec<T>,
    bytes: &mut Vec<u8>,
) -> std::result::Result<(), (usize, String)> {
    for (index, value) in values.into_iter().enumerate() {
        bytes.push(value.try_into().map_err(|_| (index, value.to_string()))?);
    }
    Ok(())
}
