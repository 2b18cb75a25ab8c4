//! The geometry of representations: the eigenvalues of their covariance, the power-law exponent of
//! the eigenvalues' decay, linear probes, the intrinsic dimension of the set of points, and how the
//! points of a class spread around its centre.

pub mod classes;
pub mod dimension;
pub mod marchenko_pastur;
pub mod powerlaw;
pub mod probe;
pub mod spectrum;
pub mod validate;
