//! The sections of a study's page.

pub mod checks;
pub mod controls;
pub mod layers;
pub mod network;
pub mod noise;
pub mod numbers;
pub mod precision;
pub mod provenance;
pub mod strengths;
pub mod texts;
pub mod training;
pub mod verdicts;
