//! Accuracy against alpha: the figure of the paper.

use plotters::style::RGBColor;

use super::{
    axis::{Axis, Frame, Plot, plain},
    canvas::{Canvas, FONT, Pen, SMALL, Type, WIDTH, svg, text_width},
    layer_name,
    panels::{BELOW, LEFT, TITLE, nothing, ranges, row},
    style::{INK, Marker, of_strength},
};

/// One attack.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The attack's name.
    pub title: String,
    /// The strength's name and unit: `σ (pixel units)`.
    pub strength: String,
    /// A panel a layer.
    pub layers: Vec<AccuracyAlpha>,
}

/// One layer under one attack.
#[derive(Clone, Debug, PartialEq)]
pub struct AccuracyAlpha {
    /// From 1.
    pub layer: usize,
    /// The states of each seed's network, strengths rising.
    pub seeds: Vec<Vec<State>>,
    /// (alpha, accuracy) where alpha turns.
    pub turning_point: Option<(f64, f64)>,
}

/// A network under an attack of one strength.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State {
    /// In pixel units; 0: clean.
    pub strength: f64,
    /// The exponent.
    pub alpha: Option<f64>,
    /// A fraction.
    pub accuracy: Option<f64>,
}

/// Most plots beside each other.
const COLUMNS: usize = 5;
const HEIGHT: f64 = 190.0;
/// A row's name and scale of strengths, px.
const SCALE: f64 = 34.0;
const LEGEND: f64 = 26.0;

/// Accuracy (%) against alpha: a row an attack, a panel a layer. Thin lines are seeds, the
/// thick one is their mean (of alpha and of accuracy, at strengths where no seed misses
/// one) with markers in the colours of the strengths; the squares are clean images, the
/// diamonds turning points. Each panel has its own alpha axis: layers differ by more than
/// attacks do.
#[must_use]
pub fn accuracy_alpha(rows: &[Row]) -> String {
    let lines = |row: &Row| row.layers.len().div_ceil(COLUMNS).max(1) as f64;
    let pitch = TITLE + HEIGHT + BELOW;
    let height = rows.iter().map(|row| SCALE + lines(row) * pitch).sum::<f64>();
    let turning = rows.iter().flat_map(|row| &row.layers).any(|l| l.turning_point.is_some());
    svg(
        "Accuracy against the power-law exponent alpha, by attack and layer",
        LEGEND + height,
        |canvas| {
            legend(canvas, turning);
            let mut top = LEGEND;
            for attack in rows {
                let strengths = strengths(attack);
                scale(canvas, attack, &strengths, top);
                let columns = attack.layers.len().clamp(1, COLUMNS);
                for (number, layers) in attack.layers.chunks(columns).enumerate() {
                    let top = top + SCALE + number as f64 * pitch + TITLE;
                    for (column, (layer, frame)) in
                        layers.iter().zip(row(columns.max(3), top, HEIGHT, 20.0)).enumerate()
                    {
                        panel(canvas, layer, frame, &strengths, column == 0);
                    }
                }
                top += SCALE + lines(attack) * pitch;
            }
        },
    )
}

fn panel(
    canvas: &Canvas<'_>,
    layer: &AccuracyAlpha,
    frame: Frame,
    strengths: &[f64],
    numbered: bool,
) {
    let point = |state: &State| Some((state.alpha?, 100.0 * state.accuracy?));
    let turning = layer.turning_point.map(|(alpha, accuracy)| (alpha, 100.0 * accuracy));
    let points: Vec<_> = layer.seeds.iter().flatten().filter_map(point).chain(turning).collect();
    let axes = (Axis::linear("α"), Axis::percent("accuracy (%)"));
    let (x, y) = ranges(&axes.0, &axes.1, &points, frame);
    let plot = Plot { frame, x: &x, y: &y };
    plot.axes(canvas, &layer_name(layer.layer), numbered);
    let named = numbered.then_some((axes.1.label.as_str(), LEFT - 10.0));
    plot.names(canvas, &axes.0.label, named);
    if points.is_empty() {
        nothing(canvas, frame);
    }
    let at = |state: &State| point(state).and_then(|(x, y)| plot.at(x, y));
    let line = |states: &[State], pen: Pen| {
        for run in states.split(|state| at(state).is_none()) {
            canvas.line(&run.iter().filter_map(at).collect::<Vec<_>>(), pen);
        }
    };
    for seed in &layer.seeds {
        line(seed, Pen::faint(0.8, 0.4));
    }
    let mean: Vec<State> = strengths.iter().filter_map(|s| mean(layer, *s)).collect();
    line(&mean, Pen::new(INK, 2.0));
    let last = strengths.iter().filter(|strength| **strength > 0.0).count();
    let rank = |strength: f64| strengths.iter().filter(|s| **s > 0.0 && **s < strength).count();
    // The weakest attacks lie closest to the clean point: they are drawn last.
    for state in mean.iter().rev() {
        let Some(place) = at(state) else { continue };
        if state.strength == 0.0 {
            clean(canvas, place);
        } else {
            strength(canvas, place, of_strength(rank(state.strength), last));
        }
    }
    if let Some(place) = turning.and_then(|(x, y)| plot.at(x, y)) {
        turn(canvas, place);
    }
}

