//! Reading: every byte that enters a tool comes through here, and is checked.
//!
//! A header is checked before anything is allocated for it, memory grows as
//! bytes arrive, and every value is checked where it enters. Messages name the
//! file and both numbers.

#![deny(clippy::indexing_slicing)] // what is read decides no index unchecked

mod array;
mod dtype;
mod gzip;
mod header;
mod idx;
mod known;
mod labels;
mod npy;
mod records;
mod rows;
mod source;
mod text;
mod values;

pub use array::{matrix, vector};
pub use dtype::Dtype;
pub(crate) use header::index_text;
pub use header::shape_text;
pub use idx::{Idx, IdxContent};
pub use labels::Labels;
pub use npy::Elements;
pub use records::{Line, Records, csv};
pub use rows::{Block, Rows};
pub use source::{Source, is_stream};
pub use text::{json, json_and_array, json_lines, lines};
pub use values::{Float, Values};
