//! The numbers of clean images.

use maud::html;

use super::noise;
use crate::{
    report::{
        doubts::{marked, of_fit},
        headline,
        html::{Section, long_table, number, of_seeds, spread},
        selection::Selection,
        study_files::StudyFiles,
    },
    spectrum::powerlaw::Fit,
    study::table::{self, Row},
};

const HEADER: [&str; 10] = [
    "rule",
    "ranks",
    "layer",
    "accuracy, %",
    "α",
    "r²",
    "curvature",
    "participation ratio",
    "effective rank",
    "dead units",
];

/// What is measured on clean images, for all estimators.
pub fn of_clean_images(study: &StudyFiles) -> Section {
    let mut rows = Vec::new();
    for estimator in table::estimators(&study.rows) {
        let ranks = headline::name(&study.rows, estimator);
        let images = Selection::images(&study.rows, estimator);
        rows.extend(of_layers("images", &ranks, &images));
        for rule in &study.rules {
            let rule = study.rule(rule).with(estimator);
            rows.extend(of_layers(rule.title(), &ranks, &rule.networks()));
        }
        let mut noise = noise::fits(study.main_rule().with(estimator));
        noise.dedup_by(|(_, a), (_, b)| (a.units, a.alpha) == (b.units, b.alpha));
        rows.extend(noise.iter().map(|(_, fit)| of_noise(&ranks, fit)));
    }
    let body = html! {
        p {
            "Clean images: mean ± standard deviation over seeds. Layer 0 is the images themselves. An accuracy \
             \"probe\" is that of a linear classifier trained afterwards on the layer's activations, because the rule \
             trains none. If a fit used fewer ranks than asked for, because the other eigenvalues are 0, the number of \
             ranks used stands beside α: slopes over different ranks are not comparable. Then come reasons to doubt \
             α, with the number of seeds if not all: the code of a warning, or the description of the spectrum that is preferred to a power law. The noise has the \
             shape of the layers of the first rule."
        }
        (long_table("Clean images", &HEADER, &rows))
    };
    Section::new("Numbers", body)
}

fn of_layers(name: &str, ranks: &str, selection: &Selection<'_>) -> Vec<Vec<String>> {
    let row = |layer: usize| {
        let clean = |value: fn(&Row) -> Option<f64>, digits: usize| {
            let point = selection.clean(layer, value);
            let spread = point.map_or("–".into(), |point| spread(point.y, point.sd, digits));
            of_seeds(spread, selection.seeds_with(layer, value))
        };
        let rows = || {
            let rows = selection.rows.iter().copied();
            rows.filter(move |row| row.layer == layer && row.attack == "clean")
        };
        let probe = if rows().any(|row| row.probe) { ", probe" } else { "" };
        vec![
            name.into(),
            ranks.into(),
            layer.to_string(),
            clean(|row| row.accuracy.map(|accuracy| 100.0 * accuracy), 2) + probe,
            marked(clean(|row| row.alpha, 2), rows()),
            clean(|row| row.r2, 3),
            clean(|row| row.curvature, 2),
            clean(|row| row.participation_ratio, 1),
            clean(|row| row.effective_rank, 1),
            clean(|row| row.dead.map(|dead| dead as f64), 0),
        ]
    };
    selection.layers().into_iter().map(row).collect()
}

fn of_noise(ranks: &str, fit: &Fit) -> Vec<String> {
    vec![
        noise::NAME.into(),
        ranks.into(),
        "–".into(),
        "–".into(),
        of_fit(fit),
        number(fit.r2, 3),
        number(fit.curvature, 2),
        number(fit.participation_ratio, 1),
        number(fit.effective_rank, 1),
        "–".into(),
    ]
}
