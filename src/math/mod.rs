//! The arithmetic that all stages share: products, eigenvalues, loops over elements, exact scaling,
//! random numbers.

pub(crate) mod elementwise;
pub(crate) mod linalg;
pub(crate) mod mean;
pub mod rng;
pub(crate) mod scale;
pub(crate) mod sparse;
