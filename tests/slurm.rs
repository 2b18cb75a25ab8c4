//! `make test-slurm`: the study by `scripts/slurm-array`, on a real Slurm of three nodes that
//! `scripts/slurm-sandbox` starts here. Linux, as root or where users may make namespaces.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::common::{Bytes, project::Project};

/// Cores of a node; a task takes all, so that tasks are spread over the nodes.
const CPUS: usize = 2;
/// Enough for a training of seconds.
const LONG: &str = "EPOCHS=5000 RULES=local CONTROLS= SNAPSHOTS=";
/// Of the training that is cut off.
const CHECKPOINT: &str = "out/tiny/local/seed-1/model.checkpoint";
/// Tasks of the largest array that the sandbox allows.
const TASKS: usize = 3;

/// A Slurm, taken down at the end whatever happens.
struct Sandbox(PathBuf);

impl Sandbox {
    fn command(folder: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(script("slurm-sandbox"));
        command.args(words).env("SLURM_SANDBOX", folder).stdin(Stdio::null());
        // An environment of more than a page, as people's are.
        command.env("LONG", "x".repeat(8192));
        command
    }

    fn up(folder: PathBuf) -> Self {
        let start = Instant::now();
        let sandbox = Self(folder);
        sandbox.ask(&["up", "3", &CPUS.to_string()]);
        println!("up: three nodes in {:.1} s", start.elapsed().as_secs_f64());
        sandbox
    }

    fn ask(&self, words: &[&str]) {
        let status = Self::command(&self.0, words).status().unwrap();
        assert!(status.success(), "slurm-sandbox {words:?}");
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = Self::command(&self.0, &["down"]).status();
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts").join(name)
}

/// A project that submits to the sandbox.
struct Cluster {
    /// Its folder is the project's: it ends first.
    sandbox: Sandbox,
    project: Project,
}

impl Cluster {
    /// A line of bash with the sandbox's Slurm.
    fn line(&self, line: &str) -> String {
        let conf = self.sandbox.0.join("slurm.conf");
        format!("export SLURM_CONF={} SLURM_CPUS_PER_TASK={CPUS}; {line}", conf.display())
    }

    fn make(&self, arguments: &str) -> String {
        self.line(&Project::line(arguments))
    }

    /// The study's seeds, or the sweep's points, as an array of jobs.
    fn array(&self, arguments: &str) -> String {
        self.line(&Project::line(arguments).replacen("make ", "exec scripts/slurm-array ", 1))
    }

    /// A line of bash that must succeed; gives what it says on both streams.
    fn ok(&self, line: &str) -> String {
        let output = self.project.0.run(line);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(output.status.success(), "{line}: {said}");
        said
    }

    /// One that must fail; gives what it says.
    fn fails(&self, line: &str) -> String {
        let output = self.project.0.run(line);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(!output.status.success(), "{line}: {said}");
        said
    }

    /// Begin a line of bash, as a process group of its own; what it says goes to `said`.
    fn begin(&self, line: &str) -> Child {
        // Where this test runs in the background, SIGINT is ignored, and would be by its children.
        let mut command = self.project.0.command("env");
        command.args(["--default-signal=INT", "bash", "-eu", "-o", "pipefail", "-c"]);
        command.arg(format!("exec > said 2>&1; {line}"));
        command.process_group(0).spawn().unwrap()
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&self.project.0.bytes("said")).into_owned()
    }

    fn finish(&self, mut child: Child) {
        assert!(child.wait().unwrap().success(), "{}", self.said());
    }

