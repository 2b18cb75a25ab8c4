//! DeepFool: what comes out of it, beside the other attacks and beside foolbox.

use std::{fs, process::Command};

use ndarray::{Array1, Array2};

use crate::common::{Folder, json_lines, skipped};

/// How many of these images the last layer of `net` classifies correctly.
fn correct(folder: &Folder, images: &str) -> u64 {
    let lines = json_lines(&folder.ok(&format!("accuracy --model net --labels y.npy {images}")));
    lines.last().unwrap()["correct"].as_u64().unwrap()
}

fn median(distances: impl Iterator<Item = f32>) -> f32 {
    let mut distances: Vec<f32> = distances.collect();
    distances.sort_by(f32::total_cmp);
    distances[distances.len() / 2]
}

/// Train `net`, and attack x.npy with it.
fn attacked(folder: &Folder, train: &str, flags: &str) -> (Array2<f32>, Array1<f32>) {
    folder.ok(&format!(
        "train --quiet --images x.npy --labels y.npy --hidden 10,10 --epochs 4 {train} -o net
         attack-deepfool --model net --labels y.npy {flags} x.npy --distances d.npy -o a.npy"
    ));
    (folder.read("a.npy"), folder.read("d.npy"))
}

#[test]
fn every_answer_changes_and_the_distances_are_those_of_the_changes() {
    let folder = Folder::with_data();
    let x: Array2<f32> = folder.read("x.npy");
    for train in
        ["", "--activation tanh", "--rule backprop", "--activation sigmoid --optimizer adam"]
    {
        for flags in ["", "--norm 2", "--line-search", "--norm 2 --line-search", "--overshoot 0"] {
            let (attacked, distances) = attacked(&folder, train, flags);
            assert_eq!(correct(&folder, "a.npy"), 0, "{train} {flags}");
            let right = correct(&folder, "x.npy");
            assert_eq!(distances.iter().filter(|&&d| d > 0.0).count() as u64, right);
            let images = x.outer_iter().zip(attacked.outer_iter());
            for ((x, attacked), &distance) in images.zip(&distances) {
                let change = attacked.mapv(f64::from) - x.mapv(f64::from);
                let expected = if flags.contains("--norm 2") {
                    change.dot(&change).sqrt()
                } else {
                    change.iter().fold(0.0, |largest, c| c.abs().max(largest))
                };
                assert!((f64::from(distance) - expected).abs() <= 1e-7 * expected, "{flags}");
            }
        }
    }
}

#[test]
fn without_labels_wrong_images_are_attacked_too() {
    let folder = Folder::with_network();
    folder.ok("attack-deepfool --model net --labels y.npy x.npy --distances d.npy -o a.npy
               accuracy --model net --labels y.npy x.npy --predictions p.npy > /dev/null
               attack-deepfool --model net x.npy --distances e.npy -o b.npy
               attack-deepfool --model net --labels p.npy x.npy --distances f.npy -o c.npy
               cmp b.npy c.npy; cmp e.npy f.npy
               accuracy --model net --labels p.npy b.npy -o b.jsonl");
    let (with, without): (Array1<f32>, Array1<f32>) = (folder.read("d.npy"), folder.read("e.npy"));
    let wrong: Vec<_> = (0..60).filter(|&image| with[image] == 0.0).collect();
    assert!(!wrong.is_empty() && wrong.len() < 60);
    let (x, a): (Array2<f32>, Array2<f32>) = (folder.read("x.npy"), folder.read("a.npy"));
    assert!(wrong.iter().all(|&image| x.row(image) == a.row(image)));
    assert!(without.iter().all(|&distance| distance > 0.0));
    assert_eq!(json_lines(&folder.bytes("b.jsonl"))[1]["correct"], 0);
}

/// Half of the images need at most the median distance; FGSM, in a single step of that size, does not
/// change more of them.
#[test]
fn fgsm_needs_at_least_the_median_distance() {
    let folder = Folder::with_data();
    for (train, flags) in [("", ""), ("", "--line-search"), ("--activation tanh", "--line-search")]
    {
        let (_, distances) = attacked(&folder, train, flags);
        let median = median(distances.iter().copied().filter(|&d| d > 0.0));
        let right = correct(&folder, "x.npy");
        // As far as the overshoot goes, DeepFool is beyond the boundary.
        folder.ok(&format!(
            "attack-fgsm --epsilon {} --model net --labels y.npy x.npy -o f.npy",
            median / 1.02
        ));
        let left = correct(&folder, "f.npy");
        assert!(2 * left >= right, "{train} {flags}: {left} of {right} at {median}");
    }
}

#[test]
fn the_defaults_are_those_of_the_help() {
    let folder = Folder::with_network();
    let attack = "attack-deepfool --model net --labels y.npy x.npy";
    let expected = folder.ok(attack);
    let all = "--norm inf --steps 50 --overshoot 0.02 --layer 2";
    assert_eq!(folder.ok(&format!("{attack} {all}")), expected);
    for other in
        ["--norm 2", "--steps 1", "--overshoot 0.1", "--layer 1", "--line-search", "--clip 0.2,1"]
    {
        let output = folder.run(&format!("{attack} {other}"));
        assert!(output.status.success() && output.stdout != *expected.0, "{other}");
    }
}

/// One line warns of images whose answer stays, and nothing else is different for them.
#[test]
fn answers_that_do_not_change_are_counted() {
    let folder = Folder::with_network();
    let attack = "attack-deepfool --model net --labels y.npy --distances d.npy -o a.npy";
    let says = |line: &str| {
        let output = folder.run(line);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && stderr.lines().count() == 1, "{line}: {stderr}");
        stderr
    };
    let said = says(&format!("{attack} --quiet --steps 1 --overshoot 0 x.npy"));
    let left = correct(&folder, "a.npy");
    let expected = format!(
        "attack-deepfool: warning: x.npy: the answer for {left} of 60 images did not change ({left} within --steps 1, 0 without a gradient to follow): their distances are those reached\n"
    );
    assert!(left > 0 && said == expected, "{said}");
    let distances: Array1<f32> = folder.read("d.npy");
    let right = correct(&folder, "x.npy");
    assert_eq!(distances.iter().filter(|&&d| d > 0.0).count() as u64, right);
    // All units of layer 1 are dead, and all answers the same: the lowest class.
    folder.write("net/b1.npy", &Array1::from_elem(10, -1e6_f32));
    folder.write("net/b2.npy", &Array1::from_elem(10, -1.0_f32));
    let said = says(&format!("{attack} < x.npy"));
    let words =
        "stdin: the answer for 20 of 60 images did not change (0 within --steps 50, 20 without";
    assert!(said.contains(words), "{said}");
    assert_eq!(
        folder.read::<f32, ndarray::Ix2>("a.npy"),
        folder.read::<f32, ndarray::Ix2>("x.npy")
    );
    assert_eq!(folder.read::<f32, ndarray::Ix1>("d.npy"), Array1::<f32>::zeros(60));
}

