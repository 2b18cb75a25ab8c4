//! What stands beside an exponent: reasons to doubt it.

use std::collections::{BTreeMap, BTreeSet};

use super::html::number;
use crate::{
    spectrum::powerlaw::{Description, Fit},
    study::table::{Estimator, Row},
};

/// What a page calls a description of a spectrum.
pub fn description(description: Description) -> &'static str {
    match description {
        Description::PowerLaw => "power law",
        Description::Exponential => "exponential",
        Description::Broken => "broken",
    }
}

/// How many of these rows have each warning, by its code.
pub fn warnings<'a>(rows: impl IntoIterator<Item = &'a Row>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for code in rows.into_iter().flat_map(|row| row.warnings.split_whitespace()) {
        *counts.entry(code).or_default() += 1;
    }
    counts
}

/// An exponent from fits that used these numbers of ranks. If any used fewer than were asked for, the
/// numbers are given, because slopes over different ranks are not comparable: `5.32 (38 to 50 ranks)`
pub fn of_ranks(alpha: String, used: impl IntoIterator<Item = usize>, asked: usize) -> String {
    let used: BTreeSet<usize> = used.into_iter().collect();
    match (used.first(), used.last()) {
        (Some(least), Some(most)) if least < most => format!("{alpha} ({least} to {most} ranks)"),
        (Some(least), _) if *least < asked => format!("{alpha} ({least} ranks)"),
        _ => alpha,
    }
}

/// The exponent of one fit.
pub fn of_fit(fit: &Fit) -> String {
    let used = fit.alpha.map(|_| fit.points);
    of_ranks(number(fit.alpha, 2), used, Estimator::of(fit).rank_count())
}

/// An exponent from these rows, which are of one estimator, with the ranks used if they are fewer than asked
/// for, and with what speaks against it: the codes of warnings, and a description that is preferred to the
/// power law. `1.57 (38 ranks) · bent (2 of 5) · broken`
pub fn marked<'a>(alpha: String, rows: impl IntoIterator<Item = &'a Row>) -> String {
    let rows: Vec<&Row> = rows.into_iter().collect();
    let mut doubts = warnings(rows.iter().copied());
    let preferred = rows.iter().filter_map(|row| row.preferred);
    for other in preferred.filter(|preferred| *preferred != Description::PowerLaw) {
        *doubts.entry(description(other)).or_default() += 1;
    }
    let text = |(doubt, count): (&str, usize)| {
        if count == rows.len() {
            format!(" · {doubt}")
        } else {
            format!(" · {doubt} ({count} of {})", rows.len())
        }
    };
    let asked = rows.first().map_or(0, |row| row.estimator().rank_count());
    let with_alpha = rows.iter().filter(|row| row.alpha.is_some());
    let alpha = of_ranks(alpha, with_alpha.map(|row| row.points), asked);
    [alpha].into_iter().chain(doubts.into_iter().map(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_given_if_they_are_fewer_than_asked() {
        let of = |used: &[usize]| of_ranks("5.32".into(), used.iter().copied(), 50);
        assert_eq!(of(&[50, 50]), "5.32");
        assert_eq!(of(&[38, 38]), "5.32 (38 ranks)");
        assert_eq!(of(&[50, 38]), "5.32 (38 to 50 ranks)");
        assert_eq!(of(&[]), "5.32");
        // A fit without an exponent used no ranks for it.
        let row =
            |points, alpha| Row { rank_first: 1, rank_last: 50, points, alpha, ..Row::default() };
        let rows = [row(38, Some(5.0)), row(2, None)];
        assert_eq!(marked("5.00".into(), &rows), "5.00 (38 ranks)");
    }

    #[test]
    fn doubts_are_counted_unless_all_rows_have_them() {
        let row = |preferred, warnings: &str| Row {
            preferred: Some(preferred),
            warnings: warnings.into(),
            ..Row::default()
        };
        let rows = [
            row(Description::Broken, "bent"),
            row(Description::Broken, "bent cut-at-positive"),
            row(Description::Broken, ""),
        ];
        let text = marked("1.50".into(), &rows);
        assert_eq!(text, "1.50 · bent (2 of 3) · broken · cut-at-positive (1 of 3)");
        assert_eq!(marked("2".into(), [&row(Description::PowerLaw, "")]), "2");
        assert_eq!(marked("–".into(), []), "–");
    }
}
