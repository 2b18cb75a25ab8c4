//! The points that may be among the nearest neighbours of each point.
//!
//! Matrix products give the squared distances of all pairs as `a² + b² - 2 a b`. This is fast, but
//! round-off dominates it if the distance is much smaller than a and b. So the products only tell, within
//! bounds of their error, which points may be among the nearest.

use std::cmp::Ordering;

use ndarray::{Array2, ArrayView2, Axis, NdFloat};
use rayon::prelude::*;

use crate::math::linalg::{self, Scalar};

/// Number of points of which the products with as many others are computed at a time.
pub const BLOCK: usize = 512;

/// Number of pairs that are passed over at once if all of them are too far.
const GROUP: usize = 16;

/// All points that may be among the nearest neighbours of each point. The rows of `x` are the points,
/// best about their mean: smaller squares lose fewer digits. `None` if more than `most` candidates for a
/// point, on average, cannot be told apart.
pub fn candidates<T: Scalar + NdFloat>(
    x: ArrayView2<'_, T>,
    neighbours: usize,
    most: usize,
) -> Option<Vec<Vec<usize>>> {
    let squares = Squares::of(x);
    let blocks: Vec<_> = x.axis_chunks_iter(Axis(0), BLOCK).collect();
    // The distance is symmetric: the products of two blocks serve the points of both.
    let threads = rayon::current_num_threads();
    let shares = (0..threads).into_par_iter().map(|share| {
        let mut search = Search::new(&squares, neighbours, most);
        for (first, block) in blocks.iter().enumerate().skip(share).step_by(threads) {
            for (second, others) in blocks.iter().enumerate().skip(first) {
                let mut products = Array2::zeros((block.nrows(), others.nrows()));
                linalg::product(products.view_mut(), block.view(), others.t());
                search.add(products.view(), first * BLOCK, second * BLOCK)?;
            }
        }
        Some(search)
    });
    let shares: Option<Vec<Search<'_, T>>> = shares.collect();
    shares?.into_iter().reduce(Search::merge).map(Search::finish)
}

/// Bounds of the squared length of each point, for bounds of the squared distances: within twice the sum
/// of the round-off of the coordinates, of the squares, and of a product.
struct Squares<T> {
    at_least: Vec<T>,
    at_most: Vec<T>,
}

impl<T: Scalar + NdFloat> Squares<T> {
    fn of(x: ArrayView2<'_, T>) -> Self {
        let squares = x.map_axis(Axis(1), |point| point.dot(&point));
        let round_off = <T as From<f32>>::from(2.0 * (x.ncols() as f32 + 8.0)) * T::epsilon();
        let error = squares.mapv(|square| round_off * square + T::min_positive_value());
        Self { at_least: (&squares - &error).to_vec(), at_most: (&squares + &error).to_vec() }
    }
}

/// The candidates of each point so far.
struct Search<'a, T> {
    squares: &'a Squares<T>,
    neighbours: usize,
    candidates: Vec<Vec<Candidate<T>>>,
    /// An upper bound of the squared distance of each point to the farthest of its nearest neighbours.
    farthest: Vec<T>,
    /// The number of candidates of each point from which those that are too far are removed.
    full: Vec<usize>,
    /// How many more candidates than the first `full` may be kept.
    spare: usize,
}

/// A point that may be among the nearest neighbours of another one.
#[derive(Clone, Copy)]
struct Candidate<T> {
    other: usize,
    /// Bounds of its squared distance.
    at_least: T,
    at_most: T,
}

impl<'a, T: Scalar + NdFloat> Search<'a, T> {
    fn new(squares: &'a Squares<T>, neighbours: usize, most: usize) -> Self {
        let points = squares.at_least.len();
        Self {
            squares,
            neighbours,
            candidates: vec![Vec::new(); points],
            farthest: vec![T::infinity(); points],
            full: vec![4 * neighbours; points],
            spare: most.saturating_mul(points),
        }
    }

    /// Add the pairs of two blocks of points, given by their products and the indices of their first
    /// points. In a block with itself, each pair counts once. `None` if there are too many candidates.
    fn add(&mut self, products: ArrayView2<'_, T>, first: usize, second: usize) -> Option<()> {
        for (point, products) in (first..).zip(products.rows()) {
            let skipped = if first == second { point - first + 1 } else { 0 };
            let products =
                &products.to_slice().expect("products are in standard layout")[skipped..];
            let starts = (second + skipped..).step_by(GROUP);
            for (products, start) in products.chunks(GROUP).zip(starts) {
                if self.any_near(point, products, start) {
                    for (&product, other) in products.iter().zip(start..) {
                        self.add_pair(point, other, product)?;
                    }
                }
            }
        }
        Some(())
    }

    /// Whether any of the points from `start` on may be a neighbour of `point` or the reverse, given their
    /// products.
    fn any_near(&self, point: usize, products: &[T], start: usize) -> bool {
        let others = start..start + products.len();
        let (square, farthest) = (self.squares.at_least[point], self.farthest[point]);
        let bounds = self.squares.at_least[others.clone()].iter().zip(&self.farthest[others]);
        let mut any = false;
        // Without branches, so that the compiler can use vector registers.
        for (&product, (&other, &others_farthest)) in products.iter().zip(bounds) {
            let at_least = square + other - (product + product);
            any |= at_least <= farthest;
            any |= at_least <= others_farthest;
        }
        any
    }

    fn add_pair(&mut self, point: usize, other: usize, product: T) -> Option<()> {
        let of = |squares: &[T]| squares[point] + squares[other] - (product + product);
        let (at_least, at_most) = (of(&self.squares.at_least), of(&self.squares.at_most));
        for (point, other) in [(point, other), (other, point)] {
            if at_least <= self.farthest[point] {
                self.candidates[point].push(Candidate { other, at_least, at_most });
                if self.candidates[point].len() >= self.full[point] {
                    self.remove_far(point);
                    // Where many are equally far, few can be removed.
                    let more = (2 * self.candidates[point].len()).saturating_sub(self.full[point]);
                    self.full[point] += more;
                    self.spare = self.spare.checked_sub(more)?;
                }
            }
        }
        Some(())
    }

    fn remove_far(&mut self, point: usize) {
        let candidates = &mut self.candidates[point];
        let by_bound = |a: &Candidate<T>, b: &Candidate<T>| {
            a.at_most.partial_cmp(&b.at_most).unwrap_or(Ordering::Equal)
        };
        let (_, last, _) = candidates.select_nth_unstable_by(self.neighbours - 1, by_bound);
        let farthest = last.at_most;
        self.farthest[point] = farthest;
        candidates.retain(|candidate| candidate.at_least <= farthest);
    }

    /// The candidates of both.
    fn merge(mut self, other: Self) -> Self {
        for (candidates, others) in self.candidates.iter_mut().zip(other.candidates) {
            candidates.extend(others);
        }
        self
    }

    fn finish(mut self) -> Vec<Vec<usize>> {
        (0..self.candidates.len()).for_each(|point| self.remove_far(point));
        let others =
            |candidates: Vec<Candidate<T>>| candidates.into_iter().map(|c| c.other).collect();
        self.candidates.into_iter().map(others).collect()
    }
}
