//! `tabulate`: a run is whole in the table, or named.

use std::fs;

use crate::common::Folder;

const ALPHA: &str = r#"{"layer":L,"units":4,"positive":4,"rank_first":F,"rank_last":4,"points":4,"method":"ols","alpha":1.5,"stderr":0.1,"intercept":0,"r2":0.9,"curvature":0,"participation_ratio":2,"effective_rank":2,"warnings":[]}"#;
const ACCURACY: &str =
    r#"{"layer":L,"samples":10,"units":4,"dead":0,"correct":9,"accuracy":0.9,"loss":0.1}"#;

fn fit(layer: &str, first: &str) -> String {
    ALPHA.replace('L', layer).replace('F', first)
}

fn accuracy(layer: &str) -> String {
    ACCURACY.replace('L', layer)
}

/// A run with these lines.
fn run(folder: &Folder, name: &str, fits: &[String], accuracies: &[String]) {
    let run = folder.path(name);
    fs::create_dir_all(&run).unwrap();
    let text = |lines: &[String]| lines.iter().map(|line| line.clone() + "\n").collect::<String>();
    fs::write(run.join("alpha.jsonl"), text(fits)).unwrap();
    if !accuracies.is_empty() {
        fs::write(run.join("accuracy.jsonl"), text(accuracies)).unwrap();
    }
}

/// Two seeds of two layers and two ranges of ranks.
fn study() -> Folder {
    let folder = Folder::new();
    let fits = [fit("1", "1"), fit("1", "2"), fit("2", "1"), fit("2", "2")];
    for seed in ["seed-1", "seed-2"] {
        for level in ["clean", "gauss-0.5"] {
            let accuracies = [accuracy("1"), accuracy("2")];
            run(&folder, &format!("m/local/{seed}/{level}"), &fits, &accuracies);
        }
    }
    run(&folder, "m/clean", &[fit("null", "1")], &[]);
    folder
}

const TABULATE: &str =
    "printf '%s\\n' m/clean m/local/seed-{1,2}/{clean,gauss-0.5} | tabulate -o t.csv";

#[test]
fn a_whole_study_is_a_row_for_each_run_layer_and_fit() {
    let folder = study();
    folder.ok(TABULATE);
    let table = String::from_utf8(folder.bytes("t.csv").0).unwrap();
    assert_eq!(table.lines().count(), 1 + 1 + 2 * 2 * 4);
    assert!(
        table.contains("max_change") && table.contains("lost_label_images,zero_gradient_images")
    );
}

/// What instruments found in a run is in its rows, layer by layer.
#[test]
fn what_instruments_found_is_joined_to_the_layers() {
    let folder = study();
    let classes = |layer: &str, ratio: &str| {
        format!(
            r#"{{"layer":{layer},"samples":10,"units":4,"classes":2,"within":1,"between":{ratio},"ratio":{ratio},"nc1":0.5,"class_dimension":2,"class_radius":null,"centre_correlation":0.75}}"#
        )
    };
    let attacked = folder.path("m/local/seed-1/gauss-0.5");
    let lines = [classes("1", "2"), classes("2", "3")].join("\n");
    fs::write(attacked.join("classes.jsonl"), lines).unwrap();
    let displaced = r#"{"layer":LAYER,"samples":10,"units":4,"total":0.25,"mean_shift":0,"first_10":1,"first_50":null}"#;
    let lines = ["1", "2"].map(|layer| displaced.replace("LAYER", layer)).join("\n");
    fs::write(attacked.join("displacement.jsonl"), lines).unwrap();
    let distances = ndarray::array![0.0_f32, 0.5, 0.125];
    ndarray_npy::write_npy(folder.path("m/local/seed-1/clean/distances.npy"), &distances).unwrap();
    folder.ok(&format!("{TABULATE} --summary s.csv"));
    let mut table = csv::Reader::from_path(folder.path("t.csv")).unwrap();
    let header = table.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    let cell = |row: &csv::StringRecord, name: &str| {
        row[header.iter().position(|found| found == name).unwrap()].to_owned()
    };
    let columns = [
        "class_ratio",
        "nc1",
        "class_radius",
        "centre_correlation",
        "displacement",
        "displaced_first_50",
        "median_distance",
    ];
    for row in &rows {
        let found = columns.map(|column| cell(row, column));
        let place = ["rule", "seed", "attack", "layer"].map(|column| cell(row, column));
        let expected = match place.each_ref().map(String::as_str) {
            ["local", "1", "gauss", "1"] => ["2.0", "0.5", "", "0.75", "0.25", "", ""],
            ["local", "1", "gauss", "2"] => ["3.0", "0.5", "", "0.75", "0.25", "", ""],
            ["local", "1", "clean", _] => ["", "", "", "", "", "", "0.125"],
            _ => [""; 7],
        };
        assert_eq!(found, expected, "{place:?}");
    }
    fs::write(attacked.join("classes.jsonl"), "{}\n").unwrap();
    assert!(folder.fails(1, TABULATE).contains("classes.jsonl: line 1"));
}

