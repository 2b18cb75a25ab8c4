//! Products with sparse matrices, such as the images of MNIST.
//!
//! Four fifths of MNIST's pixels are 0, and the first layer takes more than half of the time of a
//! training step. Sparse products skip these pixels.

#![allow(clippy::inline_always)] // only inlined code is compiled for wide registers

use std::ops::Range;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::math::linalg::{shares, split_rows};

/// A non-zero entry of a row: its column and its value.
pub type Entry = (u32, f32);

/// A sparse matrix in compressed sparse row format (CSR).
#[derive(Debug)]
pub struct Sparse {
    /// 0, then the index in `entries` at which each row ends.
    ends: Vec<usize>,
    entries: Vec<Entry>,
}

impl Sparse {
    /// The non-zero entries of `a`, (rows, columns); `None` if they are at least a fraction `density`
    /// of all entries.
    #[must_use]
    pub fn of(a: ArrayView2<'_, f32>, density: f64) -> Option<Self> {
        let columns = u32::try_from(a.ncols()).ok()?;
        let a = a.as_standard_layout();
        let values = a.as_slice()?;
        // Wrapping, because checks of overflow would prevent vectorisation.
        let count = values.iter().fold(0_usize, |n, &x| n.wrapping_add(usize::from(x != 0.0)));
        if count as f64 >= density * values.len() as f64 {
            return None;
        }
        let mut sparse = Self { ends: vec![0], entries: Vec::with_capacity(count) };
        let mut row = vec![(0, 0.0); a.ncols()];
        for values in values.chunks_exact(a.ncols().max(1)) {
            // Zeros are written too, and overwritten by the next value. This avoids a branch, which
            // the processor could not predict for the pixels of an image.
            let mut found = 0;
            for (column, &value) in (0..columns).zip(values) {
                row[found] = (column, value);
                found += usize::from(value != 0.0);
            }
            sparse.entries.extend_from_slice(&row[..found]);
            sparse.ends.push(sparse.entries.len());
        }
        Some(sparse)
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.ends.len() - 1
    }

    /// The non-zero entries of a row, in ascending order of column.
    #[must_use]
    pub fn row(&self, row: usize) -> &[Entry] {
        &self.entries[self.ends[row]..self.ends[row + 1]]
    }

    /// `alpha` times the transpose of the given rows, restricted to the given columns:
    /// (columns, rows).
    fn transposed(&self, rows: &[usize], columns: Range<usize>, alpha: f32) -> Self {
        let inside = |&row: &usize| {
            let entries = self.row(row);
            // Usually all are, if one thread does the work.
            let is_inside = |&(column, _): &Entry| columns.contains(&(column as usize));
            if entries.first().is_none_or(is_inside) && entries.last().is_none_or(is_inside) {
                return entries;
            }
            let start = |column: usize| entries.partition_point(|&(c, _)| (c as usize) < column);
            &entries[start(columns.start)..start(columns.end)]
        };
        let rows: Vec<&[Entry]> = rows.iter().map(inside).collect();
        // A counting sort by column. `ends` first holds the number of entries of each column, then the
        // index at which the column starts, and after the entries have been placed, its end.
        let mut ends = vec![0; columns.len() + 1];
        for &(column, _) in rows.iter().copied().flatten() {
            ends[column as usize - columns.start + 1] += 1;
        }
        let mut total = 0;
        for end in &mut ends {
            let count = *end;
            *end = total;
            total += count;
        }
        let mut entries = vec![(0, 0.0); total];
        for (index, row) in (0..).zip(&rows) {
            for &(column, value) in *row {
                let next = &mut ends[column as usize - columns.start + 1];
                entries[*next] = (index, alpha * value);
                *next += 1;
            }
        }
        Self { ends, entries }
    }
}