    /// Wait until a file is there whose path holds these words.
    fn until(&self, words: [&str; 2]) {
        let start = Instant::now();
        let there = |path: &Path| words.iter().all(|w| path.display().to_string().contains(w));
        while !crate::common::files(self.project.0.path("").as_path())
            .iter()
            .any(|(path, _)| there(path))
        {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "{words:?} never came: {}",
                self.said()
            );
            sleep(Duration::from_millis(50));
        }
    }

    /// What make made, but for what a node may leave that was killed, or that thawed, and remove it.
    fn take(&self) -> Vec<(PathBuf, Bytes)> {
        let out = self.project.0.path("out");
        let mut files = crate::common::files(&out);
        let is_left = |path: &Path| {
            let end = path.extension().unwrap_or_default();
            ["tmp", "part", "checkpoint"].iter().any(|left| end == *left)
        };
        // A study of a sweep says in `log` what it made when.
        files.retain(|(path, _)| !is_left(path) && !path.ends_with("log"));
        fs::remove_dir_all(out).unwrap();
        files
    }

    /// When each file of a seed was made.
    fn times(&self) -> String {
        self.ok("find out -path '*/seed-*' -type f -printf '%p %T@\\n' | sort")
    }

    /// Soon no job is left, and no file of the launcher.
    fn assert_clean(&self) {
        let start = Instant::now();
        let left = || {
            let files = self.ok("find . -maxdepth 1 -name '.slurm-*'");
            self.ok(&self.line("squeue --noheader")) + &files
        };
        while !left().is_empty() {
            let log = || self.ok("grep -E 'JobId|node' sandbox/slurmctld.log | tail -n 60");
            assert!(start.elapsed() < Duration::from_secs(10), "left: {}\n{}", left(), log());
            sleep(Duration::from_millis(100));
        }
    }
}

fn assert_same(ours: &[(PathBuf, Bytes)], whole: &[(PathBuf, Bytes)]) {
    let without = |these: &[(PathBuf, Bytes)], those: &[(PathBuf, Bytes)]| -> Vec<PathBuf> {
        let names = these.iter().map(|(name, _)| name);
        names.filter(|name| those.iter().all(|(other, _)| other != *name)).cloned().collect()
    };
    let (more, missing) = (without(ours, whole), without(whole, ours));
    assert!(more.is_empty() && missing.is_empty(), "too many: {more:?}, missing: {missing:?}");
    for (ours, whole) in ours.iter().zip(whole) {
        assert!(ours == whole, "{} differs", ours.0.display());
    }
}

/// Print what was seen, and how long it took.
struct Case(Instant);

impl Case {
    fn seen(&mut self, what: &str) {
        println!("{what} ({:.1} s)", self.0.elapsed().as_secs_f64());
        self.0 = Instant::now();
    }
}

#[test]
#[ignore = "needs Slurm: make test-slurm"]
fn the_study_on_slurm() {
    let project = Project::new();
    project.0.ok(&format!("cp -r {}/scripts .", env!("CARGO_MANIFEST_DIR")));
    let sandbox = Sandbox::up(project.0.path("sandbox"));
    let cluster = Cluster { sandbox, project };
    let mut case = Case(Instant::now());
    same_bytes(&cluster, &mut case);
    more_seeds_than_tasks(&cluster, &mut case);
    lost_nodes(&cluster, &mut case);
    let whole = cut_off(&cluster, &mut case);
    failures(&cluster, &mut case);
    sweep(&cluster, &mut case);
    reconstructions(&cluster, &mut case);
    silent_controller(&cluster, &mut case, &whole);
    cluster.sandbox.ask(&["down"]);
    let mark = format!("SLURM_SANDBOX_MARK={}", cluster.sandbox.0.display());
    let left = cluster.ok(&format!("grep -lsz '{mark}' /proc/[0-9]*/environ || true"));
    assert_eq!(left, "", "processes are left");
    assert!(!cluster.sandbox.0.exists());
    case.seen("down: no process, job or file is left");
}

fn same_bytes(cluster: &Cluster, case: &mut Case) {
    cluster.ok(&cluster.make("-j2 all"));
    let whole = cluster.take();
    case.seen("the study on this machine");
    cluster.ok(&cluster.array("all"));
    let times = cluster.times();
    cluster.ok(&cluster.make("all"));
    assert_eq!(cluster.times(), times, "nothing of a seed is left to do");
    assert_same(&cluster.take(), &whole);
    cluster.assert_clean();
    case.seen("slurm-array, a task for each seed: the same bytes");
}

