//! The claims in addition to the paper's three. They are judged on clean images: across layers, along
//! epochs, and between learning rules.

use std::collections::BTreeMap;

use super::{
    Claim, DECAY, POSITIVE, RHO, Threshold,
    choices::Choice,
    curves::{self, Comparable, CurvePoint, Seeds, Subject, accuracies, enough, positions},
    decide::Definition,
    paper::correlations,
    statistics::spearman,
};
use crate::{study::table::Row, train::Rule};

/// The claims about depth, training and the learning rule, on clean images.
pub fn about_clean_images(rows: &[Row], subject: &Subject) -> Vec<Claim> {
    let clean = curves::along_strength(rows, subject, "clean");
    let depth = BTreeMap::from([(0, curves::along_layers(rows, subject))]);
    let epochs = curves::along_epochs(rows, subject);
    let definition = |claim, statement, threshold: Threshold| Definition {
        claim,
        statement,
        subject,
        attack: None,
        threshold,
        strengths: &[],
    };
    let across_layers =
        |claim: &'static str,
         statement: &'static str,
         statistic: fn(&Seeds) -> Result<Vec<f64>, String>| {
            let mut claim =
                definition(claim, statement, RHO).judge(&depth, |_, seeds| statistic(seeds));
            for layer in &mut claim.layers {
                layer.layer = None;
            }
            claim
        };
    let during_training = format!("during training, {DECAY}");
    let mut claims = vec![
        across_layers(
            "C1-layers",
            "across layers, high accuracy goes with a fast decay",
            |seeds| correlations(&comparable(seeds, "layers")?),
        ),
        across_layers("accuracy-depth", "accuracy rises with depth", |seeds| {
            comparable(seeds, "layers")?;
            Ok(per_seed(seeds, |points| spearman(&positions(points), &accuracies(points))))
        }),
        across_layers(
            "dimensionality-depth",
            "the participation ratio falls with depth",
            |seeds| {
                enough(seeds, "layers")?;
                Ok(per_seed(seeds, |points| {
                    let ratios: Vec<f64> = points.iter().map(|p| -p.participation_ratio).collect();
                    spearman(&positions(points), &ratios)
                }))
            },
        ),
        definition("C1-epochs", &during_training, RHO)
            .judge(&epochs, |_, seeds| correlations(&comparable(seeds, "snapshots")?))
            .with_reason_if_empty("the table has no snapshots of this rule during training"),
    ];
    if subject.rule == Rule::Local.name() {
        let backprop = Subject { rule: Rule::Backprop.name().into(), ..subject.clone() };
        let other = curves::along_strength(rows, &backprop, "clean");
        if !other.is_empty() {
            let statement = "local errors give clean images a faster decay than backpropagation";
            let definition = definition("local-backprop", statement, POSITIVE);
            claims.push(definition.judge(&clean, |number, seeds| {
                Ok(differences(seeds, other.get(&number).unwrap_or(&Seeds::new())))
            }));
        }
    }
    claims
}

fn comparable(seeds: &Seeds, points: &'static str) -> Result<Comparable, String> {
    Comparable::new(seeds, points, Choice::default())
}

/// alpha of local errors minus that of backpropagation on clean images, of each seed in which both are
/// fitted over the same number of ranks.
fn differences(local: &Seeds, backprop: &Seeds) -> Vec<f64> {
    let difference = |(seed, points): (&u64, &Vec<CurvePoint>)| {
        let (local, backprop) = (points.first()?, backprop.get(seed)?.first()?);
        (local.ranks == backprop.ranks).then_some(local.alpha - backprop.alpha)
    };
    local.iter().filter_map(difference).collect()
}

/// The statistic of each seed that has one.
fn per_seed(seeds: &Seeds, statistic: impl Fn(&[CurvePoint]) -> Option<f64>) -> Vec<f64> {
    seeds.values().filter_map(|points| statistic(points)).collect()
}
