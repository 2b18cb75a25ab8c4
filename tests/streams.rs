//! The standard streams: closed ones, and those that several processes share.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    os::fd::OwnedFd,
    process::Stdio,
    thread::sleep,
    time::Duration,
};

use ndarray::Array2;
use rustix::{
    net::{AddressFamily, RecvFlags, SocketFlags, SocketType, recv, socketpair},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};

use crate::common::{Bytes, Folder, TOOLS};

/// What each tool writes to stdout unless told otherwise.
const TO_STDOUT: &[&str] = &[
    "draw-digits --quiet --count 3",
    "draw-powerlaw --alpha 1 --samples 20 --units 3",
    "attack-gauss --sigma 1 x.npy",
    "attack-fgsm --epsilon 0.1 --model net --labels y.npy x.npy",
    "attack-pgd --epsilon 0.1 --model net --labels y.npy x.npy",
    "attack-deepfool --model net --labels y.npy x.npy",
    "extract-activations --model net x.npy",
    "displacement x.npy x.npy",
    "accuracy --model net --labels y.npy x.npy",
    "probe --activations x.npy --labels y.npy --test-activations x.npy --test-labels y.npy",
    "spectrum --quiet x.npy 2> /dev/null",
    "fit-powerlaw --ranks 1-8 s.npy",
    "dimension x.npy",
    "class-geometry --labels y.npy x.npy",
    "npy-info x.npy",
    "validate --quiet --alphas 1 --samples 300 --draws 2 --units 20 --ranks 1-10",
];

fn with_inputs() -> Folder {
    let folder = Folder::with_network();
    folder.ok("spectrum -q x.npy -o s.npy 2> /dev/null");
    folder
}

#[test]
fn a_closed_stdout_is_an_error_and_dev_null_is_none() {
    let folder = with_inputs();
    let words = ["--help", "--version", "--generate man"];
    let general = TOOLS.iter().flat_map(|tool| words.map(|word| format!("{tool} {word}")));
    for line in general.chain(TO_STDOUT.iter().map(|line| (*line).into())) {
        let tool = line.split(' ').next().unwrap().to_owned();
        let line = line.trim_end_matches(" 2> /dev/null");
        assert_eq!(folder.fails(1, &format!("{line} >&-")), format!("{tool}: stdout: is closed"));
        // As a shell opens it, and as others do, Python's DEVNULL for one.
        for redirection in ["> /dev/null", ">> /dev/null", "1<> /dev/null"] {
            let output = folder.run(&format!("{line} {redirection}"));
            assert!(output.status.success(), "{line} {redirection}");
        }
    }
    // The same under its other names, and for a descriptor that cannot be written.
    for line in ["-o /dev/stdout >&-", "-o /dev/fd/1 >&-", "-o /dev/stderr 2>&-"] {
        let output = folder.run(&format!("fit-powerlaw --ranks 1-8 s.npy {line}"));
        assert_eq!(output.status.code(), Some(1), "{line}");
    }
    let said = folder.fails(1, "fit-powerlaw --ranks 1-8 s.npy 1< x.npy");
    assert_eq!(said, "fit-powerlaw: stdout: Bad file descriptor");
    assert_eq!(folder.fails(1, "npy-info <&-"), "npy-info: stdin: is closed");
}

#[test]
fn closed_streams_do_not_take_what_is_opened_later() {
    let folder = with_inputs();
    let expected = folder.ok("attack-fgsm --epsilon 0.1 --model net --labels y.npy x.npy");
    for closed in [">&-", "<&- >&-", "<&- >&- 2>&-", "2>&-"] {
        folder.ok(&format!(
            "attack-fgsm --epsilon 0.1 --model net --labels y.npy --audit a.json x.npy -o a.npy {closed}"
        ));
        assert_eq!(folder.bytes("a.npy"), expected, "{closed}");
        // A message has nowhere to go, and so goes nowhere.
        let before = folder.files();
        let output = folder.run(&format!("attack-gauss --sigma 1 y.npy -o b.npy {closed} 2>&-"));
        assert_eq!(output.status.code(), Some(1), "{closed}");
        assert!(output.stdout.is_empty() && folder.files() == before, "{closed}");
    }
}

/// A socket that keeps what each call of the system wrote apart.
fn packets() -> (OwnedFd, OwnedFd) {
    let (unix, kind) = (AddressFamily::UNIX, SocketType::SEQPACKET);
    socketpair(unix, kind, SocketFlags::CLOEXEC, None).unwrap()
}

fn received(socket: &OwnedFd) -> Vec<String> {
    let mut packets = Vec::new();
    let mut buffer = vec![0_u8; 1 << 20];
    loop {
        let (length, _) = recv(socket, buffer.as_mut_slice(), RecvFlags::empty()).unwrap();
        if length == 0 {
            return packets;
        }
        packets.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
    }
}

fn assert_lines(packets: &[String], expected: usize, line: &str) {
    assert_eq!(packets.len(), expected, "{line}: {packets:?}");
    for packet in packets {
        assert!(packet.ends_with('\n') && packet.lines().count() == 1, "{line}: {packet:?}");
    }
}

