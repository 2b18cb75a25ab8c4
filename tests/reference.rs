//! The tools' numbers against an independent computation: `reference/reference.py`
//! in NumPy, whose results `reference/make-goldens` wrote to `reference/golden`.

use std::{fs, path::PathBuf};

use ndarray::{Array, Array1, Array2, Array3, Axis, Dimension};
use ndarray_npy::ReadableElement;
use serde_json::Value;

use crate::common::{Folder, json_lines};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/golden");

fn golden<A: ReadableElement, D: Dimension>(name: &str) -> Array<A, D> {
    ndarray_npy::read_npy(PathBuf::from(GOLDEN).join(name)).unwrap()
}

fn golden_lines(name: &str) -> Vec<Value> {
    json_lines(&fs::read(PathBuf::from(GOLDEN).join(name)).unwrap())
}

fn run(folder: &Folder, line: &str) -> crate::common::Bytes {
    let line = line.replace("G/", &format!("{GOLDEN}/"));
    folder.ok(&line)
}

/// Equal in everything but round-off of the numbers.
fn assert_near(found: &[Value], expected: &[Value], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        for (key, expected) in expected.as_object().unwrap() {
            let found = &found[key];
            match (found.as_f64(), expected.as_f64()) {
                (Some(a), Some(b)) => {
                    assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{key}: {a} for {b}");
                }
                _ => assert_eq!(found, expected, "{key}"),
            }
        }
    }
}

