//! `displacement`: the terms of the attacked variance.

use ndarray::{Array2, Array3, Axis, s};

use crate::common::{Folder, json_lines};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/golden");

/// A folder with the activations of the reference, h.npy without and a.npy with an attack.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.ok(&format!(
        "cp {GOLDEN}/displacement-clean.npy h.npy; cp {GOLDEN}/displacement-attacked.npy a.npy"
    ));
    folder
}

#[test]
fn the_terms_and_the_summary_are_those_of_numpy() {
    let folder = folder();
    folder.ok(&format!(
        "displacement h.npy a.npy -o terms.npy --summary s.jsonl; cp {GOLDEN}/displacement-terms.npy e.npy"
    ));
    let (found, expected): (Array3<f64>, Array3<f64>) =
        (folder.read("terms.npy"), folder.read("e.npy"));
    let largest = expected[[0, 0, 0]];
    assert!((&found - &expected).iter().all(|d| d.abs() < 1e-12 * largest), "{found}\n{expected}");
    let found = json_lines(&folder.bytes("s.jsonl"));
    let expected = json_lines(&folder.ok(&format!("cat {GOLDEN}/displacement.jsonl")));
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        for (key, expected) in expected.as_object().unwrap() {
            let (a, b) = (found[key].as_f64().unwrap(), expected.as_f64().unwrap());
            assert!((a - b).abs() <= 1e-12 * b.abs(), "{key}: {a} {b}");
        }
    }
}

#[test]
fn the_terms_add_up_to_the_attacked_variance_and_the_first_is_the_spectrum() {
    let folder = folder();
    folder.ok("displacement h.npy a.npy -o terms.npy; spectrum -q --few-samples h.npy -o l.npy");
    let (terms, lambda): (Array3<f64>, Array2<f64>) =
        (folder.read("terms.npy"), folder.read("l.npy"));
    let attacked: Array3<f32> = folder.read("a.npy");
    for layer in 0..2 {
        let variance =
            attacked.index_axis(Axis(0), layer).mapv(f64::from).var_axis(Axis(0), 1.0).sum();
        let sum = terms.index_axis(Axis(0), layer).sum();
        assert!((sum - variance).abs() < 1e-12 * variance, "{sum} {variance}");
        let difference = &terms.slice(s![layer, 0, ..]) - &lambda.row(layer);
        assert!(difference.iter().all(|d| d.abs() < 1e-13 * lambda[[layer, 0]]));
    }
}

#[test]
fn one_matrix_gives_one_table_and_few_samples_are_no_obstacle() {
    let folder = folder();
    let (h, a): (Array3<f32>, Array3<f32>) = (folder.read("h.npy"), folder.read("a.npy"));
    folder.write("h1.npy", &h.slice(s![0, ..8, ..]).to_owned());
    folder.write("a1.npy", &a.slice(s![0, ..8, ..]).to_owned());
    folder.ok("displacement h1.npy - < a1.npy --summary s.jsonl > one.npy
               displacement --samples 8 h.npy a.npy -o two.npy");
    let (one, two): (Array2<f64>, Array3<f64>) = (folder.read("one.npy"), folder.read("two.npy"));
    assert_eq!(one, two.index_axis(Axis(0), 0));
    let line = &json_lines(&folder.bytes("s.jsonl"))[0];
    assert!(line["layer"].is_null() && line["samples"] == 8, "{line}");
}
