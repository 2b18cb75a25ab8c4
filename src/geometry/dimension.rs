//! The intrinsic dimension of a set of points, from the distances to their neighbours.

use std::cmp::Ordering;

use clap::ValueEnum;
use ndarray::{Array1, Array2, ArrayView1, Axis, s};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    math::{
        linalg,
        scale::{exponent, exponent_of, times_power_of_two},
    },
};

/// How the dimension is estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum DimensionMethod {
    /// From the ratio of the distances to the second and the first neighbour, without the largest
    /// tenth of the ratios (Facco, d'Errico, Rodriguez and Laio, Sci. Rep. 7, 12140, 2017)
    #[default]
    TwoNn,
    /// Maximum likelihood from the distances to the first neighbours (Levina and Bickel, NIPS 2004),
    /// the points' inverses averaged (MacKay and Ghahramani, 2005)
    Mle,
}

impl DimensionMethod {
    /// Its name, as in JSON and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TwoNn => "twonn",
            Self::Mle => "mle",
        }
    }
}

/// A line of `dimension`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dimension {
    /// How it was estimated.
    pub method: DimensionMethod,
    /// Neighbours of each point that were used.
    pub neighbours: usize,
    /// Points given, duplicates among them.
    pub points: usize,
    /// Coordinates of a point.
    pub coordinates: usize,
    /// Points left out because an equal one is kept.
    pub duplicates: usize,
    /// Points whose neighbours used are all equally far, as on a lattice.
    #[serde(default)] // which the first versions did not write
    pub equally_far: usize,
    /// The estimate; none where the neighbours of all points are equally far.
    pub dimension: Option<f64>,
}

impl Dimension {
    /// Why an estimate is missing, or means little: it is for points that are dense where one
    /// looks, and those of a lattice have neighbours at a few distances only.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        let Self { method, neighbours, points, duplicates, equally_far, .. } = self;
        let used = points - duplicates;
        let few = (*equally_far as f64) < TIES * used as f64;
        (!few || self.dimension.is_none()).then(|| {
            let outcome = if self.dimension.is_none() { "no dimension" } else { "a doubtful dimension" };
            let way = match method {
                DimensionMethod::TwoNn => "mle takes more neighbours",
                DimensionMethod::Mle => "take more neighbours",
            };
            format!(
                "has {outcome} by {}: {equally_far} of {used} points have {neighbours} equally far neighbours, as on a lattice ({way})",
                method.name()
            )
        })
    }
}

/// Logarithms of ratios of distances up to this are those of equal distances: the coordinates of a
/// lattice are rounded, in f4 at 1e-7 of their size.
const EQUAL: f64 = 1e-5;

/// The part of the points with equally far neighbours from which on an estimate is doubtful.
const TIES: f64 = 0.1;

/// The part of the largest ratios that TwoNN leaves out: beyond the neighbourhood in which
/// the density is about constant they follow no law.
const DISCARDED: f64 = 0.1;

/// Points whose distances to all others are taken at a time.
const BLOCK: usize = 256;

/// Estimate the dimension of the points x, (points, coordinates), by each method; `neighbours` is
/// for [`DimensionMethod::Mle`]. Of equal points one is kept. An error where no method has an estimate.
pub fn dimensions(
    x: Array2<f64>,
    methods: &[DimensionMethod],
    neighbours: usize,
) -> Result<Vec<Dimension>> {
    let (points, coordinates) = x.dim();
    let used = |method| if method == DimensionMethod::TwoNn { 2 } else { neighbours };
    let most = methods.iter().map(|&method| used(method)).max().unwrap_or(2);
    let x = distinct(x);
    let duplicates = points - x.nrows();
    if x.nrows() <= most.saturating_add(1) {
        let of = if duplicates > 0 { format!(" distinct ones of {points}") } else { String::new() };
        return Err(Error::data(format!(
            "has too few points (found {}{of}, expected more than {} for {most} neighbours)",
            x.nrows(),
            most.saturating_add(1)
        )));
    }
    let mut distances = nearest(x, most);
    // A distance that is 0 beside the largest coordinate, in f8, has no ratio to others.
    distances.retain(|r| r[0] > 0.0);
    let estimate = |&method: &DimensionMethod| {
        let neighbours = used(method);
        let dimension = match method {
            DimensionMethod::TwoNn => two_nn(&distances),
            DimensionMethod::Mle => maximum_likelihood(&distances, neighbours),
        };
        let equal = |r: &&Vec<f64>| (r[neighbours - 1] / r[0]).ln() <= EQUAL;
        let equally_far = distances.iter().filter(equal).count();
        Dimension { method, neighbours, points, coordinates, duplicates, equally_far, dimension }
    };
    let lines: Vec<Dimension> = methods.iter().map(estimate).collect();
    if lines.iter().all(|line| line.dimension.is_none())
        && let Some(doubt) = lines.last().and_then(Dimension::doubt)
    {
        return Err(Error::data(doubt));
    }
    Ok(lines)
}

