//! The study's runs as one table, and its mean and spread over seeds.

use std::{cmp::Ordering, collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize, Serializer};

use crate::{
    Error, Result,
    accuracy::Accuracy,
    mean::mean_and_sd,
    powerlaw::{Fit, Method, Warning},
    read,
};

/// A row of the table: a run, a layer and a fit of its spectrum. Empty fields
/// are what a run has not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Name of the data set.
    pub dataset: String,
    /// Learning rule; none for the images themselves.
    pub rule: Option<String>,
    /// Seed of the network.
    pub seed: Option<u64>,
    /// Epoch of a snapshot; none for the final network.
    pub epoch: Option<usize>,
    /// Name of the attack; `clean`, or `subset` for the first of the clean images.
    pub attack: String,
    /// In pixel units; 0 for `clean`, the number of images for `subset`.
    #[serde(serialize_with = "plain")]
    pub strength: f64,
    /// From 1; 0 for the images themselves.
    pub layer: usize,
    /// Images measured.
    pub samples: Option<usize>,
    /// Images classified correctly.
    pub correct: Option<usize>,
    /// Part of them, by the layer's own readout.
    pub accuracy: Option<f64>,
    /// Part of them, by the last layer's readout.
    pub network_accuracy: Option<f64>,
    /// Mean of `-ln p_y`.
    pub loss: Option<f64>,
    /// Units that are 0 on every image.
    pub dead: Option<usize>,
    /// Units of the layer.
    pub units: usize,
    /// Eigenvalues that are not round-off.
    pub positive: usize,
    /// How alpha was estimated.
    pub method: Method,
    /// First rank asked for.
    pub first: usize,
    /// Last rank asked for.
    pub last: usize,
    /// Ranks used.
    pub points: usize,
    /// The exponent.
    pub alpha: Option<f64>,
    /// Its standard error.
    pub stderr: Option<f64>,
    /// `ln lambda` of the line at rank 1.
    pub intercept: Option<f64>,
    /// Share of the variance explained.
    pub r2: Option<f64>,
    /// 0 for a power law.
    pub curvature: Option<f64>,
    /// `(sum lambda)² / sum lambda²`
    pub participation_ratio: Option<f64>,
    /// Exponential of the entropy of the spectrum.
    pub effective_rank: Option<f64>,
    /// Of the audit of an attack: images of which the term of their own class was lost.
    pub lost_label_images: Option<usize>,
    /// Of the audit of an attack.
    pub zero_gradient_images: Option<usize>,
    /// Of the audit of an attack.
    pub zero_sign_pixels: Option<usize>,
    /// Of the audit of an attack.
    pub max_change: Option<f64>,
    /// Codes of the fit's warnings, separated by spaces.
    pub warnings: String,
}

/// Rows that differ in nothing but the seed.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    dataset: String,
    rule: Option<String>,
    epoch: Option<usize>,
    attack: String,
    #[serde(serialize_with = "plain")]
    strength: f64,
    layer: usize,
    method: Method,
    first: usize,
    last: usize,
    seeds: usize,
    accuracy_mean: Option<f64>,
    accuracy_sd: Option<f64>,
    network_accuracy_mean: Option<f64>,
    network_accuracy_sd: Option<f64>,
    loss_mean: Option<f64>,
    loss_sd: Option<f64>,
    dead_mean: Option<f64>,
    dead_sd: Option<f64>,
    positive_mean: Option<f64>,
    positive_sd: Option<f64>,
    alpha_mean: Option<f64>,
    alpha_sd: Option<f64>,
    r2_mean: Option<f64>,
    r2_sd: Option<f64>,
    curvature_mean: Option<f64>,
    curvature_sd: Option<f64>,
    participation_ratio_mean: Option<f64>,
    participation_ratio_sd: Option<f64>,
    effective_rank_mean: Option<f64>,
    effective_rank_sd: Option<f64>,
}

