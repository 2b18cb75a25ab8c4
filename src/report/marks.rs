//! What stands beside an exponent: reasons to doubt it.

use std::collections::BTreeMap;

use crate::{geometry::powerlaw::Description, study::table::Row};

/// What a page calls a description of a spectrum.
pub fn description(description: Description) -> &'static str {
    match description {
        Description::PowerLaw => "power law",
        Description::Exponential => "exponential",
        Description::Broken => "broken",
    }
}

/// How many of these rows have each doubt: a description that is preferred to the power law, or the code of
/// a warning.
pub fn doubts<'a>(rows: impl IntoIterator<Item = &'a Row>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        let other = row.preferred.filter(|preferred| *preferred != Description::PowerLaw);
        let codes = row.warnings.split_whitespace().map(str::to_owned);
        for doubt in other.map(|other| description(other).to_owned()).into_iter().chain(codes) {
            *counts.entry(doubt).or_default() += 1;
        }
    }
    counts
}

/// An exponent from these rows with their doubts, such as `1.57 · bent (2 of 5) · broken`.
pub fn marked<'a>(alpha: String, rows: impl IntoIterator<Item = &'a Row>) -> String {
    let rows: Vec<&Row> = rows.into_iter().collect();
    let text = |(doubt, count): (String, usize)| {
        if count == rows.len() {
            format!(" · {doubt}")
        } else {
            format!(" · {doubt} ({count} of {})", rows.len())
        }
    };
    let doubts = doubts(rows.iter().copied()).into_iter().map(text);
    [alpha].into_iter().chain(doubts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
