//! `train`: what its checkpoint knows.

use std::{fs, os::unix::process::ExitStatusExt, thread::sleep, time::Duration};

use crate::common::{self, Folder, data, files, json_lines, memory::limited};

/// A folder with the checkpoint of a training that was killed.
fn interrupted(train: &str) -> Folder {
    let folder = Folder::new();
    let (x, y) = data(3000, 100);
    folder.write("x.npy", &x);
    folder.write("y.npy", &y);
    folder.write("other.npy", &x.mapv(|x| 1.0 - x));
    let line = format!("exec {train} --quiet --checkpoint state -o net");
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
        (
            "--epochs 60",
            "--epochs 60 --no-bias",
            "settings.bias differs, found nothing, expected false",
        ),
        (
            "--epochs 60",
            "--epochs 60 --pixel-range -1,1",
            "settings.pixel_range differs, found nothing, expected [-1.0,1.0]",
        ),
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
    assert!(
        message.contains("the initial weights are too large: layer 1 has a weight of"),
        "{message}"
    );
}

#[test]
fn settings_are_recorded_as_they_were_given() {
    let folder = Folder::with_data();
    let settings = [
        ("learning_rate", "0.07"),
        ("lr_decay", "0.85"),
        ("momentum", "0.9"),
        ("weight_gain", "1.1"),
        ("readout_scale", "0.05"),
    ];
    let flags = settings.map(|(name, value)| format!("--{} {value}", name.replace('_', "-")));
    let flags = flags.join(" ");
    folder.ok(&format!("train --images x.npy --labels y.npy --hidden 5 --epochs 1 {flags} -o net"));
    // probe writes model.json anew.
    for line in [
        "true",
        "extract-activations --model net x.npy -o h.npy
         probe --activations h.npy --labels y.npy --test-activations h.npy --test-labels y.npy --into net --replace",
    ] {
        folder.ok(line);
        let model = folder.bytes("net/model.json").text();
        for (name, value) in settings {
            assert!(model.contains(&format!("\"{name}\":{value},")), "{name}: {model}");
        }
    }
}