/// `attack-fgsm --audit`, where a run has it.
#[derive(Default, Deserialize)]
struct Audit {
    lost_label_images: Option<usize>,
    zero_gradient_images: Option<usize>,
    zero_sign_pixels: Option<usize>,
    max_change: Option<f64>,
}

/// What a run's directory says of it: `DATASET/RULE/seed-S/LEVEL`, with
/// `epoch-N/` before LEVEL for a snapshot, or `DATASET/LEVEL` for the images
/// themselves; LEVEL is `clean`, `subset-SAMPLES` or `ATTACK-STRENGTH`.
#[derive(Clone, Debug, PartialEq)]
struct Run {
    dataset: String,
    rule: Option<String>,
    seed: Option<u64>,
    epoch: Option<usize>,
    attack: String,
    strength: f64,
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

/// Read the runs whose directories are named and join their files:
/// `accuracy.jsonl` (but for the images themselves, which are layer 0),
/// `alpha.jsonl`, and `audit.json` where there is one. Sorted.
pub fn table(directories: &[String]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for directory in directories {
        rows.extend(run(directory)?);
    }
    rows.sort_by(compare);
    for pair in rows.windows(2) {
        if let [a, b] = pair
            && compare(a, b) == Ordering::Equal
        {
            return Err(Error::data(format!(
                "two runs are the same: {} {} seed {} {}-{} layer {} ranks {}-{}",
                a.dataset,
                a.rule.as_deref().unwrap_or("-"),
                a.seed.unwrap_or_default(),
                a.attack,
                a.strength,
                a.layer,
                a.first,
                a.last
            )));
        }
    }
    Ok(rows)
}

fn compare(a: &Row, b: &Row) -> Ordering {
    let key = |row: &Row| {
        let names =
            (row.dataset.clone(), row.rule.clone(), row.seed, row.epoch, row.attack.clone());
        let fit = (row.layer, row.method.name(), row.first, row.last);
        (names, fit)
    };
    let ((a_names, a_fit), (b_names, b_fit)) = (key(a), key(b));
    a_names.cmp(&b_names).then(a.strength.total_cmp(&b.strength)).then(a_fit.cmp(&b_fit))
}

fn run(directory: &str) -> Result<Vec<Row>> {
    let path = Path::new(directory);
    let run = Run::parse(directory).ok_or_else(|| {
        Error::data("is no run (expected DATASET/RULE/seed-S/LEVEL or DATASET/LEVEL, LEVEL clean or ATTACK-STRENGTH)")
            .in_file(path)
    })?;
    let fits_file = path.join("alpha.jsonl");
    let fits: Vec<Fit> = read::json_lines(&fits_file)?;
    let accuracies: Vec<Accuracy> = match run.rule {
        Some(_) => read::json_lines(&path.join("accuracy.jsonl"))?,
        None => Vec::new(),
    };
    let audit_file = path.join("audit.json");
    let audit: Audit = match audit_file.try_exists() {
        Ok(true) => read::json(&audit_file)?,
        Ok(false) => Audit::default(),
        Err(e) => return Err(Error::io(&audit_file, &e)),
    };
    let network_accuracy = accuracies.last().and_then(|line| line.accuracy);
    let row = |fit: Fit| {
        // One spectrum of one matrix is that of the only layer, or of the images.
        let layer = fit.layer.unwrap_or(usize::from(run.rule.is_some()));
        let accuracy = accuracies.iter().find(|line| line.layer == layer);
        if run.rule.is_some() && accuracy.is_none() {
            let message = format!("has a layer {layer} that accuracy.jsonl beside it has not");
            return Err(Error::data(message).in_file(&fits_file));
        }
        let codes: Vec<_> = fit.warnings.iter().map(|warning: &Warning| warning.code()).collect();
        Ok(Row {
            dataset: run.dataset.clone(),
            rule: run.rule.clone(),
            seed: run.seed,
            epoch: run.epoch,
            attack: run.attack.clone(),
            strength: run.strength,
            layer,
            samples: accuracy.map(|line| line.samples),
            correct: accuracy.and_then(|line| line.correct),
            accuracy: accuracy.and_then(|line| line.accuracy),
            network_accuracy,
            loss: accuracy.and_then(|line| line.loss),
            dead: accuracy.map(|line| line.dead),
            units: fit.units,
            positive: fit.positive,
            method: fit.method,
            first: fit.first,
            last: fit.last,
            points: fit.points,
            alpha: fit.alpha,
            stderr: fit.stderr,
            intercept: fit.intercept,
            r2: fit.r2,
            curvature: fit.curvature,
            participation_ratio: fit.participation_ratio,
            effective_rank: fit.effective_rank,
            lost_label_images: audit.lost_label_images,
            zero_gradient_images: audit.zero_gradient_images,
            zero_sign_pixels: audit.zero_sign_pixels,
            max_change: audit.max_change,
            warnings: codes.join(" "),
        })
    };
    fits.into_iter().map(row).collect()
}

/// The attacks of these rows with their strengths, from the weakest.
#[must_use]
pub fn attacks<'a>(rows: impl IntoIterator<Item = &'a Row>) -> BTreeMap<&'a str, Vec<f64>> {
    let mut attacks: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| !["clean", "subset"].contains(&row.attack.as_str())) {
        attacks.entry(&row.attack).or_default().push(row.strength);
    }
    for strengths in attacks.values_mut() {
        strengths.sort_by(f64::total_cmp);
        strengths.dedup();
    }
    attacks
}

