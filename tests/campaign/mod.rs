//! `make campaign`: tests the promises of doc/guarantees.md many times over, under conditions that
//! are rare otherwise: kills at random moments, failing system calls, files with false headers.
//! Linux, with a C compiler; nothing outside of temporary folders is touched.

mod faults;
mod headers;
mod inputs;
mod kills;
mod reruns;
mod stages;

use std::time::Instant;

/// What was tried, and what went wrong.
struct Tally {
    what: String,
    cases: usize,
    failures: Vec<String>,
    /// What was measured meanwhile.
    note: String,
}

impl Tally {
    fn new(what: &str) -> Self {
        Self { what: what.into(), cases: 0, failures: Vec::new(), note: String::new() }
    }

    /// One more case, in which this went wrong, or nothing.
    fn add(&mut self, case: &str, outcome: Result<(), String>) {
        self.cases += 1;
        self.failures.extend(outcome.err().map(|failure| format!("{case}: {failure}")));
    }
}

/// How much is tried.
struct Size {
    kills: usize,
    makes: usize,
    faults: usize,
    headers: usize,
    reruns: usize,
}

const FULL: Size = Size { kills: 384, makes: 40, faults: 600, headers: 1_000_000, reruns: 10 };
const SHORT: Size = Size { kills: 48, makes: 6, faults: 150, headers: 20_000, reruns: 1 };

#[test]
#[ignore = "takes minutes: make campaign"]
fn campaign() {
    let short = std::env::var("CAMPAIGN").is_ok_and(|size| size == "short");
    let size = if short { SHORT } else { FULL };
    let parts: [fn(&Size) -> Vec<Tally>; 5] =
        [kills::run, faults::run, inputs::run, headers::run, reruns::run];
    println!("\n| tried | cases | failures | seconds | |\n|---|---|---|---|---|");
    let mut failures = 0;
    for part in parts {
        let start = Instant::now();
        for tally in part(&size) {
            let Tally { what, cases, failures: failed, note } = tally;
            let seconds = start.elapsed().as_secs();
            println!("| {what} | {cases} | {} | {seconds} | {note} |", failed.len());
            for failure in failed.iter().take(20) {
                println!("{failure}");
            }
            failures += failed.len();
        }
    }
    assert_eq!(failures, 0, "failures");
}
