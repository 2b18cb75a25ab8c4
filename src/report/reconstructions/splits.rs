//! Which choice separates the reconstructions in which a claim holds from the others.

use maud::{Markup, html};
use serde::Serialize;

use super::grid::{Column, Grid, GridRow};
use crate::{
    report::html::{Section, table},
    spectrum::powerlaw::Method,
    study::{
        claims::Verdict,
        splits::{Choices, Split, largest_split},
        table::Estimator,
    },
};

/// In how many reconstructions a claim holds, and what separates these best from the others.
#[derive(Serialize)]
pub struct Survival {
    claim: String,
    attack: String,
    #[serde(skip)]
    title: String,
    #[serde(skip)]
    ranks: String,
    method: Method,
    rank_first: usize,
    rank_last: usize,
    /// Reconstructions for which the claim is decided.
    decided: usize,
    in_all_layers: usize,
    in_some_layer: usize,
    /// What separates those in which it holds in all layers from the others.
    separating: Option<String>,
}

/// One for each column of the grid.
pub fn survival(grid: &Grid<'_>) -> Vec<Survival> {
    let of = |(index, column): (usize, &Column)| {
        let decided =
            |row: &GridRow<'_>| row.cells[index].filter(|cell| cell.verdict != Verdict::Undecided);
        let cells: Vec<_> =
            grid.rows.iter().filter_map(|row| Some((row.choices, decided(row)?))).collect();
        let count = |holds: fn(usize, usize) -> bool| {
            cells.iter().filter(|(_, cell)| holds(cell.holding, cell.layers)).count()
        };
        let outcome = |holds: bool| if holds { 1.0 } else { 0.0 };
        let outcomes: Vec<(&Choices, f64)> = cells
            .iter()
            .map(|(choices, cell)| (*choices, outcome(cell.holding == cell.layers)))
            .collect();
        let Estimator { method, first, last } = column.estimator;
        Survival {
            claim: column.claim.clone(),
            attack: column.attack.clone(),
            title: column.title.clone(),
            ranks: column.ranks.clone(),
            method,
            rank_first: first,
            rank_last: last,
            decided: cells.len(),
            in_all_layers: count(|holding, layers| holding == layers),
            in_some_layer: count(|holding, _| holding > 0),
            separating: largest_split(&outcomes).map(|split| counts(&split)),
        }
    };
    grid.columns.iter().enumerate().map(of).collect()
}

/// `activation relu: 1 of 5, otherwise 8 of 10`.
fn counts(Split { of, choice, with, without }: &Split) -> String {
    format!(
        "{of} {choice}: {} of {}, otherwise {} of {}",
        with.sum, with.count, without.sum, without.count
    )
}

/// The table on the page.
pub fn section(survival: &[Survival]) -> Section {
    let row = |of: &Survival| {
        vec![
            html! { (of.claim) },
            html! { span.text { (of.title) } },
            html! { (of.ranks) },
            html! { (of.in_all_layers) " of " (of.decided) },
            html! { (of.in_some_layer) " of " (of.decided) },
            html! { span.text { (of.separating.as_deref().unwrap_or("none")) } },
        ]
    };
    let rows: Vec<Vec<Markup>> = survival.iter().map(row).collect();
    let header =
        ["claim", "attack", "ranks", "in all layers", "in some layer", "what separates them most"];
    let body = html! {
        p {
            "In how many of the decided reconstructions a claim holds in all layers, and in at least one. The last \
             column gives the choice that separates best those in which it holds in all layers from the others: in \
             how many it holds with this choice, and otherwise."
        }
        div #survival { (table(&header, &rows)) }
    };
    Section::new("What each claim depends on", body)
}
