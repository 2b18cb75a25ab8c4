//! The intrinsic dimension of a set of points, estimated from the distances to their nearest
//! neighbours.

mod candidates;
mod neighbours;

use std::cmp::Ordering;

use clap::ValueEnum;
use ndarray::{Array2, ArrayView1, Axis};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How the dimension is estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum DimensionMethod {
    /// From the ratio of the distances to the second and the first neighbour; the largest tenth of
    /// the ratios is discarded (Facco, d'Errico, Rodriguez and Laio, Sci. Rep. 7, 12140, 2017)
    #[default]
    TwoNn,
    /// Maximum likelihood from the distances to the nearest neighbours (Levina and Bickel, NIPS
    /// 2004); the inverse estimates of all points are averaged (MacKay and Ghahramani, 2005)
    Mle,
}

impl DimensionMethod {
    /// The name of the method in JSON and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TwoNn => "twonn",
            Self::Mle => "mle",
        }
    }
}

/// One line of the output of `dimension`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dimension {
    /// How the dimension was estimated.
    pub method: DimensionMethod,
    /// Number of nearest neighbours used for each point.
    pub neighbours: usize,
    /// Number of points in the input, including duplicates.
    pub points: usize,
    /// Number of coordinates of a point.
    pub coordinates: usize,
    /// Number of points left out because they equal a point that is kept.
    pub duplicates: usize,
    /// Number of points whose nearest neighbours are all at the same distance, as on a lattice.
    #[serde(default)] // files of early versions lack this key
    pub equally_far: usize,
    /// The estimate; `None` if every point has all its neighbours at the same distance.
    pub dimension: Option<f64>,
}

impl Dimension {
    /// Why the estimate is missing or unreliable, as a message. Both methods assume that the
    /// density of the points is about constant around each point; on a lattice, where neighbours
    /// lie at a few distances only, it is not.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        let Self { method, neighbours, points, duplicates, equally_far, .. } = self;
        let distinct = points - duplicates;
        let few_ties = (*equally_far as f64) < MAX_TIED_FRACTION * distinct as f64;
        (!few_ties || self.dimension.is_none()).then(|| {
            let outcome = if self.dimension.is_none() { "no dimension" } else { "a doubtful dimension" };
            let remedy = match method {
                DimensionMethod::TwoNn => "use mle, which takes more neighbours",
                DimensionMethod::Mle => "take more neighbours",
            };
            format!(
                "has {outcome} by {}: {equally_far} of {distinct} points have {neighbours} equally far neighbours, as on a lattice ({remedy})",
                method.name()
            )
        })
    }
}

/// Two distances count as equal if the logarithm of their ratio is at most this, because the
/// coordinates of a lattice are rounded: in f4 with a relative error of 1e-7.
const EQUAL: f64 = 1e-5;

/// An estimate is doubtful if at least this fraction of the points has equidistant neighbours.
const MAX_TIED_FRACTION: f64 = 0.1;

/// The fraction of the ratios, the largest, that TwoNN discards: they come from points around
/// which the density is not constant, so that they do not follow the assumed distribution.
const DISCARDED: f64 = 0.1;

/// Estimate the dimension of the points x, (points, coordinates), by each method. `neighbours` is
/// the number of neighbours of [`DimensionMethod::Mle`]. One of each set of equal points is used.
///
/// # Errors
/// If there are too few distinct points, or if no method has an estimate.
pub fn dimensions(
    x: Array2<f64>,
    methods: &[DimensionMethod],
    neighbours: usize,
) -> Result<Vec<Dimension>> {
    let (points, coordinates) = x.dim();
    let neighbours_of = |method| if method == DimensionMethod::TwoNn { 2 } else { neighbours };
    let max_neighbours = methods.iter().map(|&method| neighbours_of(method)).max().unwrap_or(2);
    let x = distinct(x);
    let duplicates = points - x.nrows();
    if x.nrows() <= max_neighbours.saturating_add(1) {
        let distinct =
            if duplicates > 0 { format!(" distinct ones of {points}") } else { String::new() };
        return Err(Error::data(format!(
            "has too few points (found {}{distinct}, expected more than {} for {max_neighbours} neighbours)",
            x.nrows(),
            max_neighbours.saturating_add(1)
        )));
    }
    let mut distances = neighbours::distances(x, max_neighbours);
    // A distance that is too small for f8 after scaling is 0 and has no ratio to the others.
    distances.retain(|r| r[0] > 0.0);
    let estimate = |&method: &DimensionMethod| {
        let neighbours = neighbours_of(method);
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

/// The first of each set of equal points, in the order of the input.
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

/// Compare two points lexicographically; -0 equals 0.
fn compare(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> Ordering {
    // The reader accepts finite coordinates only, and any two of those can be compared.
    let orders = a.iter().zip(&b).map(|(a, b)| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// The dimension by Facco et al. (2017). The ratio `mu = r_2 / r_1` has the cumulative distribution
/// F with `-ln(1 - F(mu)) = d ln mu`; d is the least-squares slope of a line through the origin,
/// where F of the i-th smallest of N ratios is i/N. `None` if all `mu` used are 1.
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

/// The dimension by maximum likelihood: `1/d` is the mean of `ln(r_k / r_j)` over all points and
/// over their k - 1 nearer neighbours j. `None` if all these logarithms are 0.
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::math::scale::times_power_of_two;
    use ndarray::s;
    use rand::{SeedableRng, rngs::ChaCha8Rng};
    use rand_distr::{Distribution, StandardNormal};

    pub fn normal(points: usize, coordinates: usize, seed: u64) -> Array2<f64> {
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
            // A d-dimensional subspace of 30 dimensions, far from the origin.
            let plane = normal(3000, d, 2).dot(&normal(d, 30, 3)) + 100.0;
            for method in [DimensionMethod::TwoNn, DimensionMethod::Mle] {
                for x in [&sphere, &plane] {
                    // The standard error of d is about d / sqrt(points), 2 %. The density of normal
                    // points is uneven as well.
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

    #[test]
    fn one_of_equal_points_is_kept() {
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
    fn a_lattice_has_no_estimate_by_twonn_and_one_by_mle() {
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
            assert!(message.contains("use mle, which takes more neighbours"), "{message}");
        }
        // Each corner of a 10-dimensional cube has 10 neighbours at distance 1.
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
