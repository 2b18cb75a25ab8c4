//! What single precision does to FGSM, and which turning points remain without it.

use maud::{Markup, PreEscaped, html};

use crate::{
    report::{
        headline,
        html::{Section, long_table, number, spread},
        rule_view::RuleView,
        selection::Selection,
    },
    study::{
        claims::Verdict,
        table::{self, Row},
    },
    words,
};

const EXACT: &str = "fgsm";
const FLOAT32: &str = "fgsm-float32";
const RANDOM: &str = "fgsm-random";

/// What FGSM could not attack because of its arithmetic, if the study has FGSM.
pub fn lost_by_fgsm(rule: RuleView<'_>) -> Option<Section> {
    let networks = rule.networks();
    let attacks = table::attacks(networks.rows.iter().copied());
    let [exact, float32, random] =
        [EXACT, FLOAT32, RANDOM].map(|attack| attacks.contains_key(attack));
    if !exact && !float32 {
        return None;
    }
    let mut columns = Vec::new();
    if exact {
        columns.extend(columns_of_gradient(&networks, EXACT, "exact"));
    }
    if float32 {
        columns.extend(columns_of_gradient(&networks, FLOAT32, "float32"));
    }
    if random {
        columns.push(accuracy(&networks, RANDOM, "random signs"));
    }
    let body = html! {
        p {
            "Means over seeds. An image loses its own class's term if " (P_Y) " is rounded to 1, which happens \
             for 1 − " (P_Y) " below 2⁻²⁵: the terms of the other classes remain, and the sign of the gradient \
             is wrong. An image has no gradient if the gradient is 0 in every pixel, because gaps of more than \
             about 87 to 103 between logits make exp underflow: the attack leaves such an image unchanged. The other \
             columns are the number of pixels whose sign is 0, the largest change of a pixel, and the accuracy \
             of the network. Where the accuracy under the float32 gradient stops falling, compare it with \
             the images that lost their own class's term."
        }
        (by_strength(&columns))
        @if exact && float32 { (remaining_turning_points(rule)) }
    };
    Some(Section::new(format!("What single precision does to FGSM: {}", rule.title()), body))
}

const P_Y: PreEscaped<&str> = PreEscaped("<i>p</i><sub>y</sub>");

/// A column of the table: its name, and a cell for each strength that it has.
struct Column {
    name: String,
    cells: Vec<(f64, String)>,
}

fn columns_of_gradient(networks: &Selection<'_>, attack: &str, name: &str) -> Vec<Column> {
    let column = |what: &str, digits: usize, value: fn(&Row) -> Option<f64>| {
        let points = networks.under(attack, value).into_iter();
        let cells = points.map(|point| (point.x, number(point.y, digits)));
        Column { name: format!("{name}: {what}"), cells: cells.collect() }
    };
    vec![
        column("images without own class's term", 1, |row| {
            row.lost_label_images.map(|images| images as f64)
        }),
        column("images without a gradient", 1, |row| {
            row.zero_gradient_images.map(|images| images as f64)
        }),
        column("pixels of sign 0", 1, |row| row.zero_sign_pixels.map(|pixels| pixels as f64)),
        column("largest change", 4, |row| row.max_change),
        accuracy(networks, attack, name),
    ]
}

fn accuracy(networks: &Selection<'_>, attack: &str, name: &str) -> Column {
    let percent = |row: &Row| row.network_accuracy.map(|accuracy| 100.0 * accuracy);
    let points = networks.under(attack, percent).into_iter();
    let cells = points.map(|point| (point.x, spread(point.y, point.sd, 1)));
    Column { name: format!("{name}: accuracy, %"), cells: cells.collect() }
}

/// One row per strength of any of the columns.
fn by_strength(columns: &[Column]) -> Markup {
    let mut strengths: Vec<f64> =
        columns.iter().flat_map(|column| &column.cells).map(|(strength, _)| *strength).collect();
    strengths.sort_by(f64::total_cmp);
    strengths.dedup();
    let row = |strength: &f64| {
        let cell = |column: &Column| {
            let found = column.cells.iter().find(|(at, _)| at.total_cmp(strength).is_eq());
            found.map_or("–".into(), |(_, cell)| cell.clone())
        };
        [strength.to_string()].into_iter().chain(columns.iter().map(cell)).collect()
    };
    let names = columns.iter().map(|column| column.name.as_str());
    let header: Vec<&str> = ["ε"].into_iter().chain(names).collect();
    long_table("By strength", &header, &strengths.iter().map(row).collect::<Vec<_>>())
}

fn remaining_turning_points(rule: RuleView<'_>) -> Markup {
    let rows = &rule.study.rows;
    let lines: Vec<(String, String)> = table::estimators(rows)
        .into_iter()
        .filter_map(|estimator| {
            let name = headline::name(rows, estimator);
            Some((name, remaining(rule.with(estimator))?))
        })
        .collect();
    html! {
        @if !lines.is_empty() {
            p { "Turning points of α with the float32 gradient and with the exact one:" } "\n"
            ul { @for (name, words) in lines { li { "Ranks " (name) ": " (words) } "\n" } }
        }
    }
}

/// In words, which layers have a turning point with which gradient; none if the claims were not judged.
fn remaining(rule: RuleView<'_>) -> Option<String> {
    let (exact, float32) = (rule.turning_claim(EXACT)?, rule.turning_claim(FLOAT32)?);
    if [exact, float32].iter().any(|claim| claim.verdict == Verdict::Undecided) {
        return Some("undecided.".into());
    }
    let (exact, float32) = (exact.holding(), float32.holding());
    let (both, float32_only): (Vec<usize>, Vec<usize>) =
        float32.iter().partition(|layer| exact.contains(layer));
    let exact_only: Vec<usize> =
        exact.iter().copied().filter(|layer| !float32.contains(layer)).collect();
    let mut sentences = vec![format!(
        "found in {} with the float32 gradient, and in {} with the exact one.",
        words::numbered("layer", &float32),
        words::numbered("layer", &exact)
    )];
    if !both.is_empty() {
        sentences.push(format!("In {} both gradients give one.", words::numbered("layer", &both)));
    }
    if !float32_only.is_empty() {
        sentences.push(format!(
            "In {} only the float32 gradient gives one: it is absent once the signs that single precision loses are \
             restored.",
            words::numbered("layer", &float32_only)
        ));
    }
    if !exact_only.is_empty() {
        sentences.push(format!(
            "In {} only the exact gradient gives one.",
            words::numbered("layer", &exact_only)
        ));
    }
    Some(sentences.join(" "))
}
