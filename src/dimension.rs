//! The intrinsic dimension of a set of points, from the distances to their neighbours.

use std::str::FromStr;

use ndarray::{Array1, Array2, Axis, s};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, linalg};

/// How the dimension is estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// From the ratio of the distances to the second and the first neighbour (Facco, d'Errico,
    /// Rodriguez and Laio, Sci. Rep. 7, 12140, 2017).
    #[default]
    TwoNn,
    /// Maximum likelihood from the distances to k neighbours (Levina and Bickel, NIPS 2004), the
    /// points' inverses averaged (MacKay and Ghahramani, 2005).
    Mle,
}

impl FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "twonn" => Ok(Self::TwoNn),
            "mle" => Ok(Self::Mle),
            _ => Err("expected twonn or mle".into()),
        }
    }
}

/// A line of `dimension`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dimension {
    /// How it was estimated.
    pub method: Method,
    /// Neighbours of each point that were used.
    pub neighbours: usize,
    /// Points.
    pub points: usize,
    /// Coordinates of a point.
    pub coordinates: usize,
    /// Points left out because another is at the same place.
    pub duplicates: usize,
    /// The estimate.
    pub dimension: f64,
}

/// The part of the largest ratios that TwoNN leaves out: beyond the neighbourhood in which
/// the density is about constant they follow no law.
const DISCARDED: f64 = 0.1;

/// Points whose distances to all others are taken at a time.
const BLOCK: usize = 256;

/// Estimate the dimension of the points x, (points, coordinates), by each method; `neighbours` is
/// for [`Method::Mle`].
pub fn dimensions(x: Array2<f64>, methods: &[Method], neighbours: usize) -> Result<Vec<Dimension>> {
    let (points, coordinates) = x.dim();
    let used = |method| if method == Method::TwoNn { 2 } else { neighbours };
    let most = methods.iter().map(|&method| used(method)).max().unwrap_or(2);
    if points <= most + 1 {
        return Err(Error::data(format!(
            "has too few points (found {points}, expected more than {} for {most} neighbours)",
            most + 1
        )));
    }
    let distances = nearest(x, most);
    // At distance 0 of a neighbour no ratio is defined.
    let apart: Vec<&Vec<f64>> = distances.iter().filter(|r| r[0] > 0.0).collect();
    let estimate = |&method: &Method| {
        let dimension = match method {
            Method::TwoNn => two_nn(&apart),
            Method::Mle => maximum_likelihood(&apart, neighbours),
        };
        if !dimension.is_finite() {
            return Err(Error::data(format!(
                "has no dimension: {} of {points} points are not apart from their neighbours",
                points - apart.len()
            )));
        }
        Ok(Dimension {
            method,
            neighbours: used(method),
            points,
            coordinates,
            duplicates: points - apart.len(),
            dimension,
        })
    };
    methods.iter().map(estimate).collect()
}

/// With `mu = r_2 / r_1` and F its distribution, `-ln(1 - F(mu)) = d ln mu`: the slope through the
/// origin by least squares, F of the i-th smallest of N being i/N.
fn two_nn(distances: &[&Vec<f64>]) -> f64 {
    let mut log_mu: Vec<f64> = distances.iter().map(|r| (r[1] / r[0]).ln()).collect();
    log_mu.sort_by(f64::total_cmp);
    let points = log_mu.len() as f64;
    log_mu.truncate((points * (1.0 - DISCARDED)) as usize);
    let (mut xy, mut xx) = (0.0, 0.0);
    for (i, x) in log_mu.iter().enumerate() {
        xy -= x * (1.0 - (i + 1) as f64 / points).ln();
        xx += x * x;
    }
    xy / xx
}

/// `1/d` is the mean over points and over the k - 1 nearer neighbours of `ln(r_k / r_j)`.
fn maximum_likelihood(distances: &[&Vec<f64>], neighbours: usize) -> f64 {
    let inverse = |r: &&Vec<f64>| {
        let (last, nearer) = r[..neighbours].split_last()?;
        let sum: f64 = nearer.iter().map(|r| (last / r).ln()).sum();
        Some(sum / nearer.len() as f64)
    };
    let inverses: Vec<f64> = distances.iter().filter_map(inverse).collect();
    inverses.len() as f64 / inverses.iter().sum::<f64>()
}

/// Of each point the distances to the nearest others, nearest first.
fn nearest(mut x: Array2<f64>, neighbours: usize) -> Vec<Vec<f64>> {
    // Smaller squares lose less when they are taken from each other.
    if let Some(mean) = x.mean_axis(Axis(0)) {
        x -= &mean;
    }
    let squares: Array1<f64> = x.map_axis(Axis(1), |point| point.dot(&point));
    let starts: Vec<usize> = (0..x.nrows()).step_by(BLOCK).collect();
    let blocks = starts.into_par_iter().map(|start| {
        let rows = start..(start + BLOCK).min(x.nrows());
        let block = x.slice(s![rows.clone(), ..]);
        let mut products = Array2::zeros((block.nrows(), x.nrows()));
        linalg::product(products.view_mut(), block, x.t());
        let near = |(point, products): (usize, ndarray::ArrayView1<'_, f64>)| {
            let others = (0..x.nrows()).filter(|&other| other != point);
            let mut near: Vec<(f64, usize)> = others
                .map(|other| (squares[point] + squares[other] - 2.0 * products[other], other))
                .collect();
            near.select_nth_unstable_by(neighbours, |a, b| a.0.total_cmp(&b.0));
            near.truncate(neighbours + 1);
            // What is that near is measured again, without the cancellation.
            let distance = |&(_, other): &(f64, usize)| {
                let (a, b) = (x.row(point), x.row(other));
                a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
            };
            let mut distances: Vec<f64> = near.iter().map(distance).collect();
            distances.sort_by(f64::total_cmp);
            distances.truncate(neighbours);
            distances
        };
        rows.zip(products.rows()).map(near).collect::<Vec<_>>()
    });
    blocks.collect::<Vec<_>>().concat()
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

    fn found(x: &Array2<f64>, method: Method) -> f64 {
        dimensions(x.clone(), &[method], 10).unwrap()[0].dimension
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
            for method in [Method::TwoNn, Method::Mle] {
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
    fn neither_scale_nor_rotation_nor_order_changes_it() {
        let x = normal(500, 3, 5);
        let scaled = x.mapv(|x| 1e-6 * x);
        let reversed = x.slice(s![..;-1, ..]).to_owned();
        for method in [Method::TwoNn, Method::Mle] {
            for other in [&scaled, &reversed] {
                let (a, b) = (found(&x, method), found(other, method));
                assert!((a - b).abs() < 1e-9 * a, "{a} {b}");
            }
        }
    }

    #[test]
    fn points_at_one_place_are_left_out_and_counted() {
        let mut x = normal(300, 2, 6);
        let copy = x.row(0).to_owned();
        x.row_mut(1).assign(&copy);
        let result = dimensions(x, &[Method::TwoNn], 2).unwrap()[0];
        assert_eq!((result.duplicates, result.points, result.coordinates), (2, 300, 2));
        assert!(dimensions(Array2::zeros((50, 3)), &[Method::TwoNn], 2).is_err());
        assert!(dimensions(normal(4, 3, 1), &[Method::Mle], 3).is_err());
    }
}
