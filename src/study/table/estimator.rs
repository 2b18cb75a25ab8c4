//! How alpha was estimated, by which rows of a table are told apart.

use std::{cmp::Ordering, collections::BTreeSet};

use super::Row;
use crate::geometry::powerlaw::{Fit, Method, Ranks};

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

    /// How a fit was made.
    #[must_use]
    pub fn of(fit: &Fit) -> Self {
        Self { method: fit.method, first: fit.first, last: fit.last }
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
