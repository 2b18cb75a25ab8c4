//! Images as the network sees them.

use super::{
    axis::plain,
    canvas::{FONT, Pen, SMALL, Type, WIDTH, svg, text_width},
    png,
    style::{INK, WRONG},
};

/// An image and what it is taken for.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Grey values row by row; any finite value.
    pub pixels: Vec<f32>,
    /// The class predicted; none if not known.
    pub predicted: Option<u8>,
}

/// Samples of one attack and strength.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleRow {
    /// The attack and its strength; lines are parted by `\n`, and between words where they are long.
    pub label: String,
    /// In the columns' order.
    pub samples: Vec<Sample>,
}

/// Left of the images, px; between images; below each for its class.
const LABELS: f64 = 128.0;
const GAP: f64 = 8.0;
const BELOW: f64 = 25.0;

/// A row an attack and strength, a column a sample, the true classes `labels` above. Under
/// each image the class predicted; a wrong one is framed and followed by `×`. Each row is
/// drawn in a range of grey of its own, stated at its left: [0, 1], widened to hold all
/// but the outermost hundredth of its pixels at either end. `width` is that of an image
/// in pixels.
#[must_use]
pub fn samples(rows: &[SampleRow], labels: &[u8], width: usize) -> String {
    let columns = labels.len().max(1) as f64;
    let side = ((WIDTH - LABELS - columns * GAP) / columns).clamp(20.0, 84.0);
    let tallest = rows.iter().flat_map(|row| &row.samples).map(|s| s.pixels.len()).max();
    let lines = tallest.unwrap_or_default().div_ceil(width.max(1));
    let height = if lines == 0 { side } else { side * lines as f64 / width.max(1) as f64 };
    let pitch = height + BELOW;
    let left = |column: usize| LABELS + column as f64 * (side + GAP);
    let title = "Sample images, clean and attacked, with the classes predicted";
    svg(title, 26.0 + rows.len() as f64 * pitch, |canvas| {
        canvas.text("true class", (LABELS - 12.0, 12.0), Type::new(FONT).before());
        for (column, label) in labels.iter().enumerate() {
            let place = (left(column) + side / 2.0, 12.0);
            canvas.text(&label.to_string(), place, Type::new(FONT).bold().centred());
        }
        for (number, row) in rows.iter().enumerate() {
            let top = 24.0 + number as f64 * pitch;
            let range = grey_range(row);
            let grey = format!("grey {} to {}", plain(range.0), plain(range.1));
            let texts = row.label.lines().flat_map(wrapped).chain([grey]).collect::<Vec<_>>();
            let middle = top + height / 2.0 - (texts.len() - 1) as f64 * 8.5;
            for (line, text) in texts.iter().enumerate() {
                let last = line + 1 == texts.len();
                let kind = Type::new(if last { SMALL } else { FONT }).before();
                canvas.text(text, (LABELS - 12.0, middle + line as f64 * 17.0), kind);
            }
            let below = (LABELS - 12.0, top + height + 11.0);
            canvas.text("predicted", below, Type::new(SMALL).before());
            for (column, (sample, label)) in row.samples.iter().zip(labels).enumerate() {
                let (x, middle) = (left(column), left(column) + side / 2.0);
                let pixels: Vec<u8> = sample.pixels.iter().map(|&v| byte(v, range)).collect();
                canvas.image((x, top), (side, height), &png::base64(width, &pixels));
                let below = (middle, top + height + 11.0);
                let frame = [(x - 1.5, top - 1.5), (x + side + 1.5, top + height + 1.5)];
                match sample.predicted {
                    Some(class) if class == *label => {
                        canvas.text(&class.to_string(), below, Type::new(FONT).centred());
                    }
                    Some(class) => {
                        let kind = Type { colour: WRONG, ..Type::new(FONT).bold().centred() };
                        canvas.text(&format!("{class} ×"), below, kind);
                        canvas.rectangle(frame, Pen::new(WRONG, 2.5), false);
                    }
                    None => canvas.text("–", below, Type::new(FONT).centred()),
                }
                if sample.predicted.is_none_or(|class| class == *label) {
                    canvas.rectangle(frame, Pen { opacity: 0.3, ..Pen::new(INK, 0.8) }, false);
                }
            }
        }
    })
}

/// A line as several that fit beside the images, parted between words.
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

/// To a tenth outwards.
fn grey_range(row: &SampleRow) -> (f64, f64) {
    let values = row.samples.iter().flat_map(|sample| &sample.pixels).copied();
    let mut values: Vec<f64> = values.map(f64::from).filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let outermost = values.len() / 100;
    let low = values.get(outermost).copied().unwrap_or(0.0).min(0.0);
    let high = values.iter().rev().nth(outermost).copied().unwrap_or(1.0).max(1.0);
    // 0.1 of f4 is a little more than 0.1.
    ((low * 10.0 + 1e-4).floor() / 10.0, (high * 10.0 - 1e-4).ceil() / 10.0)
}

fn byte(value: f32, (low, high): (f64, f64)) -> u8 {
    (255.0 * ((f64::from(value) - low) / (high - low)).clamp(0.0, 1.0)).round() as u8
}