/// Write `out = a[rows] b`; `out` is (rows, n), `a` has k columns, and `b` is (k, n).
pub fn product(
    mut out: ArrayViewMut2<'_, f32>,
    a: &Sparse,
    rows: &[usize],
    b: ArrayView2<'_, f32>,
) {
    out.fill(0.0);
    add_combinations(out, |row| a.row(rows[row]), b);
}

/// Add `alpha x[rows]ᵀ delta` to `w`; `w` is (k, n), `x` has k columns, and `delta` is (rows, n).
///
/// The rows of `w` are divided among the threads. The sum over the rows of `x` is never split, so that
/// the result does not depend on the number of threads.
pub fn add_transposed_product(
    w: &mut Array2<f32>,
    alpha: f32,
    x: &Sparse,
    rows: &[usize],
    delta: ArrayView2<'_, f32>,
) {
    let shares = shares(w.nrows());
    let blocks = split_rows(w.view_mut(), &shares);
    blocks.into_par_iter().zip(shares).for_each(|(block, columns)| {
        let transposed = x.transposed(rows, columns, alpha);
        add_combinations(block, |row| transposed.row(row), delta);
    });
}

/// Add to each row r of `out` a linear combination of the rows of `m`:
/// `out[r, :] += sum_j v_j m[i_j, :]` over the entries `(i_j, v_j)` of r.
fn add_combinations<'a>(
    mut out: ArrayViewMut2<'_, f32>,
    entries: impl Fn(usize) -> &'a [Entry],
    m: ArrayView2<'_, f32>,
) {
    let columns = m.ncols();
    match (out.as_slice_mut(), m.as_slice()) {
        (Some(out), Some(m)) => {
            Arch::new().dispatch(AddCombinations { out, entries, m, columns });
        }
        _ => {
            for (row, mut out) in out.axis_iter_mut(Axis(0)).enumerate() {
                for &(i, value) in entries(row) {
                    out.scaled_add(value, &m.row(i as usize));
                }
            }
        }
    }
}

struct AddCombinations<'a, F> {
    out: &'a mut [f32],
    entries: F,
    m: &'a [f32],
    columns: usize,
}

impl<'e, F: Fn(usize) -> &'e [Entry]> WithSimd for AddCombinations<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { out, entries, m, columns } = self;
        let block = BLOCK * S::F32_LANES;
        for (row, out) in out.chunks_exact_mut(columns.max(1)).enumerate() {
            let entries = entries(row);
            for (index, out) in out.chunks_mut(block).enumerate() {
                let segment = Segment { out, entries, m, columns, first: index * block };
                match (segment.out.len() - 1) / S::F32_LANES {
                    0 => segment.add::<S, 0>(simd),
                    1 => segment.add::<S, 1>(simd),
                    2 => segment.add::<S, 2>(simd),
                    3 => segment.add::<S, 3>(simd),
                    4 => segment.add::<S, 4>(simd),
                    5 => segment.add::<S, 5>(simd),
                    6 => segment.add::<S, 6>(simd),
                    7 => segment.add::<S, 7>(simd),
                    8 => segment.add::<S, 8>(simd),
                    9 => segment.add::<S, 9>(simd),
                    10 => segment.add::<S, 10>(simd),
                    11 => segment.add::<S, 11>(simd),
                    _ => segment.add::<S, 12>(simd),
                }
            }
        }
    }
}

/// Number of registers that hold sums, of the 16 vector registers of most machines.
const BLOCK: usize = 13;

/// A range of columns of one row of the output.
struct Segment<'a> {
    out: &'a mut [f32],
    entries: &'a [Entry],
    m: &'a [f32],
    columns: usize,
    /// The first of the columns.
    first: usize,
}

