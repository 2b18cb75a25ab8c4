//! What is measured beside the eigenspectrum: what an attack displaces, linear probes, the intrinsic
//! dimension of the set of points, and how the points of a class spread around its centre.

pub mod classes;
pub mod dimension;
mod displacement;
pub mod probe;

pub use displacement::{Displacement, Split, Summary, displacement};