/// The first of each set of equal points, in their order.
fn distinct(x: Array2<f64>) -> Array2<f64> {
    let mut order: Vec<usize> = (0..x.nrows()).collect();
    order.sort_unstable_by(|&a, &b| compare(x.row(a), x.row(b)).then(a.cmp(&b)));
    let groups = order.chunk_by(|&a, &b| compare(x.row(a), x.row(b)).is_eq());
    let mut kept: Vec<usize> = groups.map(|equal| equal[0]).collect();
    if kept.len() == x.nrows() {
        return x;
    }
    kept.sort_unstable();
    x.select(Axis(0), &kept)
}

/// The first coordinate that differs decides; -0 is 0.
fn compare(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> Ordering {
    // Coordinates are finite, so that any two can be compared.
    let orders = a.iter().zip(&b).map(|(a, b)| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// With `mu = r_2 / r_1` and F its distribution, `-ln(1 - F(mu)) = d ln mu`: the slope through the
/// origin by least squares, F of the i-th smallest of N being i/N. None where all `mu` used are 1.
fn two_nn(distances: &[Vec<f64>]) -> Option<f64> {
    let mut log_mu: Vec<f64> = distances.iter().map(|r| (r[1] / r[0]).ln()).collect();
    log_mu.sort_by(f64::total_cmp);
    let points = log_mu.len() as f64;
    log_mu.truncate((points * (1.0 - DISCARDED)) as usize);
    log_mu.last().filter(|&&largest| largest > EQUAL)?;
    let (mut xy, mut xx) = (0.0, 0.0);
    for (i, x) in log_mu.iter().enumerate() {
        xy -= x * (1.0 - (i + 1) as f64 / points).ln();
        xx += x * x;
    }
    Some(xy / xx)
}

/// `1/d` is the mean over points and over the k - 1 nearer neighbours of `ln(r_k / r_j)`. None
/// where all of these are 0.
fn maximum_likelihood(distances: &[Vec<f64>], neighbours: usize) -> Option<f64> {
    let inverse = |r: &Vec<f64>| {
        let (last, nearer) = r[..neighbours].split_last()?;
        let sum: f64 = nearer.iter().map(|r| (last / r).ln()).sum();
        Some(sum / nearer.len() as f64)
    };
    let inverses: Vec<f64> = distances.iter().filter_map(inverse).collect();
    inverses.iter().find(|&&inverse| inverse > EQUAL)?;
    Some(inverses.len() as f64 / inverses.iter().sum::<f64>())
}

/// Of each point the distances to the nearest others, nearest first, in a common unit.
fn nearest(mut x: Array2<f64>, neighbours: usize) -> Vec<Vec<f64>> {
    let common = exponent_of(&x);
    if common != 0 {
        x.mapv_inplace(|x| times_power_of_two(x, -common));
    }
    // Smaller squares lose less when they are taken from each other.
    let mean = x.mean_axis(Axis(0)).expect("there are points");
    let centred = |start: usize| {
        let block = x.slice(s![start..(start + BLOCK).min(x.nrows()), ..]);
        &block - &mean
    };
    let starts: Vec<usize> = (0..x.nrows()).step_by(BLOCK).collect();
    let squares: Array1<f64> = starts
        .iter()
        .flat_map(|&start| centred(start).map_axis(Axis(1), |point| point.dot(&point)))
        .collect();
    let blocks = starts.par_iter().map(|&start| {
        let block = centred(start);
        let mut products = Array2::zeros((block.nrows(), x.nrows()));
        for &start in &starts {
            let others = centred(start);
            let mut place = Array2::zeros((block.nrows(), others.nrows()));
            linalg::product(place.view_mut(), block.view(), others.t());
            products.slice_mut(s![.., start..start + others.nrows()]).assign(&place);
        }
        let rows = products.rows().into_iter().enumerate();
        rows.map(|(row, products)| {
            let point = start + row;
            let mut distances: Vec<f64> =
                candidates(point, products, &squares, x.ncols(), neighbours)
                    .into_iter()
                    .map(|other| distance(x.row(point), x.row(other)))
                    .collect();
            distances.sort_by(f64::total_cmp);
            distances.truncate(neighbours);
            distances
        })
        .collect::<Vec<_>>()
    });
    blocks.collect::<Vec<_>>().concat()
}

/// The points that may be among the nearest of a point, as far as `a² + b² - 2 a b` tells: where
/// the distance is small beside a and b, round-off is all that is left of it.
fn candidates(
    point: usize,
    products: ArrayView1<'_, f64>,
    squares: &Array1<f64>,
    coordinates: usize,
    neighbours: usize,
) -> Vec<usize> {
    let round_off = 4.0 * (coordinates as f64 + 8.0) * f64::EPSILON;
    let bounds = |other: usize| {
        let both = squares[point] + squares[other];
        let (square, error) = (both - 2.0 * products[other], round_off * both + f64::MIN_POSITIVE);
        (square - error, square + error)
    };
    let others = || (0..squares.len()).filter(|&other| other != point);
    let mut at_most: Vec<f64> = others().map(|other| bounds(other).1).collect();
    let (_, farthest, _) = at_most.select_nth_unstable_by(neighbours - 1, f64::total_cmp);
    let farthest = *farthest;
    others().filter(|&other| bounds(other).0 <= farthest).collect()
}

/// The Euclidean distance, without a square that is too large or too small for f8.
fn distance(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> f64 {
    let sum = |exponent: i32| -> f64 {
        let square = |(a, b): (&f64, &f64)| times_power_of_two(a - b, -exponent).powi(2);
        a.iter().zip(&b).map(square).sum()
    };
    let largest = a.iter().zip(&b).fold(0.0, |largest: f64, (a, b)| largest.max((a - b).abs()));
    let exponent = exponent(largest);
    times_power_of_two(sum(exponent).sqrt(), exponent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::ChaCha8Rng};
    use rand_distr::{Distribution, StandardNormal};

    fn normal(points: usize, coordinates: usize, seed: u64) -> Array2<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        Array2::from_shape_simple_fn((points, coordinates), || StandardNormal.sample(&mut rng))
    }

    fn found(x: &Array2<f64>, method: DimensionMethod) -> f64 {
        dimensions(x.clone(), &[method], 10).unwrap()[0].dimension.unwrap()
    }

    #[test]
    fn spheres_and_subspaces_have_their_dimension() {
        for d in [1_usize, 2, 4] {
            // On the sphere in d + 1 dimensions.
            let mut sphere = normal(3000, d + 1, 1);
            for mut point in sphere.rows_mut() {
                let norm = point.dot(&point).sqrt();
                point /= norm;
            }
            // A subspace turned into 30 coordinates, far from the origin.
            let plane = normal(3000, d, 2).dot(&normal(d, 30, 3)) + 100.0;
            for method in [DimensionMethod::TwoNn, DimensionMethod::Mle] {
                for x in [&sphere, &plane] {
                    // The standard error of d is about d / sqrt(points), 2 %; normal points have
                    // an uneven density on top.
                    let found = found(x, method);
                    assert!((found / d as f64 - 1.0).abs() < 0.1, "{method:?} {d}: {found}");
                }
            }
        }
    }

    #[test]
    fn neither_scale_nor_order_changes_it() {
        let x = normal(500, 3, 5);
        let reversed = x.slice(s![..;-1, ..]).to_owned();
        let near = [1e-300, 1e-150, 1e-6, 1e150, 1e300].map(|scale| x.mapv(|x| scale * x));
        for method in [DimensionMethod::TwoNn, DimensionMethod::Mle] {
            let expected = found(&x, method);
            for other in near.iter().chain([&reversed]) {
                let other = found(other, method);
                assert!((expected - other).abs() < 1e-9 * expected, "{expected} {other}");
            }
            for exponent in [-1000, -500, -20, 20, 500, 1000] {
                let scaled = x.mapv(|x| times_power_of_two(x, exponent));
                assert_eq!(found(&scaled, method).to_bits(), expected.to_bits(), "{exponent}");
            }
        }
    }

    /// Within a cluster distances are far below what the squares of coordinates resolve.
    #[test]
    fn neighbours_are_found_where_clusters_are_far_apart() {
        let cluster = normal(300, 3, 7);
        let both = ndarray::concatenate![Axis(0), cluster, normal(300, 3, 8) + 1e9];
        let expected = nearest(cluster, 10);
        let found = nearest(both, 10);
        for (found, expected) in found.iter().zip(&expected) {
            for (a, b) in found.iter().zip(expected) {
                assert!((a - b).abs() < 1e-12 * b, "{a} {b}");
            }
        }
    }

    #[test]
    fn of_equal_points_one_is_kept() {
        let x = normal(300, 2, 6);
        let copies = x.slice(s![..;3, ..]).to_owned();
        let mut zeros = Array2::zeros((3, 2));
        zeros[[1, 0]] = -0.0;
        zeros[[2, 1]] = -0.0;
        let once = ndarray::concatenate![Axis(0), x, zeros.slice(s![..1, ..])];
        let repeated = ndarray::concatenate![Axis(0), x, zeros, copies, copies];
        for method in [DimensionMethod::TwoNn, DimensionMethod::Mle] {
            let of = |x: &Array2<f64>| dimensions(x.clone(), &[method], 10).unwrap()[0];
            let (once, repeated) = (of(&once), of(&repeated));
            assert_eq!((once.duplicates, once.points, once.coordinates), (0, 301, 2));
            assert_eq!((repeated.duplicates, repeated.points), (202, 503));
            assert_eq!(repeated.dimension, once.dimension);
        }
        assert!(dimensions(Array2::zeros((50, 3)), &[DimensionMethod::TwoNn], 2).is_err());
        assert!(dimensions(normal(4, 3, 1), &[DimensionMethod::Mle], 3).is_err());
        assert!(dimensions(normal(4, 3, 1), &[DimensionMethod::Mle], usize::MAX).is_err());
    }

    #[test]
    fn a_lattice_has_the_estimate_that_exists() {
        let line = Array2::from_shape_fn((60, 1), |(i, _)| i as f64);
        let grid = Array2::from_shape_fn((400, 2), |(i, j)| [i / 20, i % 20][j] as f64);
        for x in [line, grid] {
            for step in [0.1, 1e-200, 3e200] {
                let scaled = x.mapv(|x| x * step);
                assert!(dimensions(scaled, &[DimensionMethod::TwoNn], 10).is_err(), "{step}");
            }
            let single = x.mapv(|x| f64::from(x as f32 * 0.1));
            assert!(dimensions(single, &[DimensionMethod::TwoNn], 10).is_err());
            let both =
                dimensions(x.clone(), &[DimensionMethod::TwoNn, DimensionMethod::Mle], 10).unwrap();
            assert_eq!((both[0].dimension, both[0].method), (None, DimensionMethod::TwoNn));
            assert!(both[0].doubt().unwrap().contains("no dimension by twonn"), "{both:?}");
            let dimension = both[1].dimension.unwrap();
            assert!((dimension / x.ncols() as f64 - 1.0).abs() < 0.5, "{dimension}");
            assert_eq!((both[1].equally_far, both[1].doubt()), (0, None));
            let message = dimensions(x, &[DimensionMethod::TwoNn], 10).unwrap_err().to_string();
            assert!(message.contains("mle takes more neighbours"), "{message}");
        }
        // All corners of a cube have as many neighbours at distance 1 as it has dimensions.
        let cube = Array2::from_shape_fn((1024, 10), |(i, j)| ((i >> j) & 1) as f64);
        let message = dimensions(cube.clone(), &[DimensionMethod::TwoNn, DimensionMethod::Mle], 10)
            .unwrap_err();
        assert!(message.to_string().contains("1024 of 1024 points have 10"), "{message}");
        assert!(dimensions(cube, &[DimensionMethod::Mle], 11).unwrap()[0].dimension.is_some());
    }

    #[test]
    fn counts_of_few_values_are_doubtful() {
        let counts = normal(500, 3, 9).mapv(|x| (2.0 * x).round());
        let line = dimensions(counts, &[DimensionMethod::TwoNn], 2).unwrap()[0];
        assert!(line.duplicates > 100 && line.dimension.is_some(), "{line:?}");
        assert!(line.doubt().unwrap().contains("a doubtful dimension"), "{line:?}");
        assert_eq!(
            dimensions(normal(500, 3, 9), &[DimensionMethod::TwoNn], 2).unwrap()[0].doubt(),
            None
        );
    }
}
