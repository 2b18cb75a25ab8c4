//! The page of the reconstructions: which claims survive the choices that the paper leaves open.
//!
//! Each rule of the study is a reconstruction, that is, a choice of activation function, optimizer,
//! schedule and width, which its networks' `model.json` names.

mod chosen;
mod grid;
mod splits;

use std::{collections::BTreeMap, path::Path};

use maud::html;
use serde::Serialize;

use super::{
    Report,
    figures::{
        self, Axis, Curve, Layout, Palette, Panel, Point, Specification, Specifications, layer_name,
    },
    html::{self, FigureList, Section},
    links::{FileLink, Links},
    sections::choices,
    selection::{Selection, own_accuracy},
    study_tables::{StudyTables, no_network},
};
use crate::{
    Result,
    files::read,
    study::{catalogue::AttackEntry, claims::Analysis, splits::Choices, table::Row},
    words,
};
use grid::Grid;
use splits::survival;

/// What the page shows, read from the files of a study.
pub struct Reconstructions {
    tables: StudyTables,
    /// The rules with what they chose, in the order in which the study names them.
    rules: Vec<(String, Choices)>,
    /// The claims in all combinations of choices of the analysis; empty if they are not given.
    analyses: Vec<Analysis>,
}

impl Reconstructions {
    /// Read the table, the claims, the claims in all combinations of choices if they are given, and
    /// `model.json` of each rule's first seed.
    ///
    /// # Errors
    /// If a file cannot be read, or the table has no network.
    pub fn read(
        table: &Path,
        claims: &Path,
        choices: Option<&Path>,
        folder: &Path,
    ) -> Result<Self> {
        let tables = StudyTables::read(table, claims, folder)?;
        let StudyTables { rows, catalogue, .. } = &tables;
        let none = || no_network(table);
        let rules = catalogue.as_named(rows.iter().filter_map(|row| row.rule.clone()).collect());
        let chosen = |rule: String| -> Result<_> {
            let seeds = rows.iter().filter(|row| row.rule.as_ref() == Some(&rule));
            let seed = seeds.filter_map(|row| row.seed).min().ok_or_else(none)?;
            let choices = chosen::of_network(&folder.join(format!("{rule}/seed-{seed}/model")))?;
            Ok((rule, choices))
        };
        let rules = rules.into_iter().map(chosen).collect::<Result<Vec<_>>>()?;
        if rules.is_empty() {
            return Err(none());
        }
        let analyses =
            choices.map(|file| read::json_lines(file, &read::written::CHOICES)).transpose()?;
        Ok(Self { tables, rules, analyses: analyses.unwrap_or_default() })
    }

    /// In how many reconstructions each claim holds, by attack and ranks, and what separates these from
    /// the others.
    #[must_use]
    pub fn survival(&self) -> Vec<impl Serialize> {
        survival(&Grid::of(self))
    }

    /// What the figure says of the networks that it shows.
    fn networks_shown(&self) -> String {
        let seeds = self.tables.rows.iter().filter_map(|row| row.seed).collect();
        format!("Networks: all reconstructions, {}.", words::seeds(&seeds))
    }

    /// The attacks that are no control of another one.
    fn attacks(&self) -> Vec<AttackEntry> {
        let (rule, _) = &self.rules[0];
        let mut attacks = Selection::networks(&self.tables.rows, rule, self.tables.headline)
            .attacks(&self.tables.catalogue);
        attacks.retain(|attack| !attack.is_control());
        attacks
    }
}

/// The page. `links` lead to its figure if it is also a file, `files` to the numbers.
#[must_use]
pub fn reconstructions(
    study: &Reconstructions,
    links: Option<Links>,
    files: &[FileLink],
) -> Report {
    let figures = &mut FigureList::new(links);
    let grid = Grid::of(study);
    let opening = html! {
        p {
            "The paper leaves choices open: the activation function, the optimizer, whether layers learn jointly or \
             one after another, their width, and whether attacked images are clipped to [0, 1]. Each row below is \
             one way to choose. The data set is " (study.tables.rows[0].dataset) "."
        }
    };
    let figure = figures.add(
        "reconstructions",
        accuracy_alpha(study),
        &study.networks_shown(),
        &format!(
            "Means over seeds. Each row is a reconstruction, and each column an attack, the first: {}. Each \
             line is a layer, and each of its points a strength of the attack; it begins at the clean images, \
             with the highest accuracy. Each panel has its own α axis.",
            study.attacks().first().map_or("none", |attack| attack.title.as_str())
        ),
    );
    let sections = [
        grid.section(),
        splits::section(&survival(&grid)),
        over_all_choices(study, figures),
        Section::new("Accuracy against α", figure),
        Section::new("Clean images", clean(study)),
    ];
    let heading = "Which claims survive the choices that the paper leaves open?";
    Report { page: html::page(heading, &opening, files, &sections), figures: figures.take() }
}

