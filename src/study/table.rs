//! The runs of a study as one table, and the table's mean and standard deviation over seeds.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::{Deserialize, Serialize, Serializer};

use crate::{
    Error, Result,
    geometry::powerlaw::{Fit, Method, Ranks, Warning},
    io::read::{self, Line, Records},
    math::mean::mean_and_sd,
    network::accuracy::Accuracy,
    number,
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
    /// Of the audit of an attack: images whose gradient lacks the term of their own class.
    #[serde(default)]
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

/// Columns that a table may lack: those that were added after the others.
pub(crate) const OPTIONAL: [&str; 1] = ["lost_label_images"];

/// More units than a covariance could be computed of.
const MAX_UNITS: usize = 1 << 20;

/// How alpha was estimated: the method, and the ranks asked for. Rows of two estimators are no
/// two measurements of one quantity, so that every selection of rows names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimator {
    /// The method of the fit.
    pub method: Method,
    /// First rank asked for.
    pub first: usize,
    /// Last rank asked for.
    pub last: usize,
}

impl Estimator {
    /// The ranks as a page writes them.
    #[must_use]
    pub fn ranks(&self) -> String {
        format!("{}–{}", self.first, self.last)
    }

    /// Whether a fit was made in this way.
    #[must_use]
    pub fn is_of(&self, fit: &Fit) -> bool {
        *self == Self { method: fit.method, first: fit.first, last: fit.last }
    }

    fn key(&self) -> (&'static str, usize, usize) {
        (self.method.name(), self.first, self.last)
    }
}

impl PartialOrd for Estimator {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// In the table's order.
impl Ord for Estimator {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl Row {
    /// How its alpha was estimated.
    #[must_use]
    pub fn estimator(&self) -> Estimator {
        Estimator { method: self.method, first: self.first, last: self.last }
    }

    /// What the row is of, in words.
    fn name(&self) -> String {
        let network = self.rule.as_ref().map_or("images".into(), |rule| {
            let seed = self.seed.map_or(String::new(), |seed| format!(" seed {seed}"));
            let epoch = self.epoch.map_or(String::new(), |epoch| format!(" epoch {epoch}"));
            format!("{rule}{seed}{epoch}")
        });
        let level = match self.attack.as_str() {
            "clean" => "clean".into(),
            attack => format!("{attack}-{}", number(self.strength)),
        };
        format!(
            "{} {network} {level}, layer {}, {} of ranks {}-{}",
            self.dataset,
            self.layer,
            self.method.name(),
            self.first,
            self.last
        )
    }

