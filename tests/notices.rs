//! What is said for a person to read: the warning of few samples, and how a training goes.

use crate::common::{Folder, json_lines};

#[test]
fn few_samples_are_warned_of_unless_they_are_intended() {
    let folder = Folder::new();
    folder.ok("draw-powerlaw --alpha 1 --samples 99 --units 10 -o h.npy");
    let output = folder.run("spectrum --quiet h.npy");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("warning: h.npy: has few samples for its units"), "{stderr}");
    // `ok` allows no word on stderr.
    assert_eq!(folder.ok("spectrum --few-samples h.npy").0, output.stdout);
    folder.fails(2, "spectrum --few-samples --moments m.npy h.npy");
}

/// The errors of these layers on x.npy in per cent, by the tool accuracy.
fn errors(folder: &Folder, net: &str, layers: &[usize]) -> String {
    let lines = json_lines(&folder.ok(&format!("accuracy --model {net} --labels y.npy x.npy")));
    let error = |layer: &usize| 100.0 - 100.0 * lines[layer - 1]["accuracy"].as_f64().unwrap();
    layers.iter().map(|layer| format!("{:.1}", error(layer))).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_training_says_how_it_goes_and_how_it_ended() {
    let folder = Folder::with_data();
    let data = "--images x.npy --labels y.npy --hidden 10,10 --learning-rate 0.05";
    let tested = format!("{data} --test-images x.npy --test-labels y.npy");
    let said = |line: &str| {
        let output = folder.run(line);
        assert!(output.status.success() && output.stdout.is_empty(), "{line}");
        String::from_utf8(output.stderr).unwrap()
    };
    for (flags, epochs, layers, place) in [
        ("", "2 epochs", &[1, 2][..], ""),
        ("--rule backprop", "2 epochs", &[2], " in layer 2"),
        ("--schedule sequential", "2 epochs each", &[1, 2], ""),
    ] {
        let lines = said(&format!("train {tested} --epochs 2 --snapshots 1,2 {flags} -o net"));
        let sequential = flags.contains("sequential");
        let (passes, learning, in_layer) =
            if sequential { (4, &[1][..], " in layer 1") } else { (2, layers, place) };
        let mut expected: Vec<String> = (1..=2)
            .map(|epoch| {
                let errors = errors(&folder, &format!("net/epoch-{epoch}"), learning);
                format!("epoch {epoch}/{passes}, test error {errors} %{in_layer}")
            })
            .collect();
        let end = errors(&folder, "net", layers);
        if sequential {
            let second = errors(&folder, "net", &[2]);
            expected.push(format!("epoch 4/4, test error {second} % in layer 2"));
        }
        expected.push(format!("2 layers, {epochs}, test error {end} %{place}"));
        let mut lines: Vec<&str> =
            lines.lines().map(|line| line.strip_prefix("train: net: ").unwrap()).collect();
        if sequential {
            assert!(lines.remove(2).starts_with("epoch 3/4, test error "));
        }
        assert_eq!(lines, expected, "{flags}");
        assert_eq!(said(&format!("train {tested} --epochs 2 {flags} --quiet -o net")), "");
    }
    // Without test images, the errors are those during the last epoch.
    let lines = said(&format!("train {data} --epochs 1 -o net"));
    let history = json_lines(&folder.bytes("net/history.jsonl"));
    let error = |layer: usize| 100.0 * history[layer]["train_error"].as_f64().unwrap();
    let errors = format!("train error {:.1} {:.1} %", error(0), error(1));
    assert_eq!(
        lines,
        format!("train: net: epoch 1/1, {errors}\ntrain: net: 2 layers, 1 epoch, {errors}\n")
    );
    assert_eq!(
        said(&format!("train {tested} --epochs 0 -o net")),
        "train: net: 2 layers, untrained\n"
    );
}

#[test]
fn the_accuracies_of_a_training_are_those_of_the_tool_accuracy() {
    let folder = Folder::with_data();
    let data = "--images x.npy --labels y.npy --test-images x.npy --test-labels y.npy";
    for (rule, layers) in [("local", "layers 1-2"), ("backprop", "layer 2")] {
        folder.ok(&format!(
            "train {data} --hidden 10,10 --rule {rule} --epochs 2 --accuracies said -o net"
        ));
        let lines = json_lines(&folder.ok("accuracy --model net --labels y.npy x.npy"));
        let accuracies = lines.iter().filter_map(|line| line["accuracy"].as_f64());
        let accuracies: Vec<_> = accuracies.map(|value| format!("{value:.3}")).collect();
        let expected = format!("accuracy of {layers}: {}\n", accuracies.join(" "));
        assert_eq!(String::from_utf8_lossy(&folder.bytes("said")), expected);
    }
    let message = folder.fails(2, &format!("train {data} --accuracies net/said -o net"));
    assert!(message.contains("in the directory that the network replaces"), "{message}");
    folder.fails(2, "train --images x.npy --labels y.npy --accuracies said -o new");
}
