//! `probe`: readouts trained on activations, measured, and written into networks.

use std::{fs, os::unix::process::ExitStatusExt, process::Stdio, thread::sleep, time::Duration};

use ndarray::{Array1, Array2, Array3, Axis, concatenate, s};
use serde_json::Value;

use crate::common::{Bytes, Folder, data, files, json_lines};

/// What the tool reads in most tests, the same samples as training and test set.
const ON_H: &str =
    "--activations h.npy --labels y.npy --test-activations h.npy --test-labels y.npy";

/// A folder with a network `net` of this rule with three layers of 10 units, its activations h.npy of
/// 600 images x.npy, and labels y.npy.
fn with_activations(rule: &str) -> Folder {
    let folder = Folder::new();
    let (x, y) = data(600, 16);
    folder.write("x.npy", &x);
    folder.write("y.npy", &y);
    folder.ok(&format!(
        "train --rule {rule} --images x.npy --labels y.npy --hidden 10,10,10 --epochs 2 --snapshots 1 -o net
         extract-activations --model net x.npy -o h.npy"
    ));
    folder
}

/// All files of a folder inside the folder.
fn inside(folder: &Folder, name: &str) -> Vec<(std::path::PathBuf, Bytes)> {
    files(&folder.path(name))
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let folder = with_activations("local");
    let (x, y) = data(3000, 30);
    folder.write("h.npy", &x);
    folder.write("y.npy", &y);
    let one = folder.ok(&format!("probe {ON_H}"));
    for threads in [2, 3, 8] {
        assert_eq!(folder.ok(&format!("probe --threads {threads} {ON_H}")), one, "{threads}");
    }
    assert!(json_lines(&one)[0]["layer"].is_null());
    // From a pipe, and of another dtype and order.
    folder.write("f.npy", &x.mapv(f64::from).t().as_standard_layout().t().to_owned());
    let piped = "probe --activations - --labels y.npy --test-activations f.npy --test-labels y.npy";
    assert_eq!(folder.ok(&format!("cat h.npy | {piped}")), one);
}

#[test]
fn a_stack_gives_what_its_layers_give() {
    let folder = with_activations("backprop");
    let all = json_lines(&folder.ok(&format!("probe {ON_H}")));
    let h: Array3<f32> = folder.read("h.npy");
    assert_eq!(all.len(), 3);
    for (layer, (h, mut line)) in h.outer_iter().zip(all).enumerate() {
        assert_eq!(line["layer"], layer + 1);
        line["layer"] = Value::Null;
        folder.write("h.npy", &h.to_owned());
        assert_eq!(json_lines(&folder.ok(&format!("probe {ON_H}"))), [line]);
    }
}