    /// What columns say only together, or as a part of what their type allows.
    fn check(&self) -> std::result::Result<(), String> {
        let fraction = |accuracy: Option<f64>| accuracy.is_none_or(|a| (0.0..=1.0).contains(&a));
        let wrong = if self.dataset.is_empty() || self.attack.is_empty() {
            "has no dataset or no attack (expected names)"
        } else if self.rule.is_some() != self.seed.is_some() {
            "has a rule without a seed, or a seed without a rule (expected both, or neither of the \
             images themselves)"
        } else if self.rule.is_some() != (self.layer > 0) {
            "has layer 0 with a rule, or another layer without (expected layer 0 of the images \
             themselves alone)"
        } else if self.attack == "clean" && self.strength != 0.0 {
            "has clean images of a strength that is not 0"
        } else if !fraction(self.accuracy) || !fraction(self.network_accuracy) {
            "has an accuracy that is no fraction (expected 0 to 1)"
        } else if self.first == 0 || self.first > self.last {
            "has ranks first and last that are no range (expected 1 or more, and last not before \
             first)"
        } else if self.units > MAX_UNITS {
            "has more units than a covariance can be taken of (expected at most 1048576)"
        } else {
            return Ok(());
        };
        Err(wrong.into())
    }
}

/// Refuse rows of two data sets, which are two studies.
pub fn check_one_dataset(rows: &[Row], file: &Path) -> Result<()> {
    let mut others = rows.windows(2).filter(|pair| pair[0].dataset != pair[1].dataset);
    others.next().map_or(Ok(()), |pair| {
        let message = format!(
            "has more than one data set (found {} and {}, expected one)",
            pair[0].dataset, pair[1].dataset
        );
        Err(Error::data(message).in_file(file))
    })
}

/// The estimators of these rows, in the table's order.
pub fn estimators<'a>(rows: impl IntoIterator<Item = &'a Row>) -> BTreeSet<Estimator> {
    rows.into_iter().map(Row::estimator).collect()
}

/// The estimator that stands first wherever one has to: of the first of `ranks`, which are those
/// of the study in its own order, that these rows have, or else of their lowest; by least squares
/// where the rows have it, or else by the first method there is in the table's order.
pub fn headline<'a>(rows: impl IntoIterator<Item = &'a Row>, ranks: &[Ranks]) -> Option<Estimator> {
    let all = estimators(rows);
    let has =
        |ranks: &&Ranks| all.iter().any(|e| (e.first, e.last) == (ranks.first(), ranks.last()));
    let lowest = || all.iter().map(|e| (e.first, e.last)).min();
    let ranks = ranks.iter().find(has).map(|r| (r.first(), r.last())).or_else(lowest)?;
    let of_ranks = || all.iter().filter(|e| (e.first, e.last) == ranks).copied();
    of_ranks().find(|e| e.method == Method::Ols).or_else(|| of_ranks().next())
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
    // The fits of one run of each rule, which all its runs have.
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
                listed(&found),
                listed(expected)
            );
            return Err(Error::data(message).in_file(&file(directory)));
        }
        rows.extend(run);
    }
    rows.sort_by(compare);
    match twice(&rows, compare) {
        Some((same, _)) => Err(Error::data(format!("two runs are the same: {}", same.name()))),
        None => Ok(rows),
    }
}

/// Read a table that [`table`] made, checked; lines may stand in any order.
pub fn read(path: &Path) -> Result<Vec<Row>> {
    let Records { name, lines } = read::csv::<Row>(path, &OPTIONAL)?;
    let lines =
        lines.into_iter().map(|Line { number, record }| Line { number, record: ((), record) });
    let rows = checked(Records { name, lines: lines.collect() })?;
    Ok(rows.into_iter().map(|((), row)| row).collect())
}

/// The rows of lines that each make sense, of which no two are the same point.
pub(crate) fn checked<K: Ord>(records: Records<(K, Row)>) -> Result<Vec<(K, Row)>> {
    let Records { name, mut lines } = records;
    for Line { number, record: (_, row) } in &mut lines {
        row.check().map_err(|e| Error::data(format!("line {number}: {e}")).in_file(&name))?;
        row.strength += 0.0; // -0 is 0
    }
    let mut order: Vec<&Line<(K, Row)>> = lines.iter().collect();
    let compare = |a: &&Line<(K, Row)>, b: &&Line<(K, Row)>| {
        let ((a_key, a), (b_key, b)) = (&a.record, &b.record);
        a_key.cmp(b_key).then_with(|| compare(a, b))
    };
    order.sort_by(compare);
    if let Some((a, b)) = twice(&order, compare) {
        let message = format!(
            "lines {} and {} are the same point: {} (expected each once; were two tables joined?)",
            a.number,
            b.number,
            a.record.1.name()
        );
        return Err(Error::data(message).in_file(&name));
    }
    Ok(lines.into_iter().map(|line| line.record).collect())
}

/// An attack of strength 0 leaves the clean images as they are, which count once: its rows are
/// left out where there are those of clean images, and stand for them where there are none.
pub(crate) fn clean_once<K: Ord + Clone>(rows: Vec<(K, Row)>) -> Vec<(K, Row)> {
    let is_attack = |row: &Row| !["clean", "subset"].contains(&row.attack.as_str());
    let point = |key: &K, row: &Row| {
        let network = (row.dataset.clone(), row.rule.clone(), row.seed, row.epoch);
        (key.clone(), network, row.layer, row.estimator())
    };
    let clean = rows.iter().filter(|(_, row)| row.attack == "clean");
    let mut clean: BTreeSet<_> = clean.map(|(key, row)| point(key, row)).collect();
    let once = |(key, row): (K, Row)| {
        if !is_attack(&row) || row.strength != 0.0 {
            return Some((key, row));
        }
        let first = clean.insert(point(&key, &row));
        first.then(|| (key, Row { attack: "clean".into(), ..row }))
    };
    rows.into_iter().filter_map(once).collect()
}

