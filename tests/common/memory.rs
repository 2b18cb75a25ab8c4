//! The memory that a program takes at its peak.
//!
//! What the system reports as the peak of a child begins with the memory of the process that started
//! it. The tests' process is large, so that it starts itself anew, and that small process starts
//! the program.

use std::process::{Command, Stdio};

use wait4::Wait4;

use super::Folder;

const LINE: &str = "MEASURED_LINE";

/// The peak, in bytes, of a simple command that must succeed.
pub fn peak(folder: &Folder, line: &str) -> u64 {
    let this = std::env::current_exe().unwrap();
    let arguments = ["--exact", "common::memory::measure", "--ignored", "--nocapture"];
    let output =
        folder.command(this.to_str().unwrap()).args(arguments).env(LINE, line).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let peak = stdout.lines().find_map(|line| line.strip_prefix("peak "));
    peak.unwrap_or_else(|| panic!("{line}: {stdout}")).parse().unwrap()
}

#[test]
#[ignore = "a part of the tests of memory, which start it"]
fn measure() {
    let Ok(line) = std::env::var(LINE) else { return };
    let mut child = Command::new("bash")
        .args(["-c", &format!("exec {line}")])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let used = child.wait4().unwrap();
    assert!(used.status.success(), "{line}");
    println!("\npeak {}", used.rusage.maxrss);
}
