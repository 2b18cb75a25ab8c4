//! What single precision does to FGSM, and what is left of a turning curve without it.

use super::{
    Report, Study,
    curves::{Part, part},
    estimator_name,
    html::{self, escape, number, spread},
};
use crate::study::{
    claims::Verdict,
    table::{self, Estimator, Row},
};

const EXACT: &str = "fgsm";
const FLOAT32: &str = "fgsm-float32";
const RANDOM: &str = "fgsm-random";

impl Report {
    /// What arithmetic kept from being attacked, and in words what of the claim survives it.
    pub(super) fn audit(&mut self, study: &Study, rule: &str, estimator: Estimator) {
        let rows = part(&study.rows, rule, estimator);
        let attacks = table::attacks(rows.rows.iter().copied());
        if !attacks.contains_key(EXACT) && !attacks.contains_key(FLOAT32) {
            return;
        }
        self.heading(&format!(
            "What single precision does to FGSM: {}",
            study.catalogue.rule_title(rule)
        ));
        self.add(
            "<p>Means over seeds: images whose gradient lost the term of their own class (<i>p</i><sub>y</sub> rounds to 1 for \
             1 − <i>p</i><sub>y</sub> below 2⁻²⁵; the terms of the other classes remain, and the sign is wrong), images whose \
             gradient is 0 in every pixel (beyond gaps of about 87 to 103 between logits, where exp underflows: they stay as \
             they are), pixels whose sign is 0, the largest change of a pixel, and the network's accuracy. Where accuracy \
             stalls under the float32 gradient, compare it with the first of these.</p>\n",
        );
        let columns: Vec<(String, Column)> = [EXACT, FLOAT32, RANDOM]
            .into_iter()
            .filter(|attack| attacks.contains_key(attack))
            .flat_map(|attack| columns(&rows, attack))
            .collect();
        let mut strengths: Vec<f64> =
            columns.iter().flat_map(|(_, c)| c).map(|(x, _)| *x).collect();
        strengths.sort_by(f64::total_cmp);
        strengths.dedup();
        let line = |&strength: &f64| {
            let cell = |(_, column): &(String, Column)| {
                let found = column.iter().find(|(x, _)| x.total_cmp(&strength).is_eq());
                found.map_or("–".into(), |(_, cell)| cell.clone())
            };
            let cells = columns.iter().map(cell);
            std::iter::once(strength.to_string()).chain(cells).collect()
        };
        let lines: Vec<Vec<String>> = strengths.iter().map(line).collect();
        let names = columns.iter().map(|(name, _)| name.as_str());
        let header: Vec<&str> = std::iter::once("ε").chain(names).collect();
        self.add(&html::table(&header, &lines));
        if attacks.contains_key(EXACT) && attacks.contains_key(FLOAT32) {
            self.add(
                "<p>What of a curve that is not monotonic survives exact arithmetic:</p>\n<ul>\n",
            );
            for estimator in table::estimators(&study.rows) {
                if let Some(words) = survives(study, rule, estimator) {
                    let name = estimator_name(study, estimator);
                    self.add(&format!("<li>Ranks {name}: {words}</li>\n"));
                }
            }
            self.add("</ul>\n");
        }
    }
}

/// A cell for each strength.
type Column = Vec<(f64, String)>;

fn columns(rows: &Part<'_>, attack: &str) -> Vec<(String, Column)> {
    let name = match attack {
        EXACT => "exact",
        FLOAT32 => "float32",
        _ => "random signs",
    };
    let last = rows.layers().last().copied().unwrap_or_default();
    // Not the clean images, which were not attacked.
    let strength = |row: &Row| (row.attack == attack).then_some(row.strength);
    let column = |what: &str, digits: usize, value: fn(&Row) -> Option<f64>| {
        let points = rows.against(last, strength, value).into_iter();
        let cells = points.map(|point| {
            let sd = point.sd.filter(|_| what.starts_with("accuracy"));
            let cell =
                if sd.is_some() { spread(point.y, sd, digits) } else { number(point.y, digits) };
            (point.x, cell)
        });
        (format!("{name}: {what}"), cells.collect())
    };
    let accuracy = column("accuracy, %", 1, |row| row.network_accuracy.map(|a| 100.0 * a));
    if attack == RANDOM {
        return vec![accuracy];
    }
    vec![
        column("images without their own class's term", 1, |row| {
            row.lost_label_images.map(|n| n as f64)
        }),
        column("images with no gradient", 1, |row| row.zero_gradient_images.map(|n| n as f64)),
        column("pixels of sign 0", 1, |row| row.zero_sign_pixels.map(|n| n as f64)),
        column("largest change", 4, |row| row.max_change),
        accuracy,
    ]
}

/// In words, which layers turn under which gradient.
fn survives(study: &Study, rule: &str, estimator: Estimator) -> Option<String> {
    let exact = study.claim("C3", rule, EXACT, estimator)?;
    let float32 = study.claim("C3", rule, FLOAT32, estimator)?;
    if [exact, float32].iter().any(|claim| claim.verdict == Verdict::Undecided) {
        return Some("undecided.".into());
    }
    let (exact, float32) = (exact.holding(), float32.holding());
    let both: Vec<usize> = float32.iter().copied().filter(|l| exact.contains(l)).collect();
    let lost: Vec<usize> = float32.iter().copied().filter(|l| !exact.contains(l)).collect();
    let only: Vec<usize> = exact.iter().copied().filter(|l| !float32.contains(l)).collect();
    let mut words = vec![format!(
        "a turn is shown in {} with the float32 gradient, in {} with the exact one.",
        layers(&float32),
        layers(&exact)
    )];
    if !both.is_empty() {
        words.push(format!("That of {} survives exact arithmetic.", layers(&both)));
    }
    if !lost.is_empty() {
        words.push(format!(
            "That of {} does not survive exact arithmetic: with the signs that single precision lost, no turn is \
             shown there.",
            layers(&lost)
        ));
    }
    if !only.is_empty() {
        words.push(format!("That of {} owes nothing to single precision.", layers(&only)));
    }
    Some(escape(&words.join(" ")))
}

fn layers(numbers: &[usize]) -> String {
    let names: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => "no layer".into(),
        [one] => format!("layer {one}"),
        [most @ .., last] => format!("layers {} and {last}", most.join(", ")),
    }
}