#[test]
fn a_message_and_a_line_of_json_are_one_call_each() {
    let folder = with_inputs();
    for (line, messages, lines) in [
        ("train --nonsense", 1, 0),
        ("accuracy --model net --labels y.npy none", 1, 0),
        ("spectrum -q x.npy -o a.npy", 1, 0), // a warning
        ("accuracy --model net --labels y.npy x.npy", 0, 2),
        ("fit-powerlaw --method all --ranks 1-8 --ranks 1-5 s.npy", 0, 6),
        ("fit-powerlaw --ranks 1-8 --ranks 1-5 s.npy -o /dev/stdout", 0, 2),
        ("npy-info x.npy y.npy", 0, 2),
        ("dimension x.npy", 0, 2),
        ("class-geometry --labels y.npy x.npy", 0, 1),
    ] {
        let ((stderr, said), (stdout, written)) = (packets(), packets());
        let mut words = line.split(' ');
        let mut command = folder.command(words.next().unwrap());
        command.args(words).stdout(stdout).stderr(stderr);
        let mut child = command.spawn().unwrap();
        drop(command); // with its ends of the sockets
        child.wait().unwrap();
        assert_lines(&received(&said), messages, line);
        assert_lines(&received(&written), lines, line);
    }
}

#[test]
fn lines_of_many_processes_stay_whole_in_a_pipe_that_is_full() {
    let folder = with_inputs();
    let (reader, writer) = std::io::pipe().unwrap();
    let ranks = "--ranks 1-8 ".repeat(60);
    let line = format!("exec fit-powerlaw {ranks} s.npy");
    let start = |_| {
        let mut command = folder.command("bash");
        command.args(["-c", &line]).stdout(Stdio::from(writer.try_clone().unwrap()));
        command.stderr(File::create(folder.path("said")).unwrap()).spawn().unwrap()
    };
    let children: Vec<_> = (0..8).map(start).collect();
    drop(writer);
    sleep(Duration::from_millis(500)); // 8 times 20 KB are more than a pipe holds
    let lines: Vec<String> = BufReader::new(reader).lines().map(Result::unwrap).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(lines.len(), 8 * 60);
    let one = folder.ok("fit-powerlaw --ranks 1-8 s.npy");
    let one = String::from_utf8(one.0).unwrap();
    assert!(lines.iter().all(|line| *line == one.trim_end()));
}

/// A terminal: the end that a user sees, and the device that a program has.
fn terminal() -> (fs::File, String) {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    (controller.into(), name.to_str().unwrap().to_owned())
}

fn device(name: &str) -> fs::File {
    fs::File::options().read(true).write(true).open(name).unwrap()
}

#[test]
fn measurements_are_a_table_on_a_terminal_and_json_elsewhere() {
    let folder = Folder::with_network();
    let (mut user, name) = terminal();
    let tool = |stdout: Stdio| {
        let mut command = folder.command("accuracy");
        command.args(["--model", "net", "--labels", "y.npy", "x.npy"]);
        command.stdout(stdout).output().unwrap()
    };
    assert!(tool(device(&name).into()).status.success());
    let mut shown = [0; 4096];
    let count = user.read(&mut shown).unwrap();
    let shown = String::from_utf8_lossy(&shown[..count]).replace('\r', "");
    let table = folder.ok("accuracy --table --model net --labels y.npy x.npy").text();
    assert!(shown.starts_with("layer  samples  units  dead  correct  accuracy"), "{shown}");
    assert_eq!(shown, table);
    let piped = Bytes(tool(Stdio::piped()).stdout).text();
    assert!(piped.starts_with("{\"layer\":1,"), "{piped}");
}

#[test]
fn a_training_shows_a_bar_on_a_terminal_and_says_its_end() {
    let folder = Folder::with_data();
    let (mut user, name) = terminal();
    let mut command = folder.command("train");
    command.args("--images x.npy --labels y.npy --hidden 5 --epochs 3 -o net".split(' '));
    assert!(command.stderr(device(&name)).status().unwrap().success());
    drop(command); // with its end of the terminal
    let mut shown = Vec::new();
    // At the end of what was written, the terminal of nobody gives an error.
    let _ = user.read_to_end(&mut shown);
    let shown = String::from_utf8_lossy(&shown).into_owned();
    assert!(shown.contains("% ") && shown.contains(" left"), "{shown}");
    assert!(!shown.contains("epoch 3/3, "), "{shown}");
    let end = shown.lines().last().unwrap_or_default();
    assert!(end.contains("train: net: 1 layer, 3 epochs, train error "), "{shown}");
}

#[test]
fn nothing_is_read_from_a_terminal_and_no_array_written_to_one() {
    let folder = Folder::with_data();
    let (_user, name) = terminal();
    let terminal = || device(&name);
    let attack = |stdin: Stdio, stdout: Stdio| {
        let mut command = folder.command("attack-gauss");
        command.args(["--sigma", "1"]).stdin(stdin).stdout(stdout).stderr(Stdio::piped());
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        Bytes(output.stderr).text()
    };
    let message = attack(terminal().into(), Stdio::null());
    assert!(message.contains("stdin is a terminal"), "{message}");
    let x = fs::File::open(folder.path("x.npy")).unwrap();
    let message = attack(x.into(), terminal().into());
    assert!(message.contains("will not write an array to a terminal"), "{message}");
}

#[test]
fn a_reader_that_goes_away_ends_the_tool_silently() {
    let folder = Folder::new();
    folder.write("x.npy", &Array2::<f32>::zeros((3000, 100)));
    let output = folder.run("attack-gauss --sigma 1 x.npy | head -c 10 | wc -c");
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(output.stdout, b"10\n");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
