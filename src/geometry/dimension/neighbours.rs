//! The distances of points to their nearest neighbours.
//!
//! Matrix products give the squared distances of all pairs as `a² + b² - 2 a b`. This is fast, but
//! round-off dominates it if the distance is much smaller than a and b. So the products only tell, within
//! bounds of their error, which points may be among the nearest, and the distances to these candidates
//! are computed from the differences of the coordinates.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::math::{
    linalg,
    scale::{exponent, exponent_of, times_power_of_two},
};

/// Number of points of which the products with as many others are computed at a time.
const BLOCK: usize = 512;

/// The distances of each point to its nearest neighbours, nearest first, all scaled by one power
/// of two.
pub fn distances(mut x: Array2<f64>, neighbours: usize) -> Vec<Vec<f64>> {
    let common = exponent_of(&x);
    if common != 0 {
        x.mapv_inplace(|x| times_power_of_two(x, -common));
    }
    let candidates = candidates(x.view(), neighbours);
    let nearest = candidates.into_par_iter().enumerate().map(|(point, candidates)| {
        let distance = |candidate: Candidate| distance(x.row(point), x.row(candidate.other));
        let mut distances: Vec<f64> = candidates.into_iter().map(distance).collect();
        distances.sort_by(f64::total_cmp);
        distances.truncate(neighbours);
        distances
    });
    nearest.collect()
}

/// A point that may be among the nearest neighbours of another one.
#[derive(Clone, Copy)]
struct Candidate {
    other: usize,
    /// Bounds of its squared distance.
    at_least: f64,
    at_most: f64,
}

/// All points that may be among the nearest neighbours of each point.
fn candidates(x: ArrayView2<'_, f64>, neighbours: usize) -> Vec<Vec<Candidate>> {
    // Centring makes the squares smaller, so that their differences lose fewer digits.
    let mean = x.mean_axis(Axis(0)).expect("there are points");
    let centred = |start: usize| {
        let block = x.slice(s![start..(start + BLOCK).min(x.nrows()), ..]);
        &block - &mean
    };
    let starts: Vec<usize> = (0..x.nrows()).step_by(BLOCK).collect();
    let squares: Vec<f64> = starts
        .iter()
        .flat_map(|&start| centred(start).map_axis(Axis(1), |point| point.dot(&point)))
        .collect();
    // The distance is symmetric: the products of two blocks serve the points of both.
    let threads = rayon::current_num_threads();
    let shares = (0..threads).into_par_iter().map(|share| {
        let mut search = Search::new(&squares, x.ncols(), neighbours);
        for (index, &start) in starts.iter().enumerate().skip(share).step_by(threads) {
            let block = centred(start);
            for &other in &starts[index..] {
                let others = centred(other);
                let mut products = Array2::zeros((block.nrows(), others.nrows()));
                linalg::product(products.view_mut(), block.view(), others.t());
                search.add(products.view(), start, other);
            }
        }
        search
    });
    let shares: Vec<Search<'_>> = shares.collect();
    shares.into_iter().reduce(Search::merge).expect("there are threads").finish()
}

/// The candidates of each point so far.
struct Search<'a> {
    /// The squared length of each point.
    squares: &'a [f64],
    /// The error of a squared distance, divided by the sum of the two squared lengths.
    round_off: f64,
    neighbours: usize,
    points: Vec<Nearest>,
}

/// The candidates of one point so far.
#[derive(Clone)]
struct Nearest {
    candidates: Vec<Candidate>,
    /// An upper bound of the squared distance to the farthest of the nearest neighbours.
    farthest: f64,
    /// The number of candidates from which those that are too far are removed.
    full: usize,
}

impl<'a> Search<'a> {
    fn new(squares: &'a [f64], coordinates: usize, neighbours: usize) -> Self {
        let round_off = 4.0 * (coordinates as f64 + 8.0) * f64::EPSILON;
        let none =
            Nearest { candidates: Vec::new(), farthest: f64::INFINITY, full: 4 * neighbours };
        Self { squares, round_off, neighbours, points: vec![none; squares.len()] }
    }

    /// Add the pairs of two blocks of points, given by their products and the indices of their first
    /// points. In a block with itself, each pair counts once.
    fn add(&mut self, products: ArrayView2<'_, f64>, first: usize, second: usize) {
        for (point, products) in (first..).zip(products.rows()) {
            let skipped = if first == second { point - first + 1 } else { 0 };
            let others = second + skipped..second + products.len();
            for (other, product) in others.zip(products.iter().skip(skipped)) {
                let both = self.squares[point] + self.squares[other];
                let square = both - 2.0 * product;
                let error = self.round_off * both + f64::MIN_POSITIVE;
                let (at_least, at_most) = (square - error, square + error);
                for (point, other) in [(point, other), (other, point)] {
                    if at_least <= self.points[point].farthest {
                        let candidate = Candidate { other, at_least, at_most };
                        self.points[point].add(candidate, self.neighbours);
                    }
                }
            }
        }
    }

    /// The candidates of both.
    fn merge(mut self, other: Self) -> Self {
        for (point, other) in self.points.iter_mut().zip(other.points) {
            point.candidates.extend(other.candidates);
        }
        self
    }

    fn finish(self) -> Vec<Vec<Candidate>> {
        let points = self.points.into_iter().map(|mut point| {
            point.remove_far(self.neighbours);
            point.candidates
        });
        points.collect()
    }
}

impl Nearest {
    fn add(&mut self, candidate: Candidate, neighbours: usize) {
        self.candidates.push(candidate);
        if self.candidates.len() >= self.full {
            self.remove_far(neighbours);
            // Where many are equally far, few can be removed.
            self.full = self.full.max(2 * self.candidates.len());
        }
    }

    fn remove_far(&mut self, neighbours: usize) {
        let by_bound = |a: &Candidate, b: &Candidate| a.at_most.total_cmp(&b.at_most);
        let (_, last, _) = self.candidates.select_nth_unstable_by(neighbours - 1, by_bound);
        let farthest = last.at_most;
        self.farthest = farthest;
        self.candidates.retain(|candidate| candidate.at_least <= farthest);
    }
}

/// The Euclidean distance, scaled by a power of two so that no square overflows or underflows.
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
    use super::{super::tests::normal, *};

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
}