/// Mean and standard deviation (n - 1) over the seeds of what else is the same.
#[must_use]
pub fn summary(rows: &[Row]) -> Vec<Summary> {
    // In the rows' order but for the seed, which ends up inside the groups.
    let mut order: Vec<&Row> = rows.iter().collect();
    let seedless = |row: &Row| Row { seed: None, ..row.clone() };
    order.sort_by(|a, b| compare(&seedless(a), &seedless(b)));
    order
        .chunk_by(|a, b| compare(&seedless(a), &seedless(b)) == Ordering::Equal)
        .filter_map(|group| group.first().map(|first| summarised(first, group)))
        .collect()
}

fn summarised(first: &Row, group: &[&Row]) -> Summary {
    let over = |value: fn(&Row) -> Option<f64>| mean_and_sd(group.iter().map(|row| value(row)));
    let (accuracy_mean, accuracy_sd) = over(|row| row.accuracy);
    let (network_accuracy_mean, network_accuracy_sd) = over(|row| row.network_accuracy);
    let (loss_mean, loss_sd) = over(|row| row.loss);
    let (dead_mean, dead_sd) = over(|row| row.dead.map(|dead| dead as f64));
    let (positive_mean, positive_sd) = over(|row| Some(row.positive as f64));
    let (alpha_mean, alpha_sd) = over(|row| row.alpha);
    let (r2_mean, r2_sd) = over(|row| row.r2);
    let (curvature_mean, curvature_sd) = over(|row| row.curvature);
    let (participation_ratio_mean, participation_ratio_sd) = over(|row| row.participation_ratio);
    let (effective_rank_mean, effective_rank_sd) = over(|row| row.effective_rank);
    Summary {
        dataset: first.dataset.clone(),
        rule: first.rule.clone(),
        epoch: first.epoch,
        attack: first.attack.clone(),
        strength: first.strength,
        layer: first.layer,
        method: first.method,
        first: first.first,
        last: first.last,
        seeds: group.iter().filter(|row| row.seed.is_some()).count(),
        accuracy_mean,
        accuracy_sd,
        network_accuracy_mean,
        network_accuracy_sd,
        loss_mean,
        loss_sd,
        dead_mean,
        dead_sd,
        positive_mean,
        positive_sd,
        alpha_mean,
        alpha_sd,
        r2_mean,
        r2_sd,
        curvature_mean,
        curvature_sd,
        participation_ratio_mean,
        participation_ratio_sd,
        effective_rank_mean,
        effective_rank_sd,
    }
}

/// As file names have it: `1`, not `1.0`.
#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn plain<S: Serializer>(number: &f64, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(number)
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
    fn a_directory_says_what_a_run_is() {
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
