//! The geometry of representations: the eigenvalues of their covariance, the power-law exponent of
//! the eigenvalues' decay, linear probes, and the intrinsic dimension of the set of points.

pub mod dimension;
pub mod marchenko_pastur;
pub mod powerlaw;
pub mod probe;
pub mod spectrum;
pub mod validate;
