//! The tools as a user meets them, one module for each tool or manner.

#![allow(clippy::unwrap_used)] // a test that cannot go on has failed
#![allow(clippy::too_many_lines)] // lists of cases

#[path = "../common/mod.rs"]
mod common;

mod claims;
mod dead_networks;
mod extremes;
mod report;
mod sweep;
mod tables;
mod tabulate;
mod attacks;
mod dimension;
mod draw_powerlaw;
mod fit_powerlaw;
mod numeric_flags;
mod scale;
mod train;
