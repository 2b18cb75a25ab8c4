//! The tools: the arguments of each, its help, and how it calls the library. A program in `src/bin` is
//! the `main` of one of them.

use std::process::ExitCode;

/// Defines the `main` of a tool, which calls `$run` with the parsed arguments.
macro_rules! tool {
    ($run:expr) => {
        /// Run the tool.
        #[must_use]
        pub fn main() -> std::process::ExitCode {
            crate::cli::main($run)
        }
    };
}

pub mod accuracy;
pub mod attack_deepfool;
pub mod attack_fgsm;
pub mod attack_gauss;
pub mod attack_pgd;
pub mod claims;
pub mod class_geometry;
pub mod describe_study;
pub mod dimension;
pub mod displacement;
pub mod draw_digits;
pub mod draw_powerlaw;
pub mod extract_activations;
pub mod fit_powerlaw;
pub mod import_idx;
pub mod npy_info;
pub mod probe;
pub mod report;
pub mod report_reconstructions;
pub mod report_sweep;
pub mod spectrum;
pub mod tabulate;
pub mod train;
pub mod validate;

macro_rules! all {
    ($($tool:ident)*) => { &[$((stringify!($tool), $tool::main)),*] };
}

/// What a tool does when it is called.
pub type Main = fn() -> ExitCode;

/// The module of each tool, and its `main`. A macro could declare the modules too, but rustfmt would not
/// find their files.
const ALL: &[(&str, Main)] = all! {
    accuracy attack_deepfool attack_fgsm attack_gauss attack_pgd claims class_geometry
    describe_study dimension displacement draw_digits draw_powerlaw extract_activations
    fit_powerlaw import_idx npy_info probe report report_reconstructions report_sweep spectrum
    tabulate train validate
};

/// The names of all tools.
#[must_use]
pub fn names() -> Vec<String> {
    ALL.iter().map(|(module, _)| module.replace('_', "-")).collect()
}

/// The `main` of the tool of this name.
#[must_use]
pub fn main_of(name: &str) -> Option<Main> {
    ALL.iter().find(|(module, _)| module.replace('_', "-") == name).map(|(_, main)| *main)
}