#[test]
fn probes_become_readouts_of_the_layers_that_have_none() {
    let folder = with_activations("backprop");
    let (x, y) = data(900, 16);
    folder.write("test-x.npy", &x.slice(s![600.., ..]).to_owned());
    folder.write("test-y.npy", &y.slice(s![600..]).to_owned());
    folder.ok("extract-activations --model net test-x.npy -o test-h.npy");
    let on_test =
        "--activations h.npy --labels y.npy --test-activations test-h.npy --test-labels test-y.npy";
    let attack = "attack-fgsm --model net --labels y.npy --epsilon 0.1 x.npy";
    let (attacked, before) = (folder.ok(attack), inside(&folder, "net"));
    let expected = folder.ok(&format!("probe {on_test}"));

    // Nothing is written without --into.
    assert_eq!(inside(&folder, "net"), before);
    assert_eq!(folder.ok(&format!("probe --into net {on_test}")), expected);
    assert_eq!(folder.ok(attack), attacked);
    let after = inside(&folder, "net");
    let new = ["r1.npy", "c1.npy", "r2.npy", "c2.npy"];
    let others = |files: &[(std::path::PathBuf, Bytes)]| -> Vec<_> {
        let changed = |name: &str| name == "model.json" || new.contains(&name);
        files.iter().filter(|(path, _)| !changed(path.to_str().unwrap())).cloned().collect()
    };
    assert_eq!(others(&after), others(&before));
    assert_eq!(after.len(), before.len() + new.len());
    let model = |bytes: Bytes| String::from_utf8(bytes.0).unwrap();
    let old = before.iter().find(|(path, _)| path.as_os_str() == "model.json").unwrap().1.clone();
    let old = model(old);
    assert_eq!(model(folder.bytes("net/model.json")), old.replace("}\n", ",\"probe\":[1,2]}\n"));

    // The network's accuracy is the probe's, but for the rounding of the readouts.
    let measured = json_lines(&folder.ok("accuracy --model net --labels test-y.npy test-x.npy"));
    for (probe, layer) in json_lines(&expected).iter().zip(&measured).take(2) {
        for (of_probe, of_layer) in [("test_accuracy", "accuracy"), ("test_loss", "loss")] {
            let (a, b) = (probe[of_probe].as_f64().unwrap(), layer[of_layer].as_f64().unwrap());
            assert!((a - b).abs() < 1e-5, "{probe} {layer}");
        }
    }
    folder.ok("attack-fgsm --layer 1 --model net --labels y.npy --epsilon 0.1 x.npy -o a.npy");

    // A second time, an earlier probe's readouts are replaced, and to the same bytes by the same command.
    folder.ok(&format!("probe --into net {on_test} -o p.jsonl"));
    assert_eq!((inside(&folder, "net"), folder.bytes("p.jsonl")), (after.clone(), expected));
    folder.ok(&format!("probe --l2 1 --into net {on_test} -o p.jsonl"));
    assert_ne!(
        folder.bytes("net/r1.npy"),
        after.iter().find(|(p, _)| p.ends_with("r1.npy")).unwrap().1
    );
    assert_eq!(others(&inside(&folder, "net")), others(&before));
}

#[test]
fn readouts_of_the_network_stay() {
    let folder = with_activations("local");
    let before = inside(&folder, "net");
    let output = folder.run(&format!("probe --into net {ON_H} -o p.jsonl"));
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "probe: net: has a readout in every layer, and stays as it is\n");
    assert_eq!(inside(&folder, "net"), before);
    assert_eq!(json_lines(&folder.bytes("p.jsonl")).len(), 3);
    folder.ok(&format!("probe --quiet --into net {ON_H} -o p.jsonl"));
    // A network from elsewhere may have readouts in some layers.
    folder.ok("rm net/r2.npy; cp net/r1.npy r1.npy");
    folder.ok(&format!("probe --into net {ON_H} -o p.jsonl; cmp net/r1.npy r1.npy"));
    assert!(folder.path("net/r2.npy").exists() && folder.path("net/c2.npy").exists());
    let accuracy = || json_lines(&folder.ok("accuracy --model net --labels y.npy x.npy"));
    let probes = accuracy().iter().map(|line| line["probe"] == true).collect::<Vec<_>>();
    assert_eq!(probes, [false, true, false]);
    // Unless all are to be replaced, as those of a network that was not trained.
    let probed = json_lines(&folder.ok(&format!("probe --replace --into net {ON_H}")));
    for (probe, layer) in probed.iter().zip(accuracy()) {
        let (a, b) = (probe["test_loss"].as_f64().unwrap(), layer["loss"].as_f64().unwrap());
        assert!(layer["probe"] == true && (a - b).abs() < 1e-5, "{probe} {layer}");
    }
    assert!(folder.fails(2, &format!("probe --replace {ON_H}")).contains("--into <DIR>"));
}