fn more_seeds_than_tasks(cluster: &Cluster, case: &mut Case) {
    let seeds = "SEEDS='1 2 3 4' RULES=local CONTROLS=";
    let said = cluster.ok(&cluster.array(&format!("all {seeds}")));
    assert!(said.contains(&format!("{TASKS} tasks of 4 targets")), "{said}");
    let times = cluster.times();
    cluster.ok(&cluster.make(&format!("all {seeds}")));
    assert_eq!(cluster.times(), times, "nothing of a seed is left to do");
    let files = cluster.take();
    // Tasks that wait for each other make the same.
    cluster.ok(&format!("export SLURM_ARRAY_LIMIT=1; {}", cluster.array(&format!("all {seeds}"))));
    cluster.ok(&cluster.make(&format!("all {seeds}")));
    assert_same(&cluster.take(), &files);
    cluster.assert_clean();
    case.seen("more seeds than Slurm allows tasks: each task makes several");
}

/// Slurm runs the tasks of a lost node again.
fn lost_nodes(cluster: &Cluster, case: &mut Case) {
    let long = format!("SEEDS='1 2 3' {LONG}");
    cluster.ok(&cluster.make(&format!("-j2 all {long}")));
    let whole = cluster.take();
    case.seen("a longer study on this machine");
    let array = cluster.begin(&cluster.array(&format!("all {long}")));
    for seed in ["seed-1", "seed-2", "seed-3"] {
        cluster.until([seed, "model.checkpoint"]);
    }
    cluster.sandbox.ask(&["kill", "n1"]);
    cluster.sandbox.ask(&["freeze", "n2"]);
    cluster.finish(array);
    let tasks = cluster.ok(&cluster.line("scontrol show jobs"));
    assert_eq!(tasks.matches("Restarts=1").count(), 2, "{tasks}");
    cluster.ok(&cluster.make(&format!("all {long}")));
    cluster.sandbox.ask(&["thaw", "n2"]);
    cluster.sandbox.ask(&["start", "n1"]);
    assert_same(&cluster.take(), &whole);
    cluster.assert_clean();
    case.seen("a node killed and one frozen: their tasks run again, and make the same bytes");
}

/// Ctrl-C, and what was begun goes on from where it was.
fn cut_off(cluster: &Cluster, case: &mut Case) -> Vec<(PathBuf, Bytes)> {
    let long = format!("SEEDS=1 {LONG}");
    let array = cluster.array(&format!("all {long}"));
    cluster.ok(&cluster.make(&format!("-j2 all {long}")));
    let whole = cluster.take();
    for (signal, status) in [("TERM", 143), ("INT", 130)] {
        let mut child = cluster.begin(&array);
        cluster.until(["seed-1", "model.checkpoint"]);
        cluster.ok(&format!("kill -{signal} -- -{}", child.id()));
        assert_eq!(child.wait().unwrap().code(), Some(status));
        cluster.assert_clean();
        let model = cluster.project.0.path("out/tiny/local/seed-1/model");
        assert!(!model.exists(), "{signal}: a target is left");
        if signal == "TERM" {
            fs::remove_file(cluster.project.0.path(CHECKPOINT)).unwrap();
        }
        case.seen(&format!("stopped by SIG{signal}: no job, no file, no target is left"));
    }
    let checkpoint = cluster.project.0.path(CHECKPOINT);
    let epoch = |bytes: &[u8]| {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap();
        serde_json::from_slice::<serde_json::Value>(line).unwrap()["epoch"].as_u64().unwrap()
    };
    let reached = epoch(&fs::read(&checkpoint).unwrap());
    let array = cluster.begin(&array);
    // What is saved next is further on, never the start again.
    let first = loop {
        match fs::read(&checkpoint) {
            Ok(bytes) if epoch(&bytes) != reached => break epoch(&bytes),
            Ok(_) => sleep(Duration::from_millis(5)),
            Err(_) => break u64::MAX,
        }
    };
    assert!(reached > 0 && first > reached, "{reached}, then {first}");
    cluster.finish(array);
    cluster.ok(&cluster.make(&format!("all {long}")));
    assert_same(&cluster.take(), &whole);
    case.seen(&format!("a stopped training goes on from epoch {reached}: the same bytes"));
    whole
}

