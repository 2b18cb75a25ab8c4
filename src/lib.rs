//! Networks trained with local errors, attacked, and measured by the power-law
//! decay of their hidden eigenspectra.
//!
//! The study is *Relationship between manifold smoothness and adversarial
//! vulnerability in deep learning with local errors* (Jiang, Zhou and Huang,
//! Chin. Phys. B 30, 048702, 2021; arXiv 2007.02047). The tools in `src/bin` are
//! its stages; these modules, in the order of the study, are what the stages compute:
//!
//! | module | what it is | tools |
//! |---|---|---|
//! | [`data`] | data that are drawn | `draw-digits`, `draw-powerlaw` |
//! | [`network`] | the network, its files, its accuracy | `extract-activations`, `accuracy` |
//! | [`train`] | learning with local errors, and by backpropagation | `train` |
//! | [`attack`] | Gaussian noise, FGSM, PGD | `attack-gauss`, `attack-fgsm`, `attack-pgd` |
//! | [`geometry`] | eigenspectra, their exponents, dimension | `spectrum`, `fit-powerlaw`, `dimension`, `validate` |
//! | [`study`] | the runs in one table, the claims judged on it | `describe-study`, `tabulate`, `claims` |
//! | [`report`] | the page and its figures | `report`, `report-sweep` |
//! | [`io`] | reading and writing | `import-idx`, `npy-info` |
//! | [`math`] | products, eigenvalues, random numbers | |
//! | [`cli`] | what all tools share; the only module that prints | |
//!
//! Arrays have one row per sample: images `x` are (samples, pixels), and the activations `h_l` of
//! layer l are (samples, units). Layers are numbered from 1 wherever a user sees them. [`guide`]
//! goes through the study in code.

pub mod attack;
pub mod cli;
pub mod data;
mod error;
pub mod geometry;
#[doc = include_str!("guide.md")]
pub mod guide {}
pub mod io;
pub mod math;
pub mod network;
pub mod report;
pub mod study;
pub mod train;

pub use error::{Error, Kind, Result, number};
