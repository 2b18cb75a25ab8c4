//! Networks trained with local errors, attacked, and measured by the power-law
//! decay of their hidden eigenspectra.
//!
//! The study is *Relationship between manifold smoothness and adversarial
//! vulnerability in deep learning with local errors* (Jiang, Zhou and Huang,
//! Chin. Phys. B 30, 048702, 2021; arXiv 2007.02047). The tools in `src/bin` are
//! its stages; these modules are what the stages compute:
//!
//! | stage | modules |
//! |---|---|
//! | `draw-digits` | [`digits`] |
//! | `train` | [`train`], [`network`], [`model`] |
//! | `attack-gauss`, `attack-fgsm`, `attack-pgd` | [`attack`] |
//! | `extract-activations`, `accuracy` | [`network`], [`accuracy`] |
//! | `spectrum` | [`spectrum`] |
//! | `fit-powerlaw` | [`powerlaw`] |
//! | `dimension` | [`dimension`] |
//! | `draw-powerlaw`, `validate` | [`synthetic`], [`mod@validate`] |
//! | `tabulate` | [`table`], [`sweep`] |
//! | `claims` | [`claims`] |
//! | `describe-study` | [`catalogue`] |
//! | `report`, `report-sweep` | [`report`], [`figures`], [`marchenko_pastur`] |
//! | `npy-info` | [`info`] |
//!
//! All input passes through [`read`] and all output through [`mod@write`]. [`cli`] holds what
//! all tools share, and is the only module that prints. [`manual`] makes their man pages and
//! completions. Arrays have one row per sample: images `x` are (samples, pixels), and the
//! activations `h_l` of layer l are (samples, units). Layers are numbered from 1 wherever a
//! user sees them. [`guide`] goes through the study in code.

pub mod accuracy;
pub mod attack;
pub mod catalogue;
pub mod claims;
pub mod cli;
pub mod digits;
pub mod dimension;
mod elementwise;
mod error;
pub mod figures;
#[doc = include_str!("guide.md")]
pub mod guide {}
pub mod info;
mod linalg;
pub mod manual;
pub mod marchenko_pastur;
mod mean;
pub mod model;
pub mod network;
pub mod powerlaw;
pub mod read;
pub mod report;
pub mod rng;
mod scale;
mod sparse;
pub mod spectrum;
mod startup;
pub mod sweep;
pub mod synthetic;
pub mod table;
pub mod train;
pub mod validate;
pub mod write;

pub use error::{Error, Kind, Result, number};

/// Keeps the memory of one block of rows for the next. The system's allocator returned it, and
/// `spectrum` spent half its time on page faults.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
