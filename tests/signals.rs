//! Signals that were ignored when a tool started stay ignored, as `nohup` and a script's `&` want it.

use std::{
    io::Write,
    os::unix::process::ExitStatusExt,
    process::{Child, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::common::{Folder, header, npy};

/// An attack that ignores a signal, which waits for the second half of its images.
fn begin(folder: &Folder, signal: &str) -> Child {
    let line = format!("trap '' {signal}; exec attack-gauss --sigma 1 -o y.npy");
    let mut command = folder.command("bash");
    let mut child = command.args(["-c", &line]).stdin(Stdio::piped()).spawn().unwrap();
    let images = npy(&header("<f4", false, "(2, 4)"), &[0; 16]);
    child.stdin.as_mut().unwrap().write_all(&images).unwrap();
    let start = Instant::now();
    while folder.files().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(20), "no temporary appears");
        sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn what_was_ignored_stays_ignored() {
    for signal in ["HUP", "INT", "TERM"] {
        let folder = Folder::new();
        let mut child = begin(&folder, signal);
        folder.ok(&format!("kill -{signal} {0}; sleep 0.1; kill -{signal} {0}", child.id()));
        child.stdin.take().unwrap().write_all(&[0; 16]).unwrap();
        let status = child.wait().unwrap();
        assert!(status.success(), "{signal}: {status}");
        assert_eq!(folder.files().len(), 1, "{signal}");
        // The others are not ignored.
        let mut child = begin(&folder, signal);
        let other = if signal == "TERM" { "HUP" } else { "TERM" };
        folder.ok(&format!("kill -{other} {}", child.id()));
        assert!(!child.wait().unwrap().success(), "{signal}, ended by {other}");
        assert_eq!(folder.files().len(), 1, "{signal}");
    }
}

#[test]
fn nohup_lets_a_training_end() {
    let folder = Folder::with_data();
    folder.ok("mkfifo images
               nohup train --images images --labels y.npy --hidden 5 --epochs 1 -o net > log 2>&1 &
               sleep 0.3; kill -HUP $!; cat x.npy > images; wait $!; rm images");
    assert!(folder.path("net/model.json").exists());
}

#[test]
fn a_file_that_may_not_grow_is_an_error_whether_its_signal_is_ignored_or_not() {
    let folder = Folder::new();
    for trap in ["", "trap '' XFSZ; "] {
        let said = folder.fails(1, &format!("{trap}ulimit -f 1; draw-digits --count 99 -o x.npy"));
        assert_eq!(said, "draw-digits: x.npy: File too large");
    }
}

#[test]
fn a_closed_pipe_is_an_error_where_its_signal_is_ignored() {
    let folder = Folder::new();
    let line = "draw-digits --quiet --count 3000 | head -c 10 > /dev/null; exit ${PIPESTATUS[0]}";
    let output = folder.run(&format!("set +e; {line}"));
    assert_eq!(output.status.code(), Some(141));
    assert!(output.stderr.is_empty());
    let said = folder.fails(1, &format!("set +e; trap '' PIPE; {line}"));
    assert_eq!(said, "draw-digits: stdout: Broken pipe");
}

#[test]
fn a_signal_ends_the_tool_by_that_signal_and_leaves_nothing() {
    let folder = Folder::new();
    for signal in ["INT", "TERM", "HUP"] {
        let mut child = folder
            .command("attack-gauss")
            .args(["--sigma", "1", "-o", "y.npy"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&npy(&header("<f4", false, "(100, 4)"), &[0; 64])).unwrap();
        let start = Instant::now();
        while folder.files().is_empty() {
            assert!(start.elapsed() < Duration::from_secs(20), "no temporary appears");
            sleep(Duration::from_millis(5));
        }
        folder.ok(&format!("kill -{signal} {}", child.id()));
        let status = child.wait().unwrap();
        let expected = match signal {
            "INT" => 2,
            "TERM" => 15,
            _ => 1,
        };
        assert_eq!(status.signal(), Some(expected));
        assert!(folder.files().is_empty(), "{signal}: {:?}", folder.files());
    }
}
