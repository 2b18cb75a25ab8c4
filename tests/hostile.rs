//! Files that are not what they say: refused in one line, soon, in little memory.

use std::{
    fs,
    time::{Duration, Instant},
};

use crate::common::{
    Folder, header,
    hostile::{MODEL, arrays, models, readers},
    memory::limited,
    npy,
};

#[test]
fn hostile_arrays_are_refused_as_files_and_as_streams() {
    let folder = Folder::with_network();
    for (case, bytes) in arrays() {
        fs::write(folder.path("bad.npy"), &bytes).unwrap();
        for reader in readers(case) {
            for line in [reader.replace("BAD", "bad.npy"), reader.replace("BAD", "- < bad.npy")] {
                let start = Instant::now();
                let line = limited(4_000_000, &line);
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
    for (descr, fortran, shape) in [
        ("<f4", false, "(1000000, 16)"),
        ("<f4", true, "(1000000, 16)"),
        ("|b1", false, "(72057594037927936, 16)"),
        ("|b1", true, "(72057594037927936, 16)"),
    ] {
        let promise = npy(&header(descr, fortran, shape), &[0; 64]);
        fs::write(folder.path("promise.npy"), promise).unwrap();
        for reader in readers("promise").iter().filter(|reader| !reader.contains("labels BAD")) {
            let line = reader.replace("BAD", "- < <(cat promise.npy)");
            let line = limited(300_000, &line);
            let line = if line.contains("spectrum") { line + " 2> >(tail -n 1 >&2)" } else { line };
            folder.fails(1, &line);
        }
    }
}

#[test]
fn hostile_models_are_refused() {
    let folder = Folder::with_network();
    for (case, text) in models() {
        fs::write(folder.path("net/model.json"), text).unwrap();
        let message = folder.fails(1, "extract-activations --model net x.npy");
        assert!(message.contains("net/"), "{case}: {message}");
    }
    // The four keys are enough.
    fs::write(folder.path("net/model.json"), MODEL).unwrap();
    folder.ok("accuracy --model net --labels y.npy x.npy");
    fs::remove_file(folder.path("net/r2.npy")).unwrap();
    let message = folder.fails(1, "accuracy --model net --labels y.npy x.npy");
    assert!(message.contains("the last layer must have a readout"), "{message}");
}
