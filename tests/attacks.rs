//! The attacks at the limits of single precision.

use std::fs;

use ndarray::{Array2, s};
use serde_json::Value;

use crate::common::{Folder, json_lines};

#[test]
fn what_an_attack_writes_is_finite_or_refused() {
    let folder = Folder::with_network();
    let data = "--model net --labels y.npy";
    for (flag, word) in [("1e39", "inf"), ("1e300", "inf"), ("1e-50", "0"), ("5e-324", "0")] {
        for line in [
            format!("attack-gauss --sigma {flag} x.npy -o o.npy"),
            format!("attack-fgsm --epsilon {flag} {data} x.npy -o o.npy"),
            format!("attack-pgd --epsilon {flag} {data} x.npy -o o.npy"),
            format!("attack-pgd --epsilon 0.1 --step-size {flag} {data} x.npy -o o.npy"),
        ] {
            let message = folder.fails(2, &line);
            assert!(message.contains(&format!("it is {word} in single precision")), "{message}");
        }
    }
    // Noise of 3 standard deviations is infinite here; clipped it is not.
    let message = folder.fails(1, "attack-gauss --sigma 2e38 x.npy -o o.npy");
    assert!(message.contains("o.npy: would have a value at ["), "{message}");
    let message = folder.fails(1, "attack-gauss --sigma 2e38 x.npy > /dev/null");
    assert!(message.contains("stdout: would have a value at ["), "{message}");
    folder.ok("attack-gauss --sigma 2e38 --clip 0,1 x.npy -o o.npy");
    let clipped: Array2<f32> = folder.read("o.npy");
    assert!(clipped.iter().all(|x| (0.0..=1.0).contains(x)));
    let mut x: Array2<f32> = folder.read("x.npy");
    x.slice_mut(s![33, ..]).fill(f32::MAX);
    folder.write("large.npy", &x);
    let message = folder.fails(1, "attack-gauss -q --sigma 3e37 large.npy -o p.npy");
    assert!(message.contains("p.npy: would have a value at [33, "), "{message}");
    for line in [
        format!("attack-fgsm --epsilon 3e38 {data} x.npy -o o.npy"),
        format!("attack-pgd --epsilon 3e38 --steps 1 {data} x.npy -o o.npy"),
    ] {
        folder.ok(&line);
        let attacked: Array2<f32> = folder.read("o.npy");
        assert!(attacked.iter().all(|x| x.is_finite()), "{line}");
    }
}

#[test]
fn draws_that_single_precision_does_not_hold_are_refused() {
    let folder = Folder::new();
    let draw = "draw-powerlaw --alpha 1 --samples 200 --units 10";
    folder.fails(2, &format!("{draw} --noise 1e39 -o h.npy"));
    let message = folder.fails(1, &format!("{draw} --noise 2e38 -o h.npy"));
    assert!(message.contains("h.npy: would have a value at ["), "{message}");
}

/// A network of finite weights whose logits overflow: its gradient is no number.
#[test]
fn a_gradient_that_is_no_number_names_the_image() {
    let folder = Folder::with_network();
    let mut r: Array2<f32> = folder.read("net/r2.npy");
    r.mapv_inplace(|r| r.signum() * f32::MAX);
    folder.write("net/r2.npy", &r);
    for (attack, option) in [("attack-fgsm", ""), ("attack-pgd", "--random-start")] {
        for gradient in ["exact", "float32"] {
            let message = folder.fails(
                1,
                &format!("{attack} --epsilon 0.1 --gradient {gradient} {option} --model net --labels y.npy x.npy -o o.npy --audit a.json"),
            );
            assert!(message.contains(": x.npy: image "), "{message}");
            assert!(message.contains("has a gradient that is not finite"), "{message}");
        }
    }
}

fn audit(folder: &Folder, line: &str) -> Value {
    folder.ok(&format!("{line} --audit audit.json --model net --labels y.npy x.npy -o o.npy"));
    json_lines(&folder.bytes("audit.json")).remove(0)
}

