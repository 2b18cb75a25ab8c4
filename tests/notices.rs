//! What is said for a person to read: the warning of few samples, and the accuracies of a training.

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
