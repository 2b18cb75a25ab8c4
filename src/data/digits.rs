//! Images of digits that resemble handwriting: 28 x 28 grey pixels, drawn from stroke skeletons.
//!
//! The skeletons are in `data/digits.json`, a list of entries `[digit, "name", weight, [stroke, ...]]`.
//! A stroke is a list of control points `[x, y]` in hundredths of a unit box, with x to the right and y
//! down. The pen follows the uniform Catmull-Rom curve through the points. Two equal points in a row
//! are a corner, where the curve ends and a new one begins. All equal points of an entry are moved
//! together, so that joined strokes stay joined. The skeletons of a digit are chosen in proportion to
//! their weights.
//!
//! An image is made from a skeleton in four steps. The control points are jittered. A smooth random
//! field bends the curves and varies their width. Scale, slant and rotation are applied. The drawing is
//! fitted to a 20 x 20 box and centred by mass, as in MNIST. Apart from the rare tails of the normal
//! distribution, the computation uses only sums, products, quotients and square roots, which are the
//! same on every platform.

use std::ops::Range;

use ndarray::{Array1, Array2};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use crate::math::rng::{self, Purpose};

/// Width and height of an image, in pixels.
pub const SIDE: usize = 28;
/// Number of pixels of an image.
pub const PIXELS: usize = SIDE * SIDE;
/// Number of classes, the digits 0 to 9.
pub const CLASSES: usize = 10;

/// Centre of the image along each axis, in pixels.
const MIDDLE: f32 = SIDE as f32 / 2.0;
/// Length of the longer side of the drawn digit, in pixels, as in MNIST.
const BOX: f32 = 20.0;
/// Width of the empty margin along each edge of the image, in pixels.
const MARGIN: f32 = 1.0;
/// Number of straight pieces between two neighbouring control points.
const PIECES: usize = 6;
/// Range of the standard deviation of a control point's jitter, in boxes. It is drawn once per image,
/// so that some images are more careless than others.
const JITTER: [f32; 2] = [0.01, 0.06];
/// Number of cells of the displacement field's lattice along each side of the box.
const CELLS: usize = 2;
/// Number of cubic B-spline coefficients along each side of the lattice.
const LATTICE: usize = CELLS + 3;
/// Standard deviations of the field's coefficients: the displacements to the right and down, in boxes,
/// and the relative change of the stroke's width.
const BEND: [f32; 3] = [0.12, 0.12, 0.3];
/// Standard deviation of the rotation, as the tangent of half its angle.
const ROTATION: f32 = 0.07;
/// Mean and standard deviation of the slant to the right, as horizontal shift per height.
const SLANT: [f32; 2] = [0.2, 0.25];
/// Range of the ratio of horizontal to vertical scale.
const ASPECT: [f32; 2] = [0.75, 1.35];
/// Mean and standard deviation of the stroke's half width, in pixels.
const RADIUS: [f32; 2] = [1.3, 0.35];
/// Range of the half width along a stroke, in pixels; values outside are clamped.
const RADIUS_RANGE: [f32; 2] = [0.6, 2.3];
/// Range of the half width of a stroke's soft edge, in pixels.
const EDGE: [f32; 2] = [0.4, 0.65];
/// Range of the intensity of full ink.
const INK: [f32; 2] = [0.95, 1.0];

type Point = [f32; 2];

/// An entry of the data file: digit, name, weight and strokes.
type Entry = (usize, String, u8, Vec<Vec<[u8; 2]>>);

/// The skeletons of all digits. A skeleton with weight w occurs w times.
#[derive(Debug, Clone)]
pub struct Digits {
    skeletons: [Vec<Skeleton>; CLASSES],
}

#[derive(Debug, Clone)]
struct Skeleton {
    /// Control points, in boxes.
    points: Vec<Point>,
    /// Smooth curves, each as indices into `points`.
    curves: Vec<Vec<usize>>,
}

/// A point on a stroke, and the half width of the stroke at that point.
#[derive(Debug, Clone, Copy)]
struct Dot {
    at: Point,
    radius: f32,
}

impl Digits {
    /// The skeletons compiled into the program.
    ///
    /// # Errors
    /// As for [`Self::parse`].
    pub fn new() -> Result<Self, String> {
        Self::parse(include_str!("../../data/digits.json"))
    }

