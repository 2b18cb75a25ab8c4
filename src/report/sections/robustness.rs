//! How far images are from a boundary, beside the accuracy under attacks of the same size.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::{
    math::mean::mean_and_sd,
    report::{
        figures::{self, Axis, Curve, Layout, Palette, Panel, Point},
        html::{FigureList, number, spread, table},
        rule_view::RuleView,
        selection::Selection,
        study_files::StudyFiles,
    },
    study::table::Row,
};

/// The attacks of the same norm, beside which the distances are shown.
const BESIDE: [&str; 2] = ["fgsm", "pgd"];
/// What the page calls the fraction of images farther than a distance.
const FARTHER: &str = "DeepFool: images farther than ε";

/// The fraction of images that are farther from a boundary than ε, for the rules whose distances were
/// measured; nothing if there are none.
pub fn robustness(study: &StudyFiles, figures: &mut FigureList) -> Markup {
    let rules = study.rules.iter().filter(|rule| study.distances.contains_key(*rule));
    let rules: Vec<RuleView<'_>> = rules.map(|rule| study.rule(rule)).collect();
    html! {
        @if !rules.is_empty() {
            h2 { "How far is a boundary?" } "\n"
            p {
                "DeepFool (Moosavi-Dezfooli et al. 2016) looks for the smallest change, here of the largest \
                 pixel, that changes the network's answer, and a line search brings each image back to the \
                 boundary. The fraction of images that are farther than ε is an upper bound of the accuracy under the best \
                 attack of size ε, but for images whose answer it could not change, which make reported: these have the \
                 distance that was reached. Images that are classified wrongly have the distance 0."
            }
            (figures.add(
                "robustness",
                curves(&rules),
                "Images farther than ε from a boundary, and the accuracy of the network under attacks of size ε: mean \
                 over seeds.",
            ))
            (numbers(&rules))
        }
    }
}

fn curves(rules: &[RuleView<'_>]) -> String {
    let panel = |rule: &RuleView<'_>| {
        let networks = rule.networks();
        let largest = strengths(&networks).last().copied().unwrap_or(0.3);
        let grid = (0..=60).map(|step| largest * f64::from(step) / 60.0);
        let farther = Curve {
            label: FARTHER.into(),
            points: grid.map(|epsilon| Point::new(epsilon, farther(*rule, epsilon).0)).collect(),
        };
        let beside = BESIDE.iter().filter_map(|name| {
            let attack = rule.study.catalogue.attack(name);
            let points = under(&networks, name);
            (!points.is_empty()).then_some(Curve { label: attack.title, points })
        });
        Panel {
            title: rule.title().into(),
            x: Axis::linear("ε (pixel units)"),
            y: Axis::percent("images (%)"),
            curves: [farther].into_iter().chain(beside).map(|curve| curve.percent()).collect(),
        }
    };
    let layout = Layout {
        title: "Images farther than ε from a boundary, and accuracy under attacks".into(),
        columns: rules.len().min(3),
        height: 240,
        share_y: true,
        palette: Palette::Distinct,
    };
    figures::panels(&rules.iter().map(panel).collect::<Vec<_>>(), &layout)
}

/// Mean and standard deviation over seeds of the fraction of images farther than ε.
fn farther(rule: RuleView<'_>, epsilon: f64) -> (Option<f64>, Option<f64>) {
    let seeds: &BTreeMap<u64, Vec<f32>> = &rule.study.distances[rule.rule];
    let fraction = |distances: &Vec<f32>| {
        let farther = distances.iter().filter(|distance| f64::from(**distance) > epsilon).count();
        farther as f64 / distances.len() as f64
    };
    mean_and_sd(seeds.values().map(|distances| Some(fraction(distances))))
}

/// The accuracy of the network under an attack: mean and standard deviation over seeds at each strength.
fn under(networks: &Selection<'_>, attack: &str) -> Vec<Point> {
    let layer = networks.layers().last().copied().unwrap_or(1);
    let strength = |row: &Row| (row.attack == attack).then_some(row.strength);
    networks.against(layer, strength, |row| row.network_accuracy)
}

/// The strengths of all attacks that are shown beside the distances.
fn strengths(networks: &Selection<'_>) -> Vec<f64> {
    let points = BESIDE.iter().flat_map(|attack| under(networks, attack));
    let mut strengths: Vec<f64> = points.map(|point| point.x).collect();
    strengths.sort_by(f64::total_cmp);
    strengths.dedup();
    strengths
}

/// The median distance of each rule, and the fractions at the strengths that all attacks share.
fn numbers(rules: &[RuleView<'_>]) -> Markup {
    let lines = rules.iter().flat_map(|rule| {
        let networks = rule.networks();
        let last = networks.layers().last().copied().unwrap_or(1);
        let median = networks.clean(last, |row| row.median_distance);
        let median = median.map_or("–".into(), |point| spread(point.y, point.sd, 3));
        let beside = BESIDE.map(|attack| under(&networks, attack));
        let at = |points: &[Point], epsilon: f64| {
            let point = points.iter().find(|point| point.x.total_cmp(&epsilon).is_eq());
            point.map_or("–".into(), |point| percent((point.y, point.sd)))
        };
        let line = |epsilon: f64| {
            vec![
                rule.title().to_owned(),
                median.clone(),
                number(Some(epsilon), 2),
                percent(farther(*rule, epsilon)),
                at(&beside[0], epsilon),
                at(&beside[1], epsilon),
            ]
        };
        let shared = |epsilon: &f64| {
            beside.iter().all(|points| {
                points.is_empty() || points.iter().any(|point| point.x.total_cmp(epsilon).is_eq())
            })
        };
        strengths(&networks).into_iter().filter(shared).map(line).collect::<Vec<_>>()
    });
    let header = [
        "rule",
        "median distance",
        "ε",
        "images farther than ε, %",
        "accuracy under FGSM, %",
        "under PGD, %",
    ];
    table(&header, &lines.collect::<Vec<_>>())
}

fn percent((mean, sd): (Option<f64>, Option<f64>)) -> String {
    spread(mean.map(|mean| 100.0 * mean), sd.map(|sd| 100.0 * sd), 1)
}
