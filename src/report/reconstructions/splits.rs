//! Which choice separates the reconstructions in which a claim holds from the others.

use std::fmt;

use maud::{Markup, html};
use serde::Serialize;

use super::{
    Choices,
    grid::{Column, Grid, GridRow},
};
use crate::{
    geometry::powerlaw::Method,
    report::html::{Section, table},
    study::{claims::Verdict, table::Estimator},
};

/// A choice, and in how many reconstructions with it and without it a claim holds.
#[derive(Debug, PartialEq)]
pub struct Split {
    pub of: &'static str,
    pub choice: String,
    /// How many hold, and how many there are.
    pub with: (usize, usize),
    pub without: (usize, usize),
}

impl Split {
    /// The difference of the two fractions, negative if the claim holds less often with the choice.
    fn difference(&self) -> f64 {
        let fraction = |(holding, all): (usize, usize)| holding as f64 / all as f64;
        fraction(self.with) - fraction(self.without)
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of, choice, with, without } = self;
        write!(
            f,
            "{of} {choice}: {} of {}, otherwise {} of {}",
            with.0, with.1, without.0, without.1
        )
    }
}

/// The split with the largest difference; `None` if no choice makes one. Among equals, a choice with which
/// the claim holds more often, or else the first.
pub fn largest_split(outcomes: &[(&Choices, bool)]) -> Option<Split> {
    let mut all: Vec<(&'static str, &str)> = Vec::new();
    for choice in outcomes.iter().flat_map(|(choices, _)| choices.iter()) {
        if !all.contains(&choice) {
            all.push(choice);
        }
    }
    let split = |(of, choice): (&'static str, &str)| {
        let count = |wanted: bool| {
            let side = outcomes.iter().filter(|(choices, _)| choices.has(of, choice) == wanted);
            (side.clone().filter(|(_, holds)| *holds).count(), side.count())
        };
        let (with, without) = (count(true), count(false));
        let both = with.1 > 0 && without.1 > 0;
        both.then(|| Split { of, choice: choice.to_owned(), with, without })
    };
    let size = |split: &Split| (split.difference().abs(), split.difference() > 0.0);
    let splits = all.into_iter().filter_map(split).filter(|split| split.difference() != 0.0);
    splits.fold(None, |best: Option<Split>, next| match best {
        Some(best) if size(&best) >= size(&next) => Some(best),
        _ => Some(next),
    })
}

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
        let outcomes: Vec<(&Choices, bool)> =
            cells.iter().map(|(choices, cell)| (*choices, cell.holding == cell.layers)).collect();
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
            separating: largest_split(&outcomes).map(|split| split.to_string()),
        }
    };
    grid.columns.iter().enumerate().map(of).collect()
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
    Section::new("What each claim hangs on", body)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two choices of two values each; the claim holds as told, in this order: relu sgd, relu adam,
    /// tanh sgd, tanh adam.
    fn split(holds: [bool; 4]) -> Option<Split> {
        let choices: Vec<Choices> = ["relu", "tanh"]
            .iter()
            .flat_map(|f| ["sgd", "adam"].map(|o| [("activation", *f), ("optimizer", o)]))
            .map(|choices| Choices::of(&choices))
            .collect();
        largest_split(&choices.iter().zip(holds).collect::<Vec<_>>())
    }

    #[test]
    fn the_choice_that_separates_most_is_found_with_its_counts() {
        let adam = Split { of: "optimizer", choice: "adam".into(), with: (2, 2), without: (0, 2) };
        assert_eq!(split([false, true, false, true]), Some(adam));
        let tanh = split([false, false, true, true]).unwrap();
        assert_eq!((tanh.of, tanh.choice.as_str()), ("activation", "tanh"));
        // Of two that separate alike, the first.
        let partly = split([true, false, true, true]).unwrap();
        assert_eq!((partly.of, partly.choice.as_str()), ("optimizer", "sgd"));
        assert_eq!((partly.with, partly.without), ((2, 2), (1, 2)));
        // One of three values without which the claim holds.
        let of = |f: &'static str| Choices::of(&[("activation", f)]);
        let (relu, tanh, gelu) = (of("relu"), of("tanh"), of("gelu"));
        let without = largest_split(&[(&relu, false), (&tanh, true), (&gelu, true)]).unwrap();
        assert_eq!(without.to_string(), "activation relu: 0 of 1, otherwise 2 of 2");
    }

    #[test]
    fn what_holds_everywhere_or_nowhere_or_crosswise_hangs_on_no_choice() {
        for holds in [[true; 4], [false; 4], [true, false, false, true]] {
            assert_eq!(split(holds), None, "{holds:?}");
        }
        assert_eq!(largest_split(&[]), None);
    }
}
