//! The claims in addition to the paper's three. They are judged on clean images: across layers, along
//! epochs, and between learning rules.

use std::collections::BTreeMap;

use super::{
    Claim, DECAY, POSITIVE, RHO,
    curves::{self, CurvePoint, Seeds, Subject, accuracies, enough, positions},
    decide::Definition,
    paper::alpha_accuracy_correlation,
    statistics::spearman,
};
use crate::{study::table::Row, train::Rule};

/// The claims about depth, training, smoothness and the learning rule, on clean images.
pub fn about_clean_images(rows: &[Row], subject: &Subject, dimension: Option<f64>) -> Vec<Claim> {
    let clean = curves::along_strength(rows, subject, "clean");
    let depth = BTreeMap::from([(0, curves::along_layers(rows, subject))]);
    let epochs = curves::along_epochs(rows, subject);
    let across_layers = |claim: &str,
                         statement: &str,
                         statistic: fn(&[CurvePoint]) -> Option<f64>| {
        let definition =
            Definition { claim, statement, subject, attack: None, threshold: RHO, strengths: &[] };
        let mut claim = definition.judge(&depth, |_, seeds| {
            enough(seeds, "layers")?;
            Ok(per_seed(seeds, statistic))
        });
        for layer in &mut claim.layers {
            layer.layer = None;
        }
        claim
    };
    let mut claims = vec![
        across_layers(
            "C1-layers",
            "across layers, high accuracy goes with a fast decay",
            alpha_accuracy_correlation,
        ),
        across_layers("accuracy-depth", "accuracy rises with depth", |points| {
            spearman(&positions(points), &accuracies(points))
        }),
        across_layers(
            "dimensionality-depth",
            "the participation ratio falls with depth",
            |points| {
                let ratios: Vec<f64> = points.iter().map(|p| -p.participation_ratio).collect();
                spearman(&positions(points), &ratios)
            },
        ),
    ];
    let statement = format!("during training, {DECAY}");
    let definition = Definition {
        claim: "C1-epochs",
        statement: &statement,
        subject,
        attack: None,
        threshold: RHO,
        strengths: &[],
    };
    let claim = definition.judge(&epochs, |_, seeds| {
        enough(seeds, "snapshots")?;
        Ok(per_seed(seeds, alpha_accuracy_correlation))
    });
    claims.push(
        claim.with_reason_if_empty("the table has no snapshots of this rule during training"),
    );
    claims.extend(dimension.map(|d| smoothness(rows, subject, &clean, d)));
    if subject.rule == Rule::Local.name() {
        let backprop = Subject { rule: Rule::Backprop.name().into(), ..subject.clone() };
        let other = curves::along_strength(rows, &backprop, "clean");
        if !other.is_empty() {
            claims.push(faster_decay_than(subject, &clean, &other));
        }
    }
    claims
}

/// The necessary condition `alpha > 1 + 2/d` for a smooth manifold of dimension d (Stringer et al.,
/// Nature 571, 361, 2019). The statement quotes alpha of the images themselves for comparison.
fn smoothness(rows: &[Row], subject: &Subject, clean: &BTreeMap<usize, Seeds>, d: f64) -> Claim {
    let bound = 1.0 + 2.0 / d;
    let is_images = |row: &&Row| row.rule.is_none() && row.attack == "clean";
    let images = rows.iter().filter(is_images).find(|row| row.estimator() == subject.estimator);
    let images = images.and_then(|row| row.alpha);
    let rounded = |number: f64, digits: usize| {
        if number.abs() < 1e9 {
            format!("{number:.digits$}")
        } else {
            format!("{number:.digits$e}")
        }
    };
    let statement = format!(
        "a smooth manifold is not excluded: alpha > 1 + 2/d = {}, d = {}; the images themselves, \
         layer 0, have {}",
        rounded(bound, 2),
        rounded(d, 1),
        images.map_or("no alpha at these ranks".into(), |alpha| format!(
            "alpha {}",
            rounded(alpha, 2)
        ))
    );
    let threshold = POSITIVE;
    let definition = Definition {
        claim: "smoothness",
        statement: &statement,
        subject,
        attack: None,
        threshold,
        strengths: &[],
    };
    let difference = |points: &[CurvePoint]| Some(points.first()?.alpha - bound);
    definition.judge(clean, |_, seeds| Ok(per_seed(seeds, difference)))
}

/// The difference in alpha between local errors and backpropagation, seed by seed.
fn faster_decay_than(
    subject: &Subject,
    local: &BTreeMap<usize, Seeds>,
    other: &BTreeMap<usize, Seeds>,
) -> Claim {
    let statement = "local errors give clean images a faster decay than backpropagation";
    let threshold = POSITIVE;
    let definition = Definition {
        claim: "local-backprop",
        statement,
        subject,
        attack: None,
        threshold,
        strengths: &[],
    };
    definition.judge(local, |number, seeds| {
        let difference = |(seed, points): (&u64, &Vec<CurvePoint>)| {
            let other = other.get(&number)?.get(seed)?;
            Some(points.first()?.alpha - other.first()?.alpha)
        };
        Ok(seeds.iter().filter_map(difference).collect())
    })
}

/// The statistic of each seed that has one.
fn per_seed(seeds: &Seeds, statistic: impl Fn(&[CurvePoint]) -> Option<f64>) -> Vec<f64> {
    seeds.values().filter_map(|points| statistic(points)).collect()
}
