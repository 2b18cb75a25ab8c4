//! What the report of a study shows, read from the study's files.

use std::path::Path;

use serde_json::Value;

use super::{
    instruments::{self, Displaced, Distances},
    level::{self, Level},
    rule_view::{RuleView, rules},
    study_tables::{StudyTables, no_network},
};
use crate::{
    Error, Result,
    files::read::{
        self, Rows, Source,
        written::{self, Written},
    },
    spectrum::powerlaw::Fit,
    study::{
        catalogue::Catalogue,
        claims::{Analysis, Check, Claim, StudySizes},
        table::{self, Estimator, Row},
    },
    train::Progress,
};

/// The number of images that are shown.
const SHOWN: usize = 10;

/// The tables of a study, and files of one of its networks.
pub struct StudyFiles {
    /// The rows of the table. Attacks of strength 0 are left out: they are the clean images.
    pub(super) rows: Vec<Row>,
    /// The learning rules in the order in which they are shown; there is at least one.
    pub(super) rules: Vec<String>,
    /// The estimator that the figures and the first claims use.
    pub(super) headline: Estimator,
    /// The claims with their verdicts.
    pub(super) claims: Vec<Claim>,
    /// The claims in all combinations of choices; empty if they are not given.
    pub(super) analyses: Vec<Analysis>,
    /// The checks of the attacks; empty if they are not given.
    pub(super) checks: Vec<Check>,
    /// Descriptions of rules and attacks.
    pub(super) catalogue: Catalogue,
    /// `study.json`, if there is one: how the study was made.
    pub(super) record: Option<Value>,
    /// The seed of the network shown, which is one of the first rule's.
    pub(super) seed: u64,
    /// `model.json` of the network shown, if it has one.
    pub(super) model: Option<Value>,
    /// `history.jsonl` of the network shown, if it has one.
    pub(super) history: Vec<Progress>,
    /// Spectra of the network shown: first of clean images, then of attacked ones. All have the same
    /// layers.
    pub(super) spectra: Vec<LevelSpectra>,
    /// What attacks displace in the networks of the first rule, if it was measured.
    pub(super) displaced: Vec<Displaced>,
    /// How far images are from a boundary, if it was measured.
    pub(super) distances: Distances,
    /// Some images, clean and attacked, if they were made.
    pub(super) images: Vec<LevelImages>,
    /// The classes of these images.
    pub(super) labels: Vec<u8>,
}

/// The spectra of all layers at one level.
pub struct LevelSpectra {
    pub level: Level,
    /// The eigenvalues of each layer, largest first.
    pub eigenvalues: Vec<Vec<f64>>,
    /// The fits to them.
    pub fits: Vec<Fit>,
}

/// Images of one level, and the classes that the network predicts for them.
pub struct LevelImages {
    pub level: Level,
    /// (samples, pixels)
    pub pixels: ndarray::Array2<f32>,
    /// (samples,)
    pub predictions: Vec<u8>,
}

impl StudyFiles {
    /// Read the table, the claims, the claims in all combinations of choices and the checks of the attacks if
    /// they are given, and what the report shows of one network: that of the first rule's first seed.
    pub fn read(
        table: &Path,
        claims: &Path,
        choices: Option<&Path>,
        checks: Option<&Path>,
        folder: &Path,
    ) -> Result<Self> {
        let StudyTables { rows, claims, catalogue, headline } =
            StudyTables::read(table, claims, folder)?;
        let analyses = choices.map(|file| read::json_lines(file, &written::CHOICES)).transpose()?;
        let checks = checks.map(|file| read::json_lines(file, &written::CHECKS)).transpose()?;
        let checks = checks.unwrap_or_default();
        let none = || no_network(table);
        let networks = || rows.iter().filter(|row| row.epoch.is_none());
        let rules = rules(networks(), &catalogue);
        let rule = rules.first().ok_or_else(none)?;
        let of_rule = || networks().filter(|row| row.rule.as_ref() == Some(rule));
        let seed = of_rule().filter_map(|row| row.seed).min().ok_or_else(none)?;
        let network = folder.join(rule).join(format!("seed-{seed}"));
        let model = network.join("model");
        let history = model.join("history.jsonl");
        let images = read_images(&folder.join("samples"), &rows)?;
        Ok(Self {
            seed,
            headline,
            record: read_if_there(&folder.join("study.json"), &written::STUDY)?,
            model: read_if_there(&model.join("model.json"), &written::MODEL)?,
            history: if history.is_file() {
                read::json_lines(&history, &written::HISTORY)?
            } else {
                Vec::new()
            },
            spectra: read_spectra(&network, level::middle(of_rule(), &catalogue))?,
            displaced: instruments::displaced(folder, rule, &rows)?,
            distances: instruments::distances(folder, &rows)?,
            labels: match images.first() {
                Some(shown) => {
                    let file = folder.join("data").join("test-labels.npy");
                    read_labels(&file, shown.pixels.nrows())?
                }
                None => Vec::new(),
            },
            images,
            rules,
            rows,
            claims,
            analyses: analyses.unwrap_or_default(),
            checks,
            catalogue,
        })
    }

