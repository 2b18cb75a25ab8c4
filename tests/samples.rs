//! `--samples N` takes what N rows need, and shards are opened one after the other.

use std::fs;

use ndarray::{Array2, Array3, s};

use crate::common::{self, Folder, header, npy};

/// Bytes a line of bash makes its programs read, less those of a program that reads nothing.
fn read_by(folder: &Folder, line: &str) -> u64 {
    let count = |line: &str| -> u64 {
        let line = format!("{{ {line}; }} > /dev/null 2>&1; sed -n 's/^rchar: //p' /proc/$$/io");
        String::from_utf8(folder.ok(&line).0).unwrap().trim().parse().unwrap()
    };
    count(line).saturating_sub(count("npy-info /dev/null || true"))
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_not_used_is_not_read() {
    let folder = Folder::with_network();
    let sparse = |name: &str, descr: &str, fortran: bool, shape: &str, bytes: u64| {
        fs::write(folder.path(name), npy(&header(descr, fortran, shape), &[])).unwrap();
        let file = fs::File::options().append(true).open(folder.path(name)).unwrap();
        file.set_len(file.metadata().unwrap().len() + bytes).unwrap();
    };
    let rows = 500_000;
    sparse("f4.npy", "<f4", false, "(500000, 16)", 4 * 16 * rows);
    sparse("f8.npy", "<f8", false, "(500000, 4, 4)", 8 * 16 * rows);
    sparse("u1.npy", "|u1", false, "(500000, 16)", 16 * rows);
    sparse("i2.npy", "<i2", false, "(500000, 16)", 2 * 16 * rows);
    sparse("fortran.npy", "<f4", true, "(500000, 16)", 4 * 16 * rows);
    sparse("stack.npy", "<f4", false, "(3, 200000, 16)", 4 * 3 * 16 * 200_000);
    sparse("stack-f.npy", "<f4", true, "(3, 200000, 16)", 4 * 3 * 16 * 200_000);
    sparse("labels.npy", "<i8", false, "(500000,)", 8 * rows);
    let with = "--samples 20 --model net";
    for line in [
        "attack-gauss --sigma 1 --samples 20 f4.npy",
        "attack-gauss --sigma 1 --samples 20 < f4.npy",
        "attack-gauss --sigma 1 --samples 20 u1.npy",
        "attack-gauss --sigma 1 --samples 20 fortran.npy",
        &format!("attack-fgsm --epsilon 1 {with} --labels labels.npy f8.npy"),
        &format!("attack-pgd --epsilon 1 {with} --labels labels.npy f4.npy"),
        &format!("attack-deepfool {with} --labels labels.npy f4.npy"),
        &format!("accuracy {with} --labels labels.npy f4.npy"),
        &format!("extract-activations {with} f8.npy"),
        "spectrum --no-center --samples 20 i2.npy",
        "spectrum --no-center --samples 20 stack.npy",
        "spectrum --no-center --samples 20 stack-f.npy",
        "spectrum --no-center --samples 20 f4.npy i2.npy",
        "class-geometry --labels labels.npy --samples 20 stack.npy",
        "train --images f4.npy --labels y.npy --samples 60 --hidden 5 --epochs 1 -o new",
    ] {
        let read = read_by(&folder, line);
        assert!(read < 400_000, "{line}: {read} bytes");
        folder.run(line);
    }
}

#[test]
fn the_first_rows_are_those_of_the_whole() {
    let folder = Folder::with_network();
    let x: Array2<f32> = folder.read("x.npy");
    folder.write("first.npy", &x.slice(s![..7, ..]).to_owned());
    folder.write("y7.npy", &folder.read::<u8, ndarray::Ix1>("y.npy").slice(s![..7]).to_owned());
    // What is not used is not judged.
    let mut bad = x.clone();
    bad[[7, 0]] = f32::NAN;
    folder.write("bad.npy", &bad);
    folder.write("bad-f.npy", &bad.t().as_standard_layout().into_owned().reversed_axes());
    let mut labels: ndarray::Array1<u8> = folder.read("y.npy");
    labels[7] = 200;
    folder.write("bad-y.npy", &labels);
    for tool in [
        "attack-gauss --sigma 1",
        "extract-activations --model net",
        "accuracy --model net --labels LABELS",
        "attack-fgsm --model net --epsilon 0.1 --labels LABELS",
        "class-geometry --labels LABELS",
        "attack-deepfool --model net --labels LABELS",
    ] {
        let tool = |labels: &str| tool.replace("LABELS", labels);
        let expected = folder.ok(&format!("{} first.npy", tool("y7.npy")));
        for input in ["bad.npy", "- < bad.npy", "bad-f.npy", "<(cat bad.npy)", "<(cat bad-f.npy)"] {
            let line = format!("{} --samples 7 {input}", tool("bad-y.npy"));
            assert_eq!(folder.ok(&line), expected, "{line}");
        }
        // A writer upstream is not cut off.
        let line = format!("cat bad.npy | {} --samples 7", tool("bad-y.npy"));
        assert_eq!(folder.ok(&line), expected, "{line}");
    }
    let message =
        folder.fails(1, "cat x.npy y.npy | attack-gauss --sigma 1 --samples 7 -o new.npy");
    assert!(message.contains("more bytes than its header says"), "{message}");
    let message = folder.fails(1, "accuracy --model net --labels y7.npy --samples 9 x.npy");
    assert!(message.contains("(found 7 labels, 9 images)"), "{message}");
}

#[test]
fn shards_are_not_limited_by_open_files() {
    let folder = Folder::new();
    let (x, _) = common::data(600, 4);
    folder.write("whole.npy", &x);
    let mut names = Vec::new();
    for (index, rows) in x.axis_chunks_iter(ndarray::Axis(0), 3).enumerate() {
        names.push(format!("{index}.npy"));
        folder.write(&names[index], &rows.to_owned());
    }
    let names = names.join(" ");
    folder.ok(&format!(
        "ulimit -n 40; spectrum {names} -o shards.npy; spectrum {names} --samples 500 -o some.npy"
    ));
    folder.ok("spectrum whole.npy -o whole-l.npy; spectrum whole.npy --samples 500 -o first.npy");
    for (a, b) in [("shards.npy", "whole-l.npy"), ("some.npy", "first.npy")] {
        let (a, b): (ndarray::Array1<f64>, ndarray::Array1<f64>) = (folder.read(a), folder.read(b));
        assert!((&a - &b).iter().all(|d| d.abs() < 1e-12 * b[0]), "{a} {b}");
    }
    // Streams among them, which open only once.
    let line = "spectrum <(cat 0.npy) 1.npy - 3.npy <(cat 4.npy) < 2.npy -o a.npy
                spectrum 0.npy 1.npy 2.npy 3.npy 4.npy -o b.npy; cmp a.npy b.npy";
    folder.run(&format!("{{ {line}; }} 2> /dev/null")).status.success().then_some(()).unwrap();
    // What does not fit is named before anything is read; here nothing ends the first shard.
    folder.write("wide.npy", &Array2::<f32>::zeros((3, 5)));
    folder.write("stack.npy", &Array3::<f32>::zeros((1, 3, 4)));
    for (shard, words) in [
        ("wide.npy", "wide.npy: has rows of the wrong length (found 5, expected 4"),
        ("stack.npy", "stack.npy: is not a shard of the same stack"),
    ] {
        let message = folder.fails(
            1,
            &format!("timeout 20 spectrum <(head -c 128 whole.npy; exec sleep 30 2> /dev/null) 0.npy {shard}"),
        );
        assert!(message.contains(words), "{message}");
    }
}