fn largest_difference<D: Dimension>(a: &Array<f64, D>, b: &Array<f64, D>) -> f64 {
    assert_eq!(a.shape(), b.shape());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn activations() {
    let folder = Folder::new();
    run(&folder, "extract-activations --model G/net G/images.npy -o h.npy");
    let h: Array3<f32> = folder.read("h.npy");
    let expected: Array3<f64> = golden("activations.npy");
    let largest = expected.iter().copied().fold(0.0, f64::max);
    assert!(largest_difference(&h.mapv(f64::from), &expected) < 1e-6 * largest);
}

#[test]
fn accuracy_and_loss() {
    let folder = Folder::new();
    for (net, lines) in [("net", "accuracy.jsonl"), ("net-c", "accuracy-c.jsonl")] {
        let found =
            run(&folder, &format!("accuracy --model G/{net} --labels G/labels.npy G/images.npy"));
        assert_near(&json_lines(&found), &golden_lines(lines), 1e-5);
    }
}

#[test]
fn signs_of_the_exact_gradient() {
    let folder = Folder::new();
    let x: Array2<f32> = golden("images.npy");
    for (layer, signs, gradients) in [
        (3, "fgsm-exact-signs.npy", "fgsm-gradients.npy"),
        (1, "fgsm-exact-signs-layer1.npy", "fgsm-gradients-layer1.npy"),
    ] {
        run(
            &folder,
            &format!(
                "attack-fgsm --epsilon 0.25 --layer {layer} --model G/net --labels G/labels.npy G/images.npy -o a.npy"
            ),
        );
        let change = folder.read::<f32, ndarray::Ix2>("a.npy") - &x;
        let (signs, gradients): (Array2<i8>, Array2<f64>) = (golden(signs), golden(gradients));
        let mut left_out = 0;
        for ((change, &sign), gradient) in change.iter().zip(&signs).zip(&gradients) {
            // A gradient this far below the sample's largest is round-off in f32.
            if *gradient != 0.0 && gradient.abs() < 1e-3 {
                left_out += 1;
            } else {
                assert!((change - 0.25 * f32::from(sign)).abs() < 1e-6, "{change} for {sign}");
            }
        }
        assert!(left_out < 10, "{left_out} signs were not compared");
    }
}

#[test]
fn signs_in_single_precision_and_their_audit() {
    let folder = Folder::new();
    let attack = "attack-fgsm --epsilon 0.25 --model G/net --labels G/labels.npy G/images.npy";
    for (gradient, audit) in
        [("exact", "fgsm-exact-audit.json"), ("float32", "fgsm-float32-audit.json")]
    {
        run(&folder, &format!("{attack} --gradient {gradient} --audit audit.json -o a.npy"));
        assert_near(&json_lines(&folder.bytes("audit.json")), &golden_lines(audit), 0.0);
    }
    let change =
        folder.read::<f32, ndarray::Ix2>("a.npy") - golden::<f32, ndarray::Ix2>("images.npy");
    let signs: Array2<i8> = golden("fgsm-float32-signs.npy");
    let stable: Array2<u8> = golden("fgsm-float32-stable.npy");
    assert!(stable.iter().all(|&stable| stable == 1));
    for (change, &sign) in change.iter().zip(&signs) {
        assert!((change - 0.25 * f32::from(sign)).abs() < 1e-6, "{change} for {sign}");
    }
}

#[test]
fn projected_gradient_descent() {
    let folder = Folder::new();
    for (name, clip) in [("pgd", ""), ("pgd-clipped", "--clip 0,1")] {
        run(
            &folder,
            &format!(
                "attack-pgd --epsilon 0.25 --step-size 0.1 --steps 4 {clip} --model G/net --labels G/labels.npy \
                 G/images.npy -o a.npy"
            ),
        );
        let found: Array2<f32> = folder.read("a.npy");
        let expected: Array2<f64> = golden(&format!("{name}.npy"));
        // A sign that round-off in f32 turns somewhere on the way leads elsewhere.
        let stable: Array1<u8> = golden(&format!("{name}-stable.npy"));
        let mut compared = 0;
        for ((found, expected), _) in
            found.rows().into_iter().zip(expected.rows()).zip(&stable).filter(|(_, s)| **s == 1)
        {
            let difference = largest_difference(&found.mapv(f64::from), &expected.to_owned());
            assert!(difference < 1e-6, "{name}: {difference}");
            compared += 1;
        }
        assert!(compared > 36, "{compared} of 48 images were compared");
    }
}

/// With each activation function and norm. Of 48 images, those whose way hangs on rounding are left out.
#[test]
fn deepfool() {
    let folder = Folder::new();
    let x: Array2<f64> = golden::<f32, _>("images.npy").mapv(f64::from);
    let expected: Array3<f64> = golden("deepfool.npy");
    let stable: Array2<u8> = golden("deepfool-stable.npy");
    let ways = fs::read_to_string(PathBuf::from(GOLDEN).join("deepfool.txt")).unwrap();
    assert_eq!(ways.lines().count(), expected.len_of(Axis(0)));
    run(&folder, "cp -r G/net net");
    let model = fs::read_to_string(folder.path("net/model.json")).unwrap();
    for ((way, expected), stable) in
        ways.lines().zip(expected.outer_iter()).zip(stable.outer_iter())
    {
        let (activation, flags) = way.split_once(' ').unwrap();
        let model = model.replace("model/1", "model/2");
        let model = model.replacen('{', &format!(r#"{{"activation":"{activation}","#), 1);
        fs::write(folder.path("net/model.json"), model).unwrap();
        let line =
            format!("attack-deepfool --model net {flags} G/images.npy --distances d.npy -o a.npy");
        run(&folder, &line);
        let found = folder.read::<f32, ndarray::Ix2>("a.npy").mapv(f64::from);
        let distances: Array1<f32> = folder.read("d.npy");
        let expected_distances: Vec<f64> = (&expected - &x)
            .outer_iter()
            .map(|change| {
                if flags.contains("inf") {
                    change.iter().fold(0.0, |largest, c| c.abs().max(largest))
                } else {
                    change.dot(&change).sqrt()
                }
            })
            .collect();
        let mut compared = 0;
        for image in (0..48).filter(|&image| stable[image] == 1) {
            let difference =
                largest_difference(&found.row(image).to_owned(), &expected.row(image).to_owned());
            assert!(difference < 1e-6, "{way} {image}: {difference}");
            let error = (f64::from(distances[image]) - expected_distances[image]).abs();
            assert!(error < 1e-6, "{way} {image}: {error}");
            compared += 1;
        }
        assert!(compared >= 38, "{way}: {compared}");
        // Those left out count in the median.
        let median = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values[24]
        };
        let found = median(distances.iter().map(|&d| d.into()).collect());
        assert!((found / median(expected_distances) - 1.0).abs() < 1e-5, "{way}: {found}");
    }
}

#[test]
fn spectra() {
    let folder = Folder::new();
    run(&folder, "spectrum G/activations.npy -o a.npy 2> /dev/null
                  spectrum G/wide.npy -o w.npy 2> /dev/null; spectrum G/offset.npy -o o.npy 2> /dev/null");
    let (found, expected): (Array2<f64>, Array2<f64>) =
        (folder.read("a.npy"), golden("spectrum.npy"));
    for (found, expected) in found.rows().into_iter().zip(expected.rows()) {
        let difference = largest_difference(&found.to_owned(), &expected.to_owned());
        assert!(difference < 1e-13 * expected[0], "{difference}");
    }
    // The mean of 1e6 costs at most its round-off, 1e-10, of the spread of 1.
    for (found, expected, tolerance) in
        [("w.npy", "wide-spectrum.npy", 1e-13), ("o.npy", "offset-spectrum.npy", 1e-9)]
    {
        let (found, expected): (Array1<f64>, Array1<f64>) = (folder.read(found), golden(expected));
        let difference = largest_difference(&found, &expected);
        assert!(difference < tolerance * expected[0], "{difference}");
    }
}

#[test]
fn classes() {
    let folder = Folder::new();
    let found = run(&folder, "class-geometry --labels G/classes-y.npy G/classes-h.npy");
    let (found, expected) = (json_lines(&found), golden_lines("class-geometry.jsonl"));
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found.as_object().unwrap().len(), expected.as_object().unwrap().len());
        for (key, expected) in expected.as_object().unwrap() {
            let (a, b) = (found[key].as_f64().unwrap(), expected.as_f64().unwrap());
            assert!((a - b).abs() <= 1e-10 * b.abs(), "{key}: {a} for {b}");
        }
    }
}

#[test]
fn power_laws() {
    let folder = Folder::new();
    let mut found = Vec::new();
    for method in ["ols", "weighted", "mle"] {
        found.extend(run(&folder, &format!(
            "fit-powerlaw --method {method} --ranks 1-50 --ranks 1-20 --ranks 11-100 G/powerlaw-spectrum.npy"
        )).0);
    }
    assert_near(&json_lines(&found), &golden_lines("fits.jsonl"), 1e-10);
}

#[test]
fn probes() {
    let folder = Folder::new();
    let mut found = Vec::new();
    for l2 in ["1e-4", "0.1"] {
        found.extend(run(&folder, &format!(
            "probe --l2 {l2} --tolerance 1e-9 --activations G/probe/train-activations.npy --labels G/probe/train-labels.npy \
             --test-activations G/probe/test-activations.npy --test-labels G/probe/test-labels.npy"
        )).0);
    }
    let (found, expected) = (json_lines(&found), golden_lines("probe/lines.jsonl"));
    assert_near(&found, &expected, 1e-6);
    // Small losses too, which that tolerance would not tell apart.
    for (found, expected) in found.iter().zip(&expected) {
        for key in ["train_loss", "test_loss"] {
            let (found, expected) = (found[key].as_f64().unwrap(), expected[key].as_f64().unwrap());
            assert!((found / expected - 1.0).abs() < 1e-6, "{key}: {found} for {expected}");
        }
    }
}

#[test]
fn training() {
    let folder = Folder::new();
    for (rule, arrays) in [
        ("local", ["w1", "b1", "r1", "w2", "b2", "r2", "w3", "b3", "r3"].as_slice()),
        ("backprop", &["w1", "b1", "w2", "b2", "w3", "b3", "r3", "c3"]),
    ] {
        let train = format!(
            "train --rule {rule} --hidden 12,12,12 --images G/images.npy --labels G/labels.npy"
        );
        run(&folder, &format!("{train} --epochs 0 -o start"));
        // Every batch is the whole set, so that its order is only one of summation.
        run(&folder, &format!("{train} --epochs 3 --batch-size 48 --learning-rate 0.5 -o net"));
        for array in arrays {
            let name = format!("{rule}/{array}.npy");
            let start: ndarray::ArrayD<f32> = folder.read(&format!("start/{array}.npy"));
            assert_eq!(start, golden::<f32, _>(&format!("start/{name}")), "{name}");
            let found: ndarray::ArrayD<f32> = folder.read(&format!("net/{array}.npy"));
            let expected: ndarray::ArrayD<f64> = golden(&format!("trained/{name}"));
            assert!(largest_difference(&found.mapv(f64::from), &expected) < 1e-6, "{name}");
        }
        let history = golden_lines(&format!("trained/{rule}/history.jsonl"));
        assert_near(&json_lines(&folder.bytes("net/history.jsonl")), &history, 1e-6);
    }
}

/// Every activation function, optimizer and schedule.
#[test]
fn trainings() {
    let folder = Folder::new();
    let flags = fs::read_to_string(PathBuf::from(GOLDEN).join("trainings.txt")).unwrap();
    let expected: Array2<f32> = golden("trainings.npy");
    assert_eq!(flags.lines().count(), expected.nrows());
    for (flags, expected) in flags.lines().zip(expected.rows()) {
        run(
            &folder,
            &format!(
                "train {flags} --weight-gain 2 --hidden 12,12,12 --images G/images.npy --labels G/labels.npy \
             --epochs 3 --batch-size 48 --lr-decay 1 --threads 1 -o net"
            ),
        );
        let arrays = ["w1", "b1", "w2", "b2", "w3", "b3", "r3", "c3"];
        let trained = if flags.contains("backprop") { 8 } else { 6 };
        let found = arrays[..trained].iter().flat_map(|name| {
            folder.read::<f32, ndarray::IxDyn>(&format!("net/{name}.npy")).into_iter()
        });
        let differences = found.zip(expected).map(|(found, expected)| (found - expected).abs());
        let largest = differences.fold(0.0, f32::max);
        // Adam divides a gradient by its own size, so that its relative round-off counts.
        let tolerance = if flags.contains("adam") { 1e-5 } else { 1e-6 };
        assert!(largest < tolerance, "{flags}: {largest}");
    }
}
