//! A file of a data set, images or labels, in one of the formats in which data sets are distributed.

use std::io::{self, Read};

use super::{Idx, Labels, Rows, Source, known::in_python, npy::Npy};
use crate::Result;

/// A file of a data set, of which the first bytes say what it holds.
pub enum DataFile {
    /// An IDX file of images or labels.
    Idx(Idx),
    /// A `.npy` array of images, (samples, …).
    Images(Rows<f32>),
    /// A `.npy` array of labels, (samples,), and its bytes.
    Labels(Labels, Vec<u8>),
}

impl DataFile {
    /// Open a file, which may be gzipped, and check its header. Labels are read whole.
    ///
    /// # Errors
    /// If the source is neither an IDX file of unsigned bytes nor a `.npy` array of images or labels.
    pub fn open(source: Source) -> Result<Self> {
        let (mut source, mut magic) = begun(source)?;
        if magic.starts_with(&[0x1f, 0x8b]) {
            (source, magic) = begun(source.unpacked()?)?;
        }
        let source = source.again()?;
        if magic != *b"\x93NUMPY" {
            return Idx::open(source).map(Self::Idx);
        }
        let mut npy = Npy::open(source.copied())?;
        let are_labels = match npy.header.shape.as_slice() {
            [_] => true,
            // These are neither, and the error for labels has the remedy that is probably right.
            [_, 1] | [1, _] => !Rows::<f32>::PIXELS.contains(&npy.header.dtype),
            _ => false,
        };
        if are_labels {
            let (labels, bytes) = Labels::with_bytes(npy)?;
            return Ok(Self::Labels(labels, bytes));
        }
        npy.source.end_copy();
        Rows::images_of(npy).map(Self::Images)
    }

    /// What to say of images that are probably labels.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        match self {
            Self::Images(images) if images.is_bytes() && images.columns() == 1 => Some(format!(
                "holds images of one pixel: if they are labels, {}",
                in_python("numpy.load(OLD).ravel()")
            )),
            _ => None,
        }
    }
}

/// The source with its first bytes; missing ones are 0.
fn begun(mut source: Source) -> Result<(Source, [u8; 6])> {
    let mut magic = [0; 6];
    match source.read_exact(&mut magic) {
        Err(e) if e.kind() != io::ErrorKind::UnexpectedEof => Err(source.failed(e)),
        _ => Ok((source, magic)),
    }
}
