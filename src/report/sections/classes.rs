//! The geometry of the classes, and what the plateau of deep layers is.

use maud::{Markup, html};

use crate::{
    report::{
        figures::{self, Axis, Curve, Layout, Palette, Panel, layer_name},
        html::{FigureList, Section, number, table},
        level::{self, Level},
        rule_view::RuleView,
        selection::Selection,
        study_files::StudyFiles,
    },
    study::table::Row,
};

/// A measure of the classes.
struct Measure {
    name: &'static str,
    axis: fn(&str) -> Axis,
    value: fn(&Row) -> Option<f64>,
}

const MEASURES: [Measure; 5] = [
    Measure { name: "between / within", axis: Axis::log, value: |row| row.class_ratio },
    Measure { name: "NC1", axis: Axis::log, value: |row| row.nc1 },
    Measure { name: "dimension of a class", axis: Axis::linear, value: |row| row.class_dimension },
    Measure { name: "radius of a class", axis: Axis::linear, value: |row| row.class_radius },
    Measure {
        name: "correlation of centres",
        axis: Axis::linear,
        value: |row| row.centre_correlation,
    },
];

/// The geometry of the classes against depth and strength; none if it was not measured.
pub fn classes(rule: RuleView<'_>, figures: &mut FigureList) -> Option<Section> {
    let networks = rule.networks();
    let looked = Selection {
        rows: networks.rows.into_iter().filter(|row| row.centre_correlation.is_some()).collect(),
    };
    if looked.rows.is_empty() {
        return None;
    }
    let body = html! {
        (figures.add(
            "classes-depth",
            against_depth(rule.study, &looked),
            &rule.networks_shown(),
            "The classes in each layer, clean and attacked, mean and standard deviation over seeds: the \
             variance of the centres of classes over the variance within classes; NC1, which is 0 where each \
             class has collapsed to a point (Papyan, Han and Donoho 2020); the mean participation ratio of \
             the classes, their mean radius in units of the distance of their centres from the mean of all \
             images, and the mean correlation of their centres (Cohen et al. 2020).",
        ))
        @if looked.rows.iter().any(|row| row.attack != "clean") {
            (figures.add(
                "classes-strength",
                against_strength(rule, &looked),
                &rule.networks_shown(),
                "The same against the strength of the attack, one line per layer.",
            ))
        }
        (plateau(rule.study, &looked))
    };
    Some(Section::new(format!("Classes: {}", rule.title()), body))
}

fn against_depth(study: &StudyFiles, looked: &Selection<'_>) -> String {
    let levels = level::all(looked.rows.iter().copied());
    let panel = |measure: &Measure| {
        let curve = |level: &Level| {
            let points = looked.layers().into_iter().flat_map(|layer| {
                let at = |row: &Row| level.is_of(row).then_some(layer as f64);
                looked.against(layer, at, measure.value)
            });
            Curve { label: level.title(&study.catalogue, " "), points: points.collect() }
        };
        Panel {
            title: measure.name.into(),
            x: Axis::whole("layer"),
            y: (measure.axis)(measure.name),
            curves: levels.iter().map(curve).collect(),
        }
    };
    let layout = Layout {
        title: "Geometry of the classes against the layer".into(),
        columns: 3,
        height: 200,
        share_y: false,
        palette: Palette::Distinct,
    };
    figures::panels(&MEASURES.each_ref().map(panel), &layout)
}

fn against_strength(rule: RuleView<'_>, looked: &Selection<'_>) -> String {
    let attacks = looked.attacks(&rule.study.catalogue);
    let panels = MEASURES.iter().flat_map(|measure| {
        attacks.iter().map(move |attack| {
            let curve = |layer: usize| Curve {
                label: layer_name(layer),
                points: looked.along_strengths(layer, attack, measure.value),
            };
            let panel = Panel {
                title: attack.title.clone(),
                x: Axis::linear(&attack.unit),
                y: (measure.axis)(measure.name),
                curves: looked.layers().into_iter().map(curve).collect(),
            };
            panel.with_ticks_at_points()
        })
    });
    let layout = Layout {
        title: "Geometry of the classes against the strength of the attack, by layer".into(),
        columns: attacks.len().clamp(1, 4),
        height: 150,
        share_y: true,
        palette: Palette::Sequence,
    };
    figures::panels(&panels.collect::<Vec<_>>(), &layout)
}

/// How much of the variance the first C - 1 principal directions hold, and how much the directions of the
/// centres of the C classes; nothing if the number of classes is not known.
fn plateau(study: &StudyFiles, looked: &Selection<'_>) -> Markup {
    let classes = study.model.as_ref().and_then(|model| model["classes"].as_u64());
    let (Some(classes @ 2..), Some(clean)) = (classes, study.spectra.first()) else {
        return html! {};
    };
    let directions = classes as usize - 1;
    let line = |(layer, eigenvalues): (usize, &Vec<f64>)| {
        let held: f64 = eigenvalues.iter().take(directions).sum();
        let held = held / eigenvalues.iter().sum::<f64>();
        let row = looked.rows.iter().find(|row| {
            row.seed == Some(study.seed) && row.layer == layer && row.attack == "clean"
        });
        let percent = |share: Option<f64>| number(share.map(|share| 100.0 * share), 1);
        let between = row.and_then(|row| row.class_ratio).map(|ratio| ratio / (1.0 + ratio));
        let span = row.and_then(|row| row.centre_span);
        vec![layer.to_string(), percent(Some(held)), percent(span), percent(between)]
    };
    let held = format!("in the first {directions} principal directions, %");
    let header = ["layer", &held, "in the directions of the centres, %", "between the centres, %"];
    html! {
        h3 { "The plateau" } "\n"
        p {
            "The centres of " (classes) " classes differ in " (directions) " directions at most. No " (directions) "\
             directions hold more of the variance than the first principal ones. Where those of the centres hold \
             nearly as much, they are the same directions: the plateau of large eigenvalues with which the spectra of \
             deep layers begin is the classes. The last column is the variance of the centres alone, for \
             classes of equal size; the rest of the column before it is within classes, along the same \
             directions. The network of seed " (study.seed) ", clean images:"
        }
        (table(&header, &(1..).zip(&clean.eigenvalues).map(line).collect::<Vec<_>>()))
    }
}
