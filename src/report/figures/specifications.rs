//! Specification curves: in how many layers each claim holds, over all analyses, and with which choices.
//! (Simonsohn, Simmons and Nelson, Nat. Hum. Behav. 4, 1208, 2020)

use std::ops::Range;

use super::{
    canvas::{Canvas, FONT, Pen, Place, SMALL, TextStyle, WIDTH, svg},
    style::{Colour, INK, Marker, of_name},
};
use crate::study::splits::{Choices, values};

/// The analyses of one claim, a column of the figure.
pub struct Specifications {
    /// What the claim is, one line each.
    pub title: Vec<String>,
    /// The decided analyses.
    pub analyses: Vec<Specification>,
    /// Number of layers.
    pub layers: usize,
}

/// One analysis.
pub struct Specification {
    /// What was chosen.
    pub choices: Choices,
    /// In how many layers the claim holds.
    pub holding: usize,
    /// Whether it is that of the main results.
    pub default: bool,
}

/// The most slices of a column. Each has the same number of analyses, or nearly.
const SLICES: usize = 60;
/// Width of the names of the choices, px.
const NAMES: f64 = 178.0;
const GAP: f64 = 14.0;
/// Height of the titles, of the curve, and of a choice, px.
const TITLES: f64 = 50.0;
const CURVE: f64 = 64.0;
const ROW: f64 = 15.0;
/// Space between the choices of one kind and those of the next, px.
const BETWEEN: f64 = 5.0;

/// One column per claim. Above, the analyses by the number of layers in which the claim holds; below, one row
/// per choice, darker where more of the analyses made it. A triangle marks the analysis of the main results.
#[must_use]
pub fn specifications(claims: &[Specifications]) -> String {
    let all = claims.iter().flat_map(|claim| &claim.analyses).map(|one| &one.choices);
    let rows = rows(&values(all));
    let height = rows.last().map_or(0.0, |row| row.top + ROW);
    let top = TITLES + CURVE + 12.0;
    svg("In how many layers the claims hold, over all analyses", top + height + 6.0, |canvas| {
        for row in &rows {
            let middle = top + row.top + ROW / 2.0;
            canvas.text(&row.name, (NAMES - 8.0, middle), TextStyle::new(SMALL).before());
        }
        let label = TextStyle::new(SMALL).before();
        canvas.text("layers in which it holds", (NAMES - 22.0, TITLES + CURVE / 2.0), label);
        let width = (WIDTH - NAMES - GAP) / claims.len().max(1) as f64 - GAP;
        for (index, claim) in claims.iter().enumerate() {
            let left = NAMES + index as f64 * (width + GAP);
            draw(canvas, claim, &rows, (left, width.min(240.0)), top);
        }
    })
}

/// A choice, and how far below the first it stands.
struct Row<'a> {
    name: String,
    choice: (&'static str, &'a str),
    top: f64,
}

fn rows<'a>(values: &[(&'static str, &'a str)]) -> Vec<Row<'a>> {
    let mut kinds: Vec<&'static str> = Vec::new();
    for (of, _) in values {
        if !kinds.contains(of) {
            kinds.push(of);
        }
    }
    let mut rows: Vec<Row<'a>> = Vec::new();
    for (place, kind) in kinds.iter().enumerate() {
        for choice in values.iter().filter(|(of, _)| of == kind) {
            let top = rows.len() as f64 * ROW + place as f64 * BETWEEN;
            rows.push(Row { name: format!("{kind} {}", choice.1), choice: *choice, top });
        }
    }
    rows
}

fn draw(
    canvas: &mut Canvas,
    claim: &Specifications,
    rows: &[Row<'_>],
    (left, width): (f64, f64),
    top: f64,
) {
    for (line, text) in claim.title.iter().enumerate() {
        let style = TextStyle::new(if line == 0 { FONT } else { SMALL });
        let style = if line == 0 { style.bold() } else { style };
        canvas.text(text, (left, 8.0 + 14.0 * line as f64), style);
    }
    let base = TITLES + CURVE;
    let mut analyses: Vec<&Specification> = claim.analyses.iter().collect();
    analyses.sort_by_key(|one| one.holding);
    let height = |holding: f64| CURVE * holding / claim.layers.max(1) as f64;
    for layers in [0, claim.layers] {
        let y = base - height(layers as f64);
        canvas.line(&[(left, y), (left + width, y)], Pen::faint(0.6, 0.35));
        let style = TextStyle::new(SMALL - 1.5).before();
        canvas.text(&layers.to_string(), (left - 3.0, y), style);
    }
    let slices = analyses.len().min(SLICES);
    let x = |slice: usize| left + width * slice as f64 / slices.max(1) as f64;
    let sliced: Vec<&[&Specification]> = (0..slices)
        .map(|slice| {
            let first = |slice: usize| slice * analyses.len() / slices;
            &analyses[first(slice)..first(slice + 1)]
        })
        .collect();
    let mean = |of: &[&Specification], value: &dyn Fn(&Specification) -> f64| {
        of.iter().map(|one| value(one)).sum::<f64>() / of.len() as f64
    };
    let curve = sliced.iter().map(|inside| mean(inside, &|one| one.holding as f64));
    for (across, holding) in runs(curve) {
        if holding > 0.0 {
            let top = base - height(holding);
            fill(canvas, [(x(across.start), top), (x(across.end), base)], of_name(0), 1.0);
        }
    }
    for row in rows {
        let (of, choice) = row.choice;
        let y = top + row.top;
        let chosen = |one: &Specification| if one.choices.has(of, choice) { 1.0 } else { 0.0 };
        // Few shades, so that neighbours look alike.
        let made = sliced.iter().map(|inside| (10.0 * mean(inside, &chosen)).ceil() / 10.0);
        for (across, made) in runs(made) {
            if made > 0.0 {
                let corners = [(x(across.start), y + 1.5), (x(across.end), y + ROW - 1.5)];
                fill(canvas, corners, INK, 0.7 * made);
            }
        }
    }
    for (slice, inside) in sliced.iter().enumerate() {
        if let Some(default) = inside.iter().find(|one| one.default) {
            let middle = f64::midpoint(x(slice), x(slice + 1));
            let place = (middle, base - height(default.holding as f64) - 6.0);
            canvas.marker(place, Marker::Down, 4.0, of_name(1));
        }
    }
}

/// Runs of equal values: where each begins and ends, and its value.
fn runs(values: impl Iterator<Item = f64>) -> Vec<(Range<usize>, f64)> {
    let values: Vec<f64> = values.collect();
    let mut start = 0;
    let runs = values.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(|run| {
        let across = start..start + run.len();
        start = across.end;
        (across, run[0])
    });
    runs.collect()
}

fn fill(canvas: &mut Canvas, [(x0, y0), (x1, y1)]: [Place; 2], colour: Colour, opacity: f64) {
    canvas.fill(&[(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour, opacity);
}