    /// The name of the data set.
    pub(super) fn dataset(&self) -> &str {
        &self.rows[0].dataset
    }

    /// What a figure says of the network that is shown alone.
    pub(super) fn network_shown(&self) -> String {
        format!("Network: {}, seed {}.", self.main_rule().title(), self.seed)
    }

    /// The sizes of the study, as far as they are known.
    pub(super) fn sizes(&self) -> StudySizes {
        let networks = self.main_rule().networks();
        let clean = networks.rows.iter().filter(|row| row.attack == "clean");
        let strengths = table::attacks(networks.rows.iter().copied()).into_values();
        let of_model = |key: &str| Some(self.model.as_ref()?[key].as_u64()? as usize);
        let images = self.rows.iter().find(|row| row.rule.is_none());
        StudySizes {
            points: strengths.map(|strengths| strengths.len() + 1).max(),
            images: clean.filter_map(|row| row.samples).max(),
            pixels: images.map(|row| row.units),
            classes: of_model("classes"),
        }
    }

    /// A rule as the sections show it.
    pub(super) fn rule<'a>(&'a self, rule: &'a str) -> RuleView<'a> {
        RuleView { study: self, rule, estimator: self.headline }
    }

    /// The rule that the study is about.
    pub(super) fn main_rule(&self) -> RuleView<'_> {
        self.rule(&self.rules[0])
    }
}

fn read_if_there(file: &Path, expected: &Written) -> Result<Option<Value>> {
    if file.is_file() { read::json(file, expected).map(Some) } else { Ok(None) }
}

fn read_spectra(network: &Path, levels: Vec<Level>) -> Result<Vec<LevelSpectra>> {
    let mut all: Vec<LevelSpectra> = Vec::new();
    for level in levels {
        let folder = network.join(level.folder());
        let file = folder.join("spectrum.npy");
        let mut rows = Rows::<f64>::spectra(Source::open(&file)?)?;
        let mut eigenvalues = Vec::new();
        while let Some(block) = rows.next_block(1)? {
            eigenvalues.push(block.values.into_raw_vec_and_offset().0);
        }
        if let Some(clean) =
            all.first().filter(|clean| clean.eigenvalues.len() != eigenvalues.len())
        {
            let (found, expected) = (eigenvalues.len(), clean.eigenvalues.len());
            let message = format!(
                "differs from the clean spectra in the number of layers (found {found}, expected {expected})"
            );
            return Err(Error::data(message).in_file(&file));
        }
        let fits = read::json_lines(&folder.join("alpha.jsonl"), &written::FITS)?;
        all.push(LevelSpectra { level, eigenvalues, fits });
    }
    Ok(all)
}

fn read_images(folder: &Path, rows: &[Row]) -> Result<Vec<LevelImages>> {
    let mut all = Vec::new();
    for level in level::all(rows) {
        let folder = folder.join(level.folder());
        let file = folder.join("x.npy");
        if file.is_file() {
            let images = Rows::images(Source::open(&file)?)?;
            let shown = images.samples().min(SHOWN);
            let (pixels, _) = images.first(Some(shown))?.read()?;
            let predictions = read_labels(&folder.join("predictions.npy"), shown)?;
            all.push(LevelImages { level, pixels, predictions });
        }
    }
    Ok(all)
}

/// The first `count` labels.
fn read_labels(file: &Path, count: usize) -> Result<Vec<u8>> {
    let mut labels = read::Labels::read(Source::open(file)?)?.values;
    if labels.len() < count {
        let message = format!(
            "has too few labels for the images shown (found {}, expected {count})",
            labels.len()
        );
        return Err(Error::data(message).in_file(file));
    }
    labels.truncate(count);
    Ok(labels)
}
