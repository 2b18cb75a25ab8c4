//! Kills of every stage and of make, at random moments.

use std::{
    os::unix::process::{CommandExt, ExitStatusExt},
    process::Stdio,
    thread::sleep,
    time::Instant,
};

use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use super::{
    Size, Tally,
    stages::{self, Files, Stage, files, is_temporary, reset},
};
use crate::common::{self, Folder, project::Project};

pub fn run(size: &Size) -> Vec<Tally> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (project, stages) = stages::prepare();
    let stages: Vec<_> = stages.into_iter().filter(|stage| !stage.piped).collect();
    let mut killed = Tally::new("stages killed, then run again");
    let mut ended = Tally::new("stages ended by SIGINT, SIGTERM, SIGHUP");
    let (mut kills, mut ends) = (0, 0);
    for case in 0..size.kills {
        let stage = &stages[case % stages.len()];
        let older = rng.random();
        let moment = rng.random_range(0.0..1.05);
        kills += usize::from(hit(&project.0, stage, older, moment, "KILL", &mut killed));
        let signal = ["INT", "TERM", "HUP"][rng.random_range(0..3)];
        ends += usize::from(hit(&project.0, stage, older, moment, signal, &mut ended));
    }
    killed.note = format!("{kills} before the end");
    ended.note = format!("{ends} before the end");
    vec![killed, ended, makes(size, &project, &mut rng)]
}

/// Run a stage, and hit it with a signal; whether that came before its end.
fn hit(
    folder: &Folder,
    stage: &Stage,
    older: bool,
    moment: f64,
    signal: &str,
    tally: &mut Tally,
) -> bool {
    reset(folder, stage, older);
    let start = Instant::now();
    stage.output(folder, &[]);
    let whole = start.elapsed();
    reset(folder, stage, older);
    let mut child = stage.command(folder, &[]).spawn().unwrap();
    sleep(whole.mul_f64(moment));
    folder.run(&format!("kill -{signal} {}", child.id()));
    let status = child.wait().unwrap();
    let case = format!("{} hit by {signal} at {moment:.3}", stage.line);
    let expected = [("KILL", 9), ("INT", 2), ("TERM", 15), ("HUP", 1)];
    let number = expected.iter().find(|(name, _)| *name == signal).map(|&(_, number)| number);
    let hit = status.signal() == number;
    let outcome = if hit || status.success() {
        left(folder, stage, older, signal == "KILL")
    } else {
        Err(format!("ended by {status}"))
    };
    tally.add(&case, outcome.and_then(|()| again(folder, stage)));
    hit
}

fn left(folder: &Folder, stage: &Stage, older: bool, by_kill: bool) -> Result<(), String> {
    let mut found = files(folder);
    if let Some(path) = found.keys().find(|path| is_temporary(path) && !by_kill) {
        return Err(format!("{} is left", path.display()));
    }
    // A checkpoint is there to be found.
    found.retain(|path, _| !is_temporary(path) && path.as_os_str() != "state");
    stages::all_old_or_new(&found, stage, older)
}

fn again(folder: &Folder, stage: &Stage) -> Result<(), String> {
    let output = stage.output(folder, &[]);
    if !output.status.success() {
        return Err(format!("run again: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let mut found = files(folder);
    found.retain(|path, _| !is_temporary(path));
    if found == stage.made { Ok(()) } else { Err("run again: other bytes".into()) }
}

/// make killed alone, or with all it started, or doubled; then run to its end.
fn makes(size: &Size, project: &Project, rng: &mut ChaCha8Rng) -> Tally {
    let folder = &project.0;
    let tree = || -> Files {
        let files = common::files(&folder.path("out")).into_iter();
        files.filter(|(path, _)| !is_temporary(path)).collect()
    };
    let fresh = || folder.ok("rm -rf out; mkdir out");
    fresh();
    let start = Instant::now();
    project.make("-j2");
    let (whole, expected) = (start.elapsed(), tree());
    let mut tally = Tally::new("makes killed, interrupted or doubled, then run again");
    let mut scratch = 0;
    for case in 0..size.makes {
        fresh();
        let moment = rng.random_range(0.0..1.0);
        let how = ["kill of all", "kill of make", "interrupt", "double"][case % 4];
        let spawn = || {
            let mut make = folder.command("bash");
            make.args(["-c", &format!("exec {}", Project::line("-j2"))]).process_group(0);
            make.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        let mut first = spawn();
        sleep(whole.mul_f64(moment));
        let id = first.id();
        match how {
            "kill of all" => drop(folder.run(&format!("kill -KILL -- -{id}"))),
            "kill of make" => drop(folder.run(&format!("kill -KILL {id}"))),
            "interrupt" => drop(folder.run(&format!("kill -INT -- -{id}"))),
            // Of two that make the same, one may stop.
            _ => drop(spawn().wait()),
        }
        first.wait().unwrap();
        if how == "interrupt" {
            let files = common::files(&folder.path("out"));
            scratch += files.iter().filter(|(path, _)| is_temporary(path)).count();
        }
        // What a killed make had started goes on, and may be in the way of the next.
        project.run("-j2");
        let last = project.run("-j2");
        let mut outcome = Ok(());
        if !last.status.success() {
            outcome = Err(String::from_utf8_lossy(&last.stderr).into());
        } else if tree() != expected {
            let found = tree();
            let other = expected.iter().find(|&(path, bytes)| found.get(path) != Some(bytes));
            outcome = Err(format!("other bytes: {:?}", other.map(|(path, _)| path)));
        }
        tally.add(&format!("{how} at {moment:.3}"), outcome);
    }
    tally.note = format!("interrupts left {scratch} scratch files");
    tally
}
