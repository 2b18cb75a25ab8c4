//! All tools in one program, `local-errors TOOL ARGUMENTS`, which is a fifth of the size of the tools one by
//! one. The Python wheel holds it, and in place of each tool a script that calls it (python/programs).

use std::{path::Path, process::ExitCode};

use clap::Parser;
use local_errors::{Error, cli};

#[global_allocator]
static ALLOCATOR: cli::Allocator = cli::Allocator;

/// Declares the tools, and `TOOLS` with the file and the `main` of each.
macro_rules! tools {
    ($($tool:ident = $file:literal,)*) => {
        $(#[path = $file] mod $tool;)*

        const TOOLS: &[(&str, fn() -> ExitCode)] = &[$(($file, $tool::main)),*];
    };
}

tools! {
    accuracy = "bin/accuracy.rs",
    attack_deepfool = "bin/attack-deepfool.rs",
    attack_fgsm = "bin/attack-fgsm.rs",
    attack_gauss = "bin/attack-gauss.rs",
    attack_pgd = "bin/attack-pgd.rs",
    claims = "bin/claims.rs",
    class_geometry = "bin/class-geometry.rs",
    describe_study = "bin/describe-study.rs",
    dimension = "bin/dimension.rs",
    displacement = "bin/displacement.rs",
    draw_digits = "bin/draw-digits.rs",
    draw_powerlaw = "bin/draw-powerlaw.rs",
    extract_activations = "bin/extract-activations.rs",
    fit_powerlaw = "bin/fit-powerlaw.rs",
    import_idx = "bin/import-idx.rs",
    npy_info = "bin/npy-info.rs",
    probe = "bin/probe.rs",
    report_reconstructions = "bin/report-reconstructions.rs",
    report_sweep = "bin/report-sweep.rs",
    report = "bin/report.rs",
    spectrum = "bin/spectrum.rs",
    tabulate = "bin/tabulate.rs",
    train = "bin/train.rs",
    validate = "bin/validate.rs",
}

/// All tools of local-errors in one program
///
/// The first word is the name of a tool; local-errors TOOL --help describes it.
#[derive(Parser)]
#[command(version, override_usage = "local-errors TOOL [ARGUMENTS]")]
struct NoTool {}

fn main() -> ExitCode {
    let words = cli::words();
    let called = words.first().map(Path::new);
    let tool =
        TOOLS.iter().find(|(file, _)| Path::new(file).file_stem() == called.map(Path::as_os_str));
    match tool {
        Some((_, main)) => main(),
        None => cli::main(|NoTool {}| {
            let names = TOOLS.iter().filter_map(|(file, _)| Path::new(file).file_stem()?.to_str());
            let names: Vec<_> = names.collect();
            Err(Error::usage(format!("is no tool (expected one of {})", names.join(", "))))
        }),
    }
}