fn compare(a: &Row, b: &Row) -> Ordering {
    let run = |row: &Row| (row.seed, row.epoch);
    (a.dataset.cmp(&b.dataset))
        .then_with(|| a.rule.cmp(&b.rule))
        .then_with(|| run(a).cmp(&run(b)))
        .then_with(|| a.attack.cmp(&b.attack))
        .then_with(|| a.strength.total_cmp(&b.strength))
        .then_with(|| a.layer.cmp(&b.layer))
        .then_with(|| a.estimator().cmp(&b.estimator()))
}

/// The first two neighbours that are the same.
fn twice<T>(sorted: &[T], compare: impl Fn(&T, &T) -> Ordering) -> Option<(&T, &T)> {
    sorted.iter().zip(sorted.iter().skip(1)).find(|(a, b)| compare(a, b).is_eq())
}

fn listed(estimators: &BTreeSet<Estimator>) -> String {
    let names = estimators.iter().map(|e| format!("{} {}-{}", e.method.name(), e.first, e.last));
    names.collect::<Vec<_>>().join(", ")
}

/// The layers of one of a run's files and what each has: all the same, and nothing twice.
fn layers<T: Ord + Clone>(
    file: &Path,
    lines: impl Iterator<Item = (usize, T)>,
) -> Result<BTreeMap<usize, BTreeSet<T>>> {
    let mut layers: BTreeMap<usize, BTreeSet<T>> = BTreeMap::new();
    for (index, (layer, what)) in lines.enumerate() {
        if !layers.entry(layer).or_default().insert(what) {
            let message = format!("line {} repeats a line before it, of layer {layer}", index + 1);
            return Err(Error::data(message).in_file(file));
        }
    }
    let Some((first, expected)) = layers.first_key_value() else {
        return Err(Error::data("is empty (expected a line for each layer)").in_file(file));
    };
    match layers.iter().find(|(_, found)| *found != expected) {
        None => Ok(layers),
        Some((other, found)) => Err(Error::data(format!(
            "is cut short, or joined: layers differ in their fits (found {} of layer {other}, expected \
             {} as of layer {first})",
            found.len(),
            expected.len()
        ))
        .in_file(file)),
    }
}

fn run(directory: &str) -> Result<Vec<Row>> {
    let path = Path::new(directory);
    let run = Run::parse(directory).ok_or_else(|| {
        Error::data("is no run (expected DATASET/RULE/seed-S/LEVEL or DATASET/LEVEL, LEVEL clean or ATTACK-STRENGTH)")
            .in_file(path)
    })?;
    let fits_file = path.join("alpha.jsonl");
    let fits: Vec<Fit> = read::json_lines(&fits_file)?;
    let is_network = run.rule.is_some();
    // One spectrum of one matrix is that of the only layer, or of the images.
    let layer_of = |fit: &Fit| fit.layer.unwrap_or(usize::from(is_network));
    let estimator = |fit: &Fit| Estimator { method: fit.method, first: fit.first, last: fit.last };
    let fitted = layers(&fits_file, fits.iter().map(|fit| (layer_of(fit), estimator(fit))))?;
    let accuracies: Vec<Accuracy> = if is_network {
        let file = path.join("accuracy.jsonl");
        let lines: Vec<Accuracy> = read::json_lines(&file)?;
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
    let audit: Audit = match audit_file.try_exists() {
        Ok(true) => read::json(&audit_file)?,
        Ok(false) => Audit::default(),
        Err(e) => return Err(Error::io(&audit_file, &e)),
    };
    let network_accuracy =
        accuracies.iter().max_by_key(|line| line.layer).and_then(|line| line.accuracy);
    let row = |fit: Fit| {
        let layer = layer_of(&fit);
        let accuracy = accuracies.iter().find(|line| line.layer == layer);
        let codes: Vec<_> = fit.warnings.iter().map(|warning: &Warning| warning.code()).collect();
        Row {
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
        }
    };
    Ok(fits.into_iter().map(row).collect())
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