#[test]
fn a_run_that_is_cut_short_or_joined_is_named() {
    let all = [fit("1", "1"), fit("1", "2"), fit("2", "1"), fit("2", "2")];
    let both = [accuracy("1"), accuracy("2")];
    let of = |which: &[usize]| which.iter().map(|&i| all[i].clone()).collect::<Vec<_>>();
    let cases = [
        (vec![], both.to_vec(), "alpha.jsonl: is empty"),
        (
            of(&[0, 1]),
            both.to_vec(),
            "alpha.jsonl: has other layers than accuracy.jsonl beside it (found 1, expected 1, 2)",
        ),
        (of(&[0, 1, 2]), both.to_vec(), "alpha.jsonl: is cut short"),
        (of(&[0, 2, 3]), both.to_vec(), "alpha.jsonl: is cut short"),
        (
            of(&[0, 2]),
            both.to_vec(),
            "alpha.jsonl: has other fits than m/local/seed-1/clean/alpha.jsonl (found ols 1-4, expected ols 1-4, ols 2-4)",
        ),
        (
            of(&[0, 1, 2, 3, 3]),
            both.to_vec(),
            "alpha.jsonl: line 5 repeats an earlier line of layer 2",
        ),
        (
            of(&[0, 1, 2, 3]),
            both[..1].to_vec(),
            "alpha.jsonl: has other layers than accuracy.jsonl beside it (found 1, 2, expected 1)",
        ),
        (
            of(&[0, 1, 2, 3]),
            vec![both[0].clone(), both[0].clone()],
            "accuracy.jsonl: line 2 repeats",
        ),
        (of(&[0, 1, 2, 3]), vec![String::new()], "accuracy.jsonl: line 1 is not the JSON expected"),
    ];
    for (fits, accuracies, says) in cases {
        let folder = study();
        run(&folder, "m/local/seed-2/gauss-0.5", &fits, &accuracies);
        let message = folder.fails(1, TABULATE);
        assert!(message.contains(&format!("m/local/seed-2/gauss-0.5/{says}")), "{message}");
    }
    let folder = study();
    fs::write(folder.path("m/local/seed-2/clean/accuracy.jsonl"), "").unwrap();
    let message = folder.fails(1, TABULATE);
    assert!(message.contains("m/local/seed-2/clean/accuracy.jsonl: is empty"), "{message}");
    let folder = study();
    run(&folder, "m/clean", &[fit("1", "1")], &[]);
    let message = folder.fails(1, TABULATE);
    assert!(message.contains("m/clean/alpha.jsonl: has layers"), "{message}");
}

#[test]
fn the_same_run_twice_is_refused() {
    let folder = study();
    let message = folder.fails(1, "printf '%s\\n' m/clean m/clean/ | tabulate");
    assert!(message.contains("two runs are the same: m images clean, layer 0, ols of ranks 1-4"));
}
