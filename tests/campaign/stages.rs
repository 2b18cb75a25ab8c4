//! The stages as they are run, each with its inputs, and what may be found after one was
//! cut off.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Component, Path, PathBuf},
    process::{Command, Output, Stdio},
};

use crate::common::{self, Bytes, Folder, project::Project};

/// A folder's files and what is in them.
pub type Files = BTreeMap<PathBuf, Bytes>;

/// A tool with its arguments; what it writes is in the folder `w`.
pub struct Stage {
    pub line: &'static str,
    /// Whether stdin is x.npy and stdout w/out.
    pub piped: bool,
    /// What it writes where there was nothing.
    pub made: Files,
}

const LINES: [&str; 21] = [
    "draw-digits --count 600 --quiet -o w/out.npy",
    "import-idx digits/train-images-idx3-ubyte.gz -o w/out.npy",
    "train --quiet --images x.npy --labels y.npy --hidden 60,60 --epochs 3 --snapshots 1 -o w/net",
    "train --quiet --images x.npy --labels y.npy --hidden 60,60 --epochs 11 --checkpoint w/state -o w/net",
    "attack-gauss --sigma 1 x.npy -o w/out.npy",
    "attack-fgsm --epsilon 0.1 --model net --labels y.npy --audit w/audit.json x.npy -o w/out.npy",
    "attack-pgd --epsilon 0.1 --random-start --model net --labels y.npy --audit w/audit.json x.npy -o w/out.npy",
    "attack-deepfool --model net --labels y.npy --distances w/distances.npy x.npy -o w/out.npy",
    "extract-activations --model net --labels y.npy --accuracy w/accuracy.jsonl x.npy -o w/out.npy",
    "accuracy --model net --labels y.npy --predictions w/p.npy x.npy -o w/out.jsonl",
    "probe --activations h.npy --labels y.npy --test-activations h.npy --test-labels y.npy -o w/out.jsonl",
    "spectrum --quiet h.npy -o w/out.npy",
    "spectrum --quiet h.npy --moments w/out.npy",
    "spectrum --quiet --repeat h.npy h.npy -o w/out.npy",
    "fit-powerlaw --ranks 1-40 l.npy -o w/out.jsonl",
    "dimension x.npy -o w/out.jsonl",
    "class-geometry --labels y.npy h.npy -o w/out.jsonl",
    "draw-powerlaw --alpha 1 --samples 3000 --units 50 -o w/out.npy",
    "tabulate --runs out/tiny/.stamps/runs --summary w/summary.csv -o w/table.csv",
    "claims --study out/tiny/study.json --verdicts w/verdicts.txt --checks w/checks.jsonl out/tiny/table.csv -o w/out.jsonl",
    "report --table out/tiny/table.csv --claims out/tiny/claims.jsonl --checks out/tiny/checks.jsonl out/tiny --figures w/f -o w/out.html",
];

const PIPED: [&str; 3] = [
    "attack-gauss --sigma 1",
    "attack-fgsm --epsilon 0.1 --model net --labels y.npy",
    "extract-activations --model net",
];

/// A folder with all inputs, and the stages with what they make of them.
pub fn prepare() -> (Project, Vec<Stage>) {
    let project = Project::new();
    let folder = &project.0;
    let (x, y) = common::data(3000, 100);
    folder.write("x.npy", &x);
    folder.write("y.npy", &y);
    project.make("");
    folder.ok("train --images x.npy --labels y.npy --hidden 60,60 --epochs 2 -o net
               extract-activations --model net x.npy -o h.npy; spectrum h.npy -o l.npy");
    let stages = LINES.iter().map(|&line| (line, false)).chain(PIPED.map(|line| (line, true)));
    let stages = stages.map(|(line, piped)| {
        let mut stage = Stage { line, piped, made: Files::new() };
        reset(folder, &stage, false);
        let output = stage.output(folder, &[]);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        stage.made = files(folder);
        assert!(!stage.made.is_empty(), "{line}");
        stage
    });
    let stages = stages.collect();
    (project, stages)
}

impl Stage {
    pub fn command(&self, folder: &Folder, variables: &[(&str, &str)]) -> Command {
        let mut words = self.line.split(' ');
        // By its path: where PATH is searched is no matter of the tool's.
        let tool = common::bin().join(words.next().unwrap());
        let mut command = folder.command(tool.to_str().unwrap());
        command.args(words).envs(variables.iter().copied()).stderr(Stdio::piped());
        if self.piped {
            command.stdin(File::open(folder.path("x.npy")).unwrap());
            command.stdout(File::create(folder.path("w/out")).unwrap());
        }
        command
    }

    pub fn output(&self, folder: &Folder, variables: &[(&str, &str)]) -> Output {
        self.command(folder, variables).output().unwrap()
    }
}

/// An empty `w`, or one where older files are.
pub fn reset(folder: &Folder, stage: &Stage, older: bool) {
    let w = folder.path("w");
    let _ = fs::remove_dir_all(&w); // the first time there is none
    fs::create_dir(&w).unwrap();
    for path in stage.made.keys().filter(|_| older) {
        fs::create_dir_all(w.join(path).parent().unwrap()).unwrap();
        fs::write(w.join(path), older_text(path)).unwrap();
    }
}

/// What an older file holds: a folder is replaced where it is a network.
fn older_text(path: &Path) -> &'static str {
    if path.ends_with("model.json") { r#"{"schema":"local-errors/model/1"}"# } else { "older" }
}

/// The files in `w`.
pub fn files(folder: &Folder) -> Files {
    common::files(&folder.path("w")).into_iter().collect()
}

/// Whether a path is of what only a SIGKILL may leave.
pub fn is_temporary(path: &Path) -> bool {
    path.components().any(|part| match part {
        Component::Normal(name) => {
            let name = name.to_string_lossy();
            name.starts_with('.') && (name.ends_with(".tmp") || name.ends_with(".part"))
        }
        _ => false,
    })
}

/// Each output must be as before, or whole, and nothing else may be there.
pub fn all_old_or_new(found: &Files, stage: &Stage, older: bool) -> Result<(), String> {
    for (path, bytes) in found {
        let new = stage.made.get(path).is_some_and(|made| made == bytes);
        let old = older && stage.made.contains_key(path) && **bytes == *older_text(path).as_bytes();
        if !new && !old {
            return Err(format!("{} is torn or should not be ({bytes:?})", path.display()));
        }
    }
    let missing = stage.made.keys().find(|&path| older && !found.contains_key(path));
    missing.map_or(Ok(()), |path| Err(format!("{} is lost", path.display())))
}

/// After an error: one line.
pub fn is_refusal(output: &Output) -> Result<(), String> {
    let stderr = String::from_utf8_lossy(&output.stderr);
    if !matches!(output.status.code(), Some(1 | 2)) {
        return Err(format!("{}: {stderr}", output.status));
    }
    let line = stderr.trim_end_matches('\n');
    if line.is_empty() || line.len() > 500 || line.contains(char::is_control) {
        return Err(format!("not one line of at most 500 bytes: {stderr:?}"));
    }
    Ok(())
}
