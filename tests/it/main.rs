//! The tools as a user meets them, one module for each tool or manner.

#![allow(clippy::unwrap_used)] // a test that cannot go on has failed
#![allow(clippy::too_many_lines)] // lists of cases

#[path = "../common/mod.rs"]
mod common;

mod arguments;
mod arrays;
mod attacks;
mod claims;
mod dead_networks;
mod dimension;
mod documents;
mod draw_powerlaw;
mod extremes;
mod fit_powerlaw;
mod foreign;
mod idx;
mod notices;
mod numeric_flags;
mod outputs;
mod report;
mod samples;
mod scale;
mod signals;
mod splice;
mod streams;
mod sweep;
mod tables;
mod tabulate;
mod train;
