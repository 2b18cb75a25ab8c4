//! Images as the network sees them.

use super::{
    axis::short,
    canvas::{Canvas, FONT, Pen, Place, SMALL, TextStyle, WIDTH, svg, text_width},
    png,
    style::WRONG,
};

/// An image and the class that is predicted for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Grey values, row by row; they may lie outside [0, 1].
    pub pixels: Vec<f32>,
    /// The predicted class; none if it is not known.
    pub predicted: Option<u8>,
}

/// Images under one attack of one strength.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleRow {
    /// The attack and its strength. Lines end with `\n`; long lines are wrapped.
    pub label: String,
    /// One per column.
    pub samples: Vec<Sample>,
}

/// Room left of the images for labels, px.
const LABELS: f64 = 128.0;
/// Room between images, px.
const GAP: f64 = 8.0;
/// Room below an image for its class, px.
const BELOW: f64 = 25.0;

/// Images in one row per attack and strength and one column per image, with the true classes `labels`
/// above them. The predicted class is below each image. If it is wrong, it is followed by `×` and the
/// image is framed. The grey of each row covers [0, 1], widened to contain all its pixels but the
/// lowest and the highest hundredth; the range is stated at the left. `width` is the width of an image in
/// pixels.
#[must_use]
pub fn samples(rows: &[SampleRow], labels: &[u8], width: usize) -> String {
    let columns = labels.len().max(1) as f64;
    let side = ((WIDTH - LABELS - columns * GAP) / columns).clamp(20.0, 84.0);
    let tallest = rows.iter().flat_map(|row| &row.samples).map(|s| s.pixels.len()).max();
    let lines = tallest.unwrap_or_default().div_ceil(width.max(1));
    let height = if lines == 0 { side } else { side * lines as f64 / width.max(1) as f64 };
    let pitch = height + BELOW;
    let left = |column: usize| LABELS + column as f64 * (side + GAP);
    let title = "Sample images, clean and attacked, with the predicted classes";
    svg(title, 26.0 + rows.len() as f64 * pitch, |canvas| {
        canvas.text("true class", (LABELS - 12.0, 12.0), TextStyle::new(FONT).before());
        for (column, label) in labels.iter().enumerate() {
            let place = (left(column) + side / 2.0, 12.0);
            canvas.text(&label.to_string(), place, TextStyle::new(FONT).bold().centred());
        }
        for (number, row) in rows.iter().enumerate() {
            let top = 24.0 + number as f64 * pitch;
            let range = grey_range(row);
            let grey = format!("grey {} to {}", short(range.0), short(range.1));
            let texts = row.label.lines().flat_map(wrapped).chain([grey]).collect::<Vec<_>>();
            let middle = top + height / 2.0 - (texts.len() - 1) as f64 * 8.5;
            for (line, text) in texts.iter().enumerate() {
                let last = line + 1 == texts.len();
                let style = TextStyle::new(if last { SMALL } else { FONT }).before();
                canvas.text(text, (LABELS - 12.0, middle + line as f64 * 17.0), style);
            }
            let below = (LABELS - 12.0, top + height + 11.0);
            canvas.text("predicted", below, TextStyle::new(SMALL).before());
            for (column, (sample, label)) in row.samples.iter().zip(labels).enumerate() {
                let pixels: Vec<u8> = sample.pixels.iter().map(|&v| byte(v, range)).collect();
                canvas.image((left(column), top), (side, height), &png::base64(width, &pixels));
                draw_class(canvas, sample.predicted, *label, (left(column), top), (side, height));
            }
        }
    })
}

/// Draw the predicted class of an image below it, and its frame.
fn draw_class(
    canvas: &mut Canvas,
    predicted: Option<u8>,
    label: u8,
    (left, top): Place,
    (width, height): (f64, f64),
) {
    let below = (left + width / 2.0, top + height + 11.0);
    let frame = [(left - 1.5, top - 1.5), (left + width + 1.5, top + height + 1.5)];
    let style = TextStyle::new(FONT).centred();
    if let Some(class) = predicted.filter(|class| *class != label) {
        canvas.text(&format!("{class} ×"), below, style.bold().coloured(WRONG));
        canvas.rectangle(frame, Pen::new(WRONG, 2.5));
    } else {
        let class = predicted.map_or("–".into(), |class| class.to_string());
        canvas.text(&class, below, style);
        canvas.rectangle(frame, Pen::faint(0.8, 0.3));
    }
}

/// A line as lines that fit beside the images, broken between words.
fn wrapped(line: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        match lines.last_mut() {
            Some(last) if text_width(&format!("{last} {word}"), FONT) <= LABELS - 12.0 => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The range of grey of a row, rounded outwards to a tenth.
fn grey_range(row: &SampleRow) -> (f64, f64) {
    let values = row.samples.iter().flat_map(|sample| &sample.pixels).copied();
    let mut values: Vec<f64> = values.map(f64::from).filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let outermost = values.len() / 100;
    let low = values.get(outermost).copied().unwrap_or(0.0).min(0.0);
    let high = values.iter().rev().nth(outermost).copied().unwrap_or(1.0).max(1.0);
    // A pixel of 0.1 in single precision is a little more than 0.1.
    ((low * 10.0 + 1e-4).floor() / 10.0, (high * 10.0 - 1e-4).ceil() / 10.0)
}

fn byte(value: f32, (low, high): (f64, f64)) -> u8 {
    (255.0 * ((f64::from(value) - low) / (high - low)).clamp(0.0, 1.0)).round() as u8
}
