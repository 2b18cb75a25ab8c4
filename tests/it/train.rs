//! `train`: what its checkpoint knows.

use std::{fs, thread::sleep, time::Duration};

use crate::common::{Folder, data, files};

/// A folder with the checkpoint of a training that was killed.
fn interrupted(train: &str) -> Folder {
    let folder = Folder::new();
    let (x, y) = data(3000, 100);
    folder.write("x.npy", &x);
    folder.write("y.npy", &y);
    folder.write("other.npy", &x.mapv(|x| 1.0 - x));
    let line = format!("exec {train} --checkpoint state -o net");
    let mut child = folder.command("bash").args(["-c", &line]).spawn().unwrap();
    while !folder.path("state").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    folder
}

const TRAIN: &str = "train --images x.npy --labels y.npy --test-images x.npy --test-labels y.npy \
                     --hidden 60,60 --epochs 60 --snapshots 3,58";

#[test]
fn a_checkpoint_of_anything_else_is_refused_and_says_what_differs() {
    let folder = interrupted(TRAIN);
    let state = folder.bytes("state");
    for (from, to, words) in [
        (
            "--snapshots 3,58",
            "--snapshots 3,40,58",
            "snapshots differs, found [3,58], expected [3,40,58]",
        ),
        ("--snapshots 3,58", "", "snapshots differs, found [3,58], expected []"),
        ("--epochs 60", "--epochs 70", "settings.epochs differs, found 60, expected 70"),
        ("--epochs 60", "--epochs 60 --seed 2", "settings.seed differs, found 1, expected 2"),
        ("--epochs 60", "--epochs 60 --batch-size 32", "settings.batch_size differs"),
        (
            "--epochs 60",
            "--epochs 60 --learning-rate 0.4",
            "settings.learning_rate differs, found 0.5",
        ),
        ("--epochs 60", "--epochs 60 --lr-decay 0.9", "settings.lr_decay differs"),
        ("--epochs 60", "--epochs 60 --lr-decay-every 9", "settings.lr_decay_every differs"),
        (
            "--epochs 60",
            "--epochs 60 --readout-scale 0.2",
            "settings.readout_scale differs, found null",
        ),
        ("--epochs 60", "--epochs 60 --shuffle-labels", "settings.shuffle_labels differs"),
        ("--epochs 60", "--epochs 60 --samples 2000", "samples differs, found 3000, expected 2000"),
        (
            "--epochs 60",
            "--epochs 60 --rule backprop",
            "rule differs, found \"local\", expected \"backprop\"; also settings.learning_rate",
        ),
        (
            "--hidden 60,60",
            "--hidden 60,50",
            "sizes differs, found [100,60,60], expected [100,60,50]",
        ),
        ("--images x.npy --labels", "--images other.npy --labels", "inputs.images differs"),
        ("--test-images x.npy", "--test-images other.npy", "inputs.test_images differs"),
        ("--test-images x.npy --test-labels y.npy", "", "inputs.test_images differs"),
    ] {
        let line = TRAIN.replace(from, to);
        let message = folder.fails(1, &format!("{line} --checkpoint state -o net"));
        assert!(message.contains("state: is the checkpoint of another training: "), "{message}");
        assert!(message.contains(words), "{line}: {message}");
        assert!(message.ends_with("(remove it to start again)"), "{message}");
    }
    // Another version, and another format.
    let line = state.split(|&byte| byte == b'\n').next().unwrap();
    let text = String::from_utf8_lossy(line).into_owned();
    for (key, of) in [("\"version\":\"", "version"), ("\"schema\":\"", "schema")] {
        let place = text.find(key).unwrap() + key.len();
        let mut other = state.0.clone();
        other[place] = b'X';
        fs::write(folder.path("state"), &other).unwrap();
        let message = folder.fails(1, &format!("{TRAIN} --checkpoint state -o net"));
        assert!(message.contains(&format!("{of} differs, found \"X")), "{message}");
    }
    fs::write(folder.path("state"), "{\"record\":{}}\n").unwrap();
    folder.fails(1, &format!("{TRAIN} --checkpoint state -o net"));
    // What decides nothing may differ: threads, the order of the snapshots, repeated ones.
    fs::write(folder.path("state"), &state.0).unwrap();
    let same = TRAIN.replace("--snapshots 3,58", "--snapshots 58,3,3 --threads 2");
    folder.ok(&format!("{same} --checkpoint state -o net; {TRAIN} -o whole"));
    assert!(!folder.path("state").exists());
    assert_eq!(files(&folder.path("net")), files(&folder.path("whole")));
    assert!(folder.path("net/epoch-3").is_dir() && folder.path("net/epoch-58").is_dir());
}

#[test]
fn readouts_beyond_single_precision_are_refused() {
    let folder = Folder::with_data();
    let train = "train --images x.npy --labels y.npy --hidden 10 --epochs 0 -o net --readout-scale";
    for scale in ["1e39", "1e300", "1e-50"] {
        let message = folder.fails(2, &format!("{train} {scale}"));
        assert!(message.contains("in single precision"), "{message}");
    }
    let message = folder.fails(2, &format!("{train} 3e38"));
    assert!(message.contains("--readout-scale is too large: layer 1 has a weight of"), "{message}");
}

#[test]
fn a_network_too_large_for_memory_is_refused() {
    let folder = Folder::with_data();
    for hidden in ["1000000000000", "10,18446744073709551615", "4294967296,4294967296"] {
        let line = format!("train --images x.npy --labels y.npy --hidden {hidden} -o net");
        let message = folder.fails(2, &line);
        assert!(message.contains("too large for memory"), "{message}");
    }
    // A limit of the process is met in words as well.
    let message = folder.fails(
        2,
        "ulimit -v 2000000; train --images x.npy --labels y.npy --hidden 30000,30000 -o net",
    );
    assert!(message.contains("too large for memory"), "{message}");
}
