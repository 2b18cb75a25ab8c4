//! Ranges of ranks over which a power law is fitted.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A range of ranks, counted from 1, both ends included. JSON holds it as a string, in the form of
/// the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ranks {
    first: usize,
    last: usize,
}

impl fmt::Display for Ranks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl FromStr for Ranks {
    type Err = String;

    /// Parse `FIRST-LAST`.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        text.split_once('-')
            .and_then(|(first, last)| Self::new(first.parse().ok()?, last.parse().ok()?).ok())
            .ok_or_else(|| EXPECTED.into())
    }
}

const EXPECTED: &str =
    "expected FIRST-LAST such as 1-50, with at least three ranks, counted from 1";

impl TryFrom<String> for Ranks {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        text.parse().map_err(|expected| format!("{text} is not a range of ranks ({expected})"))
    }
}

impl From<Ranks> for String {
    fn from(ranks: Ranks) -> Self {
        ranks.to_string()
    }
}

impl Ranks {
    /// The ranks from `first` to `last`.
    ///
    /// # Errors
    /// If `first` is 0 or if there are fewer than three ranks: one rank has no slope, and a line
    /// through two has no residuals.
    pub fn new(first: usize, last: usize) -> Result<Self> {
        if first >= 1 && last.saturating_sub(first) >= 2 {
            return Ok(Self { first, last });
        }
        Err(Error::usage(format!("{first}-{last} is not a range of ranks ({EXPECTED})")))
    }

    /// The first rank.
    #[must_use]
    pub fn first(self) -> usize {
        self.first
    }

    /// The last rank.
    #[must_use]
    pub fn last(self) -> usize {
        self.last
    }

    /// Split the range into `count` windows with about the same ratio of last to first rank, so that
    /// they have equal widths on a logarithmic axis. Windows of fewer than three ranks are left out.
    #[must_use]
    pub fn windows(self, count: usize) -> Vec<Self> {
        let (first, ratio) = (self.first as f64, self.last as f64 / self.first as f64);
        let edge =
            |k: usize| (first * ratio.powf(k as f64 / count as f64)).round().max(1.0) as usize;
        (0..count).filter_map(|k| Self::new(edge(k), edge(k + 1)).ok()).collect()
    }
}

/// The ranges that combine each of several first ranks with each of several last ranks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid(pub Vec<Ranks>);

impl FromStr for Grid {
    type Err = String;

    /// Parse `FIRST,...:LAST,...`; pairs with fewer than three ranks are left out.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let numbers = |list: &str| -> Option<Vec<usize>> {
            list.split(',').map(|number| number.parse().ok()).collect()
        };
        let ranges = text.split_once(':').and_then(|(firsts, lasts)| {
            let (firsts, lasts) = (numbers(firsts)?, numbers(lasts)?);
            let pairs =
                firsts.iter().flat_map(|&first| lasts.iter().map(move |&last| (first, last)));
            Some(pairs.filter_map(|(first, last)| Ranks::new(first, last).ok()).collect())
        });
        ranges.filter(|ranges: &Vec<Ranks>| !ranges.is_empty()).map(Self).ok_or_else(|| {
            "expected FIRST,...:LAST,... such as 1,5,10:20,50,100, with at least three ranks in one range"
                .into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_and_too_short_ranges_are_refused() {
        assert_eq!("1-50".parse(), Ok(Ranks { first: 1, last: 50 }));
        for text in ["0-10", "10-1", "5-6", "5", "-", "1-", "1-50-60", "1- 50"] {
            assert!(text.parse::<Ranks>().is_err(), "{text}");
        }
    }

    #[test]
    fn windows_cover_the_ranks_in_equal_ratios() {
        let windows = Ranks { first: 1, last: 1000 }.windows(3);
        let expected = [(1, 10), (10, 100), (100, 1000)].map(|(first, last)| Ranks { first, last });
        assert_eq!(windows, expected);
        // The first of the six windows of 1-64, 1-2, has fewer than three ranks.
        let windows = Ranks { first: 1, last: 64 }.windows(6);
        assert_eq!(windows.first(), Some(&Ranks { first: 2, last: 4 }));
        assert_eq!(windows.len(), 5);
        assert!(Ranks { first: 10, last: 12 }.windows(4).is_empty());
    }

    #[test]
    fn a_grid_is_all_pairs_that_can_be_fitted() {
        let grid: Grid = "1,10:11,50".parse().unwrap();
        let expected = [(1, 11), (1, 50), (10, 50)].map(|(first, last)| Ranks { first, last });
        assert_eq!(grid.0, expected);
        for text in ["", "1", "1:", ":5", "1:2", "a:5", "0:50", "1,:5"] {
            assert!(text.parse::<Grid>().is_err(), "{text}");
        }
    }
}
