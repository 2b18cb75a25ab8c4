//! The study as a whole: its description, the table of its runs, and the claims judged on the table.

pub mod catalogue;
pub mod claims;
pub mod grid;
pub mod splits;
pub mod table;
