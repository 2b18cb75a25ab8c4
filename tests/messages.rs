//! What each tool says to common mistakes: `tests/messages/TOOL.txt` is a session, a command after
//! each `$`, under it what it says and its status.
//!
//! `MESSAGES=write cargo test --test tests messages::` writes what the tools say now into the files, to
//! be read as a change of them.

use std::{fmt::Write, fs, path::Path};

use ndarray::{Array1, Ix1, Ix2, s};

use crate::common::{Folder, TOOLS, header, npy, zip};

/// The files that the sessions name.
fn folder() -> Folder {
    let folder = Folder::with_table();
    let mut nan = vec![0; 3840];
    nan[4 * 17..4 * 18].copy_from_slice(&f32::NAN.to_le_bytes());
    for (name, shape, body) in [
        ("cut.npy", "(60, 16)", vec![0; 100]),
        ("nan.npy", "(60, 16)", nan),
        ("narrow.npy", "(60, 3)", vec![0; 720]),
        ("one.npy", "(1, 16)", vec![0; 64]),
        ("same.npy", "(60, 16)", vec![0; 3840]),
        ("vector.npy", "(60,)", vec![0; 240]),
    ] {
        fs::write(folder.path(name), npy(&header("<f4", false, shape), &body)).unwrap();
    }
    folder.write("bright.npy", &folder.read::<f32, Ix2>("x.npy").mapv(|x| (255.0 * x).round()));
    folder.write("standard.npy", &folder.read::<f32, Ix2>("x.npy").mapv(|x| (x - 0.25) / 0.5));
    folder
        .write("columns.npy", &folder.read::<f32, Ix2>("x.npy").slice(s![.., ..3]).t().to_owned());
    folder.write("turned.npy", &folder.read::<f32, Ix2>("x.npy").t().to_owned());
    folder.write("from-1.npy", &folder.read::<u8, Ix1>("y.npy").mapv(|y| y + 1));
    folder.write("few.npy", &Array1::<u8>::zeros(59));
    folder.write("high.npy", &Array1::<u8>::from_elem(60, 9));
    fs::write(folder.path("notes.txt"), "not an array\n").unwrap();
    fs::write(folder.path("empty.csv"), "").unwrap();
    fs::write(folder.path("net.pt"), zip("net/data.pkl")).unwrap();
    fs::write(folder.path("x.npz"), zip("x_test.npy")).unwrap();
    folder.ok("spectrum --few-samples x.npy -o s.npy
               echo out/digits/local/seed-1/clean | tabulate --summary summary.csv -o /dev/null
               claims t.csv -o claims.jsonl
               cp -r net broken; printf '{' > broken/model.json
               cp -r net headless; rm headless/w2.npy");
    folder
}

/// A session anew: its commands with what they say.
fn played(session: &str, folder: &Folder) -> String {
    let mut played = String::new();
    for command in session.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let before = folder.files();
        let output = folder.run(command);
        let silent = output.status.success() || output.stdout.is_empty();
        assert!(silent, "{command}: bytes on stdout");
        assert!(folder.files() == before, "{command}: the folder changed");
        let said = String::from_utf8(output.stderr).unwrap();
        let status = output.status.code().unwrap();
        writeln!(played, "$ {command}\n{said}[{status}]\n").unwrap();
    }
    played
}

#[test]
fn the_tools_say_what_their_sessions_show() {
    let folder = folder();
    let write = std::env::var("MESSAGES").is_ok_and(|value| value == "write");
    for tool in TOOLS.iter() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/messages/{tool}.txt"));
        let shown = fs::read_to_string(&file).unwrap();
        let played = played(&shown, &folder);
        if write {
            fs::write(&file, played).unwrap();
        } else {
            assert_eq!(shown, played, "{tool}");
        }
    }
}
