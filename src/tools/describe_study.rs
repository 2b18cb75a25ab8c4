//! How a study is made, as JSON.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Parser;
use serde::Serialize;

use crate::{
    Result, cli,
    files::{read::Source, write},
    spectrum::powerlaw::Ranks,
    study::catalogue::{AttackEntry, Catalogue, RuleEntry, Stage},
};

/// Record how a study is made, as JSON: its rules, attacks and stages, the SHA-256 of its data
///
/// The output also has the command that makes the study, the ranks, and the version of the tools.
/// The tools claims and report read from it what an attack or a rule is: they do not guess that from
/// its name. The parts of a description are separated by semicolons, and the command is the last.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  describe-study --command 'make all' --ranks 1-50 --rule 'local; local errors;; train --rule local' --attack 'gauss; noise; Gaussian noise; sigma (pixel units); attack-gauss --sigma STRENGTH' test-images.npy"
)]
struct Args {
    /// Data files whose SHA-256 is written
    files: Vec<PathBuf>,
    /// The command that makes the study
    #[arg(long, value_name = "COMMAND")]
    command: String,
    /// A range of ranks that is fitted; the main results use the first (repeatable)
    #[arg(long, value_name = "FIRST-LAST")]
    ranks: Vec<Ranks>,
    /// A learning rule: NAME; TITLE; the rule that it is a control of, or empty; COMMAND (repeatable)
    #[arg(long, value_name = "DESCRIPTION")]
    rule: Vec<RuleEntry>,
    /// An attack: NAME; FAMILY (noise, gradient or other, followed by ", control of ATTACK" if it is a
    /// control); TITLE; UNIT of its strength, with the symbol first; COMMAND (repeatable)
    #[arg(long, value_name = "DESCRIPTION")]
    attack: Vec<AttackEntry>,
    /// A measurement: NAME; COMMAND (repeatable)
    #[arg(long, value_name = "DESCRIPTION")]
    stage: Vec<Stage>,
    /// JSON to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: cli::Common,
}

/// What is written.
#[derive(Serialize)]
struct Study {
    #[serde(flatten)]
    catalogue: Catalogue,
    /// Of each file, by its name.
    sha256: BTreeMap<String, String>,
}

fn run(args: Args) -> Result<()> {
    let inputs: Vec<&Path> = args.files.iter().map(PathBuf::as_path).collect();
    cli::check_streams(&inputs, &[Some(&args.output)])?;
    let mut sha256 = BTreeMap::new();
    for file in &args.files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        sha256.insert(name, Source::open(file)?.sha256_of_all()?);
    }
    let catalogue = Catalogue {
        command: args.command,
        version: env!("CARGO_PKG_VERSION").into(),
        ranks: args.ranks,
        rules: args.rule,
        attacks: args.attack,
        stages: args.stage,
    };
    write::json_lines(&args.output, &[Study { catalogue, sha256 }])?.finish()
}

tool!(run);
