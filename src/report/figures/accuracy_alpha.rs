//! Accuracy against alpha: the figure of the paper.

use super::{
    axis::{Axis, Frame, Plot, short},
    canvas::{Canvas, FONT, Pen, Place, SMALL, TextStyle, WIDTH, svg, text_width},
    layer_name,
    panels::{BELOW, LEFT, TITLE, frames, ranges, say_empty},
    style::{Colour, INK, Marker, of_strength},
};

/// One attack.
#[derive(Clone, Debug, PartialEq)]
pub struct AccuracyAlpha {
    /// The attack's name.
    pub title: String,
    /// Name and unit of the strength: `σ (pixel units)`.
    pub strength_label: String,
    /// One panel for each.
    pub layers: Vec<LayerMeasurements>,
}

/// One layer under one attack.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerMeasurements {
    /// From 1.
    pub layer: usize,
    /// The measurements of each seed's network, by rising strength.
    pub seeds: Vec<Vec<Measurement>>,
    /// (alpha, accuracy) where alpha turns.
    pub turning_point: Option<(f64, f64)>,
}

/// A layer of one network under an attack of one strength.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measurement {
    /// In the attack's unit; 0 for clean images.
    pub strength: f64,
    /// The exponent.
    pub alpha: Option<f64>,
    /// A fraction.
    pub accuracy: Option<f64>,
}

/// The largest number of plots beside each other.
const COLUMNS: usize = 5;
const HEIGHT: f64 = 190.0;
/// Height of an attack's name and scale of strengths, px.
const SCALE: f64 = 34.0;
const LEGEND: f64 = 26.0;

/// Accuracy (%) against alpha: one row of panels per attack, one panel per layer. Thin lines are
/// seeds. The thick line is the mean of alpha and of accuracy over seeds, at the strengths that all
/// seeds have; its markers have the colours of the strengths. Squares are clean images, diamonds
/// turning points. Each panel has its own alpha axis, because layers differ by more than attacks do.
#[must_use]
pub fn accuracy_alpha(attacks: &[AccuracyAlpha]) -> String {
    let rows = |attack: &AccuracyAlpha| attack.layers.len().div_ceil(COLUMNS).max(1) as f64;
    let pitch = TITLE + HEIGHT + BELOW;
    let height = attacks.iter().map(|attack| SCALE + rows(attack) * pitch).sum::<f64>();
    let turns = attacks.iter().flat_map(|attack| &attack.layers).any(|l| l.turning_point.is_some());
    let title = "Accuracy against the power-law exponent alpha, by attack and layer";
    svg(title, LEGEND + height, |canvas| {
        draw_legend(canvas, turns);
        let mut top = LEGEND;
        for attack in attacks {
            let strengths = strengths(attack);
            draw_scale(canvas, attack, &strengths, top);
            let columns = attack.layers.len().clamp(1, COLUMNS);
            for (row, layers) in attack.layers.chunks(columns).enumerate() {
                let top = top + SCALE + row as f64 * pitch + TITLE;
                let frames = frames(columns.max(3), top, HEIGHT, 20.0);
                for (column, (layer, frame)) in layers.iter().zip(frames).enumerate() {
                    draw_panel(canvas, layer, frame, &strengths, column == 0);
                }
            }
            top += SCALE + rows(attack) * pitch;
        }
    })
}

fn draw_panel(
    canvas: &mut Canvas,
    layer: &LayerMeasurements,
    frame: Frame,
    strengths: &[f64],
    numbered: bool,
) {
    let point = |measured: &Measurement| Some((measured.alpha?, 100.0 * measured.accuracy?));
    let turning_point = layer.turning_point.map(|(alpha, accuracy)| (alpha, 100.0 * accuracy));
    let points = layer.seeds.iter().flatten().filter_map(point);
    let points: Vec<_> = points.chain(turning_point).collect();
    let (x, y) = (Axis::linear("α"), Axis::percent("accuracy (%)"));
    let (x_range, y_range) = ranges(&x, &y, &points, frame);
    let plot = Plot { frame, x: &x_range, y: &y_range };
    plot.draw_axes(canvas, &layer_name(layer.layer), numbered);
    plot.draw_labels(canvas, &x.label, numbered.then_some((&y.label, LEFT - 10.0)));
    if points.is_empty() {
        say_empty(canvas, frame);
    }
    let at = |measured: &Measurement| point(measured).and_then(|(x, y)| plot.at(x, y));
    let mut line = |measured: &[Measurement], pen: Pen| {
        for run in measured.split(|one| at(one).is_none()) {
            canvas.line(&run.iter().filter_map(at).collect::<Vec<_>>(), pen);
        }
    };
    for seed in &layer.seeds {
        line(seed, Pen::faint(0.8, 0.4));
    }
    let means: Vec<_> = strengths.iter().filter_map(|s| mean(layer, *s)).collect();
    line(&means, Pen::new(INK, 2.0));
    let attacked: Vec<f64> = strengths.iter().copied().filter(|s| *s > 0.0).collect();
    // The weakest attacks lie closest to the clean point: they are drawn last.
    for mean in means.iter().rev() {
        let Some(place) = at(mean) else { continue };
        if mean.strength == 0.0 {
            draw_clean(canvas, place);
        } else {
            let weaker = attacked.iter().filter(|s| **s < mean.strength).count();
            draw_attacked(canvas, place, of_strength(weaker, attacked.len()));
        }
    }
    if let Some(place) = turning_point.and_then(|(x, y)| plot.at(x, y)) {
        draw_turning_point(canvas, place);
    }
}

