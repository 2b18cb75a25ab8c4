//! Joins the files of each run into rows of the table.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::{Deserialize, de::DeserializeOwned};

use super::{Estimator, Row, compare, estimators, first_duplicate};
use crate::{
    Error, Result,
    files::read::{
        self,
        written::{self, Written},
    },
    instruments::{self, classes::ClassGeometry},
    math::mean::median_of_sorted,
    network::accuracy::Accuracy,
    spectrum::powerlaw::Fit,
};

/// A run, as described by its directory: `DATASET/RULE/seed-S/LEVEL`, with `epoch-N/` before LEVEL
/// for a snapshot, or `DATASET/LEVEL` for the images themselves. LEVEL is `clean`, `subset-SAMPLES`
/// or `ATTACK-STRENGTH`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    pub dataset: String,
    pub rule: Option<String>,
    pub seed: Option<u64>,
    pub epoch: Option<usize>,
    pub attack: String,
    pub strength: f64,
}

impl Run {
    fn parse(directory: &str) -> Option<Self> {
        let mut parts = directory.trim_end_matches('/').rsplit('/').peekable();
        let (attack, strength) = match parts.next()? {
            "clean" => ("clean", 0.0),
            level => {
                let (attack, strength) = level.rsplit_once('-')?;
                (attack, strength.parse().ok().filter(|s: &f64| s.is_finite())?)
            }
        };
        let mut numbered = |prefix: &str| {
            let number = parts.peek().and_then(|part| part.strip_prefix(prefix));
            let number = number?.parse::<u64>().ok()?;
            parts.next();
            Some(number)
        };
        let epoch = numbered("epoch-").and_then(|epoch| usize::try_from(epoch).ok());
        let seed = numbered("seed-");
        let rule = seed.and_then(|_| parts.next());
        let dataset = parts.next()?;
        (!dataset.is_empty() && (seed.is_none() || rule.is_some())).then(|| Self {
            dataset: dataset.into(),
            rule: rule.map(Into::into),
            seed,
            epoch,
            attack: attack.into(),
            strength,
        })
    }
}

/// The audit of a gradient attack, `audit.json`; without values for a run that has none.
#[derive(Default, Deserialize)]
pub(super) struct Audit {
    pub lost_label_images: Option<usize>,
    pub zero_gradient_images: Option<usize>,
    pub zero_sign_pixels: Option<usize>,
    pub max_change: Option<f64>,
}

/// What instruments found inside a run, each layer under its number; empty if they did not look.
#[derive(Default)]
pub(super) struct Inside {
    classes: BTreeMap<usize, ClassGeometry>,
    displaced: BTreeMap<usize, instruments::Summary>,
    pub median_distance: Option<f64>,
}

impl Inside {
    fn read(run: &Path) -> Result<Self> {
        let (classes, displaced) = (run.join("classes.jsonl"), run.join("displacement.jsonl"));
        let distances = run.join("distances.npy");
        Ok(Self {
            classes: by_layer(&classes, &written::CLASSES, |line: &ClassGeometry| line.layer)?,
            displaced: by_layer(
                &displaced,
                &written::DISPLACEMENT,
                |line: &instruments::Summary| line.layer,
            )?,
            median_distance: if exists(&distances)? { median_of(&distances)? } else { None },
        })
    }

    pub fn classes(&self, layer: usize, value: fn(&ClassGeometry) -> Option<f64>) -> Option<f64> {
        self.classes.get(&layer).and_then(value)
    }

    pub fn displaced(
        &self,
        layer: usize,
        value: fn(&instruments::Summary) -> Option<f64>,
    ) -> Option<f64> {
        self.displaced.get(&layer).and_then(value)
    }
}

/// The lines of a file by layer, that of a single matrix as layer 1; none if there is no such file.
fn by_layer<T: DeserializeOwned>(
    file: &Path,
    expected: &Written,
    layer: fn(&T) -> Option<usize>,
) -> Result<BTreeMap<usize, T>> {
    if !exists(file)? {
        return Ok(BTreeMap::new());
    }
    let lines: Vec<T> = read::json_lines(file, expected)?;
    layers(file, lines.iter().map(|line| (layer(line).unwrap_or(1), ())))?;
    Ok(lines.into_iter().map(|line| (layer(&line).unwrap_or(1), line)).collect())
}

/// The median of a vector.
fn median_of(file: &Path) -> Result<Option<f64>> {
    let mut values: Vec<f64> =
        read::vector_of_any_length(file)?.iter().map(|&value| value.into()).collect();
    values.sort_by(f64::total_cmp);
    Ok(median_of_sorted(&values))
}

fn exists(file: &Path) -> Result<bool> {
    file.try_exists().map_err(|e| Error::io(file, e))
}

/// Read the runs in these directories and join their files to sorted rows. The files are
/// `alpha.jsonl`, `accuracy.jsonl` (except for the images themselves, which are layer 0), and those of
/// `audit.json`, `classes.jsonl`, `displacement.jsonl` and `distances.npy` that exist.
///
/// # Errors
/// If a file is missing or invalid, the files of a run disagree in their layers, the runs of a rule
/// have different fits, or two runs are the same.
pub fn table(directories: &[String]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    // For each rule, the fits of its first run, which all its runs must have.
    let mut fits: BTreeMap<Option<String>, (BTreeSet<Estimator>, &str)> = BTreeMap::new();
    for directory in directories {
        let run = run(directory)?;
        let found = estimators(&run);
        let rule = run.first().and_then(|row| row.rule.clone());
        let (expected, other) = fits.entry(rule).or_insert_with(|| (found.clone(), directory));
        if found != *expected {
            let file = |directory: &str| Path::new(directory).join("alpha.jsonl");
            let message = format!(
                "has other fits than {} (found {}, expected {})",
                file(other).display(),
                names(&found),
                names(expected)
            );
            return Err(Error::data(message).in_file(&file(directory)));
        }
        rows.extend(run);
    }
    rows.sort_by(compare);
    match first_duplicate(&rows, compare) {
        Some((same, _)) => Err(Error::data(format!("two runs are the same: {}", same.name()))),
        None => Ok(rows),
    }
}

