//! What rounding does to FGSM.

use maud::{Markup, PreEscaped, html};

use crate::{
    report::{
        html::{Section, long_table, number, spread},
        rule_view::RuleView,
        selection::Selection,
    },
    study::table::{self, Row},
};

/// FGSM by its gradients: the attacks, and what the table calls them.
const GRADIENTS: [(&str, &str); 3] =
    [("fgsm", "exact"), ("fgsm-float64", "float64"), ("fgsm-float32", "float32")];
const RANDOM: &str = "fgsm-random";

/// What FGSM could not attack because of its arithmetic, if the study has FGSM.
pub fn lost_by_fgsm(rule: RuleView<'_>) -> Option<Section> {
    let networks = rule.networks();
    let attacks = table::attacks(networks.rows.iter().copied());
    let measured = GRADIENTS.into_iter().filter(|(attack, _)| attacks.contains_key(attack));
    let of_gradient = |(attack, name)| columns_of_gradient(&networks, attack, name);
    let mut columns: Vec<Column> = measured.flat_map(of_gradient).collect();
    if columns.is_empty() {
        return None;
    }
    if attacks.contains_key(RANDOM) {
        columns.push(accuracy(&networks, RANDOM, "random signs"));
    }
    let body = html! {
        p {
            "Means over seeds. An image loses its own class's term if " (P_Y) " is rounded to 1, which happens \
             for 1 − " (P_Y) " below 2⁻²⁵ in single and 2⁻⁵³ in double precision: the terms of the other classes \
             remain, and the sign of the gradient is wrong. An image has no gradient if the gradient is 0 in every pixel, because gaps of more than \
             about 87 to 103 between logits make exp underflow: the attack leaves such an image unchanged. The other \
             columns are the number of pixels whose sign is 0, the largest change of a pixel, and the accuracy \
             of the network. Where the accuracy under the float32 gradient stops falling, compare it with \
             the images that lost their own class's term."
        }
        (by_strength(&columns))
    };
    Some(Section::new(format!("What rounding does to FGSM: {}", rule.title()), body))
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
