//! The study as a whole: how it was made, its runs in one table, and the claims judged on it.

pub mod catalogue;
pub mod claims;
pub mod grid;
pub mod table;
