//! Axes: labels, ranges and ticks.

use super::{
    canvas::{Canvas, FONT, Pen, Place, SMALL, TextStyle, text_width},
    style::INK,
};

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AxisScale {
    /// Equal differences have equal lengths.
    Linear,
    /// Linear, with ticks only at whole numbers: layers, epochs.
    Whole,
    /// Equal ratios have equal lengths. Values that are not positive are left out.
    Log,
}

/// An axis, before its range is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The quantity and its unit.
    pub label: String,
    /// How values are spread.
    pub scale: AxisScale,
    /// Values that the range contains whatever the data are.
    pub within: Vec<f64>,
    /// Where its ticks stand. If there are none, they stand at round numbers.
    pub ticks: Vec<f64>,
}

impl Axis {
    /// Equal differences have equal lengths.
    #[must_use]
    pub fn linear(label: &str) -> Self {
        Self {
            label: label.into(),
            scale: AxisScale::Linear,
            within: Vec::new(),
            ticks: Vec::new(),
        }
    }

    /// Linear, with ticks only at whole numbers.
    #[must_use]
    pub fn whole(label: &str) -> Self {
        Self { scale: AxisScale::Whole, ..Self::linear(label) }
    }

    /// Equal ratios have equal lengths.
    #[must_use]
    pub fn log(label: &str) -> Self {
        Self { scale: AxisScale::Log, ..Self::linear(label) }
    }

    /// At least from 0 to 100.
    #[must_use]
    pub fn percent(label: &str) -> Self {
        Self { within: vec![0.0, 100.0], ..Self::linear(label) }
    }

    /// With ticks at these values, such as those at which something was measured.
    #[must_use]
    pub fn with_ticks(self, values: impl IntoIterator<Item = f64>) -> Self {
        Self { ticks: values.into_iter().collect(), ..self }
    }

    /// The range that contains the values, with about `most` ticks or fewer.
    pub(super) fn over(&self, values: impl Iterator<Item = f64>, most: usize) -> Range {
        let values = values.chain(self.within.iter().chain(&self.ticks).copied());
        let values = values.filter_map(|value| scaled(self.scale, value));
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let (low, high) = if low > high { (0.0, 1.0) } else { (low, high) };
        // The data keep a distance from the ends of the axis. A single value gets a range in which numbers
        // can be told apart.
        let least = (1e-9 * low.abs().max(high.abs())).max(1e-12);
        let edge = 0.05 * (high - low).max(least);
        let pad = if high > low { edge } else { edge.max(0.5 * low.abs().clamp(0.2, 1.0)) };
        let (low, high) = (low - pad, high + pad);
        let (ticks, minor) = match self.scale {
            _ if !self.ticks.is_empty() => self.ticks_within(high - low, most),
            AxisScale::Linear => (linear_ticks(low, high, 0.0, most), Vec::new()),
            AxisScale::Whole => (linear_ticks(low, high, 1.0, most), Vec::new()),
            AxisScale::Log => log_ticks(low, high, most),
        };
        Range { scale: self.scale, low, high, ticks, minor }
    }

    /// Its own ticks along a length that has room for `most` numbers. Those without room have no number; the
    /// last has one.
    fn ticks_within(&self, length: f64, most: usize) -> (Vec<(f64, String)>, Vec<f64>) {
        let tick = |value: &f64| Some((scaled(self.scale, *value)?, short(*value)));
        let mut all: Vec<(f64, String)> = self.ticks.iter().filter_map(tick).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        all.dedup_by(|a, b| a.0.total_cmp(&b.0).is_eq());
        let widest = all.iter().map(|(_, text)| text_width(text, SMALL)).fold(0.0, f64::max);
        let room = length / most.max(1) as f64 * ((widest + 6.0) / TICK).max(1.0);
        let last = all.last().map_or(0.0, |(last, _)| *last);
        let (mut numbered, mut minor) = (Vec::<(f64, String)>::new(), Vec::new());
        for (tick, text) in all {
            let has_room = numbered.last().is_none_or(|(before, _)| tick - before >= room);
            if tick >= last || has_room && last - tick >= room {
                numbered.push((tick, text));
            } else {
                minor.push(tick);
            }
        }
        (numbered, minor)
    }
}

/// Room along the x axis for the number of a tick, px.
const TICK: f64 = 34.0;