fn failures(cluster: &Cluster, case: &mut Case) {
    // Half a network, then the end.
    let bad = "local='mkdir -p $(model) && touch $(model)/w1.npy && echo no room >&2 && exit 3' RULES=local";
    let model = cluster.project.0.path("out/tiny/local/seed-1/model/model.json");
    let said = cluster.fails(&cluster.array(&format!("all {bad}")));
    assert!(said.contains("task 0 (seed-1) failed with 2") && said.contains("no room"), "{said}");
    assert!(said.contains("2 of 2 tasks failed") && !model.exists(), "{said}");
    let said = cluster.fails(&cluster.array("all HIDDEN=0"));
    assert!(said.contains("HIDDEN has a bad value"), "{said}");
    let said = cluster.fails(&format!("export SBATCH_PARTITION=none; {}", cluster.array("all")));
    assert!(said.contains("invalid partition"), "{said}");
    cluster.take();
    cluster.assert_clean();
    case.seen("a failing stage: slurm-array fails, and leaves no target");
    let mut array = cluster.begin(&cluster.array(&format!("all SEEDS='1 2' {LONG}")));
    cluster.until(["seed-1", "model.checkpoint"]);
    cluster.ok(&cluster.line("scancel $(sed -n 's/^job \\([0-9]*\\):.*/\\1_1/p' said)"));
    assert_eq!(array.wait().unwrap().code(), Some(1));
    let said = cluster.said();
    assert!(
        said.contains("failed with no status") && said.contains("1 of 2 tasks failed"),
        "{said}"
    );
    cluster.take();
    cluster.assert_clean();
    case.seen("a cancelled task: slurm-array says that it has no status");
}

fn sweep(cluster: &Cluster, case: &mut Case) {
    let grid =
        "WIDTHS='8 12 16' DEPTHS='1 2' RULES=local SEEDS='1 2' CONTROLS= SUBSETS= SNAPSHOTS=";
    let said = cluster.ok(&cluster.array(&format!("sweep {grid}")));
    assert!(said.contains(&format!("{TASKS} tasks of 6 targets")), "{said}");
    cluster.ok(&cluster.make(&format!("sweep {grid}")));
    let files = cluster.take();
    let page = files.iter().find(|(path, _)| path == Path::new("sweep/report.html")).unwrap();
    let page = String::from_utf8(page.1.0.clone()).unwrap();
    for words in ["Against width", "Against depth", "train-all/width-16/depth-2/tiny"] {
        assert!(page.contains(words), "{words}");
    }
    cluster.ok(&cluster.make(&format!("-j2 sweep {grid}")));
    assert_same(&cluster.take(), &files);
    cluster.assert_clean();
    case.seen(
        "a sweep of three widths and two depths: its report, and the same bytes as on this machine",
    );
}

fn reconstructions(cluster: &Cluster, case: &mut Case) {
    let few = "SEEDS='1 2 3' EPOCHS=1 RULES='relu-sgd-joint tanh-adam-sequential' ATTACKS=gauss SIGMAS='0.5 1'";
    cluster.ok(&cluster.array(&format!("reconstructions {few}")));
    let times = cluster.times();
    cluster.ok(&cluster.make(&format!("reconstructions {few}")));
    assert_eq!(cluster.times(), times, "nothing of a seed is left to do");
    let files = cluster.take();
    let page = Path::new("reconstructions/tiny/reconstructions.html");
    assert!(files.iter().any(|(path, _)| path == page), "no page");
    cluster.ok(&cluster.make(&format!("-j2 reconstructions {few}")));
    assert_same(&cluster.take(), &files);
    cluster.assert_clean();
    case.seen("slurm-array, the reconstructions: the same bytes as on this machine");
}

fn silent_controller(cluster: &Cluster, case: &mut Case, whole: &[(PathBuf, Bytes)]) {
    let long = format!("SEEDS=1 {LONG}");
    let array = cluster.begin(&cluster.array(&format!("all {long}")));
    cluster.until(["seed-1", "model.checkpoint"]);
    cluster.ok("kill -STOP $(cat sandbox/slurmctld.pid)");
    cluster.finish(array);
    cluster.ok("kill -CONT $(cat sandbox/slurmctld.pid)");
    cluster.ok(&cluster.make(&format!("all {long}")));
    assert_same(&cluster.take(), whole);
    // The job itself may take Slurm minutes more, as a message about its end was lost.
    assert_eq!(cluster.ok("find . -maxdepth 1 -name '.slurm-*'"), "");
    case.seen("a controller that does not answer: the tasks go on, and make the same bytes");
}