    /// Parse skeletons in the format of `data/digits.json`.
    ///
    /// # Errors
    /// If the text does not have this format, a curve has fewer than two points, an entry has no stroke
    /// or an invalid digit, or all entries of a digit have weight 0.
    pub fn parse(text: &str) -> Result<Self, String> {
        let entries: Vec<Entry> =
            serde_json::from_str(text).map_err(|error| format!("digit skeletons: {error}"))?;
        let mut skeletons: [Vec<Skeleton>; CLASSES] = Default::default();
        for (digit, name, weight, strokes) in entries {
            let skeleton = Skeleton::new(&strokes)
                .map_err(|error| format!("skeleton \"{name}\" of digit {digit}: {error}"))?;
            skeletons
                .get_mut(digit)
                .ok_or_else(|| format!("skeleton \"{name}\": {digit} is not a digit"))?
                .extend(std::iter::repeat_n(skeleton, weight.into()));
        }
        match skeletons.iter().position(Vec::is_empty) {
            Some(digit) => Err(format!("digit {digit} has no skeleton")),
            None => Ok(Self { skeletons }),
        }
    }

    /// Draw the images with indices in `range`. Returns the images, (samples, [`PIXELS`]), with values
    /// from 0 to 1, and their digits, (samples,). An image depends on the seed and on its index alone.
    #[must_use]
    pub fn images(&self, seed: u64, range: Range<usize>) -> (Array2<f32>, Array1<u8>) {
        let mut images = Array2::zeros((range.len(), PIXELS));
        let rows = range.zip(images.rows_mut());
        let labels = rows.map(|(index, mut image)| {
            let mut rng = rng::stream(seed, Purpose::Digit, index);
            self.draw(&mut rng, image.as_slice_mut().expect("rows are contiguous"))
        });
        let labels = labels.collect();
        (images, labels)
    }

    /// Draw a digit, chosen uniformly, and return it. `image`, rows of `SIDE` pixels from 0 for the
    /// background to 1 for ink, is overwritten.
    ///
    /// The image depends on the numbers of `rng` alone. With a separate stream for each image, it does
    /// not depend on the other images.
    pub fn draw(&self, rng: &mut impl Rng, image: &mut [f32]) -> u8 {
        let label = rng.random_range(0..CLASSES);
        let skeletons = &self.skeletons[label];
        skeletons[rng.random_range(0..skeletons.len())].draw(rng, image);
        label as u8
    }
}

impl Skeleton {
    fn new(strokes: &[Vec<[u8; 2]>]) -> Result<Self, String> {
        let mut corners: Vec<[u8; 2]> = Vec::new();
        let mut curves = Vec::new();
        for stroke in strokes {
            for curve in stroke.chunk_by(|a, b| a != b) {
                if curve.len() < 2 {
                    return Err("a curve has fewer than two points".into());
                }
                let mut indices = Vec::with_capacity(curve.len());
                for point in curve {
                    let known = corners.iter().position(|other| other == point);
                    indices.push(known.unwrap_or(corners.len()));
                    if known.is_none() {
                        corners.push(*point);
                    }
                }
                curves.push(indices);
            }
        }
        if curves.is_empty() {
            return Err("there is no stroke".into());
        }
        let points = corners.iter().map(|p| p.map(|c| f32::from(c) / 100.0)).collect();
        Ok(Self { points, curves })
    }

    /// Draw this digit with random variations. `image` is overwritten.
    fn draw(&self, rng: &mut impl Rng, image: &mut [f32]) {
        let mut lines = self.trace(uniform(rng, JITTER), rng);
        let field = Field::random(rng);
        let radius = RADIUS[0] + RADIUS[1] * normal(rng);
        let map = random_map(rng);
        for dot in lines.iter_mut().flatten() {
            let [right, down, wider] = field.at(dot.at);
            dot.at = apply(map, [dot.at[0] + right, dot.at[1] + down]);
            dot.radius = (radius * (1.0 + wider)).clamp(RADIUS_RANGE[0], RADIUS_RANGE[1]);
        }
        let edge = uniform(rng, EDGE);
        let ink = uniform(rng, INK);
        // Strokes overlap, so that the centre of mass of the ink is known only after a first rendering.
        let rough = centre_of_mass(lines.iter().flatten().map(|dot| (dot.at, 1.0)));
        fit(&mut lines, rough, edge);
        render(image, &lines, edge, ink);
        fit(&mut lines, centre_of_mass(pixels(image)), edge);
        render(image, &lines, edge, ink);
    }