#[test]
fn the_audit_counts_images_that_lost_their_own_class() {
    let folder = Folder::with_network();
    let of = |line: &str| audit(&folder, line)["lost_label_images"].as_u64().unwrap();
    assert_eq!(of("attack-fgsm --epsilon 0.1 --gradient float32"), 0);
    // Large logits: p_y rounds to 1 long before the gradient as a whole is 0.
    let r: Array2<f32> = folder.read("net/r2.npy");
    folder.write("net/r2.npy", &r.mapv(|r| 40.0 * r));
    let float32 = audit(&folder, "attack-fgsm --epsilon 0.1 --gradient float32");
    let (lost, zero) = (&float32["lost_label_images"], &float32["zero_gradient_images"]);
    let (lost, zero) = (lost.as_u64().unwrap(), zero.as_u64().unwrap());
    assert!(lost > zero && lost <= 60, "{float32}");
    assert_eq!(of("attack-pgd --epsilon 0.1 --steps 3 --gradient float32"), lost);
    for line in ["attack-fgsm", "attack-pgd", "attack-fgsm --gradient random"] {
        assert_eq!(of(&format!("{line} --epsilon 0.1")), 0, "{line}");
    }
    let text = fs::read_to_string(folder.path("audit.json")).unwrap();
    let keys =
        ["samples", "lost_label_images", "zero_gradient_images", "zero_sign_pixels", "max_change"];
    let places: Vec<_> = keys.iter().map(|key| text.find(&format!("\"{key}\":"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{text}");
    // By the logits in f8: what is missing of p_y to 1, in units of f4's last place there.
    folder.ok("extract-activations --model net --layer 2 x.npy -o h.npy");
    let h = folder.read::<f32, ndarray::Ix2>("h.npy").mapv(f64::from);
    let z = h.dot(&folder.read::<f32, ndarray::Ix2>("net/r2.npy").mapv(f64::from));
    let y: ndarray::Array1<u8> = folder.read("y.npy");
    let missing = |scale: f64| -> Vec<f64> {
        let missing = z.rows().into_iter().zip(&y).map(|(z, &y)| {
            let y = usize::from(y);
            let others = (0..z.len()).filter(|&c| c != y);
            let others: f64 = others.map(|c| (scale * (z[c] - z[y])).exp()).sum();
            others / (1.0 + others)
        });
        missing.collect()
    };
    let below = |scale: f64, power: i32| {
        missing(scale).iter().filter(|&&m| m < 2.0_f64.powi(power)).count() as u64
    };
    let (low, high) = (below(1.0, -26), below(1.0, -22));
    assert!((low..=high).contains(&lost), "{lost}: {low} {high}");
    // Double precision loses the term as well, for images that are more confident.
    assert_eq!(of("attack-fgsm --epsilon 0.1 --gradient float64"), below(1.0, -53));
    folder.write("net/r2.npy", &r.mapv(|r| 160.0 * r));
    let (low, high) = (below(4.0, -55), below(4.0, -51));
    for line in ["attack-fgsm", "attack-pgd"] {
        let lost = of(&format!("{line} --epsilon 0.1 --gradient float64"));
        assert!(lost > 0 && (low..=high).contains(&lost), "{lost}: {low} {high}");
    }
}

#[test]
fn help_says_whose_method_attack_pgd_is() {
    let folder = Folder::new();
    let help = String::from_utf8(folder.ok("COLUMNS=1000 attack-pgd --help").0).unwrap();
    assert!(help.contains("basic iterative method") && help.contains("arXiv 1607.02533"), "{help}");
    assert!(
        help.contains("as Madry et al. define it") && help.contains("arXiv 1706.06083"),
        "{help}"
    );
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
fn draws_are_those_of_images_that_are_repeated() {
    let folder = Folder::with_data();
    let x: Array2<f32> = folder.read("x.npy");
    let attack = |options: &str| {
        folder.ok(&format!("attack-gauss --sigma 0.3 --seed 2 {options}"));
        folder.ok(&format!("attack-gauss --sigma 0.3 --seed 2 --threads 2 {options}"))
    };
    assert_eq!(attack("--draws 1 x.npy"), attack("x.npy"));
    for draws in [3, 50, 2000] {
        let rows: Vec<usize> = (0..7 * draws).map(|row| row / draws).collect();
        folder.write("repeated.npy", &x.select(ndarray::Axis(0), &rows));
        let drawn = attack(&format!("--samples 7 --draws {draws} x.npy"));
        assert_eq!(drawn, attack("repeated.npy"), "{draws}");
    }
}

#[test]
fn one_step_of_size_epsilon_is_fgsm() {
    let folder = Folder::with_network();
    for options in
        ["", "--gradient float32", "--gradient float64", "--layer 1", "--clip 0,1", "--samples 7"]
    {
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
