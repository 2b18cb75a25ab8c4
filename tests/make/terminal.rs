//! What make does on a terminal.

use std::{
    fs::{self, File},
    io::Read,
    os::unix::process::CommandExt,
    process::ExitStatus,
    sync::{Arc, Mutex},
    thread::{sleep, spawn},
    time::{Duration, Instant},
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::unwrapped;
use crate::common::{
    self,
    project::{Project, SMALL},
};

/// Long names, several networks, and no warnings beside the progress.
const STUDY: &str = "RULES='local backprop' ATTACKS='gauss fgsm fgsm-float32' CONTROLS=fgsm-random INSPECTED=gauss 2> /dev/null";

/// A make on a terminal, in a process group of its own.
struct Terminal {
    child: std::process::Child,
    said: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// Run a line of bash on a terminal that is `columns` wide.
    fn run(project: &Project, columns: usize, term: &str, line: &str) -> Self {
        let user = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&user).unwrap();
        unlockpt(&user).unwrap();
        let name = ptsname(&user, Vec::new()).unwrap();
        let device = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        // Where this test runs in the background, SIGINT is ignored, and would be by its children.
        let mut command = project.0.command("env");
        command.args(["--default-signal=INT", "bash", "-c"]).env("TERM", term);
        command.arg(format!("stty cols {columns} rows 24 && {line}"));
        command.stdin(device.try_clone().unwrap()).stdout(device.try_clone().unwrap());
        let child = command.stderr(device).process_group(0).spawn().unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let (mut user, all) = (File::from(user), said.clone());
        drop(command);
        spawn(move || {
            let mut piece = [0; 4096];
            // A terminal that nobody has open any more is an error.
            while let Ok(count @ 1..) = user.read(&mut piece) {
                all.lock().unwrap().extend(&piece[..count]);
            }
        });
        Self { child, said }
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().unwrap()).into_owned()
    }

    /// Wait for the end, at most a minute.
    fn end(mut self) -> (ExitStatus, String) {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                sleep(Duration::from_millis(50));
                return (status, self.said());
            }
            if start.elapsed() > Duration::from_secs(60) {
                self.child.kill().unwrap();
                panic!("make stands still: {}", self.said());
            }
            sleep(Duration::from_millis(10));
        }
    }
}

/// A text without the sequences that control a terminal.
fn plain(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let first = pieces.next().unwrap_or_default().to_owned();
    first
        + &pieces
            .map(|piece| {
                piece.trim_start_matches(|c: char| !c.is_alphabetic()).get(1..).unwrap_or_default()
            })
            .collect::<String>()
}

#[test]
fn no_line_that_is_rewritten_is_wider_than_the_terminal() {
    let project = Project::new();
    for columns in [40, 25, 132] {
        let line = Project::line(&format!("{SMALL} OUT=out-{columns} {STUDY}"));
        let (status, said) = Terminal::run(&project, columns, "xterm", &line).end();
        assert!(status.success(), "{said}");
        // What stands between two carriage returns that end no line.
        let said = plain(&said).replace("\r\n", "\n");
        let (mut rewritten, mut kept) = (0, 0);
        for line in said.lines() {
            let last = line.matches('\r').count();
            for (number, text) in line.split('\r').enumerate() {
                let width = text.chars().count();
                assert!(width <= columns, "{columns}: {text:?}");
                // The last column stays free, since some terminals wrap there.
                assert!(number == last || width < columns, "{columns}: {text:?}");
                rewritten += usize::from(number < last && width > 0);
            }
            kept += 1;
        }
        assert!(rewritten > 30 && kept > 5, "{rewritten} {kept}");
        assert!(unwrapped(&said).contains("network backprop/seed-1, accuracy"), "{said}");
        assert_eq!(project.table(&format!("out-{columns}")), project.table("out-40"));
    }
}

