//! The report of a sweep: accuracy, alpha and dimensionality against what was varied.

mod networks;
mod numbers;
mod varied;

use std::path::Path;

use maud::html;

use super::{
    Report, headline,
    html::{self, FigureList, Section},
    links::{FileLink, Links},
    rule_view::rules,
};
use crate::{
    Error, Result,
    files::read::is_stream,
    study::{
        catalogue::Catalogue,
        grid,
        table::{self, Estimator, Row},
    },
};
use networks::Networks;
use varied::Varied;

/// A row of the table of a sweep, with its study's place in the sweep.
type SweepRow = (grid::GridPoint, Row);

/// What the report of a sweep shows.
pub struct Sweep {
    /// The rows of the table. Attacks of strength 0 are left out: they are the clean images.
    rows: Vec<SweepRow>,
    /// The learning rules in the order in which they are shown; there is at least one.
    rules: Vec<String>,
    /// Descriptions of rules and attacks, from the first study: they are the same in all studies.
    catalogue: Catalogue,
    /// The estimator that is shown.
    headline: Estimator,
    /// Links to the studies' own reports, if their folder is known.
    links: Option<Links>,
}

impl Sweep {
    /// Read the table of a sweep, whose studies are in the same folder. The links are for a page at `page`.
    pub fn read(table: &Path, page: &Path) -> Result<Self> {
        let rows = table::clean_once_in_each(grid::read(table)?);
        let none = |what: &str| Error::data(format!("has no row{what}")).in_file(table);
        let (point, first) = rows.first().ok_or_else(|| none("s"))?;
        let folder = table.parent().filter(|_| !is_stream(table));
        let catalogue = match folder {
            Some(folder) => Catalogue::of_study(&folder.join(point.folder()).join(&first.dataset))?,
            None => Catalogue::default(),
        };
        let measured = || rows.iter().map(|(_, row)| row);
        let rules = rules(measured(), &catalogue);
        if rules.is_empty() {
            return Err(none(" of a network"));
        }
        let headline = table::headline(measured(), &catalogue.ranks).ok_or_else(|| none("s"))?;
        let links = folder.map(|folder| Links::new(page, folder)).transpose()?;
        Ok(Self { rows, rules, catalogue, headline, links })
    }
}

/// The report of a sweep. `links` lead to its figures if they are also files, `files` to the numbers.
#[must_use]
pub fn sweep(sweep: &Sweep, links: Option<Links>, files: &[FileLink]) -> Report {
    let Sweep { rules, catalogue, headline, .. } = sweep;
    let networks = Networks::of(sweep, &rules[0]);
    let shown = networks.shown(catalogue.rule_title(&rules[0]));
    let figures = &mut FigureList::new(links);
    let opening = html! {
        p {
            "How accuracy, the exponent α of the power law of the eigenspectrum, and the participation ratio of \
             the last layer depend on what was varied: mean and standard deviation over seeds."
        }
        p {
            "Learning rule of the figures: " (catalogue.rule_title(&rules[0])) ". "
            (headline::sentence(*headline))
        }
    };
    let varied = Varied::ALL.into_iter().filter(|varied| networks.values(*varied).len() > 1);
    let against = |varied: Varied| {
        let figure = figures.add(
            varied.name(),
            networks.against(varied),
            &shown,
            "The last layer, for clean images and for each attack at the middle of its strengths. There is \
             one line for each combination of what else was varied. Each panel has its own axes.",
        );
        Section::new(format!("Against {}", networks.axis(varied).label), figure)
    };
    let mut sections: Vec<Section> = varied.map(against).collect();
    let layers = figures.add(
        "layers",
        networks.along_layers(),
        &shown,
        "Clean images: α and participation ratio of each layer. With local errors, the lower layers of a deep \
         network are the same as those of a shallow one.",
    );
    sections.extend([Section::new("Along the layers", layers), numbers::of_last_layers(sweep)]);
    let heading = "A sweep: accuracy, exponent and dimensionality";
    Report { page: html::page(heading, &opening, files, &sections), figures: figures.take() }
}
