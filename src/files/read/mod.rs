//! Reading and checking of all input.
//!
//! A header is checked before memory is allocated for its array, memory grows as bytes arrive, and
//! every value is checked when it is read. Messages name the file, what was found, and what was
//! expected.

#![deny(clippy::indexing_slicing)] // input must not cause an index out of bounds

mod array;
mod cells;
mod data_file;
mod dtype;
mod gzip;
mod header;
mod idx;
mod known;
mod labels;
mod npy;
mod pixels;
mod printed;
mod records;
mod rows;
mod source;
mod text;
mod values;
pub mod written;

pub use array::{matrix, vector, vector_of_any_length};
pub use data_file::DataFile;
pub use dtype::Dtype;
pub(crate) use header::index_text;
pub use header::shape_text;
pub use idx::{Idx, IdxContent};
pub use labels::{Labelled, Labels};
pub use npy::Elements;
pub use pixels::doubt as doubt_of_pixels;
pub use records::{Line, Records, csv};
pub(crate) use rows::too_few;
pub use rows::{Block, Rows, transposed};
pub use source::{Source, instead_of_network, is_stream};
pub use text::{json, json_and_array, json_lines, lines};
pub use values::{Float, Values};
