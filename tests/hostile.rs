//! Files that are not what they say: refused in one line, soon, in little memory.

#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

mod common;

use std::{
    fs,
    time::{Duration, Instant},
};

use common::{Folder, header, npy};

/// Each tool with `BAD` where the file goes.
const READERS: [&str; 9] = [
    "attack-gauss --sigma 1 BAD",
    "attack-fgsm --epsilon 1 --model net --labels y.npy BAD",
    "attack-fgsm --epsilon 1 --model net --labels BAD x.npy",
    "extract-activations --model net BAD",
    "accuracy --model net --labels y.npy BAD",
    "accuracy --model net --labels BAD x.npy",
    "spectrum BAD",
    "fit-powerlaw BAD",
    "train --images BAD --labels y.npy -o new",
];

fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let plain = header("<f4", false, "(2, 3)");
    let with = |descr: &str, shape: &str| npy(&header(descr, false, shape), &[0; 24]);
    let nested = format!(
        "{{'descr': {}'<f4'{}, 'fortran_order': False, 'shape': (2, 3), }}",
        "[".repeat(22),
        "]".repeat(22)
    );
    let deep =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {}, }}", "(".repeat(5000));
    let mut long = b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec();
    long.extend(plain.bytes());
    let mut version = npy(&plain, &[0; 24]);
    version[6] = 9;
    vec![
        ("empty", vec![]),
        ("text", b"hello, world\n".to_vec()),
        ("magic only", b"\x93NUMPY".to_vec()),
        ("cut header", npy(&plain, &[])[..40].to_vec()),
        ("cut data", npy(&plain, &[0; 20])),
        ("trailing data", npy(&plain, &[0; 25])),
        ("nested descr", npy(&nested, &[0; 24])),
        ("deep shape", npy(&deep, &[0; 24])),
        ("structured", npy(&plain.replace("'<f4'", "[('a', '<f4'), ('b', '<f4')]"), &[0; 24])),
        ("object", with("|O", "(2, 3)")),
        ("complex", with("<c8", "(2, 3)")),
        ("escape", with("\\x1b[31m", "(2, 3)")),
        ("escape raw", with("\x1b[31m", "(2, 3)")),
        ("terabytes", with("<f4", "(1099511627776, 3)")),
        ("overflow", with("<f4", "(18446744073709551615, 3)")),
        ("hidden overflow", with("<f4", "(0, 1099511627776, 1099511627776)")),
        ("negative", with("<f4", "(-2, 3)")),
        ("sum", with("<f4", "(1+1, 3)")),
        ("scalar", npy(&header("<f4", false, "()"), &[0; 4])),
        ("nine axes", with("<f4", "(1, 1, 1, 1, 1, 1, 1, 2, 3)")),
        ("header of 4 GiB", long),
        ("version 9", version),
        ("no shape", npy("{'descr': '<f4', 'fortran_order': False, }", &[0; 24])),
        ("not finite", npy(&plain, &[0xff; 24])),
    ]
}

#[test]
fn hostile_arrays_are_refused_as_files_and_as_streams() {
    let folder = Folder::with_network();
    for (case, bytes) in hostile() {
        fs::write(folder.path("bad.npy"), &bytes).unwrap();
        for reader in READERS {
            for line in [reader.replace("BAD", "bad.npy"), reader.replace("BAD", "- < bad.npy")] {
                let start = Instant::now();
                let line = format!("ulimit -v 4000000; {line}");
                let line = if reader.starts_with("spectrum") {
                    line + " 2> >(tail -n 1 >&2)"
                } else {
                    line
                };
                let message = folder.fails(1, &line);
                assert!(start.elapsed() < Duration::from_secs(2), "{case}: {line}");
                assert!(
                    message.contains("bad.npy") || message.contains("stdin"),
                    "{case}: {message}"
                );
            }
        }
    }
}

#[test]
fn a_stream_that_promises_much_takes_little_memory() {
    let folder = Folder::with_network();
    let promise = npy(&header("<f4", false, "(1000000, 16)"), &[0; 64]);
    fs::write(folder.path("promise.npy"), promise).unwrap();
    for reader in READERS.iter().filter(|reader| !reader.contains("labels BAD")) {
        let line = reader.replace("BAD", "- < <(cat promise.npy)");
        let line = format!("ulimit -v 300000; {line}");
        let line = if line.contains("spectrum") { line + " 2> >(tail -n 1 >&2)" } else { line };
        folder.fails(1, &line);
    }
}

#[test]
fn hostile_models_are_refused() {
    let folder = Folder::with_network();
    let good = r#"{"schema":"local-errors/model/1","rule":"local","sizes":[16,10,10],"classes":3}"#;
    for (case, text) in [
        ("empty", String::new()),
        ("no JSON", "sizes: 3".into()),
        ("no sizes", good.replace("sizes", "size")),
        ("another schema", good.replace("model/1", "model/2")),
        ("negative size", good.replace("16", "-16")),
        ("one size", good.replace("16,10,10", "16")),
        ("a size of 0", good.replace("16", "0")),
        ("too wide", good.replace("16", "17")),
        ("too deep", good.replace("10,10", "10,10,10")),
        ("no classes", good.replace(":3", ":0")),
        ("other classes", good.replace(":3", ":4")),
        ("deep JSON", "[".repeat(100_000)),
    ] {
        fs::write(folder.path("net/model.json"), text).unwrap();
        let message = folder.fails(1, "extract-activations --model net x.npy");
        assert!(message.contains("net/"), "{case}: {message}");
    }
    // The four keys are enough.
    fs::write(folder.path("net/model.json"), good).unwrap();
    folder.ok("accuracy --model net --labels y.npy x.npy");
    fs::remove_file(folder.path("net/r2.npy")).unwrap();
    let message = folder.fails(1, "accuracy --model net --labels y.npy x.npy");
    assert!(message.contains("the last layer must have a readout"), "{message}");
}