/// The range of an axis and its ticks. On a log axis, all numbers are logarithms to base 10.
pub(super) struct Range {
    scale: AxisScale,
    low: f64,
    high: f64,
    ticks: Vec<(f64, String)>,
    minor: Vec<f64>,
}

impl Range {
    /// Where a value lies, from 0 at the low end to 1; none if it cannot be drawn.
    pub(super) fn fraction(&self, value: f64) -> Option<f64> {
        scaled(self.scale, value).map(|value| self.fraction_of_scaled(value))
    }

    fn fraction_of_scaled(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

/// Values of larger magnitude are not drawn, nor values on a log axis that are below its inverse.
const LARGEST: f64 = 1e100;

fn scaled(scale: AxisScale, value: f64) -> Option<f64> {
    match scale {
        AxisScale::Log => (1.0 / LARGEST..=LARGEST).contains(&value).then(|| value.log10()),
        AxisScale::Linear | AxisScale::Whole => {
            (-LARGEST..=LARGEST).contains(&value).then_some(value)
        }
    }
}

/// Where a plot lies on the sheet, px, without the text around it.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Frame {
    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// How many ticks the x axis has room for.
    pub(super) fn ticks_across(&self) -> usize {
        ((self.width / TICK) as usize).clamp(2, 8)
    }

    /// How many ticks the y axis has room for.
    pub(super) fn ticks_down(&self) -> usize {
        ((self.height / 26.0) as usize).max(2)
    }

    pub(super) fn middle(&self) -> f64 {
        self.left + self.width / 2.0
    }
}

/// A frame and the ranges of its axes.
pub(super) struct Plot<'a> {
    pub(super) frame: Frame,
    pub(super) x: &'a Range,
    pub(super) y: &'a Range,
}

impl Plot<'_> {
    /// The place of a point; none if one of its values cannot be drawn.
    pub(super) fn at(&self, x: f64, y: f64) -> Option<Place> {
        let (x, y) = (self.x.fraction(x)?, self.y.fraction(y)?);
        Some((self.across(x), self.down(y)))
    }

    fn across(&self, fraction: f64) -> f64 {
        self.frame.left + fraction * self.frame.width
    }

    fn down(&self, fraction: f64) -> f64 {
        self.frame.bottom() - fraction * self.frame.height
    }

    /// Draw title, grid, axes, ticks and their numbers; those of the y axis only if `numbered`.
    pub(super) fn draw_axes(&self, canvas: &mut Canvas, title: &str, numbered: bool) {
        let Frame { left, top, .. } = self.frame;
        let (right, bottom) = (self.frame.right(), self.frame.bottom());
        let (grid, axis) = (Pen::faint(0.8, 0.13), Pen::new(INK, 1.0));
        for (tick, text) in &self.x.ticks {
            let x = self.across(self.x.fraction_of_scaled(*tick));
            canvas.line(&[(x, top), (x, bottom)], grid);
            canvas.line(&[(x, bottom), (x, bottom + 4.0)], axis);
            canvas.text(text, (x, bottom + 12.0), TextStyle::new(SMALL).centred());
        }
        for (tick, text) in &self.y.ticks {
            let y = self.down(self.y.fraction_of_scaled(*tick));
            canvas.line(&[(left, y), (right, y)], grid);
            canvas.line(&[(left - 4.0, y), (left, y)], axis);
            if numbered {
                canvas.text(text, (left - 7.0, y), TextStyle::new(SMALL).before());
            }
        }
        for tick in &self.x.minor {
            let x = self.across(self.x.fraction_of_scaled(*tick));
            canvas.line(&[(x, bottom), (x, bottom + 2.5)], Pen::new(INK, 0.7));
        }
        for tick in &self.y.minor {
            let y = self.down(self.y.fraction_of_scaled(*tick));
            canvas.line(&[(left - 2.5, y), (left, y)], Pen::new(INK, 0.7));
        }
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], axis);
        if !title.is_empty() {
            let middle = (self.frame.middle(), top - 9.0);
            canvas.text(title, middle, TextStyle::new(FONT).bold().centred());
        }
    }

    /// Draw the labels of the axes: that of x below the plot, and that of y, if given, at a distance to the
    /// left of it.
    pub(super) fn draw_labels(&self, canvas: &mut Canvas, x: &str, y: Option<(&str, f64)>) {
        let frame = self.frame;
        canvas.text(x, (frame.middle(), frame.bottom() + 29.0), TextStyle::new(FONT).centred());
        if let Some((y, distance)) = y {
            let place = (frame.left - distance, frame.top + frame.height / 2.0);
            canvas.text(y, place, TextStyle::new(FONT).centred().upwards());
        }
    }
}

