//! IDX, the format of the MNIST files: <http://yann.lecun.com/exdb/mnist/>.
//!
//! A file holds a magic number `0 0 type axes` (type 8 is unsigned bytes), the length of each axis as
//! a big-endian u32, and the elements.

use std::io::{self, Read};

use super::{
    Source,
    header::shape_text,
    known::{Known, Remedy},
};
use crate::{Error, Result};

/// The contents of the file, which follow from its number of axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdxContent {
    /// Images, (samples, rows, columns), with pixels from 0 to 255.
    Images {
        /// Number of pixels of an image, rows times columns.
        pixels: usize,
    },
    /// Labels, (samples,).
    Labels,
}

/// Number of bytes read at a time. It does not depend on the size of an image, because a wrong header
/// may claim images larger than memory.
const BLOCK: usize = 1 << 20;

/// An opened IDX file whose header has been checked.
pub struct Idx {
    source: Source,
    /// Images or labels.
    pub content: IdxContent,
    /// Number of images or labels in the file.
    pub samples: usize,
    /// Number of bytes not yet read.
    left: usize,
}

impl Idx {
    /// Check the header of a file.
    ///
    /// # Errors
    /// If the source is not an IDX file of unsigned bytes, or if its size is wrong.
    pub(super) fn open(mut source: Source) -> Result<Self> {
        const EXPECTED: &str = "an IDX file of unsigned bytes or a .npy array, images or labels";
        let axes = match magic(&mut source)? {
            [0, 0, 8, axes @ (1 | 3)] => usize::from(axes),
            _ => return Err(source.not(EXPECTED)),
        };
        let mut shape = [1; 3];
        for axis in shape.iter_mut().take(axes) {
            let mut bytes = [0; 4];
            source.fill(&mut bytes)?;
            *axis = u32::from_be_bytes(bytes) as usize;
        }
        let [samples, rows, columns] = shape;
        let shape = shape_text(shape.get(..axes).expect("there are at most three axes"));
        let size = rows.checked_mul(columns).and_then(|pixels| samples.checked_mul(pixels));
        // The pixels will be converted to f4.
        let max_size = isize::MAX.unsigned_abs() / size_of::<f32>();
        let size = match size.filter(|&size| size <= max_size) {
            Some(size) if size > 0 => size,
            _ => {
                return Err(source.wrong(format!(
                    "has an impossible size (found {shape}, expected no axis of 0)"
                )));
            }
        };
        if let Some(found) = source.remaining().filter(|&found| found != size as u64) {
            return Err(source.wrong(format!(
                "does not hold the {shape} bytes its header promises (found {found}, expected {size})"
            )));
        }
        let content = match axes {
            1 => IdxContent::Labels,
            _ => IdxContent::Images { pixels: rows * columns },
        };
        Ok(Self { source, content, samples, left: size })
    }

    /// The next block of bytes; `None` at the end.
    ///
    /// # Errors
    /// If the file is too short or too long, or if the gzip checksum is wrong.
    pub fn next_block(&mut self) -> Result<Option<Vec<u8>>> {
        let count = self.left.min(BLOCK);
        if count == 0 {
            self.source.end()?;
            return Ok(None);
        }
        let mut bytes = vec![0; count];
        self.source.fill(&mut bytes)?;
        self.left -= count;
        Ok(Some(bytes))
    }

    /// An error about this file.
    pub fn wrong(&self, message: impl Into<String>) -> Error {
        self.source.wrong(message)
    }
}

/// The first four bytes; missing ones are 0.
fn magic(source: &mut Source) -> Result<[u8; 4]> {
    let mut magic = [0; 4];
    match source.read_exact(&mut magic) {
        Err(e) if e.kind() != io::ErrorKind::UnexpectedEof => Err(source.failed(e)),
        _ => Ok(magic),
    }
}

