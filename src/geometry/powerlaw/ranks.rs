//! Ranges of ranks to fit over.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Ranks counted from 1, both ends included. In JSON a string, as on the command line.
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

    /// `FIRST-LAST`
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        text.split_once('-')
            .and_then(|(first, last)| Self::new(first.parse().ok()?, last.parse().ok()?).ok())
            .ok_or_else(|| EXPECTED.into())
    }
}

const EXPECTED: &str = "expected FIRST-LAST such as 1-50: at least three ranks, counted from 1";

impl TryFrom<String> for Ranks {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        text.parse().map_err(|expected| format!("{text} is no range of ranks ({expected})"))
    }
}

impl From<Ranks> for String {
    fn from(ranks: Ranks) -> Self {
        ranks.to_string()
    }
}

impl Ranks {
    /// At least three ranks, since two have no error and one has no slope.
    pub fn new(first: usize, last: usize) -> Result<Self> {
        if first >= 1 && last.saturating_sub(first) >= 2 {
            return Ok(Self { first, last });
        }
        Err(Error::usage(format!("{first}-{last} is no range of ranks ({EXPECTED})")))
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

    /// This number of windows, of about equal ratios of last to first; those of fewer than three
    /// ranks are left out.
    #[must_use]
    pub fn windows(self, count: usize) -> Vec<Self> {
        let (first, ratio) = (self.first as f64, self.last as f64 / self.first as f64);
        let edge =
            |k: usize| (first * ratio.powf(k as f64 / count as f64)).round().max(1.0) as usize;
        (0..count).filter_map(|k| Self::new(edge(k), edge(k + 1)).ok()).collect()
    }
}

/// All ranges from one of some first ranks to one of some last ranks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid(pub Vec<Ranks>);

impl FromStr for Grid {
    type Err = String;

    /// `FIRST,...:LAST,...`
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
            "expected FIRST,...:LAST,... such as 1,5,10:20,50,100: at least three ranks in one range"
                .into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_that_fit_nothing_are_refused() {
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
        // 1-2 and 2-4 among the six of 1-64 have no slope, or hardly one.
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