/// Means of alpha and accuracy over the seeds; none if a seed lacks one of them.
fn mean(layer: &LayerMeasurements, strength: f64) -> Option<Measurement> {
    let mut sums = (0.0, 0.0);
    for seed in &layer.seeds {
        let measured = seed.iter().find(|one| one.strength.total_cmp(&strength).is_eq())?;
        sums = (sums.0 + measured.alpha?, sums.1 + measured.accuracy?);
    }
    let count = layer.seeds.len() as f64;
    Some(Measurement { strength, alpha: Some(sums.0 / count), accuracy: Some(sums.1 / count) })
}

/// All strengths of an attack, rising.
fn strengths(attack: &AccuracyAlpha) -> Vec<f64> {
    let measured = attack.layers.iter().flat_map(|layer| layer.seeds.iter().flatten());
    let strengths = measured.map(|one| one.strength).filter(|strength| strength.is_finite());
    let mut strengths: Vec<f64> = strengths.collect();
    strengths.sort_by(f64::total_cmp);
    strengths.dedup();
    strengths
}

fn draw_clean(canvas: &mut Canvas, place: Place) {
    canvas.marker(place, Marker::Square, 4.6, INK);
}

fn draw_attacked(canvas: &mut Canvas, place: Place, colour: Colour) {
    canvas.marker(place, Marker::Circle, 4.0, colour);
    canvas.ring(place, Marker::Circle, 4.0, Pen::new(INK, 0.6));
}

fn draw_turning_point(canvas: &mut Canvas, place: Place) {
    canvas.ring(place, Marker::Diamond, 7.0, Pen::new(INK, 1.6));
}

fn draw_legend(canvas: &mut Canvas, turns: bool) {
    let y = 12.0;
    let mut x = LEFT;
    let mut entry = |text: &str, draw_sign: &dyn Fn(&mut Canvas, f64)| {
        draw_sign(canvas, x + 14.0);
        canvas.text(text, (x + 34.0, y), TextStyle::new(FONT));
        x += 34.0 + text_width(text, FONT) + 20.0;
    };
    entry("one seed", &|canvas, x| {
        canvas.line(&[(x - 14.0, y), (x + 14.0, y)], Pen::faint(0.8, 0.5));
    });
    entry("mean over seeds", &|canvas, x| {
        canvas.line(&[(x - 14.0, y), (x + 14.0, y)], Pen::new(INK, 2.0));
        draw_attacked(canvas, (x, y), of_strength(1, 2));
    });
    entry("clean", &|canvas, x| draw_clean(canvas, (x, y)));
    if turns {
        entry("turning point", &|canvas, x| draw_turning_point(canvas, (x, y)));
    }
}

/// The attack's name at the left, the colours of its strengths at the right.
fn draw_scale(canvas: &mut Canvas, attack: &AccuracyAlpha, strengths: &[f64], top: f64) {
    let attacked: Vec<f64> = strengths.iter().copied().filter(|s| *s > 0.0).collect();
    canvas.text(&attack.title, (LEFT, top + 12.0), TextStyle::new(FONT + 1.5).bold());
    if attacked.is_empty() {
        return;
    }
    // Each colour is as wide as the widest number, if they all fit.
    let widest = attacked.iter().map(|s| text_width(&short(*s), SMALL)).fold(0.0, f64::max);
    let width = (widest + 5.0).min(520.0 / attacked.len() as f64);
    let left = WIDTH - 12.0 - width * attacked.len() as f64;
    let label = (left - 8.0, top + 7.0);
    canvas.text(&attack.strength_label, label, TextStyle::new(FONT).before());
    // Numbers that would overlap are left out, but never the last.
    let every = ((widest + 3.0) / width).ceil().max(1.0) as usize;
    for (index, strength) in attacked.iter().enumerate() {
        let (x, y) = (left + index as f64 * width, top + 2.0);
        let colour = of_strength(index, attacked.len());
        canvas.fill(&[(x, y), (x + width, y), (x + width, y + 11.0), (x, y + 11.0)], colour, 1.0);
        if (attacked.len() - 1 - index).is_multiple_of(every) {
            let place = (x + width / 2.0, top + 22.0);
            canvas.text(&short(*strength), place, TextStyle::new(SMALL).centred());
        }
    }
}