/// Recognise an IDX file by its first bytes, including types that are not supported.
pub(super) fn known(start: &[u8]) -> Option<Known> {
    let &[a, b, c, d, ref rest @ ..] = start else { return None };
    let axis = |index: usize, number: fn([u8; 4]) -> u32| -> Option<u32> {
        Some(number(rest.get(4 * index..4 * index + 4)?.try_into().ok()?))
    };
    let (format, array) = match [a, b, c, d] {
        [0, 0, 8, 1 | 3] => {
            let remedy = Remedy::File("import-idx OLD -o NEW makes the array");
            return Some(Known::new("an IDX file", remedy));
        }
        [0, 0, kind, axes @ 1..=4] => {
            let descr = element_type(kind)?;
            let axes_after_first: Option<Vec<_>> =
                (1..axes.into()).map(|index| axis(index, u32::from_be_bytes)).collect();
            let shape = axes_after_first?
                .iter()
                .map(|axis| format!(", {axis}"))
                .collect::<Vec<_>>()
                .concat();
            let start = 4 + 4 * usize::from(axes);
            let array =
                format!("numpy.fromfile(OLD, '{descr}', offset={start}).reshape(-1{shape})");
            let format = format!("an IDX file of {descr} with {axes} axes");
            if (kind, axes) == (12, 2) {
                // QMNIST has eight numbers per image, of which the first is the class.
                let labels = format!("{array}[:, 0].astype('u1')");
                (format!("{format}, like the labels of QMNIST"), labels)
            } else {
                (format, array)
            }
        }
        [axes @ (1 | 3), 8, 0, 0] => {
            let array = match (axis(1, u32::from_le_bytes), axis(2, u32::from_le_bytes)) {
                (Some(rows), Some(columns)) if axes == 3 => {
                    format!("numpy.fromfile(OLD, 'u1', offset=16).reshape(-1, {rows}, {columns})")
                }
                _ => "numpy.fromfile(OLD, 'u1', offset=8)".into(),
            };
            ("an IDX file with little-endian numbers".into(), array)
        }
        _ => return None,
    };
    Some(Known::new(format, Remedy::Python(array.into())))
}

/// NumPy's name for an element type of IDX.
fn element_type(kind: u8) -> Option<&'static str> {
    Some(match kind {
        8 => "u1",
        9 => "i1",
        11 => ">i2",
        12 => ">i4",
        13 => ">f4",
        14 => ">f8",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn other_idx_files_are_named_with_a_remedy() {
        let header = |magic: [u8; 4], axes: &[u32], number: fn(u32) -> [u8; 4]| {
            let axes = axes.iter().flat_map(|&axis| number(axis));
            magic.into_iter().chain(axes).collect::<Vec<u8>>()
        };
        for (start, what, remedy) in [
            (header([0, 0, 8, 3], &[9, 28, 28], u32::to_be_bytes), "an IDX file", "import-idx"),
            (
                header([0, 0, 12, 2], &[60000, 8], u32::to_be_bytes),
                "an IDX file of >i4 with 2 axes, like the labels of QMNIST",
                "numpy.fromfile(OLD, '>i4', offset=12).reshape(-1, 8)[:, 0].astype('u1')",
            ),
            (
                header([0, 0, 13, 3], &[5, 2, 3], u32::to_be_bytes),
                "an IDX file of >f4 with 3 axes",
                "numpy.fromfile(OLD, '>f4', offset=16).reshape(-1, 2, 3)",
            ),
            (
                header([3, 8, 0, 0], &[9, 28, 28], u32::to_le_bytes),
                "an IDX file with little-endian numbers",
                "numpy.fromfile(OLD, 'u1', offset=16).reshape(-1, 28, 28)",
            ),
            (
                header([1, 8, 0, 0], &[9], u32::to_le_bytes),
                "an IDX file with little-endian numbers",
                "numpy.fromfile(OLD, 'u1', offset=8)",
            ),
        ] {
            let found =
                known(&start).unwrap().instead_of("a .npy array", Path::new("f")).to_string();
            assert!(found.starts_with(&format!("f: is {what} (expected")), "{found}");
            assert!(found.contains(remedy), "{found}");
        }
        assert_eq!(known(&[0, 0, 7, 1]), None);
        assert_eq!(known(&[0, 0]), None);
    }
}
