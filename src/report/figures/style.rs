//! Colours, markers and dashes.

use std::fmt;

use super::canvas::Place;

/// A colour.
#[derive(Clone, Copy)]
pub(super) enum Colour {
    /// That of the text around the figure.
    Current,
    /// Red, green and blue.
    Rgb(u8, u8, u8),
}

/// Text and axes.
pub(super) const INK: Colour = Colour::Current;
/// Wrong predictions, which are also marked by a sign.
pub(super) const WRONG: Colour = Colour::Rgb(0xD5, 0x5E, 0x00);

type Stop = (u8, u8, u8);

/// Viridis from 0.2 to 0.75, its dark end lightened for dark pages.
const LAYERS: [Stop; 6] = [
    (0x4F, 0x5B, 0xB0),
    (0x2F, 0x72, 0xA3),
    (0x26, 0x82, 0x8E),
    (0x1F, 0xA0, 0x88),
    (0x35, 0xB7, 0x79),
    (0x5E, 0xC9, 0x62),
];

/// Plasma from 0.25 to 0.8, its dark end lightened for dark pages.
const STRENGTHS: [Stop; 6] = [
    (0x84, 0x31, 0xBC),
    (0xA3, 0x2F, 0xA6),
    (0xBF, 0x39, 0x84),
    (0xD8, 0x5A, 0x69),
    (0xED, 0x7C, 0x51),
    (0xFC, 0xA6, 0x36),
];

/// Okabe and Ito, "Color Universal Design" (2008).
const NAMES: [Stop; 5] = [
    (0x00, 0x72, 0xB2),
    (0xD5, 0x5E, 0x00),
    (0x00, 0x9E, 0x73),
    (0xCC, 0x79, 0xA7),
    (0xE6, 0x9F, 0x00),
];

/// Signs of about the same area.
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

/// Lengths of the dashes and of the gaps, px; none for a solid line.
pub(super) type Dash = Option<(f64, f64)>;

const DASHES: [Dash; 4] = [None, Some((7.0, 3.0)), Some((2.0, 2.5)), Some((12.0, 3.0))];

/// The colour of the layer at `index` of `count`.
pub(super) fn of_layer(index: usize, count: usize) -> Colour {
    between(&LAYERS, index, count)
}

/// The colour of the strength at `index` of `count`.
pub(super) fn of_strength(index: usize, count: usize) -> Colour {
    between(&STRENGTHS, index, count)
}

/// The colour of the name at `index`, where names have no order.
pub(super) fn of_name(index: usize) -> Colour {
    let (red, green, blue) = NAMES[index % NAMES.len()];
    Colour::Rgb(red, green, blue)
}

pub(super) fn marker(index: usize) -> Marker {
    MARKERS[index % MARKERS.len()]
}

pub(super) fn dash(index: usize) -> Dash {
    DASHES[index % DASHES.len()]
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current => write!(f, "currentColor"),
            Self::Rgb(red, green, blue) => write!(f, "#{red:02X}{green:02X}{blue:02X}"),
        }
    }
}

impl Marker {
    /// The corners of a marker of the area of a circle of radius `size`; a circle has none.
    pub(super) fn corners(self, (x, y): Place, size: f64) -> Option<Vec<Place>> {
        let corners: &[Place] = match self {
            Self::Circle => return None,
            Self::Square => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            Self::Triangle => &[(0.0, -1.3), (1.15, 0.8), (-1.15, 0.8)],
            Self::Diamond => &[(0.0, -1.35), (1.2, 0.0), (0.0, 1.35), (-1.2, 0.0)],
            Self::Down => &[(0.0, 1.3), (1.15, -0.8), (-1.15, -0.8)],
        };
        Some(corners.iter().map(|(dx, dy)| (x + size * dx, y + size * dy)).collect())
    }
}

/// The colour at `index` of `count` colours that run evenly from the first stop to the last.
fn between(stops: &[Stop], index: usize, count: usize) -> Colour {
    let place = index as f64 / count.saturating_sub(1).max(1) as f64;
    let place = place.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let (low, fraction) = (place.floor() as usize, place.fract());
    let (a, b) = (stops[low], stops[(low + 1).min(stops.len() - 1)]);
    let mix =
        |a: u8, b: u8| (f64::from(a) + fraction * (f64::from(b) - f64::from(a))).round() as u8;
    Colour::Rgb(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}
