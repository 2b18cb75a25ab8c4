//! Reading and writing of files, streams and arrays. All input and output of the tools goes through
//! this module.

pub mod info;
pub mod read;
pub mod startup;
pub mod write;