#[test]
fn what_does_not_fit_the_network_is_refused() {
    let folder = with_activations("backprop");
    let h: Array3<f32> = folder.read("h.npy");
    folder.write("one.npy", &h.index_axis(Axis(0), 0).to_owned());
    folder.write("two.npy", &h.slice(s![..2, .., ..]).to_owned());
    folder.write("narrow.npy", &h.slice(s![.., .., ..9]).to_owned());
    let y: Array1<u8> = folder.read("y.npy");
    folder.write("high.npy", &y.mapv(|y| y + 1));
    folder.write("low.npy", &y.mapv(|y| y.min(1)));
    folder.ok("cp -r net mine; touch mine/notes.txt; mkdir empty");
    for (status, into, activations, labels, words) in [
        (
            1,
            "net",
            "one",
            "y",
            "one.npy: has another number of layers than the network (found 1, expected 3)",
        ),
        (1, "net", "two", "y", "found 2, expected 3"),
        (1, "net", "narrow", "y", "found 9, expected 10, the number of units of layer 1"),
        (1, "net", "h", "high", "high.npy: lacks class 0"),
        (1, "net", "h", "low", "low.npy: lacks class 2"),
        (1, "none", "h", "y", "none: No such file or directory"),
        (1, "empty", "h", "y", "model.json: No such file"),
        (1, "mine", "h", "y", "found notes.txt"),
        (1, "h.npy", "h", "y", "h.npy"),
        (2, "-", "h", "y", "a network is a directory"),
    ] {
        let line = format!(
            "probe --into {into} --activations {activations}.npy --labels {labels}.npy \
             --test-activations {activations}.npy --test-labels {labels}.npy"
        );
        let said = folder.fails(status, &line);
        assert!(said.contains(words), "{line}: {said}");
    }
    let said = folder.fails(2, &format!("probe --into net {ON_H} -o net/p.jsonl"));
    assert!(said.contains("in the directory that the network replaces"), "{said}");
    // Without a network, labels need not have all classes.
    folder.ok(
        "probe --activations h.npy --labels low.npy --test-activations h.npy --test-labels low.npy",
    );
}

#[test]
fn sets_that_differ_are_refused() {
    let folder = with_activations("local");
    let h: Array3<f32> = folder.read("h.npy");
    folder.write("one.npy", &h.index_axis(Axis(0), 0).to_owned());
    folder.write("narrow.npy", &h.slice(s![.., .., ..9]).to_owned());
    folder.write("few.npy", &h.slice(s![.., ..500, ..]).to_owned());
    let mut nan = h.clone();
    nan[[1, 2, 3]] = f32::NAN;
    folder.write("nan.npy", &nan);
    for (train, test, words) in [
        (
            "h",
            "one",
            "one.npy: has another number of layers than the training activations (found 1, expected 3)",
        ),
        ("h", "narrow", "narrow.npy: has rows of the wrong length (found 9, expected 10"),
        ("few", "h", "y.npy: label count differs from image count of few.npy"),
        ("h", "few", "y.npy: label count differs"),
        ("nan", "h", "nan.npy: has a non-finite value at [1, 2, 3]"),
        ("h", "nan", "nan.npy: has a non-finite value at [1, 2, 3]"),
    ] {
        let line = format!(
            "probe --activations {train}.npy --labels y.npy --test-activations {test}.npy --test-labels y.npy"
        );
        let said = folder.fails(1, &line);
        assert!(said.contains(words), "{line}: {said}");
    }
}

#[test]
fn a_class_without_training_samples_has_an_infinite_test_loss() {
    let folder = with_activations("local");
    let y: Array1<u8> = folder.read("y.npy");
    folder.write("z.npy", &y.mapv(|y| if y == 2 { 5 } else { y }));
    let output = folder.run(
        "probe --activations h.npy --labels y.npy --test-activations h.npy --test-labels z.npy",
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.lines().count() == 1, "{said}");
    assert!(said.contains("warning: z.npy: has class 5, which the training labels lack"), "{said}");
    for line in json_lines(&output.stdout) {
        assert!(line["test_loss"].is_null() && line["train_loss"].is_number(), "{line}");
        assert_eq!(line["classes"], 6);
        assert!(line["test_accuracy"].as_f64().unwrap() < 0.7, "{line}");
    }
}

