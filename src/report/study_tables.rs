//! The tables of a study, which all pages about a study show.

use std::path::Path;

use crate::{
    Error, Result,
    files::read,
    study::{
        catalogue::Catalogue,
        claims::Claim,
        table::{self, Estimator, Row},
    },
};

/// The table and the claims of a study, and the descriptions in its `study.json`.
pub struct StudyTables {
    /// The rows of the table. Attacks of strength 0 are left out: they are the clean images.
    pub rows: Vec<Row>,
    /// The claims with their verdicts.
    pub claims: Vec<Claim>,
    /// Descriptions of rules and attacks.
    pub catalogue: Catalogue,
    /// The estimator that the figures and the first claims use.
    pub headline: Estimator,
}

impl StudyTables {
    /// Read the table, the claims, and `study.json` in the study's folder.
    pub fn read(table: &Path, claims: &Path, folder: &Path) -> Result<Self> {
        let rows = table::read(table)?;
        table::check_one_dataset(&rows, table)?;
        let rows = table::clean_once(rows);
        let claims = read::json_lines(claims, &read::written::CLAIMS)?;
        let catalogue = Catalogue::of_study(folder)?;
        let headline = table::headline(&rows, &catalogue.ranks);
        let headline = headline.ok_or_else(|| no_network(table))?;
        Ok(Self { rows, claims, catalogue, headline })
    }
}

/// What is wrong with a table that is about no network.
pub fn no_network(table: &Path) -> Error {
    Error::data("has no row of a network").in_file(table)
}
