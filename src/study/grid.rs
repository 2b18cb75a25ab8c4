//! A sweep: studies over a grid of widths, depths, data sets and training-set sizes, in one table.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    files::read,
    study::table::{self, Row, Summary},
};

/// The position of a study in a sweep. The data set is not part of it, because each row has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GridPoint {
    /// Number of training images used; `None` for all.
    pub train_samples: Option<usize>,
    /// Number of units of each layer.
    pub width: usize,
    /// Number of layers.
    pub depth: usize,
}

impl GridPoint {
    /// Parse the directory of a run, `train-N/width-W/depth-D/DATASET/...` with N a number or `all`.
    fn parse(directory: &str) -> Option<Self> {
        let mut parts = directory.rsplit('/').skip_while(|part| !part.starts_with("depth-"));
        let mut after = |prefix: &str| parts.next()?.strip_prefix(prefix);
        let depth = after("depth-")?.parse().ok()?;
        let width = after("width-")?.parse().ok()?;
        let train_samples = match after("train-")? {
            "all" => None,
            number => Some(number.parse().ok()?),
        };
        Some(Self { train_samples, width, depth })
    }

    /// The folder of the studies at this point, relative to the folder of the sweep.
    #[must_use]
    pub fn folder(&self) -> String {
        let train = self.train_samples.map_or("all".into(), |samples| samples.to_string());
        format!("train-{train}/width-{}/depth-{}", self.width, self.depth)
    }
}

/// Join the files of the runs of a sweep's studies into one table, as [`table::table`] does for one
/// study.
///
/// # Errors
/// If a directory is not a run of a sweep, or as for [`table::table`].
pub fn table(directories: &[String]) -> Result<Vec<(GridPoint, Row)>> {
    let mut studies: BTreeMap<GridPoint, Vec<String>> = BTreeMap::new();
    for directory in directories {
        let point = GridPoint::parse(directory).ok_or_else(|| {
            Error::data(
                "is not a run of a sweep (expected train-N/width-W/depth-D/ before DATASET)",
            )
            .in_file(Path::new(directory))
        })?;
        studies.entry(point).or_default().push(directory.clone());
    }
    let mut rows = Vec::new();
    for (point, directories) in studies {
        rows.extend(table::table(&directories)?.into_iter().map(|row| (point, row)));
    }
    Ok(rows)
}

/// Read and check a table written by [`table()`]. Its rows may be in any order.
///
/// # Errors
/// If the file cannot be read, a row is invalid, or two rows describe the same point.
pub fn read(path: &Path) -> Result<Vec<(GridPoint, Row)>> {
    table::checked(read::csv(path, &read::written::SWEEP_TABLE, &table::OPTIONAL)?)
}

/// Mean and standard deviation over the seeds, for each study.
#[must_use]
pub fn summary(rows: &[(GridPoint, Row)]) -> Vec<(GridPoint, Summary)> {
    let mut studies: BTreeMap<GridPoint, Vec<Row>> = BTreeMap::new();
    for (point, row) in rows {
        studies.entry(*point).or_default().push(row.clone());
    }
    let of_point = |(point, rows): (GridPoint, Vec<Row>)| {
        table::summary(&rows).into_iter().map(move |s| (point, s))
    };
    studies.into_iter().flat_map(of_point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_of_a_run_contains_its_grid_point() {
        let point = |train_samples| Some(GridPoint { train_samples, width: 50, depth: 3 });
        for (train, run) in [("all", "digits/clean"), ("all", "digits/local/seed-1/fgsm-0.1")] {
            let directory = format!("out/width-9/sweep/train-{train}/width-50/depth-3/{run}");
            assert_eq!(GridPoint::parse(&directory), point(None), "{directory}");
        }
        let directory = "train-2000/width-50/depth-3/mnist/local/seed-1/clean";
        assert_eq!(GridPoint::parse(directory), point(Some(2000)));
        assert!(directory.starts_with(&point(Some(2000)).unwrap().folder()));
        for directory in [
            "",
            "out/digits/clean",
            "depth-3/digits/clean",
            "train-x/width-50/depth-3/digits/clean",
        ] {
            assert_eq!(GridPoint::parse(directory), None, "{directory}");
        }
    }
}
