//! The data sets that make reads.

use std::fs;

use super::column;
use crate::common::{self, project::Project};

/// The line of a study on the four arrays of `data/NAME`.
fn on_arrays(name: &str) -> String {
    Project::line(&format!("DATASET={name}")).replace("DATA_DIR=digits", "")
}

#[test]
fn a_folder_of_arrays_is_a_data_set_whatever_axes_its_images_have() {
    let project = Project::new();
    let shapes: [(&str, &[usize]); 4] =
        [("flat", &[64]), ("grey", &[8, 8]), ("channel", &[1, 8, 8]), ("colour", &[4, 4, 4])];
    for (name, axes) in shapes {
        let folder = format!("data/{name}");
        fs::create_dir_all(project.0.path(&folder)).unwrap();
        for (set, samples) in [("train", 300), ("test", 200)] {
            let (x, y) = common::data(samples, 64);
            let shape = [&[samples], axes].concat();
            let x = x.into_shape_with_order(shape).unwrap();
            project.0.write(&format!("{folder}/{set}-images.npy"), &x);
            project.0.write(&format!("{folder}/{set}-labels.npy"), &y.mapv(i64::from));
        }
        let output = project.0.run(&on_arrays(name));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let table = |name: &str| {
        String::from_utf8(project.0.bytes(&format!("out/{name}/table.csv")).0).unwrap()
    };
    let flat = table("flat");
    let accuracy = column(&flat, "accuracy", &["flat,backprop,1,,clean,0,2,"]);
    assert!(accuracy[0].parse::<f64>().unwrap() > 0.5, "{accuracy:?}");
    assert_eq!(column(&flat, "layer", &["flat,,,,clean,0,"]), ["0", "0"]);
    for (name, _) in shapes {
        assert_eq!(table(name).replace(name, "flat"), flat, "{name}");
    }
    let model = project.0.bytes("out/grey/local/seed-1/model/model.json");
    let model: serde_json::Value = serde_json::from_slice(&model).unwrap();
    assert_eq!((&model["sizes"][0], &model["classes"]), (&64.into(), &3.into()));
}

#[test]
fn data_are_known_by_what_is_in_them() {
    let project = Project::new();
    for (folder, from) in [("old", 0), ("new", 50)] {
        fs::create_dir_all(project.0.path(folder)).unwrap();
        let (x, y) = common::data(400, 36);
        for (set, rows) in [("train", from..from + 200), ("test", from + 200..from + 300)] {
            let x = x.slice(ndarray::s![rows.clone(), ..]).to_owned();
            let y = y.slice(ndarray::s![rows]).to_owned();
            project.0.write(&format!("{folder}/{set}-images.npy"), &x);
            project.0.write(&format!("{folder}/{set}-labels.npy"), &y);
        }
    }
    // As a copy that keeps times leaves them: all older than what is made.
    project.0.ok("touch -d 2024-01-01 old/* new/*; cp -rp old used");
    let mine = |folder: &str, more: &str| {
        let line = on_arrays("mine") + &format!(" DATA_DIR={folder} {more}");
        let output = project.0.run(&line);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        project.0.bytes("out/mine/table.csv")
    };
    let only = "RULES=local CONTROLS= ATTACKS=gauss";
    let old = mine("used", only);
    let new = mine("new", only);
    assert!(old != new, "another DATA_DIR changed nothing");
    assert!(mine("old", only) == old);
    assert!(project.0.run(&(on_arrays("mine") + " DATA_DIR=used -q " + only)).status.success());
    project.0.ok("cp -p --remove-destination new/* used");
    assert!(mine("used", only) == new, "files replaced with their times kept changed nothing");
    project.0.ok("cp -p old/* used");
    assert!(mine("used", only) == old, "files overwritten with their times kept changed nothing");
}

#[test]
fn idx_files_are_found_packed_unpacked_and_with_dots() {
    let project = Project::new();
    let data = |folder: &str| {
        project.make(&format!("data DATA_DIR={folder} OUT=out-{folder}"));
        project.0.bytes(&format!("out-{folder}/tiny/data/test-images.npy"))
    };
    let packed = data("digits");
    project.0.ok("cp -r digits unpacked; gunzip unpacked/*
         mkdir dotted; for f in unpacked/*; do g=${f##*/}; cp $f dotted/${g/-idx/.idx}; done");
    assert!(data("unpacked") == packed);
    assert!(data("dotted") == packed);
}

#[test]
fn all_missing_files_are_named_before_anything_is_made() {
    let project = Project::new();
    project.0.ok("mkdir arrays; touch arrays/train-images.npy arrays/test-labels.npy; mkdir mnist
                  cp -r digits packed; rm packed/train-labels* packed/t10k-images*
                  printf 'file mnist train-images-idx3-ubyte.gz 1 2\\n' > data/sources.txt");
    let before = project.0.files();
    for (arguments, words) in [
        ("DATA_DIR=arrays", "arrays lacks train-labels.npy test-images.npy (expected four arrays"),
        (
            "DATA_DIR=packed",
            "packed lacks train-labels-idx1-ubyte.gz t10k-images-idx3-ubyte.gz (expected four arrays",
        ),
        ("inputs DATA_DIR=arrays", "arrays lacks train-labels.npy test-images.npy"),
        (
            "DATASET=mine DATA_DIR=data/mine",
            "data/mine lacks train-images.npy train-labels.npy test-",
        ),
        (
            "DATASET=mnist DATA_DIR=mnist",
            "mnist lacks train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz t10k-images-idx3-",
        ),
    ] {
        let stderr = project.refuses(arguments, words);
        assert_eq!(stderr.lines().count(), 1, "{arguments}: {stderr}");
        assert!(project.0.files() == before, "{arguments}");
    }
    // What needs no data is made without.
    project.make("help DATA_DIR=arrays");
    project.make("tasks DATA_DIR=arrays");
}

#[test]
fn drawn_digits_are_drawn_whatever_the_environment_names() {
    let project = Project::new();
    let line = |environment: &str, dataset: &str| {
        format!(
            "{environment} make data BIN={} DATASET={dataset} DRAWN='30 20' OUT=out-{dataset}",
            common::bin().display()
        )
    };
    project.0.ok(&line("DATA_DIR=digits", "digits"));
    let drawn = project.0.ok("draw-digits --count 20 --seed 2 --quiet");
    assert_eq!(drawn, project.0.bytes("out-digits/digits/data/test-images.npy"));
    // Where there are files to read, the environment may name them, and make says so.
    let said = project.0.ok(&line("DATA_DIR=digits", "tiny"));
    assert!(said.starts_with(b"data from DATA_DIR=digits, which the environment sets\n"));
}