impl Segment<'_> {
    /// Add the linear combination with all sums in registers: `FULL` full registers, and a last one
    /// that may be partial.
    #[inline(always)]
    fn add<S: Simd, const FULL: usize>(self, simd: S) {
        let (full, last) = self.out.split_at_mut(FULL * S::F32_LANES);
        let full = S::as_mut_simd_f32s(full).0;
        let mut sums = [simd.splat_f32s(0.0); FULL];
        sums.copy_from_slice(full);
        let mut last_sum = simd.partial_load_f32s(last);
        for &(row, value) in self.entries {
            let start = row as usize * self.columns + self.first;
            let m = &self.m[start..start + FULL * S::F32_LANES + last.len()];
            let (m_full, m_last) = m.split_at(FULL * S::F32_LANES);
            let value = simd.splat_f32s(value);
            for (sum, &m) in sums.iter_mut().zip(S::as_simd_f32s(m_full).0) {
                *sum = simd.mul_add_f32s(value, m, *sum);
            }
            last_sum = simd.mul_add_f32s(value, simd.partial_load_f32s(m_last), last_sum);
        }
        full.copy_from_slice(&sums);
        simd.partial_store_f32s(last, last_sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use ndarray::s;
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    fn random(rows: usize, columns: usize, density: f64) -> Array2<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64((rows * 1000 + columns) as u64);
        Array2::from_shape_simple_fn((rows, columns), || {
            if rng.random::<f64>() < density { rng.random::<f32>() - 0.5 } else { 0.0 }
        })
    }

    const SHAPES: [(usize, usize); 7] =
        [(1, 1), (6, 7), (40, 10), (40, 16), (70, 200), (33, 208), (5, 1000)];

    /// The rows of a slice of a wider array are not contiguous, which tests the plain loop.
    #[test]
    fn products_agree_with_ndarray() {
        let chosen = [3, 0, 3, 11, 5];
        for (k, n) in SHAPES {
            let (x, w) = (random(12, k, 0.3), random(k, n, 1.0));
            let sparse = Sparse::of(x.view(), 1.0).unwrap();
            let x = x.select(Axis(0), &chosen).mapv(f64::from);
            let expected = x.dot(&w.mapv(f64::from));
            let mut out = Array2::from_elem((5, n + 1), f32::NAN);
            product(out.slice_mut(s![.., 1..]), &sparse, &chosen, w.view());
            assert_abs_diff_eq!(out.slice(s![.., 1..]).mapv(f64::from), expected, epsilon = 1e-5);
            let mut h = Array2::from_elem((5, n), f32::NAN);
            product(h.view_mut(), &sparse, &chosen, w.view());
            assert_abs_diff_eq!(h.mapv(f64::from), expected, epsilon = 1e-5);
            let mut stepped = w.clone();
            add_transposed_product(&mut stepped, -0.1, &sparse, &chosen, h.view());
            let expected = w.mapv(f64::from) - 0.1 * x.t().dot(&h.mapv(f64::from));
            assert_abs_diff_eq!(stepped.mapv(f64::from), expected, epsilon = 1e-5);
        }
    }

    #[test]
    fn the_number_of_threads_changes_no_byte() {
        let (x, w, delta) = (random(97, 784, 0.2), random(784, 200, 1.0), random(97, 200, 1.0));
        let sparse = Sparse::of(x.view(), 0.5).unwrap();
        let rows: Vec<usize> = (0..97).rev().collect();
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut w = w.clone();
            pool.install(|| {
                add_transposed_product(&mut w, -0.1, &sparse, &rows, delta.view());
            });
            w
        };
        let one = run(1);
        for threads in [2, 3, 8] {
            assert_eq!(run(threads), one);
        }
    }

    #[test]
    fn only_matrices_below_the_density_become_sparse() {
        let x = ndarray::array![[0.0, 2.0, -0.0], [0.0, 0.0, 3.0]];
        assert!(Sparse::of(x.view(), 1.0 / 3.0).is_none());
        let sparse = Sparse::of(x.view(), 0.34).unwrap();
        assert_eq!((sparse.row(0), sparse.row(1)), (&[(1, 2.0)][..], &[(2, 3.0)][..]));
    }
}