    /// The curves as lines of short straight pieces. The control points are moved at random, with
    /// standard deviation `jitter`, in boxes.
    fn trace(&self, jitter: f32, rng: &mut impl Rng) -> Vec<Vec<Dot>> {
        let points: Vec<Point> =
            self.points.iter().map(|p| p.map(|c| c + jitter * normal(rng))).collect();
        let curve = |indices: &Vec<usize>| {
            let (first, last) = (indices[0], indices[indices.len() - 1]);
            let mut through = vec![beyond(points[first], points[indices[1]])];
            through.extend(indices.iter().map(|&index| points[index]));
            through.push(beyond(points[last], points[indices[indices.len() - 2]]));
            let mut line = Vec::with_capacity(indices.len() * PIECES);
            for four in through.windows(4) {
                for piece in 0..PIECES {
                    let t = piece as f32 / PIECES as f32;
                    line.push(catmull_rom([four[0], four[1], four[2], four[3]], t));
                }
            }
            line.push(points[last]);
            line.into_iter().map(|at| Dot { at, radius: 0.0 }).collect()
        };
        self.curves.iter().map(curve).collect()
    }
}

/// A smooth random function on the unit box: the displacement of a point and the relative change of
/// width.
struct Field([[[f32; 3]; LATTICE]; LATTICE]);

impl Field {
    fn random(rng: &mut impl Rng) -> Self {
        Self(std::array::from_fn(|_| {
            std::array::from_fn(|_| BEND.map(|deviation| deviation * normal(rng)))
        }))
    }

    fn at(&self, [x, y]: Point) -> [f32; 3] {
        let (column, across) = spline(x);
        let (row, down) = spline(y);
        let mut value = [0.0; 3];
        for (line, v) in self.0[row..].iter().zip(down) {
            for (coefficients, h) in line[column..].iter().zip(across) {
                for (sum, c) in value.iter_mut().zip(coefficients) {
                    *sum += v * h * c;
                }
            }
        }
        value
    }
}

/// The index of the first of the four coefficients of a uniform cubic B-spline that contribute at `x`,
/// in boxes, and the weights of the four.
fn spline(x: f32) -> (usize, [f32; 4]) {
    let cells = x.clamp(0.0, 1.0) * CELLS as f32;
    let cell = (cells as usize).min(CELLS - 1);
    let t = cells - cell as f32;
    let s = 1.0 - t;
    let bump = |a: f32| (4.0 - 6.0 * a * a + 3.0 * a * a * a) / 6.0;
    (cell, [s * s * s / 6.0, bump(t), bump(s), t * t * t / 6.0])
}

/// The reflection of `inner` at `end`. The first and the last piece of a curve need a control point
/// beyond the end.
fn beyond(end: Point, inner: Point) -> Point {
    std::array::from_fn(|k| 2.0 * end[k] - inner[k])
}

/// A point of the Catmull-Rom curve from the second control point, at t = 0, to the third, at t = 1.
fn catmull_rom([a, b, c, d]: [Point; 4], t: f32) -> Point {
    std::array::from_fn(|k| {
        let cubic = 3.0 * (b[k] - c[k]) + d[k] - a[k];
        let square = 2.0 * a[k] - 5.0 * b[k] + 4.0 * c[k] - d[k];
        b[k] + 0.5 * t * (c[k] - a[k] + t * (square + t * cubic))
    })
}

/// A random linear map, as the rows of a matrix: scale first, then slant, then rotation.
fn random_map(rng: &mut impl Rng) -> [Point; 2] {
    let half = ROTATION * normal(rng);
    let slant = SLANT[0] + SLANT[1] * normal(rng);
    let aspect = uniform(rng, ASPECT);
    let norm = 1.0 + half * half;
    let (sine, cosine) = (2.0 * half / norm, (1.0 - half * half) / norm);
    // y points down, so that a slant to the right decreases x with y.
    [[cosine * aspect, -cosine * slant - sine], [sine * aspect, cosine - sine * slant]]
}

fn apply(map: [Point; 2], [x, y]: Point) -> Point {
    map.map(|row| row[0] * x + row[1] * y)
}

