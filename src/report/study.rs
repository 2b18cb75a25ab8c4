//! What a report shows, read from the study's folder.

use std::{iter, path::Path};

use serde_json::Value;

use super::rules;
use crate::{
    Error, Result,
    geometry::powerlaw::Fit,
    io::read::{self, Rows, Source},
    study::{
        catalogue::Catalogue,
        claims::Claim,
        table::{self, Estimator, Row},
    },
    train::Progress,
};

/// Images shown of each level.
const SHOWN: usize = 10;

/// A study: its tables, and files of the networks named in them.
pub struct Study {
    /// The rows of the table, of which an attack of strength 0 has none: it is the clean images.
    pub rows: Vec<Row>,
    /// The estimator that the figures are of, and the first claims.
    pub headline: Estimator,
    /// The claims' verdicts.
    pub claims: Vec<Claim>,
    /// What its rules and attacks are.
    pub catalogue: Catalogue,
    /// `study.json`, how it was made, if it is there.
    pub record: Option<Value>,
    /// `model.json` of the network shown.
    pub model: Option<Value>,
    /// `history.jsonl` of the network shown, if it has one.
    pub history: Vec<Progress>,
    /// Spectra of the network shown, clean and attacked.
    pub levels: Vec<Level>,
    /// Some images, clean and attacked, if they were made.
    pub samples: Vec<Samples>,
    /// Their classes.
    pub labels: Vec<u8>,
}

/// The spectra of all layers at one strength of an attack.
pub struct Level {
    /// Name of the attack.
    pub attack: String,
    /// Its strength.
    pub strength: f64,
    /// Of each layer, largest first.
    pub eigenvalues: Vec<Vec<f64>>,
    /// Their fits.
    pub fits: Vec<Fit>,
}

/// Images of one level, and what the network takes them for.
pub struct Samples {
    /// Name of the attack.
    pub attack: String,
    /// Its strength.
    pub strength: f64,
    /// (samples, pixels)
    pub images: ndarray::Array2<f32>,
    /// (samples,)
    pub predictions: Vec<u8>,
}

impl Study {
    /// Read the tables, and what is shown of the first network in them.
    pub fn read(table: &Path, claims: &Path, folder: &Path) -> Result<Self> {
        let rows = table::read(table)?;
        table::check_one_dataset(&rows, table)?;
        let rows = rows.into_iter().map(|row| ((), row)).collect();
        let rows: Vec<Row> = table::clean_once(rows).into_iter().map(|((), row)| row).collect();
        let claims = read::json_lines(claims)?;
        let catalogue = Catalogue::of_study(folder)?;
        let none = || Error::data("has no row of a network").in_file(table);
        let networks = || rows.iter().filter(|row| row.epoch.is_none());
        let rule = rules(networks(), &catalogue).into_iter().next().ok_or_else(none)?;
        let of_rule = || networks().filter(|row| row.rule.as_ref() == Some(&rule));
        let seed = of_rule().filter_map(|row| row.seed).min().ok_or_else(none)?;
        let network = folder.join(&rule).join(format!("seed-{seed}"));
        let levels = middle(of_rule(), &catalogue)
            .into_iter()
            .map(|(attack, strength)| {
                let name = name(&attack, strength);
                let level = network.join(&name);
                let mut spectra = Rows::<f64>::spectra(Source::open(&level.join("spectrum.npy"))?)?;
                let mut eigenvalues = Vec::new();
                while let Some(block) = spectra.next_block(1)? {
                    eigenvalues.push(block.values.into_raw_vec_and_offset().0);
                }
                let fits = read::json_lines(&level.join("alpha.jsonl"))?;
                Ok(Level { attack, strength, eigenvalues, fits })
            })
            .collect::<Result<_>>()?;
        let mut study = Self {
            headline: table::headline(&rows, &catalogue.ranks).ok_or_else(none)?,
            catalogue,
            record: optional(&folder.join("study.json"))?,
            model: optional(&network.join("model").join("model.json"))?,
            history: match network.join("model").join("history.jsonl") {
                file if file.is_file() => read::json_lines(&file)?,
                _ => Vec::new(),
            },
            rows,
            claims,
            levels,
            samples: Vec::new(),
            labels: Vec::new(),
        };
        study.read_samples(&folder.join("samples"))?;
        if let Some(samples) = study.samples.first() {
            let labels = Source::open(&folder.join("data").join("test-labels.npy"))?;
            study.labels = read::Labels::read(labels)?.values;
            study.labels.truncate(samples.images.nrows());
        }
        Ok(study)
    }

    fn read_samples(&mut self, folder: &Path) -> Result<()> {
        let levels = table::attacks(&self.rows).into_iter().flat_map(|(attack, strengths)| {
            strengths.into_iter().map(move |strength| (attack.to_owned(), strength))
        });
        for (attack, strength) in iter::once(("clean".to_owned(), 0.0)).chain(levels) {
            let level = folder.join(name(&attack, strength));
            if level.join("x.npy").is_file() {
                let images = Rows::images(Source::open(&level.join("x.npy"))?)?;
                let shown = images.samples().min(SHOWN);
                let (images, _) = images.first(Some(shown))?.read()?;
                let predictions = level.join("predictions.npy");
                let predictions = read::Labels::read(Source::open(&predictions)?)?.values;
                self.samples.push(Samples { attack, strength, images, predictions });
            }
        }
        Ok(())
    }
}

fn optional(file: &Path) -> Result<Option<Value>> {
    if file.is_file() { read::json(file).map(Some) } else { Ok(None) }
}

/// A level's folder.
fn name(attack: &str, strength: f64) -> String {
    if attack == "clean" { "clean".into() } else { format!("{attack}-{strength}") }
}

/// `clean`, and the middle strength of each attack that is no control.
pub fn middle<'a>(
    rows: impl Iterator<Item = &'a Row>,
    catalogue: &Catalogue,
) -> Vec<(String, f64)> {
    let is_control = |attack: &str| catalogue.attack(attack).is_control();
    let attacks = table::attacks(rows).into_iter().filter(|(attack, _)| !is_control(attack));
    let middle = attacks.filter_map(|(attack, strengths)| {
        Some((attack.to_owned(), *strengths.get(strengths.len() / 2)?))
    });
    iter::once(("clean".to_owned(), 0.0)).chain(middle).collect()
}
