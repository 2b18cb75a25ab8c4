//! Measures of shape do not depend on the scale of what they are taken of, wherever f8 holds it.

use ndarray::{Array1, Array2};
use serde_json::Value;

use crate::common::{Folder, json_lines};

const POWERS: [i32; 6] = [-1000, -500, -60, 60, 500, 1000];
const TENS: [f64; 4] = [1e-300, 1e-150, 1e150, 1e300];

/// Activations (300, 12) in f8.
fn activations(folder: &Folder) -> Array2<f64> {
    folder.ok("draw-powerlaw --alpha 1 --samples 300 --units 12 --noise 0.1 -o h4.npy");
    let mut h = folder.read::<f32, ndarray::Ix2>("h4.npy").mapv(f64::from);
    h.column_mut(5).fill(0.0);
    h
}

/// `x 2^power`, where 2^power itself may be beyond f8.
fn times(x: f64, power: i32) -> f64 {
    x * 2.0_f64.powi(power / 2) * 2.0_f64.powi(power - power / 2)
}

fn near(found: &Value, expected: &Value, keys: &[&str]) {
    for key in keys {
        match (found[key].as_f64(), expected[key].as_f64()) {
            (Some(a), Some(b)) => {
                assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{key}: {a} {b}");
            }
            _ => assert_eq!(found[key], expected[key], "{key}"),
        }
    }
}

#[test]
fn fits_of_a_spectrum() {
    let folder = Folder::new();
    let lambda = Array1::from_shape_fn(50, |n| (-0.3 * n as f64).exp() + 1e-6);
    folder.write("s.npy", &lambda);
    let fit = || json_lines(&folder.ok("fit-powerlaw --method all --ranks 1-40 s.npy"));
    let expected = fit();
    let shape = [
        "alpha",
        "stderr",
        "r2",
        "curvature",
        "participation_ratio",
        "effective_rank",
        "points",
        "positive",
        "warnings",
    ];
    for power in POWERS {
        folder.write("s.npy", &lambda.mapv(|l| times(l, power)));
        for (found, expected) in fit().iter().zip(&expected) {
            for key in shape {
                assert_eq!(found[key], expected[key], "{power} {key}");
            }
        }
    }
    for scale in TENS {
        folder.write("s.npy", &lambda.mapv(|l| l * scale));
        for (found, expected) in fit().iter().zip(&expected) {
            near(found, expected, &shape);
        }
    }
}

#[test]
fn dimensions() {
    let folder = Folder::new();
    let x = activations(&folder);
    folder.write("x.npy", &x);
    let dimension = || json_lines(&folder.ok("dimension x.npy"));
    let expected = dimension();
    for power in POWERS {
        folder.write("x.npy", &x.mapv(|x| times(x, power)));
        assert_eq!(dimension(), expected, "{power}");
    }
    for scale in TENS {
        folder.write("x.npy", &x.mapv(|x| x * scale));
        for (found, expected) in dimension().iter().zip(&expected) {
            near(found, expected, &["dimension", "duplicates"]);
        }
    }
}

#[test]
fn spectra_and_correlations() {
    let folder = Folder::new();
    let h = activations(&folder);
    // With fewer samples than units too, which takes another way.
    for samples in [300, 9] {
        let h = h.slice(ndarray::s![..samples, ..]).to_owned();
        let spectrum = |h: &Array2<f64>, options: &str| -> Array1<f64> {
            folder.write("h.npy", h);
            folder.ok(&format!("spectrum {options} h.npy -o s.npy 2> /dev/null"));
            folder.read("s.npy")
        };
        let correlations = spectrum(&h, "--normalize");
        for power in POWERS {
            assert_eq!(spectrum(&h.mapv(|x| times(x, power)), "--normalize"), correlations);
        }
        for scale in TENS {
            let found = spectrum(&h.mapv(|x| x * scale), "--normalize");
            assert!((found - &correlations).iter().all(|d| d.abs() < 1e-12));
        }
        for options in ["", "--no-center"] {
            let expected = spectrum(&h, options);
            // To about 1e-300 and 1e300.
            for power in [-495, -300, 300, 495] {
                let found = spectrum(&h.mapv(|x| times(x, power)), options);
                assert_eq!(found, expected.mapv(|l| times(l, 2 * power)), "{power} {options}");
            }
        }
        for (scale, word) in [(1e200, "divide"), (1e-200, "multiply")] {
            folder.write("h.npy", &h.mapv(|x| x * scale));
            for (options, output) in [("", "-o s2.npy"), ("--no-center", "-o s2.npy")] {
                let line = format!("spectrum {options} h.npy {output} 2> >(tail -n 1 >&2)");
                let message = folder.fails(1, &line);
                assert!(message.contains("largest eigenvalue that is too"), "{message}");
                assert!(message.contains(word), "{message}");
            }
            let message = folder.fails(1, "spectrum h.npy --moments m.npy");
            assert!(message.contains("a sum of squares outside the range of f8"), "{message}");
        }
    }
}

/// Moments and repeats, where f8 holds what they are made of.
#[test]
fn moments_and_repeats() {
    let folder = Folder::new();
    let h = activations(&folder);
    folder.write("a.npy", &h);
    folder.write("b.npy", &h.mapv(|x| x + 0.01 * (1e4 * x).sin()));
    let lines = "spectrum a.npy --moments ma.npy; spectrum b.npy --moments mb.npy
                 spectrum --from-moments ma.npy mb.npy -o m.npy
                 spectrum --from-moments --normalize ma.npy mb.npy -o n.npy
                 spectrum --repeat a.npy b.npy -o r.npy";
    let run = || {
        folder.ok(lines);
        ["m", "n", "r"].map(|name| folder.read::<f64, ndarray::Ix1>(&format!("{name}.npy")))
    };
    let (a, b): (Array2<f64>, Array2<f64>) = (folder.read("a.npy"), folder.read("b.npy"));
    let expected = run();
    for power in [-490, 490] {
        folder.write("a.npy", &a.mapv(|x| times(x, power)));
        folder.write("b.npy", &b.mapv(|x| times(x, power)));
        let found = run();
        for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let unit = if index == 1 { 0 } else { 2 * power };
            assert_eq!(found, &expected.mapv(|l| times(l, unit)), "{power} {index}");
        }
    }
}
