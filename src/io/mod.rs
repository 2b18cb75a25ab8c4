//! Files, streams and arrays: every byte that enters or leaves a tool comes through here.

pub mod info;
pub mod read;
pub(crate) mod startup;
pub mod write;
