//! Numbers at the ends of their types: judged or refused, drawn or left out, never a panic.

use std::fs;

use crate::{
    common::{Folder, json_lines, project::Project},
    tables::{self, study},
};

const LARGE: [&str; 8] = [
    "0",
    "1.7976931348623157e308",
    "-1.7976931348623157e308",
    "5e-324",
    "1e100",
    "-1e17",
    "1",
    "2",
];

#[test]
fn claims_of_extreme_numbers_are_json_that_the_report_reads() {
    let project = Project::new();
    let folder = &project.0;
    project.make("all");
    let table = fs::read_to_string(folder.path("out/tiny/table.csv")).unwrap();
    let columns: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    for column in
        ["alpha", "stderr", "r2", "curvature", "participation_ratio", "loss", "max_change"]
    {
        let place = columns.iter().position(|name| *name == column).unwrap();
        let line = |(number, line): (usize, &str)| {
            let mut cells: Vec<&str> = line.split(',').collect();
            if number > 0 {
                cells[place] = LARGE[number % LARGE.len()];
            }
            cells.join(",") + "\n"
        };
        let changed: String = table.lines().enumerate().map(line).collect();
        fs::write(folder.path("t.csv"), changed).unwrap();
        folder.ok("claims --choices a.jsonl t.csv -o c.jsonl");
        folder.ok("report --table t.csv --claims c.jsonl --choices a.jsonl out/tiny -o p.html --figures f");
        let page = fs::read_to_string(folder.path("p.html")).unwrap();
        let digits = page.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
        assert!(digits < Some(100), "{column}: a number of {digits:?} digits");
        assert!(!page.contains("NaN"), "{column}");
    }
}

#[test]
fn claims_of_overflowing_numbers_are_undecided() {
    let folder = Folder::new();
    let alpha = |_, seed: u64, i: usize| {
        let sign = if (seed + i as u64).is_multiple_of(2) { 1.0 } else { -1.0 };
        (0.9 - 0.1 * i as f64, Some(sign * f64::MAX))
    };
    for attack in ["gauss", "fgsm"] {
        tables::write(&folder, "t.csv", &study(attack, 2, &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5], alpha));
        for line in json_lines(&folder.ok("claims t.csv")) {
            assert!(line["statement"].as_str().unwrap().len() < 200, "{line}");
            for layer in line["layers"].as_array().unwrap() {
                let statistic = &layer["statistic"];
                assert!(statistic.is_null() || statistic["low"].is_f64(), "{line}");
            }
        }
    }
}