/// Ticks at multiples of 1, 2 or 5 times a power of ten, `least` or more apart. At most `most`, or 2 if
/// `most` is less.
fn linear_ticks(low: f64, high: f64, least: f64, most: usize) -> Vec<(f64, String)> {
    let power = ((high - low) / most.max(2) as f64).log10().floor() as i32;
    let steps = (power..=power + 2).flat_map(|p| [1.0, 2.0, 5.0].map(|m| m * 10.0_f64.powi(p)));
    let count = |step: f64| (high / step).floor() - (low / step).ceil() + 1.0;
    let fits = |step: &f64| *step >= least && count(*step) <= most.max(2) as f64;
    let step = steps.clone().find(fits).unwrap_or(high - low);
    let decimals = (-step.log10() - 1e-9).ceil().max(0.0) as usize;
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last)
        .map(|n| {
            let value = n as f64 * step;
            let long = decimals > 9 || value.abs() >= 1e12;
            (value, if long { short(value) } else { signed(&format!("{value:.decimals$}")) })
        })
        .collect()
}

/// Ticks, and minor ticks without numbers, of a range given by its logarithms: the powers of ten, and
/// their multiples as minor ticks. Short ranges have multiples of the powers as ticks.
fn log_ticks(low: f64, high: f64, most: usize) -> (Vec<(f64, String)>, Vec<f64>) {
    let powers: Vec<i32> = (low.ceil() as i32..=high.floor() as i32).collect();
    let multiples = |of: &'static [f64]| {
        let powers = low.floor() as i32..=high.floor() as i32;
        powers
            .flat_map(move |power| of.iter().map(move |m| f64::from(power) + m.log10()))
            .filter(move |tick| (low..=high).contains(tick))
    };
    if high - low < 1.7 {
        let of: &[f64] =
            if high - low < 0.7 { &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0] } else { &[1.0, 2.0, 5.0] };
        let ticks: Vec<_> = multiples(of).map(|tick| (tick, short(10.0_f64.powf(tick)))).collect();
        if ticks.len() > 1 {
            return (ticks, multiples(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]).collect());
        }
        let between = linear_ticks(10.0_f64.powf(low), 10.0_f64.powf(high), 0.0, most.min(4));
        return (
            between.into_iter().map(|(tick, text)| (tick.log10(), text)).collect(),
            Vec::new(),
        );
    }
    let every = i64::try_from(powers.len().div_ceil(most.max(1))).unwrap_or(1).max(1);
    let all_near_1 = powers.iter().all(|power| (-1..=3).contains(power));
    let ticks =
        powers.iter().filter(|power| i64::from(**power).rem_euclid(every) == 0).map(|&power| {
            let text = if all_near_1 { short(10.0_f64.powi(power)) } else { power_of_ten(power) };
            (f64::from(power), text)
        });
    let minor = match powers.len() {
        ..=5 => multiples(&[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]).collect(),
        _ => powers.iter().map(|&power| f64::from(power)).collect(),
    };
    (ticks.collect(), minor)
}

/// A number in as few digits as give it to six significant ones; with a power of ten if it is far from 1.
pub(super) fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let power = value.abs().log10().floor() as i32;
    if !(-4..=6).contains(&power) {
        let factor = short(value / 10.0_f64.powi(power));
        return format!("{factor}·{}", power_of_ten(power));
    }
    let decimals = usize::try_from(5 - power).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    signed(if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    })
}

/// `10⁻²`
fn power_of_ten(power: i32) -> String {
    let digits = power.to_string();
    let raised = digits.chars().map(|c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        c => c.to_digit(10).and_then(|digit| char::from_u32(0x2070 + digit)).unwrap_or(c),
    });
    "10".chars().chain(raised).collect()
}