#[test]
fn a_probe_that_does_not_converge_says_so_and_gives_its_numbers() {
    let folder = with_activations("local");
    let output = folder.run(&format!("probe --iterations 2 {ON_H}"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.lines().count() == 3, "{said}");
    let start =
        "probe: warning: h.npy: layer 1 has not converged: after 2 iterations, the gradient has";
    assert!(said.starts_with(start), "{said}");
    for line in json_lines(&output.stdout) {
        assert_eq!((&line["converged"], &line["iterations"]), (&Value::Bool(false), &2.into()));
        assert!(line["train_accuracy"].as_f64().unwrap() > 0.4, "{line}");
    }
}

#[test]
fn rounding_to_single_precision_that_matters_is_said() {
    let folder = with_activations("backprop");
    // A mean far above the deviation, as of a saturated unit, in f8.
    let h: Array3<f32> = folder.read("h.npy");
    let h = h.mapv(|h| 1.0 + 1e-9 * f64::from(h));
    folder.write("h.npy", &h);
    let output = folder.run(&format!("probe --l2 0.01 --into net {ON_H}"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && said.contains("layer 1 loses in single precision"),
        "{said}"
    );
}

#[test]
fn a_signal_leaves_the_old_network() {
    let folder = with_activations("backprop");
    let before = folder.files();
    let mut child = folder
        .command("probe")
        .args(["--into", "net", "--activations", "-", "--labels", "y.npy"])
        .args(["--test-activations", "h.npy", "--test-labels", "y.npy"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    // wait() would close it, and the tool could end before the signal arrives.
    let _open = child.stdin.take();
    sleep(Duration::from_millis(200));
    folder.ok(&format!("kill -TERM {}", child.id()));
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    assert!(folder.files() == before);
}

#[test]
fn another_network_in_its_place_is_not_overwritten() {
    let folder = with_activations("backprop");
    folder.ok("cp -r net other; mkfifo labels");
    let line = "probe --into net --activations h.npy --labels y.npy --test-activations h.npy --test-labels labels";
    let child = folder.command("bash").args(["-c", line]).stderr(Stdio::piped()).spawn().unwrap();
    let expected = inside(&folder, "other");
    // The pipe opens when the tool opens it too, after it has read the network.
    folder.ok("exec 3> labels; mv net old; mv other net; cat y.npy >&3");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("net: was replaced by another network since it was read"), "{said}");
    assert_eq!(inside(&folder, "net"), expected);
    assert!(
        !fs::read_dir(folder.path(""))
            .unwrap()
            .any(|entry| { entry.unwrap().file_name().to_string_lossy().ends_with(".tmp") })
    );
}

#[test]
fn a_class_is_told_from_others_better_by_more_units() {
    let folder = Folder::new();
    let (x, y) = data(900, 16);
    folder.write("y.npy", &y.slice(s![..600]).to_owned());
    folder.write("z.npy", &y.slice(s![600..]).to_owned());
    let accuracy = |units: usize| {
        let constant = Array2::from_elem((900, 2), 3.0_f32);
        let h = concatenate![Axis(1), x.slice(s![.., ..units]), constant];
        folder.write("h.npy", &h.slice(s![..600, ..]).to_owned());
        folder.write("i.npy", &h.slice(s![600.., ..]).to_owned());
        let line = folder.ok(
            "probe --activations h.npy --labels y.npy --test-activations i.npy --test-labels z.npy",
        );
        let line = &json_lines(&line)[0];
        assert_eq!((&line["units"], &line["converged"]), (&(units + 2).into(), &true.into()));
        line["test_accuracy"].as_f64().unwrap()
    };
    let (few, many) = (accuracy(1), accuracy(16));
    assert!(few < many && many > 0.95, "{few} {many}");
}

#[test]
#[ignore = "needs PYTHON, one that has NumPy and scikit-learn"]
fn probes_agree_with_numpy_and_scikit_learn() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/probe.py");
    let said = Folder::new().run(&format!("\"$PYTHON\" {script} --compare"));
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
}
