//! The verdict on each claim by reconstruction.

use maud::{Markup, html};

use super::Reconstructions;
use crate::{
    report::{headline, html::Section},
    spectrum::powerlaw::Ranks,
    study::{
        claims::{Claim, OF_THE_PAPER, Verdict},
        splits::Choices,
        table::Estimator,
    },
};

/// The verdicts: one row for each reconstruction, and one column for each claim, attack and range of
/// ranks.
pub struct Grid<'a> {
    pub columns: Vec<Column>,
    pub rows: Vec<GridRow<'a>>,
}

/// What a column is about.
#[derive(Clone, PartialEq)]
pub struct Column {
    pub claim: String,
    pub attack: String,
    pub title: String,
    pub estimator: Estimator,
    pub ranks: String,
}

/// A reconstruction with its cells, in the order of the columns.
pub struct GridRow<'a> {
    pub title: &'a str,
    pub choices: &'a Choices,
    pub cells: Vec<Option<Cell>>,
}

/// In how many layers a claim holds.
#[derive(Clone, Copy)]
pub struct Cell {
    pub holding: usize,
    pub layers: usize,
    pub verdict: Verdict,
}

impl<'a> Grid<'a> {
    pub fn of(study: &'a Reconstructions) -> Self {
        let columns = columns(study);
        let cell = |rule: &str, column: &Column| {
            let claim = study
                .tables
                .claims
                .iter()
                .find(|claim| claim.rule == rule && column.is_of(claim))?;
            Some(Cell {
                holding: claim.holding().len(),
                layers: claim.layers.len(),
                verdict: claim.verdict,
            })
        };
        let rows = study.rules.iter().map(|(rule, choices)| GridRow {
            title: study.tables.catalogue.rule_title(rule),
            choices,
            cells: columns.iter().map(|column| cell(rule, column)).collect(),
        });
        Self { rows: rows.collect(), columns }
    }

    /// In each cell, in how many layers the claim holds.
    pub fn section(&self) -> Section {
        let mut of_claim: Vec<(String, usize)> = Vec::new();
        for column in &self.columns {
            let name = format!("{} ({})", column.claim, column.ranks);
            match of_claim.last_mut() {
                Some((last, count)) if *last == name => *count += 1,
                _ => of_claim.push((name, 1)),
            }
        }
        // Whether a column is the first of its claim.
        let firsts: Vec<bool> =
            of_claim.iter().flat_map(|(_, count)| (0..*count).map(|index| index == 0)).collect();
        let body = html! {
            p {
                "In how many layers each claim holds, along the strengths of an attack. Darker is more. A dash: \
                 undecided in all layers."
                @for (name, saying) in OF_THE_PAPER { " " (name) ": " (saying.replace("alpha", "α")) "." }
            }
            div.wide {
                table.grid {
                    thead {
                        tr {
                            th {}
                            @for (name, count) in &of_claim { th.first colspan=(count) { (name) } }
                        }
                        tr {
                            th { "reconstruction" }
                            @for (column, first) in self.columns.iter().zip(&firsts) {
                                th.upright.first[*first] { span { (column.title) } }
                            }
                        }
                    }
                    tbody {
                        "\n"
                        @for row in &self.rows {
                            tr {
                                td { (row.title) }
                                @for (cell, first) in row.cells.iter().zip(&firsts) {
                                    (shaded(*cell, *first))
                                }
                            }
                            "\n"
                        }
                    }
                }
            }
            "\n"
        };
        Section::new("Verdict by reconstruction", body)
    }
}

fn shaded(cell: Option<Cell>, first: bool) -> Markup {
    match cell.filter(|cell| cell.verdict != Verdict::Undecided) {
        None => html! { td.first[first] { "–" } },
        Some(Cell { holding, layers, .. }) => {
            let shade = 70 * holding / layers.max(1);
            let style = format!("background: rgb(70 130 180 / {shade}%)");
            html! { td.first[first] style=(style) { (holding) } }
        }
    }
}

impl Column {
    fn is_of(&self, claim: &Claim) -> bool {
        claim.claim == self.claim
            && claim.attack.as_ref() == Some(&self.attack)
            && claim.estimator() == self.estimator
    }
}

/// All columns: by ranks, in the study's order, then by claim, then by attack. They have the method of the main
/// results: which method is chosen is seen in the verdicts over all choices.
fn columns(study: &Reconstructions) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for claim in &study.tables.claims {
        let is_shown = OF_THE_PAPER.iter().any(|(name, _)| *name == claim.claim)
            && claim.method == study.tables.headline.method;
        let (true, Some(attack)) = (is_shown, &claim.attack) else {
            continue;
        };
        let column = Column {
            claim: claim.claim.clone(),
            attack: attack.clone(),
            title: study.tables.catalogue.attack(attack).title,
            estimator: claim.estimator(),
            ranks: headline::name(&study.tables.rows, claim.estimator()),
        };
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    let place = |estimator: Estimator| {
        let named =
            |ranks: &Ranks| (ranks.first(), ranks.last()) == (estimator.first, estimator.last);
        study.tables.catalogue.ranks.iter().position(named).unwrap_or(usize::MAX)
    };
    columns.sort_by_key(|column| {
        let family = study.tables.catalogue.attack(&column.attack).family;
        let Estimator { first, last, .. } = column.estimator;
        (place(column.estimator), first, last, column.claim.clone(), family, column.attack.clone())
    });
    columns
}
