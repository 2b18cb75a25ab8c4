//! IDX, the format of the MNIST files: <http://yann.lecun.com/exdb/mnist/>.
//!
//! A magic number `0 0 8 axes` (8: unsigned bytes), each axis as a big-endian
//! u32, then the bytes. Files come plain or gzipped; which is told by the first
//! two bytes.

use std::io::{Cursor, Read};

use flate2::read::MultiGzDecoder;

use super::Source;
use crate::{Error, Result};

/// Whether the file holds images or labels, as its number of axes says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdxContent {
    /// (samples, rows, columns); pixels from 0 to 255
    Images {
        /// rows times columns
        pixels: usize,
    },
    /// (samples,)
    Labels,
}

/// An opened IDX file whose header is checked.
pub struct Idx {
    source: Source,
    /// Images or labels.
    pub content: IdxContent,
    /// Images or labels in the file.
    pub samples: usize,
}

impl Idx {
    /// Open, plain or gzipped, and check the header.
    pub fn open(mut source: Source) -> Result<Self> {
        let mut start = [0; 2];
        source.fill(&mut start)?;
        let gzipped = start == [0x1f, 0x8b];
        let mut source = source.decoded(|rest| -> Box<dyn Read> {
            let whole = Cursor::new(start).chain(rest);
            // Not GzDecoder, which takes the end of the first member for that of the file.
            if gzipped { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) }
        });
        let mut magic = [0; 4];
        source.fill(&mut magic)?;
        let axes = match magic {
            [0, 0, 8, axes @ (1 | 3)] => usize::from(axes),
            [a, b, c, d] => {
                return Err(source.wrong(format!(
                    "is not an IDX file of images or labels (found magic number {a} {b} {c} {d}, expected 0 0 8 1 or 0 0 8 3)"
                )));
            }
        };
        let mut shape = [1; 3];
        for axis in shape.iter_mut().take(axes) {
            let mut bytes = [0; 4];
            source.fill(&mut bytes)?;
            *axis = u32::from_be_bytes(bytes) as usize;
        }
        let [samples, rows, columns] = shape;
        let size =
            rows.checked_mul(columns).filter(|pixels| samples.checked_mul(*pixels).is_some());
        let pixels = match size {
            Some(pixels) if pixels > 0 && samples > 0 => pixels,
            _ => {
                let shape: Vec<_> = shape.iter().take(axes).collect();
                return Err(source.wrong(format!(
                    "has an impossible size (found {shape:?}, expected no axis of 0)"
                )));
            }
        };
        let content = if axes == 3 { IdxContent::Images { pixels } } else { IdxContent::Labels };
        Ok(Self { source, content, samples })
    }

    /// The next `count` bytes. Those of the last sample come only after the end
    /// of the file was seen, and with it the checksum of a gzipped one.
    pub fn take(&mut self, count: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let found = (&mut self.source)
            .take(count as u64)
            .read_to_end(&mut bytes)
            .map_err(|e| self.source.failed(&e))?;
        if found < count {
            return Err(self.source.failed(&std::io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(bytes)
    }

    /// Nothing may follow, and a gzip checksum must fit.
    pub fn end(&mut self) -> Result<()> {
        self.source.end()
    }

    /// An error about this file.
    pub fn wrong(&self, message: impl Into<String>) -> Error {
        self.source.wrong(message)
    }
}