#[test]
fn a_terminal_without_abilities_gets_lines() {
    let project = Project::new();
    let line = Project::line(&format!("{SMALL} {STUDY}"));
    let (status, said) = Terminal::run(&project, 80, "dumb", &line).end();
    assert!(status.success(), "{said}");
    let said = said.replace("\r\n", "\n");
    assert!(!said.contains(['\r', '\u{1b}']), "{said:?}");
    let steps = said.lines().filter(|line| line.contains("  level ")).count();
    assert!(steps > 10, "{said}");
}

#[test]
fn ctrl_c_says_once_how_to_go_on_and_so_it_does() {
    let project = Project::new();
    // Half a second in a training, while nothing else ends or begins.
    let own = "slow = sleep 1; $(local)\nslow.about = slow;\n";
    fs::write(project.0.path("own.mk"), own).unwrap();
    let line = |out: &str, jobs: &str| {
        let settings = "SEEDS='1 2' RULES=slow ATTACKS='gauss fgsm'";
        Project::line(&format!("{SMALL} {settings} OUT={out} {jobs} 2> /dev/null"))
    };
    project.0.run(&line("whole", "-j2"));
    for (out, jobs, seed) in [("early", "-j1", 1), ("later", "-j1", 2), ("jobs", "-j2", 2)] {
        let terminal = Terminal::run(&project, 80, "xterm", &line(out, jobs));
        let start = Instant::now();
        while !project.0.path(&format!("{out}/tiny/slow/seed-{seed}/model")).exists() {
            assert!(start.elapsed() < Duration::from_secs(60), "{}", terminal.said());
            sleep(Duration::from_millis(5));
        }
        sleep(Duration::from_millis(500));
        project.0.ok(&format!("kill -INT -- -{}", terminal.child.id()));
        let (status, said) = terminal.end();
        assert!(!status.success(), "{said}");
        let said = plain(&said).replace('\r', "\n");
        let words = "stopped: the same command continues from here";
        let lines = said.lines().filter(|line| line.contains("stopped")).collect::<Vec<_>>();
        assert_eq!(lines, [words], "{said}");
        let left = format!("find {out} -name '.*.part' -o -name '.*.tmp'");
        assert_eq!(project.0.ok(&left).text(), "", "{out}");
        let (status, said) = Terminal::run(&project, 80, "xterm", &line(out, jobs)).end();
        assert!(status.success(), "{said}");
        assert_eq!(project.table(out), project.table("whole"), "{out}");
    }
}

/// A folder of files that are closed to writing, as git-annex, DVC and chmod leave them. Where root runs the
/// tests, another user must.
#[test]
fn results_that_are_closed_to_writing_are_replaced_or_named_and_nobody_is_asked() {
    let project = Project::new();
    project.make(SMALL);
    project.0.ok("chmod -R a-w out; find out -type d -exec chmod u+w {} +");
    let (mut user, mut tools) = (String::new(), common::bin());
    if project.0.ok("id -u").text() == "0\n" {
        if !project.0.run("command -v setpriv").status.success() {
            return common::skipped(
                "root writes everything, and there is no setpriv: files closed to writing",
            );
        }
        user = "setpriv --reuid=65534 --regid=65534 --clear-groups".to_owned();
        project.0.ok(&format!(
            "mkdir tools; cp {} tools",
            common::TOOLS
                .iter()
                .map(|tool| format!("{}/{tool}", tools.display()))
                .collect::<Vec<_>>()
                .join(" ")
        ));
        tools = project.0.path("tools");
        project.0.ok("chmod 755 .; chown -R 65534:65534 .");
    }
    let line = Project::line(&format!("{SMALL} SAMPLES=150 2>&1"));
    let line = line.replace(&common::bin().display().to_string(), &tools.display().to_string());
    for end in ["SAMPLES=150 2>&1", "RANKS=1-5 EPOCHS=3 2>&1", "clean 2>&1"] {
        let line = line.replace("SAMPLES=150 2>&1", end);
        let (status, said) = Terminal::run(&project, 80, "xterm", &format!("{user} {line}")).end();
        assert!(status.success() || said.contains(": Permission denied"), "{said}");
        assert!(!said.contains("override"), "{said}");
    }
    assert!(!project.0.path("out").exists());
}
