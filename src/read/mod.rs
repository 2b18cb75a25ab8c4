//! Reading: every byte that enters a tool comes through here, and is checked.
//!
//! A header is checked before anything is allocated for it, memory grows as
//! bytes arrive, and every value is checked where it enters. Messages name the
//! file and both numbers.

#![deny(clippy::indexing_slicing)] // what is read decides no index unchecked

mod array;
mod header;
mod idx;
mod labels;
mod records;
mod source;
mod text;

pub use array::{Block, Elements, Rows, Values, matrix, vector};
pub use header::{Dtype, shape_text};
pub use idx::{Idx, IdxContent};
pub use labels::Labels;
pub use records::{Line, Records, csv};
pub use source::{Source, is_stream};
pub use text::{json, json_and_array, json_lines, lines};
