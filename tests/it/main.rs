//! The tools as a user meets them, one module for each tool or manner.

#![allow(clippy::unwrap_used)] // a test that cannot go on has failed
#![allow(clippy::too_many_lines)] // lists of cases

#[path = "../common/mod.rs"]
mod common;
mod outputs;
mod signals;
mod streams;
