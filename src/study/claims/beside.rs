//! The claims beside the paper's three, on clean images: across layers and epochs, and between rules.

use std::collections::BTreeMap;

use super::{
    Claim, DECAY, POSITIVE, RHO,
    curves::{self, CurvePoint, Seeds, Subject, accuracies, places},
    decide::About,
    paper::of_decay,
    statistics::spearman,
};
use crate::study::table::Row;

pub fn of_clean_images(rows: &[Row], subject: &Subject, dimension: Option<f64>) -> Vec<Claim> {
    let clean = curves::along_strength(rows, subject, "clean");
    let depth = BTreeMap::from([(0, curves::along_layers(rows, subject))]);
    let epochs = curves::along_epochs(rows, subject);
    let together = |claim: &str, statement: &str, statistic: fn(&[CurvePoint]) -> Option<f64>| {
        let about = About { claim, statement, subject, attack: None, threshold: RHO };
        let mut claim = about.judged(&depth, |_, seeds| Ok(each(seeds, statistic)));
        for layer in &mut claim.layers {
            layer.layer = None;
        }
        claim
    };
    let mut claims = vec![
        together("C1-layers", "across layers, high accuracy goes with a fast decay", of_decay),
        together("accuracy-depth", "accuracy rises with depth", |points| {
            spearman(&places(points), &accuracies(points))
        }),
        together("dimensionality-depth", "the participation ratio falls with depth", |points| {
            let ratios: Vec<f64> = points.iter().map(|p| -p.participation_ratio).collect();
            spearman(&places(points), &ratios)
        }),
    ];
    let statement = format!("during training, {DECAY}");
    let about =
        About { claim: "C1-epochs", statement: &statement, subject, attack: None, threshold: RHO };
    let claim = about.judged(&epochs, |_, seeds| Ok(each(seeds, of_decay)));
    claims.push(claim.without("the table has no snapshots of this rule during training"));
    claims.extend(dimension.map(|d| smooth(rows, subject, &clean, d)));
    if subject.rule == "local" {
        let backprop = Subject { rule: "backprop".into(), ..subject.clone() };
        let other = curves::along_strength(rows, &backprop, "clean");
        if !other.is_empty() {
            claims.push(faster_than(subject, &clean, &other));
        }
    }
    claims
}

/// What a smooth manifold needs, which is not enough for one to be smooth; the images beside it.
fn smooth(rows: &[Row], subject: &Subject, clean: &BTreeMap<usize, Seeds>, d: f64) -> Claim {
    let bound = 1.0 + 2.0 / d;
    let is_images = |row: &&Row| row.rule.is_none() && row.attack == "clean";
    let images = rows.iter().filter(is_images).find(|row| row.estimator() == subject.estimator);
    let images = images.and_then(|row| row.alpha);
    let short = |number: f64, digits: usize| {
        if number.abs() < 1e9 {
            format!("{number:.digits$}")
        } else {
            format!("{number:.digits$e}")
        }
    };
    let statement = format!(
        "a smooth manifold is not excluded: alpha > 1 + 2/d = {}, d = {}; the images themselves, \
         layer 0, have {}",
        short(bound, 2),
        short(d, 1),
        images
            .map_or("no alpha at these ranks".into(), |alpha| format!("alpha {}", short(alpha, 2)))
    );
    let threshold = POSITIVE;
    let about =
        About { claim: "smoothness", statement: &statement, subject, attack: None, threshold };
    about.judged(clean, |_, seeds| Ok(each(seeds, |points| Some(points.first()?.alpha - bound))))
}

/// Local errors against backpropagation.
fn faster_than(
    subject: &Subject,
    local: &BTreeMap<usize, Seeds>,
    other: &BTreeMap<usize, Seeds>,
) -> Claim {
    let statement = "local errors give clean images a faster decay than backpropagation";
    let threshold = POSITIVE;
    let about = About { claim: "local-backprop", statement, subject, attack: None, threshold };
    about.judged(local, |number, seeds| {
        let difference = |(seed, points): (&u64, &Vec<CurvePoint>)| {
            let other = other.get(&number)?.get(seed)?;
            Some(points.first()?.alpha - other.first()?.alpha)
        };
        Ok(seeds.iter().filter_map(difference).collect())
    })
}

/// The statistic of each seed that has it.
fn each(seeds: &Seeds, statistic: impl Fn(&[CurvePoint]) -> Option<f64>) -> Vec<f64> {
    seeds.values().filter_map(|points| statistic(points)).collect()
}
