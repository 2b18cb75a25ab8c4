//! The runs of a study in one table, and its means and standard deviations over seeds.

mod estimator;
mod row;
mod runs;
mod summary;

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{
    Error, Result,
    files::read::{self, Line, Records},
};
pub use estimator::{Estimator, estimators, headline};
pub(crate) use row::OPTIONAL;
pub use row::Row;
pub use runs::table;
pub use summary::{Summary, summary};

/// Read and check a table written by [`table()`]. Its rows may be in any order.
///
/// # Errors
/// If the file cannot be read, a row is invalid, or two rows describe the same point.
pub fn read(path: &Path) -> Result<Vec<Row>> {
    let Records { name, lines } = read::csv::<Row>(path, &read::written::TABLE, &OPTIONAL)?;
    let lines =
        lines.into_iter().map(|Line { number, record }| Line { number, record: ((), record) });
    let rows = checked(Records { name, lines: lines.collect() })?;
    Ok(rows.into_iter().map(|((), row)| row).collect())
}

/// The rows of a table, after checking that each is valid and that no two describe the same point.
pub(crate) fn checked<K: Ord>(records: Records<(K, Row)>) -> Result<Vec<(K, Row)>> {
    let Records { name, mut lines } = records;
    for Line { number, record: (_, row) } in &mut lines {
        row.check().map_err(|e| Error::data(format!("line {number}: {e}")).in_file(&name))?;
        row.strength += 0.0; // turns -0 into 0
    }
    let mut order: Vec<&Line<(K, Row)>> = lines.iter().collect();
    let compare = |a: &&Line<(K, Row)>, b: &&Line<(K, Row)>| {
        let ((a_key, a), (b_key, b)) = (&a.record, &b.record);
        a_key.cmp(b_key).then_with(|| compare(a, b))
    };
    order.sort_by(compare);
    if let Some((a, b)) = first_duplicate(&order, compare) {
        let message = format!(
            "lines {} and {} are the same point: {} (expected each once; were two tables joined, or is it the table of a sweep?)",
            a.number,
            b.number,
            a.record.1.name()
        );
        return Err(Error::data(message).in_file(&name));
    }
    Ok(lines.into_iter().map(|line| line.record).collect())
}

/// Make sure that clean images occur once. An attack of strength 0 does not change the images, so
/// that its rows repeat those of the clean images: they are removed if there are rows of clean images,
/// and relabelled as `clean` otherwise.
pub(crate) fn clean_once(rows: Vec<Row>) -> Vec<Row> {
    let rows = clean_once_in_each(rows.into_iter().map(|row| ((), row)).collect());
    rows.into_iter().map(|((), row)| row).collect()
}

/// [`clean_once`] in each of several studies. The rows of a study have the same key.
pub(crate) fn clean_once_in_each<K: Ord + Clone>(rows: Vec<(K, Row)>) -> Vec<(K, Row)> {
    let point = |key: &K, row: &Row| {
        let network = (row.dataset.clone(), row.rule.clone(), row.seed, row.epoch);
        (key.clone(), network, row.layer, row.estimator())
    };
    let clean = rows.iter().filter(|(_, row)| row.attack == "clean");
    let mut clean: BTreeSet<_> = clean.map(|(key, row)| point(key, row)).collect();
    let keep = |(key, row): (K, Row)| {
        if !row.is_attacked() || row.strength != 0.0 {
            return Some((key, row));
        }
        let first = clean.insert(point(&key, &row));
        first.then(|| (key, Row { attack: "clean".into(), ..row }))
    };
    rows.into_iter().filter_map(keep).collect()
}

/// The order of the table's rows; rows that describe the same point are equal.
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

/// The first two equal neighbours of a sorted slice.
fn first_duplicate<T>(sorted: &[T], compare: impl Fn(&T, &T) -> Ordering) -> Option<(&T, &T)> {
    sorted.iter().zip(sorted.iter().skip(1)).find(|(a, b)| compare(a, b).is_eq())
}

/// Refuse rows of more than one data set, because they belong to different studies.
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

/// The attacks of these rows, each with its strengths in ascending order.
#[must_use]
pub fn attacks<'a>(rows: impl IntoIterator<Item = &'a Row>) -> BTreeMap<&'a str, Vec<f64>> {
    let mut attacks: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.is_attacked()) {
        attacks.entry(&row.attack).or_default().push(row.strength);
    }
    for strengths in attacks.values_mut() {
        strengths.sort_by(f64::total_cmp);
        strengths.dedup();
    }
    attacks
}
