//! Whether spectra are power laws.

use maud::html;

use crate::{
    geometry::powerlaw::Description,
    report::{
        headline,
        html::{Section, long_table},
        marks::{description, warnings},
        rule_view::RuleView,
    },
    study::table::{self, Row},
};

const HEADER: [&str; 5] =
    ["ranks", "layer", "preferred, clean images", "preferred, all images", "doubts, all images"];

/// Which description of the spectra of each layer is preferred, and the warnings of all fits, for all
/// estimators; none if the descriptions were not compared and no fit has a warning.
pub fn is_it_one(rule: RuleView<'_>) -> Option<Section> {
    let mut lines = Vec::new();
    for estimator in table::estimators(&rule.study.rows) {
        let ranks = headline::name(&rule.study.rows, estimator);
        let networks = rule.with(estimator).networks();
        for layer in networks.layers() {
            let rows: Vec<&Row> =
                networks.rows.iter().copied().filter(|row| row.layer == layer).collect();
            let clean = rows.iter().copied().filter(|row| row.attack == "clean");
            lines.push(vec![
                ranks.clone(),
                layer.to_string(),
                preferred(clean),
                preferred(rows.iter().copied()),
                warned(&rows),
            ]);
        }
    }
    let has_any = lines.iter().any(|line| line[2..].iter().any(|cell| cell != "–"));
    has_any.then(|| {
        let body = html! {
            p {
                "The ranks of each spectrum are described by a power law, an exponential, and a power law \
                 that is broken at a rank. The description with the lowest Bayesian information criterion is \
                 preferred. Counted are the spectra of all seeds, and under \"all images\" also those of all attacks \
                 and strengths. Where the power law is not preferred, α is the mean slope over its ranks, and \
                 no exponent of the whole spectrum. Tables of α name the description where it is another one."
            }
            (long_table("Descriptions of the spectra", &HEADER, &lines))
        };
        Section::new(format!("Is it a power law? {}", rule.title()), body)
    })
}

/// `broken 4, power law 1`: how many of these rows prefer each description.
fn preferred<'a>(rows: impl Iterator<Item = &'a Row> + Clone) -> String {
    let all = [Description::PowerLaw, Description::Exponential, Description::Broken];
    let count = |wanted: Description| {
        let count = rows.clone().filter(|row| row.preferred == Some(wanted)).count();
        (count > 0).then(|| format!("{} {count}", description(wanted)))
    };
    or_dash(all.into_iter().filter_map(count).collect())
}

/// The warnings, and how many of these rows have each.
fn warned(rows: &[&Row]) -> String {
    let warnings = warnings(rows.iter().copied()).into_iter();
    or_dash(warnings.map(|(code, count)| format!("{code} {count}")).collect())
}

fn or_dash(parts: Vec<String>) -> String {
    if parts.is_empty() { "–".into() } else { parts.join(", ") }
}