/// The claims over all choices, of the networks and of the analysis.
fn over_all_choices(study: &Reconstructions, figures: &mut FigureList) -> Section {
    let mut columns: BTreeMap<(&str, &str), Specifications> = BTreeMap::new();
    for (rule, chosen) in &study.rules {
        let of_rule = study.analyses.iter().filter(|one| one.rule == *rule && one.is_decided());
        for analysis in of_rule {
            let of_analysis = analysis.choices();
            let all = chosen.iter().chain(of_analysis.iter());
            let all = all.map(|(of, choice)| (of, choice.into())).collect();
            let specification = choices::specification(analysis, all);
            let column = columns.entry((&analysis.claim, &analysis.attack));
            let column = column.or_insert_with(|| {
                let attack = study.tables.catalogue.attack(&analysis.attack).title;
                Specifications {
                    title: choices::title(&analysis.claim, &attack),
                    analyses: Vec::new(),
                    layers: analysis.layers,
                }
            });
            // Each reconstruction has one: the default is of no single analysis here.
            column.analyses.push(Specification { default: false, ..specification });
        }
    }
    let columns: Vec<Specifications> = columns.into_values().collect();
    let body = html! {
        @if columns.is_empty() {
            p { "No claim is decided in any analysis." }
        } @else {
            p {
                "The same for all choices together, those of the networks and those of the analysis: whether the \
                 attacked images are clipped, up to which strength the curve goes, whether points at the floor of \
                 accuracy count, how α is fitted, and whether the thresholds are halved or doubled."
            }
            (figures.add(
                "choices",
                figures::specifications(&columns),
                &study.networks_shown(),
                choices::CAPTION,
            ))
        }
    };
    Section::new("Over all choices of the analysis", body)
}

/// Accuracy against alpha: a row of panels per reconstruction, a panel per attack.
fn accuracy_alpha(study: &Reconstructions) -> String {
    let attacks = study.attacks();
    let panel = |rule: &str, (column, attack): (usize, &AttackEntry)| {
        let networks = Selection::networks(&study.tables.rows, rule, study.tables.headline);
        let curve =
            |layer| Curve { label: layer_name(layer), points: points(&networks, layer, attack) };
        Panel {
            // Both together would not fit.
            title: if column == 0 {
                study.tables.catalogue.rule_title(rule)
            } else {
                &attack.title
            }
            .into(),
            x: Axis::linear("α"),
            y: Axis::linear("accuracy, %"),
            curves: networks.layers().into_iter().map(curve).collect(),
        }
    };
    let panels = study
        .rules
        .iter()
        .flat_map(|(rule, _)| attacks.iter().enumerate().map(move |attack| panel(rule, attack)));
    let layout = Layout {
        title: "Accuracy against alpha, by reconstruction and attack".into(),
        columns: attacks.len().max(1),
        height: 170,
        share_y: true,
        palette: Palette::Sequence,
    };
    figures::panels(&panels.collect::<Vec<_>>(), &layout)
}

/// The means over seeds of alpha and accuracy of a layer at each strength, clean images first.
fn points(networks: &Selection<'_>, layer: usize, attack: &AttackEntry) -> Vec<Point> {
    let mean = |value: fn(&Row) -> Option<f64>| networks.along_strengths(layer, attack, value);
    let both = mean(|row| row.alpha).into_iter().zip(mean(own_accuracy));
    let point = |(alpha, accuracy): (Point, Point)| {
        let y = accuracy.y.map(|accuracy| 100.0 * accuracy);
        Some(Point { x: alpha.y?, y, sd: None })
    };
    both.filter_map(point).collect()
}

/// A number in the table of clean images: its name, its value, and how many digits are shown.
type Shown = (&'static str, fn(&Row) -> Option<f64>, usize);

/// Accuracy, alpha and participation ratio of clean images.
fn clean(study: &Reconstructions) -> maud::Markup {
    let networks =
        |rule: &str| Selection::networks(&study.tables.rows, rule, study.tables.headline);
    let layers = study.rules.iter().flat_map(|(rule, _)| networks(rule).layers());
    let layers: Vec<usize> =
        layers.collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    let names = layers.iter().map(|layer| layer_name(*layer));
    let header: Vec<String> =
        ["reconstruction", ""].map(String::from).into_iter().chain(names).collect();
    let values: [Shown; 3] = [
        ("accuracy, %", |row| own_accuracy(row).map(|accuracy| 100.0 * accuracy), 1),
        ("α", |row| row.alpha, 2),
        ("participation ratio", |row| row.participation_ratio, 1),
    ];
    let row = |(rule, (name, value, digits)): (&String, Shown)| {
        let networks = networks(rule);
        let cell = |layer: &usize| match networks.clean(*layer, value) {
            Some(point) => html::spread(point.y, point.sd, digits),
            None => html::number(None, digits),
        };
        let begin = [study.tables.catalogue.rule_title(rule).to_owned(), name.to_owned()];
        begin.into_iter().chain(layers.iter().map(cell)).collect::<Vec<_>>()
    };
    let rows = study.rules.iter().flat_map(|(rule, _)| values.map(|value| (rule, value)));
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    html::long_table("By layer", &header, &rows.map(row).collect::<Vec<_>>())
}
