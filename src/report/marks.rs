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

/// How many of these rows have each warning, by its code.
pub fn warnings<'a>(rows: impl IntoIterator<Item = &'a Row>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for code in rows.into_iter().flat_map(|row| row.warnings.split_whitespace()) {
        *counts.entry(code).or_default() += 1;
    }
    counts
}

/// An exponent from these rows with what speaks against it: the codes of warnings, and a description that is
/// preferred to the power law. `1.57 · bent (2 of 5) · broken`
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
    [alpha].into_iter().chain(doubts.into_iter().map(text)).collect()
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
