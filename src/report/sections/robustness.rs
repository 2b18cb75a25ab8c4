//! How far images are from a boundary, beside the accuracy under attacks of the same size.

use maud::html;

use crate::{
    math::mean::mean_and_sd,
    report::{
        figures::{self, Axis, Curve, Layout, Palette, Panel, Point},
        html::{FigureList, Section, long_table, number, spread},
        rule_view::{RuleView, networks_shown},
        study_files::StudyFiles,
    },
};

/// The attacks of the same norm, beside which the distances are shown.
const BESIDE: [&str; 2] = ["fgsm", "pgd"];
const HEADER: [&str; 6] = [
    "rule",
    "median distance",
    "ε",
    "images farther than ε, %",
    "accuracy under FGSM, %",
    "under PGD, %",
];
/// What the page calls the fraction of images farther than a distance.
const FARTHER: &str = "DeepFool: images farther than ε";

/// The fraction of images that are farther from a boundary than ε, for the rules whose distances were
/// measured; none if there are none.
pub fn robustness(study: &StudyFiles, figures: &mut FigureList) -> Option<Section> {
    let measured = study.rules.iter().filter(|rule| study.distances.contains_key(*rule));
    let rules: Vec<_> = measured.map(|rule| Networks::of(study.rule(rule))).collect();
    if rules.is_empty() {
        return None;
    }
    let layout = Layout {
        title: "Images farther than ε from a boundary, and accuracy under attacks".into(),
        columns: rules.len().min(3),
        height: 240,
        share_y: true,
        palette: Palette::Distinct,
    };
    let body = html! {
        p {
            "DeepFool (Moosavi-Dezfooli et al. 2016) looks for the smallest change, here of the largest \
             pixel, that changes the network's answer, and a line search brings each image back to the \
             boundary. The fraction of images that are farther than ε is an upper bound of the accuracy under the best \
             attack of size ε, but for images whose answer it could not change, which make reported: these have the \
             distance that was reached. Images that are classified wrongly have the distance 0."
        }
        (figures.add(
            "robustness",
            figures::panels(&rules.iter().map(Networks::panel).collect::<Vec<_>>(), &layout),
            &networks_shown(&rules.iter().map(|networks| networks.rule).collect::<Vec<_>>()),
            "Images farther than ε from a boundary, and the accuracy of the network under attacks of size ε: mean \
             over seeds.",
        ))
        (long_table("By ε", &HEADER, &rules.iter().flat_map(Networks::lines).collect::<Vec<_>>()))
    };
    Some(Section::new("How far is a boundary?", body))
}

/// A rule, and the accuracy of its networks under the attacks [`BESIDE`].
struct Networks<'a> {
    rule: RuleView<'a>,
    beside: [Vec<Point>; BESIDE.len()],
}

impl<'a> Networks<'a> {
    fn of(rule: RuleView<'a>) -> Self {
        let networks = rule.networks();
        let beside = BESIDE.map(|attack| networks.under(attack, |row| row.network_accuracy));
        Self { rule, beside }
    }

    /// The strengths of all attacks beside.
    fn strengths(&self) -> Vec<f64> {
        let mut strengths: Vec<f64> = self.beside.iter().flatten().map(|point| point.x).collect();
        strengths.sort_by(f64::total_cmp);
        strengths.dedup();
        strengths
    }

    /// Mean and standard deviation over seeds of the fraction of images farther than ε.
    fn farther(&self, epsilon: f64) -> Point {
        let fraction = |distances: &Vec<f32>| {
            let farther = distances.iter().filter(|distance| f64::from(**distance) > epsilon);
            farther.count() as f64 / distances.len() as f64
        };
        let seeds = self.rule.study.distances[self.rule.rule].values();
        let (y, sd) = mean_and_sd(seeds.map(|distances| Some(fraction(distances))));
        Point { x: epsilon, y, sd }
    }

    fn panel(&self) -> Panel {
        let largest = self.strengths().last().copied().unwrap_or(0.3);
        let grid = (0..=60).map(|step| largest * f64::from(step) / 60.0);
        let points = grid.map(|epsilon| Point { sd: None, ..self.farther(epsilon) });
        let farther = Curve { label: FARTHER.into(), points: points.collect() };
        let beside = BESIDE.iter().zip(&self.beside).filter(|(_, points)| !points.is_empty());
        let beside = beside.map(|(attack, points)| Curve {
            label: self.rule.study.catalogue.attack(attack).title,
            points: points.clone(),
        });
        Panel {
            title: self.rule.title().into(),
            x: Axis::linear("ε (pixel units)").with_ticks(self.strengths()),
            y: Axis::percent("images (%)"),
            curves: [farther].into_iter().chain(beside).map(|curve| curve.percent()).collect(),
        }
    }

    /// The median distance, and the fractions at the strengths that all attacks share.
    fn lines(&self) -> Vec<Vec<String>> {
        let networks = self.rule.networks();
        let median = networks.under("clean", |row| row.median_distance).into_iter().next();
        let median = median.map_or("–".into(), |point| spread(point.y, point.sd, 3));
        let line = |epsilon: f64| {
            let is_here = |point: &&Point| point.x.total_cmp(&epsilon).is_eq();
            let here = self.beside.each_ref().map(|points| points.iter().find(is_here).copied());
            let mut attacks = self.beside.iter().zip(&here);
            let start = [
                self.rule.title().to_owned(),
                median.clone(),
                number(Some(epsilon), 2),
                percent(Some(self.farther(epsilon))),
            ];
            let is_shared = attacks.all(|(points, here)| points.is_empty() || here.is_some());
            is_shared.then(|| start.into_iter().chain(here.map(percent)).collect())
        };
        self.strengths().into_iter().filter_map(line).collect()
    }
}

fn percent(point: Option<Point>) -> String {
    let point = point.map(Point::percent);
    point.map_or("–".into(), |point| spread(point.y, point.sd, 1))
}