/// A number with a minus sign in place of the hyphen.
fn signed(number: &str) -> String {
    number.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_values_have_a_range_and_short_ticks() {
        let values = [
            0.0,
            1e-320,
            1e-300,
            2e-300,
            1e-13,
            1.0,
            1.0 + f64::EPSILON,
            1e9,
            1e17,
            1e100,
            1e101,
            1e300,
            f64::MAX,
            f64::NAN,
            f64::INFINITY,
        ];
        let all = values.iter().flat_map(|v| [*v, -v]).collect::<Vec<f64>>();
        for scale in [AxisScale::Linear, AxisScale::Whole, AxisScale::Log] {
            let axis = Axis { scale, ..Axis::linear("") };
            let pairs = all.iter().flat_map(|a| all.iter().map(move |b| vec![*a, *b]));
            for values in pairs.chain([vec![], all.clone()]) {
                let range = axis.over(values.iter().copied(), 6);
                assert!(range.low < range.high && range.ticks.len() <= 20, "{values:?}");
                let text = range.ticks.iter().map(|(_, text)| text);
                for text in text {
                    assert!(
                        text.chars().count() < 24 && !text.contains("NaN"),
                        "{text} {values:?}"
                    );
                }
                for place in values.iter().filter_map(|value| range.fraction(*value)) {
                    assert!((0.0..=1.0).contains(&place), "{place} {values:?}");
                }
            }
        }
    }

    fn texts(axis: &Axis, values: &[f64]) -> Vec<String> {
        let range = axis.over(values.iter().copied(), 6);
        range.ticks.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(texts(&Axis::linear(""), &[0.0, 0.3]), ["0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(texts(&Axis::linear(""), &[-1.0, 1.0]), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(texts(&Axis::percent(""), &[50.0]), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(texts(&Axis::whole(""), &[1.0, 3.0]), ["1", "2", "3"]);
        assert_eq!(texts(&Axis::log(""), &[1e-3, 1.0]), ["10⁻³", "10⁻²", "10⁻¹", "10⁰"]);
        assert_eq!(texts(&Axis::log(""), &[1.0, 200.0]), ["1", "10", "100"]);
        assert_eq!(texts(&Axis::log(""), &[1000.0, 10000.0]), ["1000", "2000", "5000", "10000"]);
        assert_eq!(texts(&Axis::log(""), &[1e-12, 1e2]).first().unwrap(), "10⁻¹²");
    }

    #[test]
    fn measured_values_have_ticks_and_those_with_room_a_number() {
        let ticks = |axis: Axis, values: &[f64], most| {
            let range = axis.with_ticks(values.iter().copied()).over(values.iter().copied(), most);
            let minor = range.minor.len();
            (range.ticks.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" "), minor)
        };
        let strengths = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0];
        // A fifth of the axis is 0.66.
        let linear = || Axis::linear("");
        assert_eq!(ticks(linear(), &strengths, 5), ("0 0.8 1.5 3".into(), 9));
        assert_eq!(ticks(linear(), &[3.0, 0.0, 0.0, 1.5], 5), ("0 1.5 3".into(), 0));
        assert_eq!(ticks(linear(), &[0.3], 5), ("0.3".into(), 0));
        assert_eq!(ticks(linear(), &[0.0, 1.0, 1.01], 5), ("0 1.01".into(), 1));
        let epochs = [1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 40.0, 0.0];
        assert_eq!(ticks(Axis::log(""), &epochs, 8), ("1 2 5 10 20 40".into(), 1));
        // Numbers of more digits need more room.
        let long = [0.0, 0.12345, 0.24691, 0.37037, 0.49383];
        assert_eq!(ticks(linear(), &long, 5).1, 2);
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.1, "0.1"),
            (-0.25, "−0.25"),
            (3.0, "3"),
            (2e-7, "2·10⁻⁷"),
            (0.0, "0"),
            (1e4, "10000"),
        ] {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn no_value_and_extreme_values_have_a_range() {
        let inputs: [&[f64]; 6] =
            [&[], &[0.0], &[5.0], &[f64::NAN, f64::INFINITY], &[-1.0, 0.0], &[1e300, 1e-300]];
        for axis in [Axis::linear(""), Axis::whole(""), Axis::log("")] {
            for values in inputs {
                let range = axis.over(values.iter().copied(), 5);
                assert!(range.high > range.low, "{values:?}");
                assert!(range.ticks.len() < 20, "{values:?}");
            }
        }
    }
}
