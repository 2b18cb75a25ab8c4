//! `accuracy`.

use ndarray::{Array1, Array2, Array3, Axis, s};

use crate::common::{Folder, json_lines};

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
fn accuracy_says_null_where_there_is_no_readout() {
    let folder = Folder::with_data();
    folder.ok(
        "train --rule backprop --images x.npy --labels y.npy --hidden 10,10 --epochs 20 -o net",
    );
    let text = folder.ok("accuracy --model net --labels y.npy --predictions p.npy x.npy").text();
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
fn averages_are_means_of_consecutive_images() {
    let folder = Folder::with_network();
    let extract = "extract-activations --model net";
    for options in ["", "--layer 2"] {
        let plain = folder.ok(&format!("{extract} {options} x.npy"));
        assert_eq!(folder.ok(&format!("{extract} {options} --average 1 x.npy")), plain);
    }
    // More images than a block has.
    folder.ok("attack-gauss --sigma 0.2 --draws 20 x.npy -o drawn.npy
               extract-activations --model net drawn.npy -o h.npy");
    let h = folder.read::<f32, ndarray::Ix3>("h.npy").mapv(f64::from);
    for size in [20, 300, 1200] {
        let averaged = folder.ok(&format!("{extract} --average {size} drawn.npy"));
        let threads = format!("cat drawn.npy | {extract} --average {size} --threads 2");
        assert_eq!(folder.ok(&threads), averaged);
        folder.ok(&format!(
            "{extract} --average {size} drawn.npy -o averaged.npy
                            {extract} --average {size} --layer 2 drawn.npy -o second.npy"
        ));
        let averaged: Array3<f32> = folder.read("averaged.npy");
        assert_eq!(averaged.dim(), (2, 1200 / size, 10));
        assert_eq!(averaged.index_axis(Axis(0), 1), folder.read::<f32, ndarray::Ix2>("second.npy"));
        for ((layer, group, unit), &found) in averaged.indexed_iter() {
            let group = s![layer, group * size..(group + 1) * size, unit];
            let mean = h.slice(group).mean().unwrap();
            assert!((f64::from(found) - mean).abs() <= 1e-6 * mean.abs(), "{found} {mean}");
        }
    }
    let said = folder.fails(1, &format!("{extract} --average 7 x.npy -o new.npy"));
    assert!(said.contains("x.npy: ") && said.contains("(found 60, expected a multiple of 7)"));
    for option in ["--accuracy a.jsonl", "--correct-on x.npy"] {
        let line = format!("{extract} --average 2 --labels y.npy {option} x.npy -o new.npy");
        assert!(folder.fails(2, &line).contains("cannot be used with"), "{option}");
    }
    assert!(!folder.path("new.npy").exists());
}

#[test]
fn images_misclassified_before_an_attack_are_left_out() {
    let folder = Folder::with_network();
    // More images than a block has, and labels of which some are wrong.
    folder.ok("attack-gauss --sigma 0.1 --draws 20 x.npy -o clean.npy
               attack-gauss --sigma 0.3 clean.npy -o attacked.npy");
    let y: Array1<u8> = folder.read("y.npy");
    let y = Array1::from_shape_fn(1200, |i| if i % 7 == 0 { 2 - y[i / 20] } else { y[i / 20] });
    folder.write("labels.npy", &y);
    folder.ok("accuracy --model net --labels labels.npy --predictions p.npy clean.npy");
    let p: Array1<u8> = folder.read("p.npy");
    let kept: Vec<usize> = (0..1200).filter(|&i| p[i] == y[i]).collect();
    assert!((300..1100).contains(&kept.len()), "{}", kept.len());
    let (model, of) = ("extract-activations --model net", "--labels labels.npy attacked.npy");
    let line = format!("{model} --correct-on clean.npy --accuracy a.jsonl {of}");
    let output = folder.ok(&line);
    let accuracy = folder.bytes("a.jsonl");
    assert_eq!(folder.ok(&format!("{line} --threads 2")), output);
    assert_eq!(folder.bytes("a.jsonl"), accuracy);
    folder.ok(&format!(
        "{line} -o kept.npy; {model} attacked.npy -o all.npy
                        {model} --layer 1 --correct-on clean.npy {of} -o first.npy"
    ));
    let all: Array3<f32> = folder.read("all.npy");
    let found: Array3<f32> = folder.read("kept.npy");
    assert_eq!(found, all.select(Axis(1), &kept));
    assert_eq!(found.index_axis(Axis(0), 0), folder.read::<f32, ndarray::Ix2>("first.npy"));
    // The accuracy is that of the images kept.
    let attacked: Array2<f32> = folder.read("attacked.npy");
    folder.write("some.npy", &attacked.select(Axis(0), &kept));
    folder.write("some-labels.npy", &y.select(Axis(0), &kept));
    let expected = json_lines(&folder.ok("accuracy --model net --labels some-labels.npy some.npy"));
    for (found, expected) in json_lines(&accuracy).iter().zip(&expected) {
        for key in ["samples", "units", "dead", "correct", "accuracy"] {
            assert_eq!(found[key], expected[key], "{key}");
        }
        let loss = |line: &serde_json::Value| line["loss"].as_f64().unwrap();
        assert!((loss(found) - loss(expected)).abs() < 1e-6 * loss(expected));
    }
    // With --samples, of the first images alone.
    let first = folder.ok(&format!("{line} --samples 300 -o kept.npy; cat kept.npy"));
    let count = kept.iter().filter(|&&i| i < 300).count();
    assert_eq!(first.len(), 128 + 4 * 2 * 10 * count);
}

#[test]
fn clean_images_must_be_those_of_the_attacked_ones() {
    let folder = Folder::with_network();
    folder.ok("attack-gauss --sigma 0 --samples 59 x.npy -o few.npy
               accuracy --model net --labels y.npy --predictions p.npy x.npy");
    folder.write("narrow.npy", &Array2::<f32>::zeros((60, 9)));
    folder.write("wrong.npy", &folder.read::<u8, ndarray::Ix1>("p.npy").mapv(|p| (p + 1) % 3));
    for (line, words) in [
        (
            "--correct-on few.npy --labels y.npy x.npy",
            "few.npy: image count differs from that of x.npy (found 59, expected 60)",
        ),
        (
            "--correct-on narrow.npy --labels y.npy x.npy",
            "narrow.npy: has rows of the wrong length (found 9, expected 16",
        ),
        (
            "--correct-on x.npy --labels wrong.npy x.npy",
            "x.npy: has no image that the network classifies correctly (found 0 of 60",
        ),
    ] {
        let said = folder.fails(1, &format!("extract-activations --model net {line}"));
        assert!(said.contains(words), "{line}: {said}");
    }
}
