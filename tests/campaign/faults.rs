//! Calls of the system that fail: the Nth open, read, write, fsync or rename of a stage.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng, seq::SliceRandom};

use super::{
    Size, Tally,
    stages::{self, Files, Stage, files, is_refusal, reset},
};
use crate::common::Folder;

const ENOSPC: i32 = 28;
const EIO: i32 = 5;
const EINTR: i32 = 4;
/// One byte instead of all.
const SHORT: i32 = 0;

/// What can happen to a call.
const FAULTS: [(&str, &[i32]); 5] = [
    ("open", &[EIO, ENOSPC, EINTR]),
    ("read", &[EIO, EINTR, SHORT]),
    ("write", &[ENOSPC, EIO, EINTR, SHORT]),
    ("fsync", &[EIO, ENOSPC, EINTR]),
    ("rename", &[EIO, ENOSPC]),
];

pub fn run(size: &Size) -> Vec<Tally> {
    let (project, stages) = stages::prepare();
    let folder = &project.0;
    let shim = shim(folder);
    let mut cases = Vec::new();
    for (index, stage) in stages.iter().enumerate() {
        let counts = counts(folder, stage, &shim);
        for (call, errors) in FAULTS {
            for nth in 1..=counts[call] {
                cases.extend(errors.iter().map(|&error| (index, call, nth, error)));
            }
        }
    }
    let possible = cases.len();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    // The rare calls first, which are those that end an output; then of all.
    cases.shuffle(&mut rng);
    cases.sort_by_key(|&(_, call, ..)| !matches!(call, "fsync" | "rename"));
    let rare = cases.iter().filter(|&&(_, call, ..)| matches!(call, "fsync" | "rename")).count();
    cases.truncate(size.faults.max(rare * 2).min(possible));
    let mut tally = Tally::new("calls that fail or move one byte");
    let mut failed = 0;
    for (index, call, nth, error) in cases {
        let (stage, older) = (&stages[index], rng.random());
        reset(folder, stage, older);
        let before = files(folder);
        let (count, number) = (nth.to_string(), error.to_string());
        let variables = [
            ("LD_PRELOAD", &*shim),
            ("FAULT_CALL", call),
            ("FAULT_NTH", &count),
            ("FAULT_ERRNO", &number),
        ];
        let output = stage.output(folder, &variables);
        let found = files(folder);
        let outcome = if output.status.success() {
            if found == stage.made { Ok(()) } else { Err("a silent loss".into()) }
        } else if matches!(error, EINTR | SHORT) {
            Err(format!("not borne: {}", String::from_utf8_lossy(&output.stderr)))
        } else {
            failed += 1;
            is_refusal(&output).and_then(|()| as_before(&found, &before, stage, call, older))
        };
        tally.add(&format!("{}: {call} {nth}, errno {error}", stage.line), outcome);
    }
    tally.note = format!("of {possible}; {failed} named by an error, the others borne");
    vec![tally]
}

/// After an error nothing has changed, but what was streamed; and where the name of one
/// of several outputs could not be set, the others may have theirs.
fn as_before(
    found: &Files,
    before: &Files,
    stage: &Stage,
    call: &str,
    older: bool,
) -> Result<(), String> {
    let mut found = found.clone();
    // The checkpoint is whole, and stays.
    found.retain(|path, _| path.as_os_str() != "state" || before.contains_key(path));
    if stage.piped || &found == before {
        return Ok(());
    }
    if call == "rename" {
        return stages::all_old_or_new(&found, stage, older);
    }
    Err("an error changed the folder".into())
}

fn shim(folder: &Folder) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/campaign/faults.c");
    let shim = folder.path("faults.so");
    let compiled = Command::new(std::env::var_os("CC").unwrap_or("cc".into()))
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&shim, &source])
        .arg("-ldl")
        .status();
    assert!(compiled.unwrap().success(), "a C compiler is needed");
    shim.display().to_string()
}

/// How often a stage makes each call.
fn counts(folder: &Folder, stage: &Stage, shim: &str) -> BTreeMap<String, usize> {
    reset(folder, stage, false);
    let log = folder.path("calls");
    let log = log.to_str().unwrap();
    assert!(stage.output(folder, &[("LD_PRELOAD", shim), ("FAULT_LOG", log)]).status.success());
    let text = fs::read_to_string(log).unwrap();
    let pairs = text.lines().map(|line| line.split_once(' ').unwrap());
    pairs.map(|(call, count)| (call.to_owned(), count.parse().unwrap())).collect()
}
