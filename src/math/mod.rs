//! The arithmetic shared by all stages: matrix products, eigenvalues, minimisation, element-wise loops,
//! exact scaling, means, softmax, and random numbers.

pub(crate) mod elementwise;
pub(crate) mod linalg;
pub(crate) mod mean;
pub(crate) mod minimise;
pub mod rng;
pub(crate) mod scale;
pub(crate) mod softmax;
pub(crate) mod sparse;
