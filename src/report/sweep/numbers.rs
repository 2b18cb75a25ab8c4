//! The numbers of a sweep.

use maud::{Markup, html};

use super::{
    Sweep, SweepRow,
    networks::{Networks, measured, percent},
};
use crate::{
    math::mean::mean_and_sd,
    report::{
        doubts::marked,
        html::{Section, long_table, of_seeds, spread},
        level::Level,
        links::Links,
    },
    study::table::Row,
};

const HEADER: [&str; 8] =
    ["study", "rule", "images", "seeds", "accuracy, %", "α", "r²", "participation ratio"];

/// The last layer of each study and rule, at the levels that the figures show.
pub fn of_last_layers(sweep: &Sweep) -> Section {
    let links = sweep.links.as_ref();
    let mut rows = Vec::new();
    for rule in &sweep.rules {
        let networks = Networks::of(sweep, rule);
        let title = sweep.catalogue.rule_title(rule);
        for level in networks.levels() {
            let studies = networks.last_layers(&level);
            rows.extend(studies.iter().map(|study| cells(sweep, title, &level, study)));
        }
    }
    let body = html! {
        p {
            "The last layer: mean ± standard deviation over seeds."
            @if links.is_some() { " The names of the studies are links to their own reports." }
        }
        (long_table("The last layer", &HEADER, &rows))
    };
    Section::new("Numbers", body)
}

/// The rows of one study's networks as one row of the table.
fn cells(sweep: &Sweep, rule: &str, level: &Level, study: &[&SweepRow]) -> Vec<Markup> {
    let mean = |value: fn(&Row) -> Option<f64>, digits| {
        let values = measured(study.iter().map(|(_, row)| (0.0, value(row))).collect());
        let with = values.iter().filter(|(_, value)| value.is_some()).count();
        let (mean, sd) = mean_and_sd(values.into_iter().map(|(_, value)| value));
        of_seeds(spread(mean, sd, digits), (with, study.len()))
    };
    let rest = [
        rule.to_owned(),
        level.title(&sweep.catalogue, ", "),
        study.len().to_string(),
        mean(percent, 2),
        marked(mean(|row| row.alpha, 2), study.iter().map(|(_, row)| row)),
        mean(|row| row.r2, 3),
        mean(|row| row.participation_ratio, 1),
    ];
    let rest = rest.iter().map(|cell| html! { (cell) });
    [name(study[0], sweep.links.as_ref())].into_iter().chain(rest).collect()
}

/// The name of a study, with a link to its report.
fn name((point, row): &SweepRow, links: Option<&Links>) -> Markup {
    let folder = point.folder();
    let name = format!("{folder}/{}", row.dataset);
    let report = folder.split('/').chain([row.dataset.as_str(), "report.html"]);
    html! {
        @match links {
            Some(links) => a href=(links.to(report)) { (name) },
            None => (name),
        }
    }
}