/// Move the point `centre` of the drawing to the centre of the image, and scale the drawing to the box,
/// or to less if it would reach into the margin.
fn fit(lines: &mut [Vec<Dot>], centre: Point, edge: f32) {
    let dots = || lines.iter().flatten();
    let radius = dots().map(|dot| dot.radius).fold(0.0, f32::max);
    let [low, high] = [-1.0, 1.0].map(|sign| {
        let end = |k: usize| dots().map(move |dot| sign * (dot.at[k] - centre[k]));
        [0, 1].map(|k| end(k).fold(f32::EPSILON, f32::max))
    });
    let extent = (low[0] + high[0]).max(low[1] + high[1]);
    let farthest = low.into_iter().chain(high).fold(0.0, f32::max);
    let room = MIDDLE - MARGIN - radius - edge;
    let scale = ((BOX - 2.0 * radius) / extent).min(room / farthest);
    for dot in lines.iter_mut().flatten() {
        dot.at = std::array::from_fn(|k| (dot.at[k] - centre[k]) * scale + MIDDLE);
    }
}

/// Render the lines; the image is overwritten.
fn render(image: &mut [f32], lines: &[Vec<Dot>], edge: f32, ink: f32) {
    image.fill(0.0);
    for ends in lines.iter().flat_map(|line| line.windows(2)) {
        stroke(image, ends[0], ends[1], edge, ink);
    }
}

/// The mean of weighted points, or the centre of the image if all weights are 0.
fn centre_of_mass(places: impl Iterator<Item = (Point, f32)>) -> Point {
    let (sum, mass) = places.fold(([0.0; 2], 0.0), |([x, y], mass), ([p, q], weight)| {
        ([x + weight * p, y + weight * q], mass + weight)
    });
    if mass > 0.0 { sum.map(|total| total / mass) } else { [MIDDLE; 2] }
}

/// The centres of the pixels of an image, each with its ink.
fn pixels(image: &[f32]) -> impl Iterator<Item = (Point, f32)> {
    image.iter().enumerate().map(|(index, &ink)| {
        let (row, column) = (index / SIDE, index % SIDE);
        ([column as f32 + 0.5, row as f32 + 0.5], ink)
    })
}

/// Render a straight piece with full ink within the half width, which fades over the edge. Where pieces
/// overlap, the darker one counts.
fn stroke(image: &mut [f32], from: Dot, to: Dot, edge: f32, ink: f32) {
    let reach = from.radius.max(to.radius) + edge;
    let along: Point = std::array::from_fn(|k| to.at[k] - from.at[k]);
    let square = along[0] * along[0] + along[1] * along[1];
    let span = |k: usize| {
        let first = (from.at[k].min(to.at[k]) - reach).floor().max(0.0) as usize;
        let end = (from.at[k].max(to.at[k]) + reach).ceil().max(0.0) as usize;
        (first, end.min(SIDE) - first.min(SIDE))
    };
    let ((left, width), (top, height)) = (span(0), span(1));
    let rows = image.chunks_exact_mut(SIDE).enumerate();
    for (row, pixels) in rows.skip(top).take(height) {
        let y = row as f32 + 0.5 - from.at[1];
        for (column, pixel) in pixels.iter_mut().enumerate().skip(left).take(width) {
            let x = column as f32 + 0.5 - from.at[0];
            let t = ((x * along[0] + y * along[1]) / square.max(f32::EPSILON)).clamp(0.0, 1.0);
            let (off_x, off_y) = (x - t * along[0], y - t * along[1]);
            let distance = (off_x * off_x + off_y * off_y).sqrt();
            let radius = from.radius + t * (to.radius - from.radius);
            let cover = ((radius - distance) / (2.0 * edge) + 0.5).clamp(0.0, 1.0);
            *pixel = pixel.max(ink * cover);
        }
    }
}

fn normal(rng: &mut impl Rng) -> f32 {
    rng.sample(StandardNormal)
}