/// Of alpha and accuracy over the seeds; none if a seed misses one of them.
fn mean(layer: &AccuracyAlpha, strength: f64) -> Option<State> {
    let mut sums = (0.0, 0.0);
    for seed in &layer.seeds {
        let state = seed.iter().find(|state| state.strength.total_cmp(&strength).is_eq())?;
        sums = (sums.0 + state.alpha?, sums.1 + state.accuracy?);
    }
    let count = layer.seeds.len() as f64;
    Some(State { strength, alpha: Some(sums.0 / count), accuracy: Some(sums.1 / count) })
}

/// All there are, rising.
fn strengths(row: &Row) -> Vec<f64> {
    let states = row.layers.iter().flat_map(|layer| layer.seeds.iter().flatten());
    let mut strengths: Vec<f64> = states.map(|s| s.strength).filter(|s| s.is_finite()).collect();
    strengths.sort_by(f64::total_cmp);
    strengths.dedup();
    strengths
}

fn clean(canvas: &Canvas<'_>, place: (f64, f64)) {
    canvas.marker(place, Marker::Square, 4.6, INK);
}

fn strength(canvas: &Canvas<'_>, place: (f64, f64), colour: RGBColor) {
    canvas.marker(place, Marker::Circle, 4.0, colour);
    canvas.ring(place, Marker::Circle, 4.0, Pen::new(INK, 0.6));
}

fn turn(canvas: &Canvas<'_>, place: (f64, f64)) {
    canvas.ring(place, Marker::Diamond, 7.0, Pen::new(INK, 1.6));
}

/// What the signs are.
fn legend(canvas: &Canvas<'_>, turning: bool) {
    let y = 12.0;
    let mut x = LEFT;
    let mut entry = |text: &str, sign: &dyn Fn(f64)| {
        sign(x + 14.0);
        canvas.text(text, (x + 34.0, y), Type::new(FONT));
        x += 34.0 + text_width(text, FONT) + 20.0;
    };
    entry("one seed", &|x| canvas.line(&[(x - 14.0, y), (x + 14.0, y)], Pen::faint(0.8, 0.5)));
    entry("mean over seeds", &|x| {
        canvas.line(&[(x - 14.0, y), (x + 14.0, y)], Pen::new(INK, 2.0));
        strength(canvas, (x, y), of_strength(1, 2));
    });
    entry("clean", &|x| clean(canvas, (x, y)));
    if turning {
        entry("turning point", &|x| turn(canvas, (x, y)));
    }
}

/// The row's name, and the colours of its strengths at the right.
fn scale(canvas: &Canvas<'_>, row: &Row, strengths: &[f64], top: f64) {
    let attacked: Vec<f64> = strengths.iter().copied().filter(|s| *s > 0.0).collect();
    canvas.text(&row.title, (LEFT, top + 12.0), Type::new(FONT + 1.5).bold());
    if attacked.is_empty() {
        return;
    }
    // Wide enough for the widest number.
    let text = |strength: &f64| plain(*strength);
    let widest = attacked.iter().map(|s| text_width(&text(s), SMALL)).fold(0.0, f64::max);
    let width = (widest + 5.0).min(520.0 / attacked.len() as f64);
    let left = WIDTH - 12.0 - width * attacked.len() as f64;
    canvas.text(&row.strength, (left - 8.0, top + 7.0), Type::new(FONT).before());
    // Numbers that would run into each other are left out, the last never.
    let every = ((widest + 3.0) / width).ceil().max(1.0) as usize;
    for (index, strength) in attacked.iter().enumerate() {
        let x = left + index as f64 * width;
        let pen = Pen::new(of_strength(index, attacked.len()), 1.0);
        canvas.rectangle([(x, top + 2.0), (x + width, top + 13.0)], pen, true);
        if (attacked.len() - 1 - index).is_multiple_of(every) {
            let place = (x + width / 2.0, top + 22.0);
            canvas.text(&text(strength), place, Type::new(SMALL).centred());
        }
    }
}
