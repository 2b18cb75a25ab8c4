//! A study of deep networks trained with local errors: how vulnerable they are to attacks, and how the
//! eigenspectra of their hidden activations decay.
//!
//! The study follows *Relationship between manifold smoothness and adversarial vulnerability in deep
//! learning with local errors* (Jiang, Zhou and Huang, Chin. Phys. B 30, 048702, 2021;
//! arXiv 2007.02047). The programs in `src/bin` are the stages of the study, and [`tools`] has their
//! arguments and their help. The other modules, in the order of the study, contain the computations:
//!
//! | module | contents | tools |
//! |---|---|---|
//! | [`data`] | synthetic data | `draw-digits`, `draw-powerlaw` |
//! | [`network`] | the network, its files, its accuracy | `extract-activations`, `accuracy` |
//! | [`train`] | training with local errors and with backpropagation | `train` |
//! | [`attack`] | Gaussian noise, FGSM, PGD, DeepFool | `attack-gauss`, `attack-fgsm`, `attack-pgd`, `attack-deepfool` |
//! | [`spectrum`] | eigenspectra and their power-law exponents | `spectrum`, `fit-powerlaw`, `validate` |
//! | [`instruments`] | what an attack displaces, linear probes, intrinsic dimension, the spread of classes | `displacement`, `probe`, `dimension`, `class-geometry` |
//! | [`study`] | the table of all runs, and the claims judged on it | `describe-study`, `tabulate`, `claims` |
//! | [`report`] | the HTML report and its figures | `report`, `report-sweep`, `report-reconstructions` |
//! | [`files`] | reading and writing of files and streams | `import-idx`, `npy-info` |
//! | [`math`] | matrix products, eigenvalues, minimisation, random numbers | |
//! | [`tools`] | each tool: its arguments, its help, and what it calls | |
//! | [`cli`] | arguments, messages and exit statuses of all tools; the only module that prints | |
//!
//! Arrays have one row per sample: images `x` are (samples, pixels), and the activations `h_l` of
//! layer l are (samples, units). Layers are numbered from 1 in all arguments, outputs and messages. The
//! [`guide`] goes through the study in code.

pub mod attack;
pub mod cli;
pub mod data;
mod error;
pub mod instruments;
#[doc = include_str!("guide.md")]
pub mod guide {}
pub mod files;
pub mod math;
pub mod network;
pub mod report;
pub mod spectrum;
pub mod study;
pub mod tools;
pub mod train;
mod words;

pub use error::{Error, Kind, Result, number};
