//! The headline: the estimator of alpha that the figures and the first claims use.

use std::collections::BTreeSet;

use crate::study::table::{Estimator, Row};

/// Which estimator the headline is.
pub fn sentence(headline: Estimator) -> String {
    let (ranks, method) = (headline.ranks(), headline.method.name());
    format!("Headline: ranks {ranks}, method {method}. The figures show α from this fit.")
}

/// Which other methods the tables have; none if there are no others.
pub fn other_methods<'a>(
    rows: impl IntoIterator<Item = &'a Row>,
    headline: Estimator,
) -> Option<String> {
    let mut others = methods(rows);
    others.remove(headline.method.name());
    let names = others.into_iter().collect::<Vec<_>>().join(" and ");
    (!names.is_empty()).then(|| format!("The tables also have rows for fits by {names}."))
}

/// The name of an estimator: its ranks, and its method if these rows have several.
pub fn name<'a>(rows: impl IntoIterator<Item = &'a Row>, estimator: Estimator) -> String {
    match methods(rows).len() {
        1 => estimator.ranks(),
        _ => format!("{}, {}", estimator.ranks(), estimator.method.name()),
    }
}

fn methods<'a>(rows: impl IntoIterator<Item = &'a Row>) -> BTreeSet<&'static str> {
    rows.into_iter().map(|row| row.method.name()).collect()
}