fn uniform(rng: &mut impl Rng, [low, high]: [f32; 2]) -> f32 {
    low + (high - low) * rng.random::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::rng::{self, Purpose};
    use rand::rngs::ChaCha8Rng;

    fn stream(seed: u64, index: usize) -> ChaCha8Rng {
        rng::stream(seed, Purpose::Digit, index)
    }

    fn run(seed: u64, count: usize) -> Vec<(u8, Vec<f32>)> {
        let digits = Digits::new().unwrap();
        // The previous content of the image must be overwritten.
        let draw = |index| {
            let mut image = vec![0.5; PIXELS];
            (digits.draw(&mut stream(seed, index), &mut image), image)
        };
        (0..count).map(draw).collect()
    }

    fn assert_well_drawn(image: &[f32]) {
        assert!(image.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
        assert!(image.iter().any(|&pixel| pixel > 0.9));
        for (index, &pixel) in image.iter().enumerate() {
            let (row, column) = (index / SIDE, index % SIDE);
            let border = [row, column].iter().any(|&k| k == 0 || k == SIDE - 1);
            assert!(!border || pixel.to_bits() == 0, "ink at {row}, {column}");
        }
        let [x, y] = centre_of_mass(pixels(image)).map(|c| c - MIDDLE);
        assert!(x.hypot(y) < 0.5, "centred at {x}, {y}");
    }

    #[test]
    fn images_are_in_range_centred_and_empty_at_the_border() {
        for (_, image) in run(3, 3000) {
            assert_well_drawn(&image);
        }
    }

    #[test]
    fn the_amount_of_ink_is_that_of_mnist() {
        let images = run(8, 1000);
        let total = (images.len() * PIXELS) as f32;
        let pixels = || images.iter().flat_map(|(_, image)| image);
        let mean = pixels().sum::<f32>() / total;
        let inked = pixels().filter(|&&pixel| pixel > 0.0).count() as f32 / total;
        assert!((0.11..0.15).contains(&mean), "mean pixel {mean}");
        assert!((0.17..0.21).contains(&inked), "inked {inked}");
    }

    #[test]
    fn every_skeleton_can_be_drawn() {
        for (digit, skeletons) in Digits::new().unwrap().skeletons.iter().enumerate() {
            assert!(skeletons.len() >= 4, "digit {digit}");
            for (index, skeleton) in skeletons.iter().enumerate() {
                let mut image = vec![0.0; PIXELS];
                skeleton.draw(&mut stream(4, index), &mut image);
                assert_well_drawn(&image);
            }
        }
    }

    #[test]
    fn classes_occur_equally_often() {
        let mut counts = [0; CLASSES];
        for (label, _) in run(5, 2000) {
            counts[usize::from(label)] += 1;
        }
        assert!(counts.iter().all(|count| (150..250).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_shorter_run_is_a_prefix_and_another_seed_differs() {
        let long = run(6, 20);
        assert_eq!(long[..7], run(6, 7));
        assert!(long.iter().zip(run(7, 20)).all(|((_, a), (_, b))| *a != b));
        assert_ne!(long[0].1, long[1].1);
    }

    #[test]
    fn bad_skeletons_are_errors() {
        let line = "[[[50,0],[50,99]]]";
        let list = |digits: std::ops::Range<usize>| {
            let entries: Vec<String> = digits.map(|d| format!("[{d},\"\",1,{line}]")).collect();
            format!("[{}]", entries.join(","))
        };
        assert!(Digits::parse(&list(0..10)).is_ok());
        assert!(Digits::parse(&list(0..9)).is_err(), "a digit is missing");
        assert!(Digits::parse(&list(0..11)).is_err(), "ten is not a digit");
        let good = list(0..10);
        for (from, to) in [
            (line, "[]"),
            (line, "[[[50,0]]]"),
            (line, "[[[50,0],[50,0],[9,9]]]"),
            ("9,\"\",1", "9,\"\",0"),
            ("]]]]]", ""),
        ] {
            assert_ne!(good, good.replace(from, to));
            assert!(Digits::parse(&good.replace(from, to)).is_err(), "{to}");
        }
    }

    #[test]
    fn spline_weights_sum_to_one_and_curves_pass_through_their_points() {
        for step in 0..=20_u8 {
            let (first, weights) = spline(f32::from(step) / 20.0);
            assert!(first + 3 < LATTICE);
            assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        }
        let points = [[0.0, 0.0], [0.1, 0.5], [0.7, 0.6], [1.0, 0.0]];
        for (t, through) in [(0.0, points[1]), (1.0, points[2])] {
            let [x, y] = catmull_rom(points, t);
            assert!((x - through[0]).hypot(y - through[1]) < 1e-6);
        }
    }
}