#[test]
fn a_network_too_large_for_memory_is_refused() {
    let folder = Folder::with_data();
    for hidden in ["1000000000000", "10,18446744073709551615", "4294967296,4294967296"] {
        let line = format!("train --images x.npy --labels y.npy --hidden {hidden} -o net");
        let message = folder.fails(2, &line);
        assert!(message.contains("too large for memory"), "{message}");
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the memory of a process cannot be limited here")]
fn a_network_beyond_the_limit_of_the_process_is_refused() {
    let line = "train --images x.npy --labels y.npy --hidden 30000,30000 -o net";
    let message = Folder::with_data().fails(2, &limited(2_000_000, line));
    assert!(message.contains("too large for memory"), "{message}");
}

#[test]
fn lower_layers_of_a_deeper_local_network_are_the_shallow_one() {
    let folder = Folder::with_data();
    let train = "train --images x.npy --labels y.npy --epochs 3 --seed 4 --hidden";
    folder.ok(&format!("{train} 9,9,9,9 -o deep; {train} 9,9 -o shallow"));
    for array in ["w1", "b1", "r1", "w2", "b2", "r2"] {
        let file = |net: &str| folder.bytes(&format!("{net}/{array}.npy"));
        assert_eq!(file("deep"), file("shallow"), "{array}");
    }
    // With backpropagation the layers above matter.
    folder.ok(&format!(
        "{train} 9,9,9 --rule backprop -o deep; {train} 9,9 --rule backprop -o shallow"
    ));
    assert_ne!(folder.bytes("deep/w1.npy"), folder.bytes("shallow/w1.npy"));
}

#[test]
fn a_network_directory_holds_what_the_contract_says() {
    let folder = Folder::with_data();
    let train = "train --images x.npy --labels y.npy --test-images x.npy --test-labels y.npy --hidden 10,10 --epochs 3";
    folder.ok(&format!("{train} --snapshots 0,2 -o local; {train} --rule backprop -o backprop"));
    let names = |net: &str| {
        let files = common::files(&folder.path(net)).into_iter();
        let names = files.map(|(path, _)| path.display().to_string());
        names.collect::<Vec<_>>().join(" ")
    };
    let layers = "b1.npy b2.npy history.jsonl model.json r1.npy r2.npy w1.npy w2.npy";
    assert!(names("local").starts_with("b1.npy b2.npy epoch-0/b1.npy"), "{}", names("local"));
    assert!(names("local").ends_with(&layers[14..]), "{}", names("local"));
    assert_eq!(
        names("backprop"),
        "b1.npy b2.npy c2.npy history.jsonl model.json r2.npy w1.npy w2.npy"
    );
    let history = json_lines(&folder.bytes("local/history.jsonl"));
    let keys: Vec<_> =
        history.iter().map(|line| (line["epoch"].as_u64(), line["layer"].as_u64())).collect();
    assert_eq!(
        keys,
        [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)].map(|(e, l)| (Some(e), Some(l)))
    );
    let model: serde_json::Value =
        serde_json::from_slice(&folder.bytes("local/model.json")).unwrap();
    assert_eq!(model["schema"], "local-errors/model/2");
    assert_eq!(model["activation"], "relu");
    assert_eq!(model["rule"], "local");
    assert_eq!(model["sizes"], serde_json::json!([16, 10, 10]));
    assert_eq!(model["classes"], 3);
    let sum = folder.ok("sha256sum < x.npy");
    assert_eq!(model["sha256"]["images"].as_str().unwrap().as_bytes(), &sum[..64]);
    // The test error is the accuracy tool's.
    let accuracy = json_lines(&folder.ok("accuracy --model local --labels y.npy x.npy"));
    for (layer, line) in accuracy.iter().enumerate() {
        let error = history[4 + layer]["test_error"].as_f64().unwrap();
        assert!((1.0 - line["accuracy"].as_f64().unwrap() - error).abs() < 1e-12);
    }
    // Snapshots are the networks of shorter runs.
    folder.ok(&format!(
        "{} 0 -o untrained; {} 2 -o two",
        &train[..train.len() - 2],
        &train[..train.len() - 2]
    ));
    assert_eq!(folder.bytes("local/epoch-0/w2.npy"), folder.bytes("untrained/w2.npy"));
    assert_eq!(folder.bytes("local/epoch-2/w2.npy"), folder.bytes("two/w2.npy"));
    folder.ok("accuracy --model local/epoch-2 --labels y.npy x.npy");
}

#[test]
fn shuffled_labels_are_learned_by_heart_alone() {
    let folder = Folder::with_data();
    folder
        .ok("train --images x.npy --labels y.npy --hidden 30 --epochs 30 --shuffle-labels -o net");
    let last = json_lines(&folder.bytes("net/history.jsonl")).pop().unwrap();
    let accuracy = json_lines(&folder.ok("accuracy --model net --labels y.npy x.npy"));
    assert!(last["train_error"].as_f64().unwrap() > 0.2, "{last}");
    assert!(accuracy[0]["accuracy"].as_f64().unwrap() < 0.7, "{accuracy:?}");
}

#[test]
fn training_that_diverges_is_named_and_leaves_the_older_network() {
    let folder = Folder::with_network();
    for rule in ["local", "backprop"] {
        let message = folder.fails(
            1,
            &format!("train -q --rule {rule} --images x.npy --labels y.npy --hidden 10,10 --learning-rate 1e30 -o net"),
        );
        assert!(
            message.contains("diverged in epoch ") && message.contains(" at layer "),
            "{message}"
        );
    }
}

#[test]
fn a_killed_training_goes_on_from_its_checkpoint_to_the_same_bytes() {
    let folder = Folder::new();
    let (x, y) = common::data(3000, 100);
    folder.write("x.npy", &x);
    folder.write("y.npy", &y);
    for flags in [
        "--epochs 30",
        "--epochs 30 --pixel-range -1,1 --no-bias",
        "--epochs 15 --schedule sequential --optimizer adam --activation silu",
        "--epochs 30 --momentum 0.9 --learning-rate 0.05 --activation tanh --rule backprop",
    ] {
        killed(&folder, flags);
    }
}

fn killed(folder: &Folder, flags: &str) {
    let train =
        &format!("train --images x.npy --labels y.npy --hidden 60,60 {flags} --snapshots 3,28");
    let said = |line: &str| String::from_utf8(folder.run(line).stderr).unwrap();
    let whole = said(&format!("{train} -o whole"));
    let mut kills = 0;
    for _ in 0..3 {
        let line = format!("exec {train} --quiet --checkpoint state -o killed");
        let mut child = folder.command("bash").args(["-c", &line]).spawn().unwrap();
        let before = fs::metadata(folder.path("state")).ok().and_then(|m| m.modified().ok());
        loop {
            let now = fs::metadata(folder.path("state")).ok().and_then(|m| m.modified().ok());
            if now.is_some() && now != before || child.try_wait().unwrap().is_some() {
                break;
            }
            sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        kills += usize::from(child.wait().unwrap().signal() == Some(9));
    }
    assert!(kills > 0, "{flags}: the training was over before it could be killed");
    let message = folder.fails(1, &format!("{train} --seed 2 --checkpoint state -o other"));
    assert!(message.contains("checkpoint of another training"), "{message}");
    // What is left of the training is said as in a whole one.
    let rest = said(&format!("{train} --checkpoint state -o killed")).replace("killed:", "whole:");
    assert!(rest.lines().count() < whole.lines().count() && whole.ends_with(&rest), "{rest}");
    assert!(!folder.path("state").exists());
    assert_eq!(
        common::files(&folder.path("killed")),
        common::files(&folder.path("whole")),
        "{flags}"
    );
}

#[test]
fn without_bias_only_the_last_readout_of_backpropagation_has_one() {
    let folder = Folder::with_data();
    for flags in ["", "--momentum 0.9", "--optimizer adam --activation silu", "--rule backprop"] {
        let train = format!("train --images x.npy --labels y.npy --hidden 10,9 --epochs 3 {flags}");
        folder.ok(&format!("{train} -o with; {train} --no-bias -o without"));
        for array in ["b1.npy", "b2.npy"] {
            let of = |net: &str| folder.read::<f32, ndarray::Ix1>(&format!("{net}/{array}"));
            assert!(of("with").iter().any(|&b| b != 0.0));
            assert!(of("without").iter().all(|&b| b == 0.0), "{flags} {array}");
        }
        assert!(folder.bytes("without/model.json").text().contains("\"bias\":false"));
        assert!(!folder.bytes("with/model.json").text().contains("bias"));
    }
    let c: ndarray::Array1<f32> = folder.read("without/c2.npy");
    assert!(c.iter().all(|&c| c != 0.0), "{c}");
}

#[test]
fn a_network_that_learns_from_mapped_pixels_is_written_for_the_images_as_they_are() {
    let folder = Folder::with_data();
    let x: ndarray::Array2<f32> = folder.read("x.npy");
    folder.write("mapped.npy", &x.mapv(|x| 0.25 + 0.5 * x));
    let train = |images: &str, flags: &str| {
        folder.ok(&format!(
            "train --images {images} --labels y.npy --test-images {images} --test-labels y.npy \
             --hidden 10,10 --epochs 4 --snapshots 0,2 {flags} --accuracies {images}.txt"
        ));
    };
    train("x.npy", "-o plain");
    train("x.npy", "--pixel-range 0,1 -o same");
    assert_eq!(files(&folder.path("same")), files(&folder.path("plain")));
    train("x.npy", "--pixel-range 0.25,0.75 -o folded");
    train("mapped.npy", "-o mapped");
    assert_eq!(folder.bytes("folded/history.jsonl"), folder.bytes("mapped/history.jsonl"));
    assert_eq!(folder.bytes("x.npy.txt"), folder.bytes("mapped.npy.txt"));
    let model = folder.bytes("folded/model.json").text();
    assert!(model.contains("\"pixel_range\":[0.25,0.75]"), "{model}");
    for snapshot in ["", "epoch-0/", "epoch-2/"] {
        let w = |net: &str| folder.read::<f32, ndarray::Ix2>(&format!("{net}/{snapshot}w1.npy"));
        let b = |net: &str| folder.read::<f32, ndarray::Ix1>(&format!("{net}/{snapshot}b1.npy"));
        // A half is exact.
        assert_eq!(w("folded"), w("mapped") * 0.5, "{snapshot}");
        let sums = w("mapped").mapv(f64::from).sum_axis(ndarray::Axis(0));
        let expected = b("mapped").mapv(f64::from) + sums * 0.25;
        for (&found, expected) in b("folded").iter().zip(&expected) {
            assert!((f64::from(found) - expected).abs() < 1e-7 * expected.abs().max(0.1));
        }
        for array in ["w2.npy", "b2.npy", "r1.npy", "r2.npy"] {
            let of = |net: &str| folder.bytes(&format!("{net}/{snapshot}{array}"));
            assert_eq!(of("folded"), of("mapped"), "{snapshot}{array}");
        }
    }
    let logits = |net: &str, images: &str| {
        folder.ok(&format!("extract-activations --model {net} --layer 2 {images} -o h.npy"));
        let h: ndarray::Array2<f32> = folder.read("h.npy");
        h.dot(&folder.read::<f32, ndarray::Ix2>(&format!("{net}/r2.npy")))
    };
    let (found, expected) = (logits("folded", "x.npy"), logits("mapped", "mapped.npy"));
    let size = expected.iter().fold(0.0_f32, |size, z| size.max(z.abs()));
    assert!((found - expected).iter().all(|error| error.abs() < 1e-5 * size));
    for range in ["1,0", "1,1", "0", "nan,1", "0,inf", "-3e38,3e38"] {
        let line =
            format!("train --images x.npy --labels y.npy --pixel-range {range} --epochs 0 -o new");
        assert!(folder.fails(2, &line).contains("'--pixel-range <LOW,HIGH>'"), "{range}");
    }
    let line = "train --images x.npy --labels y.npy --pixel-range -1e38,1e38 --weight-gain 1e6 \
                --hidden 10 --epochs 0 -o new";
    assert!(folder.fails(2, line).contains("the pixel range is too large"));
}

#[test]
fn layers_trained_one_after_another_are_those_of_a_shallower_network() {
    let folder = Folder::with_data();
    let train = "train --images x.npy --labels y.npy --test-images x.npy --test-labels y.npy \
                 --schedule sequential --epochs 3";
    folder.ok(&format!("{train} --hidden 10,9,8 --snapshots 6 -o three"));
    folder.ok(&format!("{train} --hidden 10,9 -o two"));
    for name in ["w1.npy", "b1.npy", "w2.npy", "b2.npy"] {
        let of = |net: &str| folder.bytes(&format!("{net}/{name}"));
        assert_eq!(of("three"), of("two"), "{name}");
        assert_eq!(of("three/epoch-6"), of("two"), "{name}");
    }
    // Each layer has its own epochs, and learns.
    let history = json_lines(&folder.bytes("three/history.jsonl"));
    let keys: Vec<_> = history.iter().map(|line| (&line["layer"], &line["epoch"])).collect();
    let expected: Vec<_> =
        (1..=3).flat_map(|layer| [1, 2, 3].map(|epoch| (layer, epoch))).collect();
    assert_eq!(keys.len(), expected.len());
    for ((layer, epoch), expected) in keys.into_iter().zip(expected) {
        assert_eq!((layer.as_u64(), epoch.as_u64()), (Some(expected.0), Some(expected.1)));
    }
    for layer in 0..3 {
        let loss = |epoch: usize| history[3 * layer + epoch]["train_loss"].as_f64().unwrap();
        assert!(loss(2) < loss(0), "{layer}");
    }
    // The test error is that of the whole network.
    let lines = json_lines(&folder.ok("accuracy --model three --labels y.npy x.npy"));
    let error = history[8]["test_error"].as_f64().unwrap();
    assert!((1.0 - lines[2]["accuracy"].as_f64().unwrap() - error).abs() < 1e-12);

    for (flags, words) in [
        ("--schedule sequential --rule backprop", "needs --rule local"),
        ("--optimizer adam --momentum 0.9", "--optimizer sgd only"),
        ("--momentum 1", "below 1"),
    ] {
        let line = format!("train --images x.npy --labels y.npy --hidden 4 {flags} -o new");
        assert!(folder.fails(2, &line).contains(words), "{flags}");
    }
}

#[test]
fn layers_of_different_widths_have_no_common_array() {
    let folder = Folder::with_data();
    folder.ok("train --images x.npy --labels y.npy --hidden 10,7 --epochs 1 -o net");
    let message = folder.fails(2, "extract-activations --model net x.npy");
    assert!(message.contains("found [10, 7] units): name one with --layer"), "{message}");
    folder.ok("extract-activations --model net --layer 2 x.npy -o h.npy");
    assert_eq!(folder.read::<f32, ndarray::Ix2>("h.npy").dim(), (60, 7));
}
