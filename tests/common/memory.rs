//! What a program takes: time, and memory at its peak.
//!
//! What the system reports as the peak of a child begins with the memory of the process that started
//! it. The tests' process is large, so that it starts itself anew, and that small process starts
//! the program.

use std::{
    process::{Command, Stdio},
    time::Instant,
};

use wait4::Wait4;

use super::Folder;

/// A line of bash that limits the memory of its programs to this many kilobytes. macOS has no such
/// limit, so there it is the line as given.
pub fn limited(kilobytes: u32, line: &str) -> String {
    if cfg!(target_os = "linux") { format!("ulimit -v {kilobytes}; {line}") } else { line.into() }
}

const LINE: &str = "MEASURED_LINE";

/// How a simple command ended, and what it took.
pub struct Ended {
    pub code: Option<i32>,
    pub stderr: String,
    pub seconds: f64,
    /// In bytes, at its peak.
    pub memory: u64,
}

/// Run a simple command, killed if it takes a minute.
pub fn measured(folder: &Folder, line: &str) -> Ended {
    let this = std::env::current_exe().unwrap();
    let arguments = ["--exact", "common::memory::measure", "--ignored", "--nocapture"];
    let output =
        folder.command(this.to_str().unwrap()).args(arguments).env(LINE, line).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let figures = stdout.lines().find_map(|line| line.strip_prefix("measured "));
    let figures = figures.unwrap_or_else(|| panic!("{line}: {stdout}"));
    let [code, seconds, memory] = figures.split(' ').collect::<Vec<_>>()[..] else {
        unreachable!("{figures}")
    };
    Ended {
        code: code.parse().ok(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        seconds: seconds.parse().unwrap(),
        memory: memory.parse().unwrap(),
    }
}

/// The peak, in bytes, of a simple command that must succeed.
pub fn peak(folder: &Folder, line: &str) -> u64 {
    let ended = measured(folder, line);
    assert_eq!(ended.code, Some(0), "{line}: {}", ended.stderr);
    ended.memory
}

#[test]
#[ignore = "a part of the tests of memory, which start it"]
fn measure() {
    let Ok(line) = std::env::var(LINE) else { return };
    let start = Instant::now();
    let mut command = Command::new("bash");
    command.args(["-c", &format!("exec timeout -s KILL 60 {line}")]);
    let used = command.stdout(Stdio::null()).spawn().unwrap().wait4().unwrap();
    let code = used.status.code().map_or_else(|| "killed".to_owned(), |code| code.to_string());
    println!("\nmeasured {code} {} {}", start.elapsed().as_secs_f64(), used.rusage.maxrss);
}
