//! The tools, make and the scripts as a user meets them: a file for each tool or manner.
//!
//! `cargo test --test tests MODULE` runs one of them. Some are ignored by default, since they take
//! minutes or need more than Rust, and say why. Others are of what only Linux has: /proc, sockets of packets,
//! memory limits, ignored signals and closed streams that are known before `main`.

#![allow(clippy::unwrap_used, clippy::panic)] // a test that cannot go on has failed
#![allow(clippy::too_many_lines)] // lists of cases
#![allow(clippy::print_stdout)] // what a check measured, and what was not tested

mod accuracy;
mod arguments;
mod arrays;
mod attacks;
mod campaign;
mod choices;
mod claims;
mod class_geometry;
mod common;
mod dead_networks;
mod deepfool;
mod digits;
mod dimension;
mod displacement;
mod documents;
mod draw_powerlaw;
mod extremes;
mod fetch;
mod fit_powerlaw;
mod foreign;
mod help;
mod hostile;
mod idx;
mod make;
mod messages;
mod mistakes;
mod mnist;
mod neighbours;
mod notebook;
mod notices;
mod npy_info;
mod numeric_flags;
mod outputs;
mod own_network;
mod page;
mod pipeline;
mod probe;
mod reference;
mod report;
mod samples;
mod scale;
mod signals;
mod slurm;
mod spectrum;
mod splice;
mod streams;
mod sweep;
mod tables;
mod tabulate;
mod train;
mod validate;
mod wheel;
