//! Tables of made-up studies, as `tabulate` would write them.

use std::fs;

use crate::common::Folder;

/// Columns and what a row has that says nothing else.
const COLUMNS: [(&str, &str); 31] = [
    ("dataset", "made"),
    ("rule", "local"),
    ("seed", "1"),
    ("epoch", ""),
    ("attack", "clean"),
    ("strength", "0"),
    ("layer", "1"),
    ("samples", "1000"),
    ("correct", ""),
    ("accuracy", ""),
    ("network_accuracy", ""),
    ("loss", ""),
    ("dead", "0"),
    ("units", "20"),
    ("positive", "20"),
    ("method", "ols"),
    ("rank_first", "1"),
    ("rank_last", "8"),
    ("points", "8"),
    ("alpha", ""),
    ("stderr", ""),
    ("intercept", "0"),
    ("r2", "0.9"),
    ("curvature", "0"),
    ("participation_ratio", "5"),
    ("effective_rank", "5"),
    ("lost_label_images", ""),
    ("zero_gradient_images", ""),
    ("zero_sign_pixels", ""),
    ("max_change", ""),
    ("warnings", ""),
];

/// A row, of what differs from a usual one.
#[derive(Clone)]
pub struct Row(Vec<String>);

impl Row {
    pub fn of(cells: &[(&str, &str)]) -> Self {
        Self(COLUMNS.iter().map(|(_, usual)| (*usual).to_owned()).collect()).with(cells)
    }

    pub fn with(&self, cells: &[(&str, &str)]) -> Self {
        let mut row = self.clone();
        for (name, value) in cells {
            let place = COLUMNS.iter().position(|(column, _)| column == name).unwrap();
            (*value).clone_into(&mut row.0[place]);
        }
        row
    }

    pub fn get(&self, name: &str) -> &str {
        &self.0[COLUMNS.iter().position(|(column, _)| *column == name).unwrap()]
    }
}

/// The rows of five seeds under an attack, whose accuracy and alpha at the strength number i of a
/// seed in a layer `curve` gives; the first strength is that of clean images.
pub fn study(
    attack: &str,
    layers: usize,
    strengths: &[f64],
    curve: impl Fn(usize, u64, usize) -> (f64, Option<f64>),
) -> Vec<Row> {
    let mut rows = Vec::new();
    for layer in 1..=layers {
        for seed in 1..=5 {
            for (i, strength) in strengths.iter().enumerate() {
                let (accuracy, alpha) = curve(layer, seed, i);
                rows.push(Row::of(&[
                    ("seed", &seed.to_string()),
                    ("attack", if i == 0 { "clean" } else { attack }),
                    ("strength", &strength.to_string()),
                    ("layer", &layer.to_string()),
                    ("accuracy", &accuracy.to_string()),
                    ("network_accuracy", &accuracy.to_string()),
                    ("alpha", &alpha.map_or(String::new(), |alpha| alpha.to_string())),
                ]));
            }
        }
    }
    rows
}

pub fn text(rows: &[Row]) -> String {
    let header = COLUMNS.map(|(name, _)| name).join(",");
    let lines = rows.iter().map(|row| row.0.join(","));
    std::iter::once(header).chain(lines).map(|line| line + "\n").collect()
}

pub fn write(folder: &Folder, name: &str, rows: &[Row]) {
    fs::write(folder.path(name), text(rows)).unwrap();
}
