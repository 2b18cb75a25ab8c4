//! `class-geometry`.

use ndarray::{Array1, Array2, Array3, Axis, s};
use serde_json::Value;

use crate::common::{self, Folder, json_lines, memory::peak};

const KEYS: [&str; 8] = [
    "within",
    "between",
    "ratio",
    "nc1",
    "centre_span",
    "class_dimension",
    "class_radius",
    "centre_correlation",
];

fn assert_near(found: &[Value], expected: &[Value]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        for key in KEYS {
            let (a, b) = (found[key].as_f64().unwrap(), expected[key].as_f64().unwrap());
            assert!((a - b).abs() <= 1e-12 * b.abs(), "{key}: {a} for {b}");
        }
        for key in ["layer", "samples", "units", "classes"] {
            assert_eq!(found[key], expected[key], "{key}");
        }
    }
}

/// Activations h.npy (2, 60, 10) of a network, and those of each layer, h1.npy and h2.npy.
fn with_activations() -> Folder {
    let folder = Folder::with_network();
    folder.ok("extract-activations --model net x.npy -o h.npy
               for l in 1 2; do extract-activations --model net --layer $l x.npy -o h$l.npy; done");
    folder
}

#[test]
fn a_stack_is_its_layers_and_shards_are_their_whole() {
    let folder = with_activations();
    let lines = |line: &str| json_lines(&folder.ok(&format!("class-geometry --labels {line}")));
    let whole = lines("y.npy h.npy");
    assert_eq!((&whole[0]["layer"], &whole[1]["layer"]), (&1.into(), &2.into()));
    assert_eq!((&whole[0]["samples"], &whole[0]["classes"]), (&60.into(), &3.into()));
    for layer in 1..=2 {
        let mut one = lines(&format!("y.npy h{layer}.npy"));
        assert!(one[0]["layer"].is_null());
        one[0]["layer"] = layer.into();
        assert_eq!(one[0], whole[layer - 1]);
    }
    let stack: Array3<f32> = folder.read("h.npy");
    folder.write("a.npy", &stack.slice(s![.., ..23, ..]).to_owned());
    folder.write("b.npy", &stack.slice(s![.., 23.., ..]).to_owned());
    assert_near(&lines("y.npy a.npy b.npy"), &whole);
    let first = lines("y.npy --samples 40 h.npy");
    assert_eq!(first[1]["samples"], 40);
    assert_near(&lines("y.npy --samples 40 a.npy b.npy"), &first);
    assert_eq!(lines("y.npy --samples 23 a.npy b.npy"), lines("y.npy --samples 23 h.npy"));
}

#[test]
fn streams_and_further_axes_are_read() {
    let folder = with_activations();
    let expected = folder.ok("class-geometry --labels y.npy h.npy");
    for line in [
        "extract-activations --model net x.npy | class-geometry --labels y.npy",
        "class-geometry --labels - h.npy < y.npy",
        "cat h.npy | class-geometry --labels <(cat y.npy) -",
        "class-geometry --labels y.npy h.npy -o /dev/stdout",
    ] {
        assert_eq!(folder.ok(line), expected, "{line}");
    }
    let h: Array2<f32> = folder.read("h1.npy");
    folder.write("cubes.npy", &h.clone().into_shape_with_order((60, 5, 2)).unwrap());
    folder.write("f.npy", &h.t().as_standard_layout().into_owned().reversed_axes());
    folder.write("f8.npy", &h.mapv(f64::from));
    let expected = folder.ok("class-geometry --labels y.npy h1.npy");
    for line in ["--flatten cubes.npy", "f.npy", "f8.npy"] {
        assert_eq!(folder.ok(&format!("class-geometry --labels y.npy {line}")), expected, "{line}");
    }
}

#[test]
fn labels_need_not_name_every_class() {
    let folder = with_activations();
    let expected = json_lines(&folder.ok("class-geometry --labels y.npy h.npy"));
    let y: Array1<u8> = folder.read("y.npy");
    folder.write("other.npy", &y.mapv(|y| i64::from([255, 0, 17][usize::from(y)])));
    let found = json_lines(&folder.ok("class-geometry --labels other.npy h.npy"));
    assert_near(&found, &expected);
    folder.write("bool.npy", &y.mapv(|y| y == 1));
    let found = json_lines(&folder.ok("class-geometry --labels bool.npy h.npy"));
    assert_eq!(found[0]["classes"], 2);
    // Null is written where a number is not defined, and nothing fails.
    folder.write("one.npy", &Array1::<u8>::zeros(60));
    for (labels, activations) in [("one.npy", "h1.npy"), ("y.npy", "zeros.npy")] {
        folder.write("zeros.npy", &Array2::<f32>::zeros((60, 4)));
        let line = folder.ok(&format!("class-geometry --labels {labels} {activations}")).text();
        assert!(line.contains(r#""nc1":null"#), "{line}");
        assert!(line.contains(r#""class_radius":null,"centre_correlation":null}"#), "{line}");
    }
}

#[test]
fn activations_beyond_the_range_of_f8_are_named() {
    let folder = with_activations();
    let h = folder.read::<f32, ndarray::Ix2>("h1.npy").mapv(f64::from);
    for (scale, words) in [
        (1e200, "has a within-class variance that is too large for f8 (found about "),
        (1e-200, "has a within-class variance that is too small for f8 (found about "),
    ] {
        folder.write("far.npy", &h.mapv(|x| x * scale));
        let message = folder.fails(1, "class-geometry --labels y.npy far.npy");
        assert!(message.starts_with(&format!("class-geometry: far.npy: {words}")), "{message}");
    }
    let signs =
        Array2::from_shape_fn((60, 2), |(i, _)| if i % 2 == 0 { 1.7e308 } else { -1.7e308 });
    folder.write("far.npy", &signs);
    let message = folder.fails(1, "class-geometry --labels y.npy far.npy");
    assert!(message.contains("differences are too large for f8: divide"), "{message}");
}

#[test]
fn memory_does_not_grow_with_samples_and_is_bounded_by_them() {
    let folder = Folder::new();
    folder.ok("draw-powerlaw --alpha 1 --samples 2000 --units 100 -o few.npy
               draw-powerlaw --alpha 1 --samples 40000 --units 100 -o many.npy");
    folder.write("wide.npy", &Array2::from_shape_fn((40, 20_000), |(i, j)| (i * j % 89) as f32));
    for (name, samples) in [("few", 2000), ("many", 40_000), ("wide", 40)] {
        let y = Array1::from_shape_fn(samples, |i| (i % 10) as u8);
        folder.write(&format!("{name}-y.npy"), &y);
    }
    let used = |name| {
        peak(&folder, &format!("class-geometry --labels {name}-y.npy {name}.npy -o out.jsonl"))
    };
    let (few, many, wide) = (used("few"), used("many"), used("wide"));
    assert!(many < few + (4 << 20), "{few} {many}");
    // Ten matrices of units² would be 32 GB.
    assert!(wide < 100 << 20, "{wide}");
}

#[test]
fn the_layers_of_a_stack_are_measured_one_after_the_other() {
    let folder = Folder::new();
    let h = Array3::from_shape_fn((8, 600, 150), |(l, i, j)| ((l + 7 * i * j) % 23) as f32);
    folder.write("stack.npy", &h);
    folder.write("layer.npy", &h.index_axis(Axis(0), 0).to_owned());
    folder.write("y.npy", &Array1::from_shape_fn(600, |i| (i % 3) as u8));
    let used =
        |name| peak(&folder, &format!("class-geometry --labels y.npy {name}.npy -o out.jsonl"));
    let (layer, stack) = (used("layer"), used("stack"));
    assert!(stack < layer + (2 << 20), "{layer} {stack}");
}

/// The session of doc/own-data.md on classes works as typed, and shows what its table says.
#[test]
fn the_session_of_the_documentation_on_classes_runs_as_typed() {
    let page = common::page("doc/own-data.md");
    let blocks = common::blocks(common::section(&page, "Classes in your activations"));
    let [("bash", session)] = blocks[..] else { unreachable!("{blocks:?}") };
    let lines = json_lines(&Folder::new().ok(session));
    let (clean, piped, noisy) = (&lines[..3], &lines[3..6], &lines[6..]);
    assert_eq!((clean, noisy.len()), (piped, 3));
    for (clean, noisy) in clean.iter().zip(noisy) {
        let of = |line: &Value, key: &str| line[key].as_f64().unwrap();
        assert!(of(noisy, "ratio") < of(clean, "ratio"), "{noisy}");
        assert!(of(noisy, "nc1") > of(clean, "nc1"), "{noisy}");
        assert!(of(noisy, "class_radius") > of(clean, "class_radius"), "{noisy}");
        assert!(of(clean, "centre_correlation") < 1.0, "{clean}");
    }
}
