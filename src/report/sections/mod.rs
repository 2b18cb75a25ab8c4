//! The sections of a study's page.

pub mod answer;
pub mod checks;
pub mod choices;
pub mod classes;
pub mod controls;
pub mod displacement;
pub mod layers;
pub mod network;
pub mod noise;
pub mod numbers;
pub mod power_law;
pub mod precision;
pub mod provenance;
pub mod robustness;
pub mod strengths;
pub mod texts;
pub mod training;
pub mod verdicts;
