//! The tools as a user meets them: files, pipes, messages, exit statuses.

#![allow(clippy::unwrap_used)] // a test that cannot go on has failed
#![allow(clippy::too_many_lines)] // lists of cases

mod common;

use std::{
    fs,
    io::Write,
    os::unix::process::ExitStatusExt,
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};

use common::{Bytes, Folder, TOOLS, header, json_lines, npy, project::Project};
use ndarray::{Array1, Array2, Array3, Axis, s};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

fn text(bytes: Bytes) -> String {
    String::from_utf8(bytes.0).unwrap()
}

#[test]
fn the_pipeline_as_typed_gives_the_bytes_of_the_files() {
    let folder = Folder::with_network();
    let piped = folder.ok(
        "attack-fgsm --model net --labels y.npy --epsilon 0.1 x.npy | extract-activations --model net | spectrum 2> /dev/null | fit-powerlaw --ranks 1-8",
    );
    folder.ok("attack-fgsm --model net --labels y.npy --epsilon 0.1 x.npy -o a.npy
               extract-activations --model net a.npy -o h.npy
               spectrum h.npy -o l.npy 2> /dev/null
               fit-powerlaw --ranks 1-8 l.npy -o f.jsonl");
    assert_eq!(folder.bytes("f.jsonl"), piped);
    assert_eq!(json_lines(&piped).len(), 2);
}

#[test]
fn every_array_argument_works_as_a_file_and_as_a_stream() {
    let folder = Folder::with_network();
    folder
        .ok("extract-activations --model net x.npy -o h.npy; spectrum h.npy -o l.npy 2> /dev/null");
    for (with_file, with_stream) in [
        ("attack-gauss --sigma 0.3 x.npy", "attack-gauss --sigma 0.3 - < x.npy"),
        ("attack-gauss --sigma 0.3 x.npy", "attack-gauss --sigma 0.3 < x.npy"),
        (
            "attack-fgsm --model net --labels y.npy --epsilon 0.1 x.npy",
            "attack-fgsm --model net --labels - --epsilon 0.1 x.npy < y.npy",
        ),
        (
            "attack-fgsm --model net --labels y.npy --epsilon 0.1 x.npy",
            "cat x.npy | attack-fgsm --model net --labels y.npy --epsilon 0.1",
        ),
        (
            "attack-pgd --model net --labels y.npy --epsilon 0.1 x.npy",
            "cat x.npy | attack-pgd --model net --labels y.npy --epsilon 0.1",
        ),
        ("extract-activations --model net x.npy", "cat x.npy | extract-activations --model net"),
        (
            "accuracy --model net --labels y.npy x.npy",
            "accuracy --model net --labels - x.npy < y.npy",
        ),
        (
            "accuracy --model net --labels y.npy x.npy",
            "cat x.npy | accuracy --model net --labels y.npy",
        ),
        ("spectrum h.npy 2> /dev/null", "cat h.npy | spectrum 2> /dev/null"),
        ("fit-powerlaw --ranks 1-8 l.npy", "cat l.npy | fit-powerlaw --ranks 1-8"),
    ] {
        assert_eq!(folder.ok(with_file), folder.ok(with_stream), "{with_stream}");
    }
    folder.ok("train --images - --labels y.npy --hidden 10,10 --epochs 4 -o piped < x.npy");
    assert_eq!(folder.bytes("net/w1.npy"), folder.bytes("piped/w1.npy"));
    assert_eq!(folder.bytes("net/model.json"), folder.bytes("piped/model.json"));
}

#[test]
fn accuracy_beside_the_activations_is_the_tool_s() {
    let folder = Folder::with_network();
    let both = folder.ok("extract-activations --model net --accuracy a.jsonl --labels y.npy x.npy");
    assert_eq!(both, folder.ok("extract-activations --model net x.npy"));
    let expected = folder.ok("accuracy --model net --labels y.npy x.npy");
    assert_eq!(folder.bytes("a.jsonl"), expected);
    folder.ok("extract-activations --model net --samples 20 --accuracy - --labels y.npy x.npy -o h.npy > a.jsonl");
    let expected = folder.ok("accuracy --model net --samples 20 --labels y.npy x.npy");
    assert_eq!(folder.bytes("a.jsonl"), expected);
    for (line, words) in [
        ("--accuracy b.jsonl x.npy", "--labels"),
        ("--labels y.npy x.npy", "--accuracy"),
        ("--layer 1 --accuracy b.jsonl --labels y.npy x.npy", "all layers"),
        ("--accuracy - --labels y.npy x.npy", "stdout"),
        ("--accuracy b.jsonl --labels - < y.npy", "stdin"),
    ] {
        let said = folder.fails(2, &format!("extract-activations --model net {line}"));
        assert!(said.contains(words), "{said}");
        assert!(!folder.path("b.jsonl").exists(), "{line}");
    }
}

#[test]
fn other_dtypes_and_orders_are_converted() {
    let folder = Folder::with_network();
    let x: Array2<f32> = folder.read("x.npy");
    let y: Array1<u8> = folder.read("y.npy");
    folder.write("f8.npy", &x.mapv(f64::from));
    folder.write("fortran.npy", &x.t().as_standard_layout().into_owned().reversed_axes());
    folder.write("cubes.npy", &x.clone().into_shape_with_order((60, 4, 4)).unwrap());
    let big: Vec<u8> = x.iter().flat_map(|x| x.to_be_bytes()).collect();
    fs::write(folder.path("big.npy"), npy(&header(">f4", false, "(60, 16)"), &big)).unwrap();
    folder.write("i4.npy", &y.mapv(i32::from));
    folder.write("i8.npy", &y.mapv(i64::from));
    folder.write("u4.npy", &y.mapv(u32::from));
    folder.write("u8.npy", &y.mapv(u64::from));
    assert!(String::from_utf8_lossy(&folder.bytes("fortran.npy")).contains("True"));
    let expected = folder.ok("accuracy --model net --labels y.npy x.npy");
    for images in ["f8", "fortran", "cubes", "big"] {
        let found = folder.ok(&format!("accuracy --model net --labels y.npy {images}.npy"));
        assert_eq!(found, expected, "{images}");
    }
    for labels in ["i4", "i8", "u4", "u8"] {
        let found = folder.ok(&format!("accuracy --model net --labels {labels}.npy x.npy"));
        assert_eq!(found, expected, "{labels}");
    }
    let bytes = x.mapv(|x| (x * 255.0).round() as u8);
    folder.write("bytes.npy", &bytes);
    folder.write("divided.npy", &bytes.mapv(|x| f32::from(x) / 255.0));
    let said = folder.run("extract-activations --model net bytes.npy");
    assert_eq!(
        String::from_utf8_lossy(&said.stderr),
        "extract-activations: bytes.npy: holds bytes, which are divided by 255\n"
    );
    assert_eq!(
        Bytes(said.stdout),
        folder.ok("extract-activations --quiet --model net divided.npy")
    );
}

#[test]
fn threads_change_no_byte() {
    let folder = Folder::new();
    let (x, y) = common::data(700, 40);
    folder.write("x.npy", &x);
    folder.write("y.npy", &y);
    let mut seen = Vec::new();
    for threads in [1, 2, 3, 8, 0] {
        folder.ok(&format!(
            "for rule in local backprop; do
               train --threads {threads} --rule $rule --images x.npy --labels y.npy --test-images x.npy \
                 --test-labels y.npy --hidden 70,50,50 --epochs 2 --batch-size 97 -o $rule
             done
             attack-gauss --threads {threads} --sigma 0.5 x.npy -o g.npy
             attack-fgsm --threads {threads} --model local --labels y.npy --epsilon 0.1 x.npy -o f.npy
             attack-pgd --threads {threads} --model local --labels y.npy --epsilon 0.1 --random-start \
               --audit p.json x.npy -o p.npy
             extract-activations --threads {threads} --model backprop --layer 2 f.npy -o h.npy
             accuracy --threads {threads} --model local --labels y.npy f.npy -o a.jsonl"
        ));
        seen.push(folder.files());
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
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
    assert_eq!(model["schema"], "local-errors/model/1");
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
            &format!("train --rule {rule} --images x.npy --labels y.npy --hidden 10,10 --learning-rate 1e30 -o net"),
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
    let train = "train --images x.npy --labels y.npy --hidden 60,60 --epochs 30 --snapshots 3,28";
    folder.ok(&format!("{train} -o whole"));
    let mut kills = 0;
    for _ in 0..3 {
        let line = format!("exec {train} --checkpoint state -o killed");
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
    assert!(kills > 0, "the training was over before it could be killed");
    let message = folder.fails(1, &format!("{train} --seed 2 --checkpoint state -o other"));
    assert!(message.contains("checkpoint of another training"), "{message}");
    folder.ok(&format!("{train} --checkpoint state -o killed"));
    assert!(!folder.path("state").exists());
    assert_eq!(common::files(&folder.path("killed")), common::files(&folder.path("whole")));
}

#[test]
fn nothing_is_attacked_by_nothing() {
    let folder = Folder::with_network();
    let x = &folder.bytes("x.npy")[128..];
    assert_eq!(&folder.ok("attack-gauss --sigma 0 x.npy")[128..], x);
    assert_eq!(&folder.ok("attack-fgsm --epsilon 0 --model net --labels y.npy x.npy")[128..], x);
    for options in ["", "--random-start", "--step-size 0.1"] {
        let attack = format!("attack-pgd --epsilon 0 {options} --model net --labels y.npy x.npy");
        assert_eq!(&folder.ok(&attack)[128..], x, "{options}");
    }
}

#[test]
fn one_step_of_size_epsilon_is_fgsm() {
    let folder = Folder::with_network();
    for options in ["", "--gradient float32", "--layer 1", "--clip 0,1", "--samples 7"] {
        let attack = |tool: &str| {
            let attack = format!("{tool} --epsilon 0.1 {options} --model net --labels y.npy");
            let bytes = folder.ok(&format!("{attack} --audit audit.json x.npy"));
            (bytes, folder.bytes("audit.json"))
        };
        assert_eq!(
            attack("attack-pgd --steps 1 --step-size 0.1"),
            attack("attack-fgsm"),
            "{options}"
        );
    }
}

#[test]
fn more_steps_raise_the_loss_and_no_pixel_beyond_epsilon() {
    let folder = Folder::with_network();
    let x: Array2<f32> = folder.read("x.npy");
    let loss = |attack: &str| {
        folder.ok(&format!("{attack} --model net --labels y.npy x.npy -o a.npy"));
        let lines = json_lines(&folder.ok("accuracy --model net --labels y.npy a.npy"));
        lines[1]["loss"].as_f64().unwrap()
    };
    for epsilon in [0.1, 0.2, 0.4] {
        let fgsm = loss(&format!("attack-fgsm --epsilon {epsilon}"));
        for options in ["", "--random-start", "--steps 40"] {
            let pgd = loss(&format!("attack-pgd --epsilon {epsilon} {options}"));
            assert!(pgd > fgsm, "{epsilon} {options}: {pgd} and {fgsm}");
            let change = folder.read::<f32, ndarray::Ix2>("a.npy") - &x;
            assert!(change.iter().all(|change| change.abs() <= epsilon as f32 + f32::EPSILON));
        }
    }
}

#[test]
fn a_random_start_is_its_seeds() {
    let folder = Folder::with_network();
    let attack = |options: &str| {
        let attack = "attack-pgd --epsilon 0.1 --model net --labels y.npy x.npy";
        folder.ok(&format!("{attack} {options}"))
    };
    assert_eq!(attack("--random-start"), attack("--random-start --seed 1"));
    assert_ne!(attack("--random-start"), attack("--random-start --seed 2"));
    assert_eq!(attack("--seed 1"), attack("--seed 2"));
}

#[test]
fn an_attack_on_a_layer_uses_that_layers_loss() {
    let folder = Folder::with_network();
    let attack = |layer: &str| {
        folder.ok(&format!("attack-fgsm --epsilon 0.1 --model net --labels y.npy {layer} x.npy"))
    };
    assert_eq!(attack(""), attack("--layer 2"));
    assert_ne!(attack("--layer 1"), attack("--layer 2"));
    // The first layer's loss knows nothing of the layers above.
    folder.ok("train --images x.npy --labels y.npy --hidden 10 --epochs 4 -o one");
    let alone = folder.ok("attack-fgsm --epsilon 0.1 --model one --labels y.npy x.npy");
    assert_eq!(attack("--layer 1"), alone);
    folder.ok("train --rule backprop --images x.npy --labels y.npy --hidden 9,9 --epochs 1 -o bp");
    let message =
        folder.fails(1, "attack-fgsm --epsilon 0.1 --model bp --labels y.npy --layer 1 x.npy");
    assert!(message.contains("layer 1 has no readout"), "{message}");
    let message =
        folder.fails(2, "attack-fgsm --epsilon 0.1 --model net --labels y.npy --layer 3 x.npy");
    assert!(message.contains("no layer 3 (expected 1 to 2)"), "{message}");
}

#[test]
fn the_audit_counts_what_was_not_attacked() {
    let folder = Folder::with_network();
    let mut x: Array2<f32> = folder.read("x.npy");
    // A weight of 0 leaves a pixel without a gradient; clipping bounds the change.
    let mut w: Array2<f32> = folder.read("net/w1.npy");
    w.row_mut(5).fill(0.0);
    folder.write("net/w1.npy", &w);
    x.column_mut(3).fill(1.0);
    folder.write("x.npy", &x);
    folder.ok("attack-fgsm --epsilon 0.25 --clip 0,1 --model net --labels y.npy --audit audit.json x.npy -o a.npy");
    let audit = &json_lines(&folder.bytes("audit.json"))[0];
    assert_eq!(audit["samples"], 60);
    assert_eq!(audit["zero_gradient_images"], 0);
    assert_eq!(audit["zero_sign_pixels"], 60);
    assert!((audit["max_change"].as_f64().unwrap() - 0.25).abs() < 1e-7);
    let attacked: Array2<f32> = folder.read("a.npy");
    assert_eq!(attacked.column(5), x.column(5));
    assert!(attacked.iter().all(|x| (0.0..=1.0).contains(x)));
}

#[test]
fn accuracy_says_null_where_there_is_no_readout() {
    let folder = Folder::with_data();
    folder.ok(
        "train --rule backprop --images x.npy --labels y.npy --hidden 10,10 --epochs 20 -o net",
    );
    let text = text(folder.ok("accuracy --model net --labels y.npy --predictions p.npy x.npy"));
    let first = text.lines().next().unwrap();
    assert_eq!(
        first,
        r#"{"layer":1,"samples":60,"units":10,"dead":DEAD,"correct":null,"accuracy":null,"loss":null}"#
            .replace("DEAD", &json_lines(text.as_bytes())[0]["dead"].to_string())
    );
    let (p, y): (Array1<u8>, Array1<u8>) = (folder.read("p.npy"), folder.read("y.npy"));
    let correct = p.iter().zip(&y).filter(|(p, y)| p == y).count();
    assert_eq!(json_lines(text.as_bytes())[1]["correct"], correct);
}

#[test]
fn a_stack_is_its_layers_and_shards_are_their_whole() {
    let folder = Folder::with_network();
    folder.ok("extract-activations --model net x.npy -o h.npy
               for l in 1 2; do extract-activations --model net --layer $l x.npy -o h$l.npy; done");
    let stack: Array3<f32> = folder.read("h.npy");
    for layer in 1..=2 {
        let one: Array2<f32> = folder.read(&format!("h{layer}.npy"));
        assert_eq!(stack.index_axis(Axis(0), layer - 1), one);
        folder.ok(&format!("spectrum h{layer}.npy -o l{layer}.npy 2> /dev/null"));
    }
    folder.ok("spectrum h.npy -o l.npy 2> /dev/null");
    let lambda: Array2<f64> = folder.read("l.npy");
    for layer in 1..=2 {
        assert_eq!(
            lambda.row(layer - 1),
            folder.read::<f64, ndarray::Ix1>(&format!("l{layer}.npy"))
        );
    }
    folder.write("a.npy", &stack.slice(s![.., ..23, ..]).to_owned());
    folder.write("b.npy", &stack.slice(s![.., 23.., ..]).to_owned());
    folder.ok("spectrum a.npy b.npy -o shards.npy 2> /dev/null
               spectrum --samples 40 a.npy b.npy -o some.npy 2> /dev/null
               spectrum --samples 40 h.npy -o first.npy 2> /dev/null");
    let near = |a: &str, b: &str| {
        let (a, b): (Array2<f64>, Array2<f64>) = (folder.read(a), folder.read(b));
        let largest = b[[0, 0]];
        assert!((&a - &b).iter().all(|d| d.abs() < 1e-12 * largest), "{a} {b}");
    };
    near("shards.npy", "l.npy");
    near("some.npy", "first.npy");
}

#[test]
fn few_samples_are_warned_of_and_quiet_does_not_hide_it() {
    let folder = Folder::with_network();
    folder.ok("extract-activations --model net --layer 1 --samples 40 x.npy -o h.npy");
    let output = folder.run("spectrum --quiet h.npy -o l.npy");
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "spectrum: warning: h.npy: has few samples for its units, which biases alpha upwards (found 40 samples of 10 units, expected at least ten times as many)\n"
    );
}

#[test]
fn fits_have_the_fields_of_the_contract_in_order() {
    let folder = Folder::new();
    let lambda = Array1::from_shape_fn(60, |n| 7.0 * ((n + 1) as f64).powf(-1.25));
    folder.write("l.npy", &lambda);
    let text = text(folder.ok("fit-powerlaw --ranks 1-50 --ranks 3-90 l.npy"));
    let keys = [
        "layer",
        "units",
        "positive",
        "first",
        "last",
        "points",
        "method",
        "alpha",
        "stderr",
        "intercept",
        "r2",
        "curvature",
        "participation_ratio",
        "effective_rank",
        "warnings",
    ];
    let places: Vec<_> =
        keys.iter().map(|key| text.find(&format!("\"{key}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
    let lines = json_lines(text.as_bytes());
    assert_eq!(lines[0].as_object().unwrap().len(), keys.len());
    assert!((lines[0]["alpha"].as_f64().unwrap() - 1.25).abs() < 1e-12);
    assert_eq!((&lines[1]["last"], &lines[1]["points"]), (&90.into(), &58.into()));
    assert_eq!(lines[1]["warnings"], serde_json::json!(["cut-at-positive"]));
    assert!(lines[0]["layer"].is_null());
}

#[test]
fn a_collapsed_layer_stops_nothing() {
    let folder = Folder::new();
    let mut lambda = Array2::zeros((2, 20));
    lambda.row_mut(1).assign(&Array1::from_shape_fn(20, |n| 1.0 / (n + 1) as f64));
    folder.write("l.npy", &lambda);
    let lines = json_lines(&folder.ok("fit-powerlaw --ranks 1-20 l.npy"));
    assert!(lines[0]["alpha"].is_null());
    assert!((lines[1]["alpha"].as_f64().unwrap() - 1.0).abs() < 1e-12);
}

#[test]
fn a_command_line_that_asks_for_nonsense_is_refused() {
    let folder = Folder::with_network();
    for line in [
        "attack-gauss --sigma -1 x.npy",
        "attack-gauss --sigma nan x.npy",
        "attack-gauss --sigma 0,1 x.npy",
        "attack-gauss --sigma '' x.npy",
        "attack-gauss --sigma 1 --seed -1 x.npy",
        "attack-gauss --sigma 1 --seed 18446744073709551616 x.npy",
        "attack-gauss --sigma 1 --samples 0 x.npy",
        "attack-gauss --sigma 1 --clip 1,0 x.npy",
        "attack-gauss x.npy",
        "attack-fgsm --epsilon inf --model net --labels y.npy x.npy",
        "attack-fgsm --epsilon 0.1 --model net --labels - - < x.npy",
        "attack-fgsm --epsilon 0.1 --model net --labels y.npy x.npy --gradient best",
        "attack-fgsm --epsilon 0.1 --model net --labels y.npy x.npy -o same --audit same",
        "attack-fgsm --epsilon 0.1 --model net --labels y.npy x.npy --audit -",
        "attack-pgd --epsilon 0.1 --model net --labels y.npy x.npy --steps 0",
        "attack-pgd --epsilon 0.1 --model net --labels y.npy x.npy --step-size 0",
        "attack-pgd --epsilon 0.1 --model net --labels y.npy x.npy --gradient random",
        "accuracy --model net --labels y.npy x.npy --predictions -",
        "accuracy --model net x.npy",
        "extract-activations --model net --layer 0 x.npy",
        "extract-activations --model net --layer 3 x.npy",
        "spectrum - - < x.npy",
        "fit-powerlaw --ranks 50-1 x.npy",
        "fit-powerlaw --ranks 0-50 x.npy",
        "fit-powerlaw --ranks 1-2 x.npy",
        "fit-powerlaw --method best x.npy",
        "train --images x.npy --labels y.npy",
        "train --images x.npy --labels y.npy -o -",
        "train --images x.npy --labels y.npy -o new --hidden 10,0",
        "train --images x.npy --labels y.npy -o new --learning-rate 0",
        "train --images x.npy --labels y.npy -o new --batch-size 0",
        "train --images x.npy --labels y.npy -o new --epochs 2 --snapshots 3",
        "train --images x.npy --labels y.npy -o new --test-images x.npy",
        "tabulate --runs",
        "import-idx one two",
    ] {
        folder.fails(2, line);
    }
}

#[test]
fn data_that_do_not_fit_are_named_with_both_numbers() {
    let folder = Folder::with_network();
    folder.write("narrow.npy", &Array2::<f32>::zeros((60, 9)));
    folder.write("few.npy", &Array1::<u8>::zeros(59));
    folder.write("none.npy", &Array2::<f32>::zeros((0, 16)));
    folder.write("flat.npy", &Array1::<f32>::zeros(16));
    folder.write("nine.npy", &Array1::<u8>::from_elem(60, 9));
    folder.write("negative.npy", &Array1::<i64>::from_elem(60, -1));
    folder.write("float.npy", &Array1::<f32>::zeros(60));
    folder.write("one.npy", &Array2::<f32>::zeros((1, 16)));
    folder.write("up.npy", &Array1::from_vec(vec![1.0, 2.0, 0.5]));
    let mut bad: Array2<f32> = folder.read("x.npy");
    bad[[7, 3]] = f32::NAN;
    folder.write("nan.npy", &bad);
    bad[[7, 3]] = 255.0;
    folder.write("range.npy", &bad);
    folder.ok(
        "cp -r net broken; cp y.npy broken/w2.npy; cp -r net nan; cp nan.npy nan/; mkdir empty",
    );
    let mut w: Array2<f32> = folder.read("net/w1.npy");
    w[[2, 1]] = f32::INFINITY;
    folder.write("nan/w1.npy", &w);
    for (line, words) in [
        (
            "accuracy --model net --labels y.npy narrow.npy",
            "narrow.npy: has rows of the wrong length (found 9, expected 16",
        ),
        (
            "accuracy --model net --labels few.npy x.npy",
            "few.npy: label count differs from image count of x.npy (found 59 labels, 60 images)",
        ),
        (
            "accuracy --model net --labels nine.npy x.npy",
            "nine.npy: has a label outside the classes at [0] (found 9, expected 0 to 2)",
        ),
        (
            "accuracy --model net --labels negative.npy x.npy",
            "negative.npy: has a label out of range at [0] (found -1, expected 0 to 255)",
        ),
        (
            "accuracy --model net --labels float.npy x.npy",
            "float.npy: has the wrong dtype (found f4, expected integers)",
        ),
        (
            "accuracy --model net --labels y.npy none.npy",
            "none.npy: has the wrong shape (found (0, 16)",
        ),
        (
            "accuracy --model net --labels y.npy flat.npy",
            "flat.npy: has the wrong shape (found (16,), expected (samples, pixels))",
        ),
        (
            "accuracy --model net --labels y.npy --samples 61 x.npy",
            "x.npy: has too few samples for --samples (found 60, expected at least 61)",
        ),
        ("attack-gauss --sigma 1 nan.npy", "nan.npy: has a non-finite value at [7, 3] (found NaN"),
        (
            "extract-activations --model nan x.npy",
            "nan/w1.npy: has a non-finite value at [2, 1] (found inf",
        ),
        (
            "extract-activations --model broken x.npy",
            "broken/w2.npy: has the wrong dtype (found u1",
        ),
        ("extract-activations --model empty x.npy", "empty/model.json: No such file"),
        ("extract-activations --model nowhere x.npy", "nowhere: No such file"),
        (
            "train --images range.npy --labels y.npy -o new",
            "range.npy: has a pixel outside [0, 1] at [7, 3] (found 255",
        ),
        ("train --images x.npy --labels few.npy -o new", "few.npy: label count differs"),
        (
            "train --images x.npy --labels y.npy --test-images narrow.npy --test-labels y.npy -o new",
            "narrow.npy: has rows of the wrong length (found 9, expected 16",
        ),
        (
            "train --images x.npy --labels y.npy --test-images x.npy --test-labels nine.npy -o new",
            "nine.npy: has more classes than the training labels (found 10, expected 3)",
        ),
        ("train --images x.npy --labels y.npy -o empty/new/deep --epochs 1", "empty/new/deep: "),
        (
            "train --images x.npy --labels y.npy -o . --epochs 1",
            ".: would replace a folder that holds something else (found broken)",
        ),
        (
            "spectrum one.npy 2> >(tail -n 1 >&2)",
            "one.npy: has too few samples for a covariance (found 1, expected at least 2)",
        ),
        (
            "fit-powerlaw up.npy",
            "up.npy: is not sorted, largest first, at rank 2 (found 2, expected at most 1)",
        ),
        ("fit-powerlaw x.npy", "x.npy: is not sorted"),
        (
            "accuracy --model net --labels y.npy < /dev/null",
            "stdin: is empty (expected a .npy array)",
        ),
        ("attack-gauss --sigma 1 x.npy -o /dev/full", "/dev/full: No space left on device"),
        ("attack-gauss --sigma 1 x.npy > /dev/full", "stdout: No space left on device"),
        ("attack-gauss --sigma 1 x.npy -o empty", "empty: is a directory"),
        ("attack-gauss --sigma 1 x.npy -o no/where.npy", "no/where.npy: "),
        ("ulimit -f 1; attack-gauss --sigma 1 x.npy -o big.npy", "big.npy: File too large"),
        ("printf 'm/fgsm\\n' | tabulate --runs -", "is not a run"),
        ("tabulate < /dev/null", "stdin: has no lines"),
        ("printf 'm/clean\\n' | tabulate --sweep", "is not a run of a sweep"),
        ("report-sweep < /dev/null", "stdin: is empty (expected a CSV table)"),
        ("report-sweep x.npy", "x.npy: is a .npy array (expected a CSV table)"),
        ("claims < /dev/null", "stdin: is empty (expected a CSV table)"),
    ] {
        let message = folder.fails(1, line);
        let tool = line.trim_start_matches("ulimit -f 1; ").split(' ').next().unwrap();
        let tool = if tool == "printf" { "tabulate" } else { tool };
        assert!(message.starts_with(&format!("{tool}: ")), "{line}: {message}");
        assert!(message.contains(words), "{line}: {message}");
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

#[test]
fn an_output_may_be_the_input_and_an_odd_name() {
    let folder = Folder::with_data();
    let expected = folder.ok("attack-gauss --sigma 1 x.npy");
    folder.ok(
        "attack-gauss --sigma 1 x.npy -o ' a\nb.npy'; attack-gauss --sigma 1 x.npy -o ./--x.npy
               attack-gauss --sigma 0 -o c.npy -- --x.npy; attack-gauss --sigma 1 x.npy -o x.npy",
    );
    for name in [" a\nb.npy", "--x.npy", "c.npy", "x.npy"] {
        assert_eq!(folder.bytes(name), expected, "{name:?}");
    }
    folder.ok("cp x.npy $'\\xff.npy'; attack-gauss --sigma 0 $'\\xff.npy' -o $'\\xfe.npy'; cmp x.npy $'\\xfe.npy'");
    let message = folder.fails(1, "attack-gauss --sigma 1 $'no\\xff\\e[31m'");
    assert_eq!(message, "attack-gauss: no\u{fffd}\\u{1b}[31m: No such file or directory");
    let message = folder.fails(1, "attack-gauss --sigma 1 'not\nhere'");
    assert_eq!(message, "attack-gauss: not\\nhere: No such file or directory");
}

#[test]
fn nothing_is_read_from_a_terminal_and_no_array_written_to_one() {
    let folder = Folder::with_data();
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    let controller = openpt(flags).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let name = name.to_str().unwrap();
    let terminal = || fs::File::options().read(true).write(true).open(name).unwrap();
    let attack = |stdin: Stdio, stdout: Stdio| {
        let mut command = folder.command("attack-gauss");
        command.args(["--sigma", "1"]).stdin(stdin).stdout(stdout).stderr(Stdio::piped());
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        text(Bytes(output.stderr))
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

#[test]
fn idx_files_are_read_plain_and_gzipped_and_only_whole() {
    let folder = Folder::new();
    let mut images = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3];
    images.extend([0, 51, 255, 1, 2, 3]);
    let labels = [0, 0, 8, 1, 0, 0, 0, 2, 7, 4];
    fs::write(folder.path("images"), &images).unwrap();
    fs::write(folder.path("labels"), labels).unwrap();
    folder
        .ok("gzip -k images labels; import-idx images.gz -o x.npy; import-idx < labels.gz > y.npy");
    let x: Array2<f32> = folder.read("x.npy");
    assert_eq!(x.dim(), (2, 3));
    assert_eq!(x.row(0).to_vec(), [0.0, 51.0 / 255.0, 1.0]);
    assert_eq!(folder.read::<u8, ndarray::Ix1>("y.npy").to_vec(), [7, 4]);
    assert_eq!(folder.ok("import-idx images"), folder.bytes("x.npy"));
    assert_eq!(folder.ok("import-idx labels"), folder.bytes("y.npy"));
    let mut crc = folder.bytes("images.gz").0;
    let end = crc.len() - 6;
    crc[end] ^= 1;
    fs::write(folder.path("crc.gz"), crc).unwrap();
    fs::write(folder.path("cut"), &images[..20]).unwrap();
    fs::write(folder.path("long"), [&images[..], &[9]].concat()).unwrap();
    fs::write(folder.path("magic"), [0, 0, 13, 3, 0, 0, 0, 1]).unwrap();
    folder.ok("head -c 30 images.gz > cut.gz; cat images.gz labels.gz > two.gz; cp x.npy array");
    for file in ["crc.gz", "cut", "long", "magic", "cut.gz", "two.gz", "array"] {
        let message = folder.fails(1, &format!("import-idx {file} -o new.npy"));
        assert!(message.starts_with(&format!("import-idx: {file}: ")), "{message}");
    }
}

#[test]
fn every_help_shows_an_example_and_every_version_the_packages() {
    let folder = Folder::new();
    for tool in TOOLS {
        let help = text(folder.ok(&format!("{tool} --help")));
        assert!(help.contains("Example:\n  "), "{tool}");
        assert!(help.contains("--quiet"), "{tool}");
        let version = text(folder.ok(&format!("{tool} --version")));
        assert_eq!(version, format!("{tool} {}\n", env!("CARGO_PKG_VERSION")));
    }
}

/// A folder with all the files that the examples name, of a study in miniature.
fn with_examples() -> Folder {
    let Project(folder) = {
        let project = Project::new();
        project.make("");
        project.make(
            "sweep WIDTHS=12 DEPTHS=1 SEEDS=1 RULES=local ATTACKS=gauss CONTROLS= SUBSETS= SNAPSHOTS=",
        );
        project
    };
    folder.ok("ln -s tiny out/mnist
               cp -r out/tiny/local/seed-1/model net
               cp out/tiny/data/*.npy digits/*.gz .
               cp test-images.npy x.npy; cp test-labels.npy y.npy
               extract-activations --model net x.npy -o h.npy
               spectrum h.npy -o spectrum.npy");
    folder
}

#[test]
fn the_example_of_every_help_runs_as_typed() {
    let files = with_examples();
    for tool in TOOLS {
        let help = text(files.ok(&format!("COLUMNS=1000 {tool} --help")));
        let example = help.split("Example:\n").nth(1).unwrap().split("\n\n").next().unwrap();
        assert!(example.contains(tool), "{tool}: {example}");
        let folder = Folder::new();
        folder.ok(&format!("cp -r {}/. .", files.path("").display()));
        let words: Vec<&str> = example.split_whitespace().collect();
        let outputs = words.windows(2).filter(|pair| pair[0] == "-o").map(|pair| pair[1]);
        let outputs: Vec<&str> = outputs.collect();
        folder.ok(&format!("rm -rf {}", outputs.join(" ")));
        let output = folder.run(example);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{tool}: {example}: {stderr}");
        assert!(outputs.iter().all(|file| folder.path(file).exists()), "{tool}: {example}");
        assert_eq!(output.stdout.is_empty(), !outputs.is_empty(), "{tool}: {example}");
    }
}

/// Run a line where `program` is installed; say so where it is not.
fn where_installed(folder: &Folder, program: &str, line: &str) -> Option<std::process::Output> {
    if folder.run(&format!("command -v {program}")).status.success() {
        return Some(folder.run(line));
    }
    common::skipped(&format!("{program} is not installed: {line}"));
    None
}

#[test]
fn every_tool_has_a_page_that_man_renders_without_a_warning() {
    let folder = Folder::new();
    for tool in TOOLS {
        folder.ok(&format!("{tool} --generate man > {tool}.1"));
        let help = text(folder.ok(&format!("COLUMNS=1000 {tool} --help")));
        for locale in ["C.UTF-8", "C"] {
            let line = format!("LC_ALL={locale} MANWIDTH=1000 man --warnings -l {tool}.1 | col -b");
            let Some(output) = where_installed(&folder, "man", &line) else { continue };
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && stderr.is_empty(), "{tool}: {stderr}");
            let page = String::from_utf8_lossy(&output.stdout).into_owned();
            let lines: Vec<&str> = page.lines().map(str::trim).collect();
            let name = format!("{tool} - {}", help.lines().next().unwrap());
            let place = |title: &str| lines.iter().position(|line| *line == title);
            let places =
                ["NAME", &name, "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES"]
                    .map(place);
            assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{tool}: {page}");
            // The example is on the line below its title, whole.
            let example = help.split("Example:\n").nth(1).unwrap().lines().next().unwrap().trim();
            assert_eq!(lines[places[6].unwrap() + 1], example, "{page}");
            assert_eq!(place("SOURCE").is_some(), help.contains("\nSource: "), "{page}");
        }
        let mandoc = where_installed(&folder, "mandoc", &format!("mandoc -W error {tool}.1"));
        assert!(mandoc.is_none_or(|output| output.status.success()), "{tool}");
    }
}

#[test]
fn every_tool_completes_its_options_in_each_shell() {
    let folder = Folder::new();
    for tool in TOOLS {
        folder.ok(&format!(
            "for shell in bash zsh fish; do {tool} --generate $shell > {tool}.$shell; done"
        ));
        let line = format!(
            "set +u; source {tool}.bash; complete -p {tool} > /dev/null
             COMP_WORDS=({tool} --qui); COMP_CWORD=1; _{} {tool} --qui {tool}; echo ${{COMPREPLY[@]}}",
            tool.replace('-', "__")
        );
        assert_eq!(text(folder.ok(&line)), "--quiet\n", "{tool}");
        for shell in ["zsh", "fish"] {
            let line = format!("{shell} -n {tool}.{shell}");
            if let Some(output) = where_installed(&folder, shell, &line) {
                let stderr = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success() && stderr.is_empty(), "{line}: {stderr}");
            }
        }
    }
    for line in ["train --generate", "train --generate cake", "train --generate man bash"] {
        let message = folder.fails(2, line);
        assert!(message.contains("man, bash, zsh or fish"), "{message}");
    }
}

#[test]
fn npy_info_says_what_is_in_an_array() {
    fn bytes<T: Copy, const N: usize>(values: &[T], to_bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
        values.iter().flat_map(|&x| to_bytes(x)).collect()
    }
    let folder = Folder::new();
    let dyadic = [0.5, -1.5, 2.0, 0.25, 3.0, 4.0];
    let mixed = [f32::NAN, 1.0, f32::INFINITY, -f32::INFINITY, 3.0, f32::NAN];
    let large = [i64::MIN, -1, i64::MAX];
    for (descr, fortran, shape, body, said) in [
        (
            "<f4",
            false,
            "(2, 3)",
            bytes(&dyadic, |x| (x as f32).to_le_bytes()),
            "<f4 (2, 3), min -1.5, max 4.0, mean 1.375, first 0.5 -1.5 2.0 0.25 3.0, all finite",
        ),
        (
            ">f8",
            false,
            "(6,)",
            bytes(&dyadic, f64::to_be_bytes),
            ">f8 (6,), min -1.5, max 4.0, mean 1.375, first 0.5 -1.5 2.0 0.25 3.0, all finite",
        ),
        (
            "<f8",
            true,
            "(3, 2)",
            bytes(&dyadic, f64::to_le_bytes),
            "<f8 (3, 2) Fortran order, min -1.5, max 4.0, mean 1.375, first 0.5 -1.5 2.0 0.25 3.0, all finite",
        ),
        // 0.1 in single precision is 0.100000001490116119384765625.
        (
            "<f4",
            false,
            "(1, 1)",
            bytes(&[0.1], f32::to_le_bytes),
            "<f4 (1, 1), min 0.1, max 0.1, mean 0.10000000149011612, first 0.1, all finite",
        ),
        (
            ">i4",
            false,
            "(4,)",
            bytes(&[-7, 2, 3, 4], i32::to_be_bytes),
            ">i4 (4,), min -7, max 4, mean 0.5, first -7 2 3 4, all finite",
        ),
        (
            "<i8",
            false,
            "(3,)",
            bytes(&large, i64::to_le_bytes),
            "<i8 (3,), min -9223372036854775808, max 9223372036854775807, mean -0.6666666666666666, \
          first -9223372036854775808 -1 9223372036854775807, all finite",
        ),
        (
            "<u8",
            false,
            "(1,)",
            bytes(&[u64::MAX], u64::to_le_bytes),
            "<u8 (1,), min 18446744073709551615, max 18446744073709551615, mean 1.8446744073709552e19, \
          first 18446744073709551615, all finite",
        ),
        (
            "<u4",
            false,
            "(2,)",
            bytes(&[u32::MAX, 1], u32::to_le_bytes),
            "<u4 (2,), min 1, max 4294967295, mean 2147483648.0, first 4294967295 1, all finite",
        ),
        (
            "|u1",
            false,
            "(1, 1, 1, 1, 1, 1, 1, 6)",
            vec![9, 8, 7, 6, 5, 255],
            "|u1 (1, 1, 1, 1, 1, 1, 1, 6), min 5, max 255, mean 48.333333333333336, first 9 8 7 6 5, all finite",
        ),
        (
            "<f8",
            false,
            "()",
            bytes(&[7.5], f64::to_le_bytes),
            "<f8 (), min 7.5, max 7.5, mean 7.5, first 7.5, all finite",
        ),
        ("<f4", false, "(0, 3)", vec![], "<f4 (0, 3), no values"),
        (
            "<f4",
            false,
            "(6,)",
            bytes(&mixed, f32::to_le_bytes),
            "<f4 (6,), min 1.0, max 3.0, mean 2.0, first NaN 1.0 inf -inf 3.0, not finite: 2 NaN, 2 infinite",
        ),
        (
            "<f4",
            false,
            "(1,)",
            bytes(&mixed[..1], f32::to_le_bytes),
            "<f4 (1,), first NaN, not finite: 1 NaN, 0 infinite",
        ),
    ] {
        fs::write(folder.path("a.npy"), npy(&header(descr, fortran, shape), &body)).unwrap();
        let line = text(folder.ok("npy-info a.npy"));
        assert_eq!(line, format!("a.npy: {said}\n"));
        assert_eq!(text(folder.ok("cat a.npy | npy-info")), line.replace("a.npy", "stdin"));
    }
    let mixed = Array1::from_vec(mixed.to_vec());
    folder.write("mixed.npy", &mixed);
    folder.write("none.npy", &mixed.slice(s![..0]).to_owned());
    assert_eq!(
        text(folder.ok("npy-info --json none.npy - < mixed.npy")),
        "{\"file\":\"none.npy\",\"dtype\":\"<f4\",\"shape\":[0],\"order\":\"C\",\"min\":null,\"max\":null,\
         \"mean\":null,\"first\":[],\"nan\":0,\"infinite\":0}\n\
         {\"file\":\"stdin\",\"dtype\":\"<f4\",\"shape\":[6],\"order\":\"C\",\"min\":1.0,\"max\":3.0,\
         \"mean\":2.0,\"first\":[null,1.0,null,null,3.0],\"nan\":2,\"infinite\":2}\n"
    );
}

#[test]
fn npy_info_streams_and_is_whole_or_nothing() {
    let folder = Folder::new();
    // Sums of many blocks: 0 + 1 + ... + n - 1 is n (n - 1) / 2.
    let n = 300_001;
    folder.write("i.npy", &Array1::from_iter(0..i64::from(n)));
    folder.write("f.npy", &Array1::from_iter((0..n).map(f64::from)));
    let lines = json_lines(&folder.ok("npy-info --json i.npy f.npy"));
    for line in &lines {
        assert_eq!(line["mean"].as_f64(), Some(150_000.0));
        assert_eq!(line["max"].as_f64(), Some(300_000.0));
    }
    // 400 MB in a process that may have 300.
    let start = npy(&header("<f8", false, "(50000000,)"), &[]);
    fs::write(folder.path("start"), start).unwrap();
    let line = folder
        .ok("{ cat start; head -c 400000000 /dev/zero; } | { ulimit -v 300000; npy-info --json; }");
    assert_eq!(json_lines(&line)[0]["mean"].as_f64(), Some(0.0));
    // A bad file after a good one; a name with a line end.
    fs::write(folder.path("bad.npy"), "no array").unwrap();
    let message = folder.fails(1, "npy-info i.npy bad.npy");
    assert!(message.starts_with("npy-info: bad.npy: is text (expected a .npy array)"), "{message}");
    let message = folder.fails(1, "npy-info < /dev/null");
    assert!(message.contains("stdin: is empty"), "{message}");
    folder.fails(2, "npy-info - - < i.npy");
    let line = text(folder.ok("mv i.npy $'a\\nb'; npy-info *b -o said; cat said"));
    assert!(line.starts_with("a\\nb: <i8 (300001,), min 0, "), "{line}");
    assert_eq!(line.lines().count(), 1);
}

#[test]
fn subsamples_repeat_with_their_seed_and_spread_says_how_far_alpha_is_known() {
    let folder = Folder::new();
    folder.ok("draw-powerlaw --alpha 1 --samples 2000 --units 40 -o h.npy");
    let draw = |seed: u32| {
        folder.ok(&format!("spectrum -q --subsample 1000 --draws 12 --seed {seed} h.npy -o s.npy"));
        folder.read::<f64, ndarray::Ix2>("s.npy")
    };
    let (one, other) = (draw(1), draw(2));
    assert_eq!((one.dim(), &draw(1)), ((12, 40), &one));
    assert!(one != other && one.row(0) != one.row(1));
    // All rows drawn are all rows.
    folder
        .ok("spectrum -q --subsample 2000 --draws 2 h.npy -o all.npy; spectrum h.npy -o whole.npy");
    let (all, whole) = (
        folder.read::<f64, ndarray::Ix2>("all.npy"),
        folder.read::<f64, ndarray::Ix1>("whole.npy"),
    );
    let largest = all.row(1).iter().zip(&whole).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(largest < 1e-12, "{largest}");
    let lines = json_lines(&folder.ok("fit-powerlaw --draws --ranks 1-40 --ranks 1-20 s.npy"));
    assert_eq!((lines.len(), &lines[1]["last"], &lines[1]["draws"]), (2, &20.into(), &12.into()));
    // Halves spread as much as all of them are uncertain: about sqrt(2/n) / sqrt(sum of ln² n) here.
    let (alpha, sd) = (lines[0]["alpha"].as_f64().unwrap(), lines[0]["alpha_sd"].as_f64().unwrap());
    assert!((alpha - 1.0).abs() < 0.05 && (0.001..0.02).contains(&sd), "{alpha} {sd}");
}

#[test]
fn all_methods_windows_and_grids_are_lines_of_their_own() {
    let folder = Folder::new();
    let law = Array1::from_shape_fn(200, |n| ((n + 1) as f64).powf(-1.5));
    folder.write("law.npy", &law);
    let ranges = |flags: &str| -> Vec<(u64, u64, String)> {
        let lines = json_lines(&folder.ok(&format!("fit-powerlaw {flags} law.npy")));
        let number = |line: &serde_json::Value, key: &str| line[key].as_u64().unwrap();
        let method = |line: &serde_json::Value| line["method"].as_str().unwrap().to_owned();
        for line in lines.iter().filter(|line| method(line) != "mle") {
            assert!((line["alpha"].as_f64().unwrap() - 1.5).abs() < 1e-9, "{line}");
        }
        lines
            .iter()
            .map(|line| (number(line, "first"), number(line, "last"), method(line)))
            .collect()
    };
    let ols = |first, last| (first, last, "ols".to_owned());
    let all = ["ols", "weighted", "mle"].map(|method| (1, 50, method.to_owned()));
    assert_eq!(ranges("--method all"), all);
    assert_eq!(ranges("--windows 2 --ranks 2-200"), [ols(2, 20), ols(20, 200)]);
    assert_eq!(ranges("--grid 1,20:21,100"), [ols(1, 21), ols(1, 100), ols(20, 100)]);
}

/// The session of doc/own-data.md on activations works as typed: noise halves alpha, and two
/// repeats recover it.
#[test]
fn the_session_of_the_documentation_on_activations_runs_as_typed() {
    let page = common::page("doc/own-data.md");
    let blocks = common::blocks(common::section(&page, "Your own activations"));
    let [("bash", session)] = blocks[..] else { unreachable!("{blocks:?}") };
    let lines = json_lines(&Folder::new().ok(session));
    let alpha = |line: usize| lines[line]["alpha"].as_f64().unwrap();
    // Three methods on two shards, the shards' moments, noise, repeats.
    assert!((alpha(0) - 1.0).abs() < 0.02 && (alpha(3) - 1.0).abs() < 0.02, "{lines:?}");
    assert!((alpha(4) - 0.5).abs() < 0.05, "{}", lines[4]);
    assert!((alpha(5) - 1.0).abs() < 0.05, "{}", lines[5]);
    assert_eq!(lines[6]["draws"], 20);
    assert_eq!(lines.last().unwrap()["method"], "mle");
}

#[test]
fn what_makes_no_sense_of_spectra_and_dimensions_is_refused() {
    let folder = Folder::with_data();
    folder
        .ok("head -c 8 /dev/zero > zero; draw-powerlaw --alpha 1 --samples 50 --units 16 -o h.npy");
    folder.ok("spectrum -q h.npy -o s.npy 2> /dev/null; spectrum h.npy --moments m.npy");
    folder.write("wide.npy", &Array2::<f32>::zeros((3, 100_000)));
    for (status, line, words) in [
        (2, "spectrum --repeat h.npy", "--repeat takes two files"),
        (2, "spectrum --repeat --normalize h.npy h.npy", "cannot be used with"),
        (
            1,
            "spectrum wide.npy --moments -",
            "wide.npy: has too many units for 100000 x 100000 moments",
        ),
        (2, "spectrum h.npy --moments a.npy -o b.npy", "cannot be used with"),
        (2, "spectrum --subsample 0 h.npy", "whole number from 1"),
        (
            1,
            "spectrum -q --repeat h.npy x.npy 2>&1 >/dev/null | grep -v 'for its units' >&2; exit 1",
            "x.npy: is not a repeat of the same stimuli (found 60 samples",
        ),
        (1, "spectrum --from-moments h.npy", "h.npy: has the wrong dtype"),
        (
            1,
            "spectrum --from-moments s.npy",
            "s.npy: has the wrong shape (found (16,), expected (units + 2",
        ),
        (
            1,
            "spectrum --subsample 51 h.npy 2>&1 | grep -v 'for its units' >&2; exit 1",
            "h.npy: has too few samples for --subsample (found 50",
        ),
        (
            2,
            "fit-powerlaw --windows 40 --ranks 1-5 s.npy",
            "leaves no window of at least three ranks",
        ),
        (2, "fit-powerlaw --grid 1:2 s.npy", "expected FIRST,...:LAST,..."),
        (2, "fit-powerlaw --grid 1:9 --ranks 1-5 s.npy", "cannot be used with"),
        (2, "fit-powerlaw --method best s.npy", "expected ols, weighted or mle, or all"),
        (1, "fit-powerlaw --draws s.npy", "s.npy: has one spectrum"),
        (
            1,
            "dimension --samples 10 x.npy",
            "x.npy: has too few points (found 10, expected more than 11",
        ),
        (2, "dimension --neighbours 1 x.npy", "expected at least 2"),
        (
            2,
            "draw-powerlaw --alpha=-1 --samples 2 --units 2 -o a.npy",
            "expected a number of at least 0",
        ),
        (2, "validate --ranks 1-2 -o v.csv", "at least three ranks"),
        (1, "claims --dimension zero m.csv", "m.csv"),
    ] {
        let message = folder.fails(status, line);
        assert!(message.contains(words), "{line}: {message}");
    }
}

#[test]
fn the_estimators_are_measured_on_known_spectra() {
    let folder = Folder::new();
    folder.ok("validate --alphas 1 --samples 300,3000 --draws 4 --units 40 --ranks 1-20 --figure f.svg -o v.csv");
    let table = String::from_utf8(folder.bytes("v.csv").0).unwrap();
    let header = "source,alpha,samples,units,noise,method,first,last,draws,bias,sd";
    assert_eq!(table.lines().next(), Some(header));
    assert_eq!(table.lines().count(), 1 + 2 * 3 * 3);
    let bias = |row: &str| -> f64 {
        let row = table.lines().find(|line| line.starts_with(row)).unwrap();
        row.split(',').nth(9).unwrap().parse().unwrap()
    };
    assert!(bias("plain,1.0,3000,40,0.0,ols").abs() < 0.03);
    assert!(bias("noisy,1.0,3000,40,0.28,ols") < -0.2);
    assert!(bias("repeat,1.0,3000,40,0.28,ols").abs() < 0.1);
    assert!(folder.bytes("f.svg").starts_with(b"<svg"));
}

#[test]
#[ignore = "needs PYTHON, one that has NumPy, and scikit-dimension if it may"]
#[allow(clippy::print_stdout)] // what was left out
fn the_spectral_tools_agree_with_numpy_and_scikit_dimension() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/spectral.py");
    let said = Folder::new().run(&format!("\"$PYTHON\" {script}"));
    println!("{}", String::from_utf8_lossy(&said.stdout));
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
}

#[test]
#[ignore = "needs PYTHON, one that has NumPy"]
fn npy_info_agrees_with_numpy() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/npy_info.py");
    Folder::new().ok(&format!("\"$PYTHON\" {script}"));
}