#[test]
fn extremes_are_finite_or_refused() {
    let folder = Folder::with_network();
    let (x, w): (Array2<f32>, Array2<f32>) = (folder.read("x.npy"), folder.read("net/w1.npy"));
    let attack = "attack-deepfool -q --model net x.npy --distances d.npy -o a.npy";
    for scale in [1e-30_f32, 1e-8, 1e8, 1e30] {
        for norm in ["inf", "2"] {
            // The same network in other units of the pixels.
            folder.write("x.npy", &(scale * &x));
            folder.write("net/w1.npy", &(&w / scale));
            folder.ok(&format!("{attack} --norm {norm}"));
            let scaled: Array1<f32> = folder.read("d.npy");
            folder.write("x.npy", &x);
            folder.write("net/w1.npy", &w);
            folder.ok(&format!("{attack} --norm {norm}"));
            let plain: Array1<f32> = folder.read("d.npy");
            for (scaled, plain) in scaled.iter().zip(&plain) {
                let error = scaled / scale / plain - 1.0;
                assert!(error.abs() < 1e-3, "{scale} {norm}: {scaled} for {plain}");
            }
        }
    }
    let mut r: Array2<f32> = folder.read("net/r2.npy");
    r.mapv_inplace(|r| r.signum() * f32::MAX);
    folder.write("net/r2.npy", &r);
    let message = folder.fails(1, "attack-deepfool --model net x.npy -o o.npy --distances e.npy");
    assert!(
        message.contains(": x.npy: image ") && message.contains("has a logit that"),
        "{message}"
    );
}

/// The median distance on drawn digits, beside foolbox's attack of the same name.
#[test]
#[ignore = "needs PYTHON, one that has PyTorch and foolbox"]
fn the_median_distance_is_that_of_foolbox() {
    let python = std::env::var("PYTHON").unwrap();
    let found = Command::new(&python).args(["-c", "import torch, foolbox"]).output().unwrap();
    if !found.status.success() {
        return skipped(&format!("no PyTorch or no foolbox in {python}: DeepFool beside foolbox"));
    }
    let root = env!("CARGO_MANIFEST_DIR");
    let folder = Folder::new();
    folder.ok("for part in '4000 X Y 1' '300 x y 2'; do
                 set -- $part
                 draw-digits -q --count $1 --seed $4 -o $2.npy; draw-digits -q --count $1 --seed $4 --labels -o $3.npy
               done");
    for activation in ["relu", "tanh"] {
        folder.ok(&format!(
            "train -q --images X.npy --labels Y.npy --hidden 100,100,100 --activation {activation} \
               --learning-rate 0.2 --epochs 3 -o net"
        ));
        for norm in ["inf", "2"] {
            folder.ok(&format!(
                "attack-deepfool --model net --labels y.npy --norm {norm} x.npy --distances d.npy -o a.npy"
            ));
            let found = median(folder.read::<f32, ndarray::Ix1>("d.npy").into_iter());
            let line = format!(
                "PYTHONPATH={root}/python {python} {root}/tests/deepfool/by_foolbox.py {norm} > d.txt 2> log || cat log >&2"
            );
            folder.ok(&line);
            let text = fs::read_to_string(folder.path("d.txt")).unwrap();
            let expected = median(text.lines().map(|line| line.parse().unwrap()));
            println!("{activation}, norm {norm}: median distance {found}, foolbox {expected}");
            assert!((found / expected - 1.0).abs() < 0.03, "{activation} {norm}");
        }
    }
}
