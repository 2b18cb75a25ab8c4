//! The headline: the estimator of alpha that the figures and the first claims use.

use std::collections::BTreeSet;

use crate::study::table::{Estimator, Row};

/// Which estimator the headline is, and which other methods the tables have.
pub fn sentence<'a>(rows: impl IntoIterator<Item = &'a Row>, headline: Estimator) -> String {
    let (ranks, method) = (headline.ranks(), headline.method.name());
    let others: Vec<_> = methods(rows).into_iter().filter(|name| *name != method).collect();
    let others = match others.as_slice() {
        [] => String::new(),
        names => format!(" The tables also have rows for fits by {}.", names.join(" and ")),
    };
    format!("Headline: ranks {ranks}, method {method}.{others}")
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
