//! The estimator of alpha, which distinguishes rows of the same spectrum.

use std::{cmp::Ordering, collections::BTreeSet};

use super::Row;
use crate::spectrum::powerlaw::{Fit, Method, Ranks};

/// How alpha was estimated: the method, and the ranks requested. Rows of different estimators are
/// not comparable, so that every selection of rows names one estimator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimator {
    /// The method of the fit.
    pub method: Method,
    /// First rank requested.
    pub first: usize,
    /// Last rank requested.
    pub last: usize,
}

impl Estimator {
    /// The ranks as the report writes them, with an en dash.
    #[must_use]
    pub fn ranks(&self) -> String {
        format!("{}–{}", self.first, self.last)
    }

    /// Number of ranks requested.
    #[must_use]
    pub fn rank_count(&self) -> usize {
        self.last + 1 - self.first
    }

    /// The estimator that made a fit.
    #[must_use]
    pub fn of(fit: &Fit) -> Self {
        Self { method: fit.method, first: fit.rank_first, last: fit.rank_last }
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

/// The order of the table.
impl Ord for Estimator {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// The estimators of these rows, in the order of the table.
pub fn estimators<'a>(rows: impl IntoIterator<Item = &'a Row>) -> BTreeSet<Estimator> {
    rows.into_iter().map(Row::estimator).collect()
}

/// The estimator of the main results. Its ranks are the first of `ranks`, the study's ranks in order
/// of preference, that occur in the rows, or else the lowest in the rows. Its method is least squares
/// if the rows have it, or else the first in the order of the table.
pub fn headline<'a>(rows: impl IntoIterator<Item = &'a Row>, ranks: &[Ranks]) -> Option<Estimator> {
    let all = estimators(rows);
    let occurs =
        |ranks: &&Ranks| all.iter().any(|e| (e.first, e.last) == (ranks.first(), ranks.last()));
    let lowest = || all.iter().map(|e| (e.first, e.last)).min();
    let ranks = ranks.iter().find(occurs).map(|r| (r.first(), r.last())).or_else(lowest)?;
    let with_ranks = || all.iter().filter(|e| (e.first, e.last) == ranks).copied();
    with_ranks().find(|e| e.method == Method::Ols).or_else(|| with_ranks().next())
}