/// The rows of one run.
fn run(directory: &str) -> Result<Vec<Row>> {
    let path = Path::new(directory);
    let run = Run::parse(directory).ok_or_else(|| {
        Error::data("is not a run (expected DATASET/RULE/seed-S/LEVEL or DATASET/LEVEL with LEVEL clean or ATTACK-STRENGTH)")
            .in_file(path)
    })?;
    let fits_file = path.join("alpha.jsonl");
    let fits: Vec<Fit> = read::json_lines(&fits_file, &written::FITS)?;
    let is_network = run.rule.is_some();
    // The spectrum of a single matrix belongs to the only layer of the network, or to the images.
    let layer_of = |fit: &Fit| fit.layer.unwrap_or(usize::from(is_network));
    let fitted = layers(&fits_file, fits.iter().map(|fit| (layer_of(fit), Estimator::of(fit))))?;
    let accuracies: Vec<Accuracy> = if is_network {
        let file = path.join("accuracy.jsonl");
        let lines: Vec<Accuracy> = read::json_lines(&file, &written::ACCURACY)?;
        let measured = layers(&file, lines.iter().map(|line| (line.layer, ())))?;
        if !measured.keys().eq(fitted.keys()) {
            let names = |layers: Vec<&usize>| {
                layers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            };
            let message = format!(
                "has other layers than accuracy.jsonl beside it (found {}, expected {})",
                names(fitted.keys().collect()),
                names(measured.keys().collect())
            );
            return Err(Error::data(message).in_file(&fits_file));
        }
        lines
    } else if fitted.keys().eq([&0]) {
        Vec::new()
    } else {
        let message = "has layers (expected one spectrum, of the images themselves, layer null)";
        return Err(Error::data(message).in_file(&fits_file));
    };
    let audit_file = path.join("audit.json");
    let audit: Audit = if exists(&audit_file)? {
        read::json(&audit_file, &written::AUDIT)?
    } else {
        Audit::default()
    };
    let inside = Inside::read(path)?;
    let last = accuracies.iter().max_by_key(|line| line.layer);
    let row = |fit: &Fit| {
        let layer = layer_of(fit);
        let own = accuracies.iter().find(|line| line.layer == layer);
        Row::of(&run, layer, own, last, fit, &audit, &inside)
    };
    Ok(fits.iter().map(row).collect())
}

/// The layers in a file of a run, each with the keys of its lines. All layers must have the same keys,
/// and no key may occur twice in a layer.
fn layers<T: Ord + Clone>(
    file: &Path,
    lines: impl Iterator<Item = (usize, T)>,
) -> Result<BTreeMap<usize, BTreeSet<T>>> {
    let mut layers: BTreeMap<usize, BTreeSet<T>> = BTreeMap::new();
    for (index, (layer, key)) in lines.enumerate() {
        if !layers.entry(layer).or_default().insert(key) {
            let message = format!("line {} repeats an earlier line of layer {layer}", index + 1);
            return Err(Error::data(message).in_file(file));
        }
    }
    let Some((first, expected)) = layers.first_key_value() else {
        return Err(Error::data("is empty (expected a line for each layer)").in_file(file));
    };
    match layers.iter().find(|(_, found)| *found != expected) {
        None => Ok(layers),
        Some((other, found)) => Err(Error::data(format!(
            "is cut short, or was joined with another file: layers differ in their fits (found {} \
             in layer {other}, expected {} as in layer {first})",
            found.len(),
            expected.len()
        ))
        .in_file(file)),
    }
}

fn names(estimators: &BTreeSet<Estimator>) -> String {
    let names = estimators.iter().map(|e| format!("{} {}-{}", e.method.name(), e.first, e.last));
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(directory: &str) -> (Option<u64>, Option<usize>, String, f64) {
        let run = Run::parse(directory).unwrap();
        assert_eq!(run.dataset, "mnist");
        (run.seed, run.epoch, run.attack, run.strength)
    }

    #[test]
    fn directories_of_runs_are_parsed() {
        assert_eq!(parsed("out/mnist/local/seed-3/clean"), (Some(3), None, "clean".into(), 0.0));
        assert_eq!(
            parsed("out/mnist/local/seed-3/fgsm-float32-0.05/"),
            (Some(3), None, "fgsm-float32".into(), 0.05)
        );
        assert_eq!(parsed("mnist/gauss-1"), (None, None, "gauss".into(), 1.0));
        assert_eq!(
            parsed("mnist/local/seed-1/epoch-5/clean"),
            (Some(1), Some(5), "clean".into(), 0.0)
        );
        for directory in ["", "clean", "mnist/fgsm", "mnist/fgsm-", "seed-1/clean", "m/fgsm-nan"] {
            assert_eq!(Run::parse(directory), None, "{directory}");
        }
    }
}
