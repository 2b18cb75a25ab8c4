//! Colours and markers.

use plotters::style::RGBColor;

/// Turned into `currentColor` in the end.
pub(super) const INK: RGBColor = RGBColor(0, 0, 0);
/// Said of a wrong prediction, beside a sign.
pub(super) const WRONG: RGBColor = RGBColor(0xD5, 0x5E, 0x00);

/// Viridis from 0.2 to 0.75, its dark end lightened for dark pages.
const LAYERS: [RGBColor; 6] = [
    RGBColor(0x4F, 0x5B, 0xB0),
    RGBColor(0x2F, 0x72, 0xA3),
    RGBColor(0x26, 0x82, 0x8E),
    RGBColor(0x1F, 0xA0, 0x88),
    RGBColor(0x35, 0xB7, 0x79),
    RGBColor(0x5E, 0xC9, 0x62),
];

/// Plasma from 0.25 to 0.8, its dark end lightened for dark pages.
const STRENGTHS: [RGBColor; 6] = [
    RGBColor(0x84, 0x31, 0xBC),
    RGBColor(0xA3, 0x2F, 0xA6),
    RGBColor(0xBF, 0x39, 0x84),
    RGBColor(0xD8, 0x5A, 0x69),
    RGBColor(0xED, 0x7C, 0x51),
    RGBColor(0xFC, 0xA6, 0x36),
];

/// Okabe and Ito, "Color Universal Design" (2008).
const NAMES: [RGBColor; 5] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0xE6, 0x9F, 0x00),
];

/// Drawn as corners around (0, 0), of about the same area.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    Down,
}

const MARKERS: [Marker; 5] =
    [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond, Marker::Down];

/// Lengths of dash and gap in px; none for a solid line.
pub(super) type Dash = Option<(f64, f64)>;

const DASHES: [Dash; 4] = [None, Some((7.0, 3.0)), Some((2.0, 2.5)), Some((12.0, 3.0))];

/// Of `count` layers the one at `index`.
pub(super) fn of_layer(index: usize, count: usize) -> RGBColor {
    between(&LAYERS, index, count)
}

/// Of `count` strengths the one at `index`.
pub(super) fn of_strength(index: usize, count: usize) -> RGBColor {
    between(&STRENGTHS, index, count)
}

/// Of names that have no order.
pub(super) fn of_name(index: usize) -> RGBColor {
    NAMES[index % NAMES.len()]
}

pub(super) fn marker(index: usize) -> Marker {
    MARKERS[index % MARKERS.len()]
}

pub(super) fn dash(index: usize) -> Dash {
    DASHES[index % DASHES.len()]
}

impl Marker {
    /// The corners, for a circle of radius 1; none for a circle.
    pub(super) fn corners(self) -> &'static [(f64, f64)] {
        match self {
            Self::Circle => &[],
            Self::Square => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            Self::Triangle => &[(0.0, -1.3), (1.15, 0.8), (-1.15, 0.8)],
            Self::Diamond => &[(0.0, -1.35), (1.2, 0.0), (0.0, 1.35), (-1.2, 0.0)],
            Self::Down => &[(0.0, 1.3), (1.15, -0.8), (-1.15, -0.8)],
        }
    }
}

/// `count` colours from the first stop to the last, evenly.
fn between(stops: &[RGBColor], index: usize, count: usize) -> RGBColor {
    let place = index as f64 / count.saturating_sub(1).max(1) as f64;
    let place = place.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let (low, part) = (place.floor() as usize, place.fract());
    let (a, b) = (stops[low], stops[(low + 1).min(stops.len() - 1)]);
    let mix = |a: u8, b: u8| (f64::from(a) + part * (f64::from(b) - f64::from(a))).round() as u8;
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}
