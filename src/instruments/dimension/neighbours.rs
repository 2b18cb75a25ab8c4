//! The distances of points to their nearest neighbours.

use std::ops::Range;

use ndarray::{Array2, ArrayView1, Axis, Zip};
use rayon::prelude::*;

use super::candidates::candidates;
use crate::math::scale::{exponent_of, floor_log2, largest, times_power_of_two};

/// Number of candidates of a point, for each neighbour, up to which products in f4 are worth their time.
const MOST: usize = 8;

/// The distances of each point to its nearest neighbours, nearest first, all scaled by one power
/// of two. They are computed from the differences of the coordinates; products only tell which points
/// are candidates.
pub fn distances(mut x: Array2<f64>, neighbours: usize) -> Vec<Vec<f64>> {
    let common = exponent_of(&x);
    if common != 0 {
        x.mapv_inplace(|x| times_power_of_two(x, -common));
    }
    // Products in f4 take half the time. Where points are far nearer to each other than to their mean,
    // as in tight clusters, they tell too little.
    let single = candidates(about_mean(&x, |x| x as f32).view(), neighbours, MOST * neighbours);
    let double = || candidates(about_mean(&x, |x| x).view(), neighbours, usize::MAX);
    let candidates = single.or_else(double).expect("any number of candidates is kept");
    let nearest = candidates.into_par_iter().enumerate().map(|(point, candidates)| {
        let distance = |other: usize| distance(x.row(point), x.row(other));
        let mut distances: Vec<f64> = candidates.into_iter().map(distance).collect();
        distances.sort_by(f64::total_cmp);
        distances.truncate(neighbours);
        distances
    });
    nearest.collect()
}

/// The points about their mean, scaled to near 1, in the precision of `to`.
fn about_mean<T>(x: &Array2<f64>, to: impl Fn(f64) -> T) -> Array2<T> {
    let mean = x.mean_axis(Axis(0)).expect("there are points");
    let scale = times_power_of_two(1.0, -floor_log2(largest(x)));
    Zip::from(x).and_broadcast(&mean).map_collect(|x, mean| to((x - mean) * scale))
}

/// A sum of squares in this range has lost no digit of weight to underflow.
const FAR_FROM_LIMITS: Range<f64> = 1e-200..1e200;

/// The Euclidean distance. The differences are scaled by a power of two if their squares could overflow or
/// underflow.
fn distance(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> f64 {
    let differences = || a.iter().zip(&b).map(|(a, b)| a - b);
    let square: f64 = differences().map(|difference| difference.powi(2)).sum();
    if FAR_FROM_LIMITS.contains(&square) {
        return square.sqrt();
    }
    let exponent = exponent_of(differences());
    let scaled = differences().map(|difference| times_power_of_two(difference, -exponent).powi(2));
    times_power_of_two(scaled.sum::<f64>().sqrt(), exponent)
}

#[cfg(test)]
mod tests {
    use ndarray::s;

    use super::{
        super::{candidates::BLOCK, tests::normal},
        *,
    };

    /// Each distance computed from the coordinates.
    fn expected(x: &Array2<f64>, neighbours: usize) -> Vec<Vec<f64>> {
        let of = |point: usize| {
            let others = (0..x.nrows()).filter(|&other| other != point);
            let mut all: Vec<f64> =
                others.map(|other| (&x.row(point) - &x.row(other)).pow2().sum().sqrt()).collect();
            all.sort_by(f64::total_cmp);
            all.truncate(neighbours);
            all
        };
        (0..x.nrows()).map(of).collect()
    }

    /// Within a cluster far from the origin, or from another cluster, distances are far smaller than the
    /// round-off of the squared coordinates.
    #[test]
    fn the_nearest_neighbours_of_all_points_are_found() {
        let cluster = normal(300, 3, 7);
        let clusters = ndarray::concatenate![Axis(0), cluster, normal(300, 3, 8) + 1e9];
        // Each point is nearer to the first one than all before it.
        let nearing = Array2::from_shape_fn((200, 1), |(i, _)| 1.5_f64.powf(-(i as f64)));
        let many = normal(2 * BLOCK + 7, 5, 9);
        for (x, neighbours) in
            [(cluster, 1), (clusters, 10), (nearing, 2), (many.clone(), 7), (many, 1000)]
        {
            let expected = expected(&x, neighbours);
            let scale = times_power_of_two(1.0, exponent_of(&x));
            for threads in [1, 3] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let found = pool.install(|| distances(x.clone(), neighbours));
                assert_eq!(found.len(), expected.len());
                for (found, expected) in found.iter().zip(&expected) {
                    assert_eq!(found.len(), neighbours);
                    for (a, b) in found.iter().zip(expected) {
                        assert!((scale * a - b).abs() < 1e-12 * b, "{a} {b}");
                    }
                }
            }
        }
    }

    /// Points at a distance of 1e-4 of that between two clusters: the round-off of f4 hides which are
    /// nearest, and that of f8 does not.
    #[test]
    fn products_in_f4_serve_unless_they_leave_too_many_candidates() {
        let spread = normal(600, 20, 10);
        let mut tight = spread.mapv(|x| 1e-4 * x);
        tight.slice_mut(s![300.., ..]).mapv_inplace(|x| x + 1.0);
        let found = |x: &Array2<f64>| {
            let single = candidates(about_mean(x, |x| x as f32).view(), 5, 5 * MOST);
            let double = candidates(about_mean(x, |x| x).view(), 5, 5 * MOST);
            (single.is_some(), double.is_some())
        };
        assert_eq!((found(&spread), found(&tight)), ((true, true), (false, true)));
        let (found, expected) = (distances(tight.clone(), 5), expected(&tight, 5));
        for (found, expected) in found.concat().iter().zip(expected.concat()) {
            assert!((found / expected - 1.0).abs() < 1e-12, "{found} {expected}");
        }
    }
}
