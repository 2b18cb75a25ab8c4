//! Matrix products, eigenvalues and singular values. This is the only module that uses faer.

use std::ops::Range;

use faer::{
    Accum, MatMut, MatRef, Par, Side,
    linalg::matmul::{
        matmul,
        triangular::{self, BlockStructure},
    },
    traits::ComplexField,
};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, CowArray, Ix2, LinalgScalar, s};
use rayon::prelude::*;

use crate::{
    Error, Result,
    math::scale::{exponent_of, times_power_of_two},
};

/// The element types of matrices: f32 for networks, f64 for spectra.
pub trait Scalar: ComplexField + LinalgScalar + From<f32> {}
impl Scalar for f32 {}
impl Scalar for f64 {}

/// Write `out = a b`; `out` is (m, n), `a` is (m, k), and `b` is (k, n).
pub fn product<T: Scalar>(out: ArrayViewMut2<'_, T>, a: ArrayView2<'_, T>, b: ArrayView2<'_, T>) {
    multiply(out, Accum::Replace, T::from(1.0), a, b);
}

/// Add `alpha a b` to `out`; `out` is (m, n), `a` is (m, k), and `b` is (k, n).
pub fn add_product<T: Scalar>(
    out: ArrayViewMut2<'_, T>,
    alpha: T,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
) {
    multiply(out, Accum::Add, alpha, a, b);
}

/// Add `alpha xᵀ delta` to `w`, as in a step of gradient descent; `w` is (k, n), `x` is (batch, k), and
/// `delta` is (batch, n).
///
/// The rows of `w` are divided among the threads. The sum over the batch is never split, so that the
/// result does not depend on the number of threads.
pub fn add_transposed_product(
    w: &mut Array2<f32>,
    alpha: f32,
    x: ArrayView2<'_, f32>,
    delta: ArrayView2<'_, f32>,
) {
    let shares = shares(w.nrows());
    let blocks = split_rows(w.view_mut(), &shares);
    blocks.into_par_iter().zip(shares).for_each(|(block, rows)| {
        let columns = x.slice(s![.., rows]);
        add_product(block, alpha, columns.t(), delta);
    });
}

/// Divide `rows` rows among the threads.
///
/// Each share starts at a multiple of the tile size of the matrix kernel and has a minimum size, so
/// that the numbers in a row do not depend on the share to which it belongs.
#[must_use]
pub fn shares(rows: usize) -> Vec<Range<usize>> {
    const TILE: usize = 16;
    const MIN_ROWS: usize = 2 * TILE;
    let count = rayon::current_num_threads().min(rows / MIN_ROWS).max(1);
    let start = |share: usize| {
        if share == count { rows } else { rows / TILE * share / count * TILE }
    };
    (0..count).map(|share| start(share)..start(share + 1)).collect()
}

/// Split the rows of `a` into consecutive blocks, one for each share.
pub fn split_rows<'a, T>(
    a: ArrayViewMut2<'a, T>,
    shares: &[Range<usize>],
) -> Vec<ArrayViewMut2<'a, T>> {
    let mut blocks = Vec::with_capacity(shares.len());
    let mut rest = a;
    for share in shares {
        let (block, below) = rest.split_at(Axis(0), share.len());
        blocks.push(block);
        rest = below;
    }
    blocks
}

/// Add the lower triangle of `xᵀ x` to `out`; `out` is (n, n) and `x` is (samples, n).
pub fn add_gram_lower(out: &mut Array2<f64>, x: ArrayView2<'_, f64>) {
    let (rows, columns) = out.dim();
    let x = dense(x);
    let x = view(&x);
    let elements = out.as_slice_mut().expect("sums of products are in standard layout");
    triangular::matmul(
        MatMut::from_row_major_slice_mut(elements, rows, columns),
        BlockStructure::TriangularLower,
        Accum::Add,
        x.transpose(),
        BlockStructure::Rectangular,
        x,
        BlockStructure::Rectangular,
        1.0,
        Par::Seq,
    );
}

/// The eigenvalues of a symmetric matrix, smallest first. Only its lower triangle is read.
///
/// # Errors
/// If the solver does not converge.
pub fn symmetric_eigenvalues(lower: &Array2<f64>) -> Result<Vec<f64>> {
    let (scaled, exponent) = scaled_to_near_one(lower.view());
    let mut lambda = view(&scaled)
        .self_adjoint_eigenvalues(Side::Lower)
        .map_err(|_| Error::data("the eigenvalues do not converge"))?;
    for l in &mut lambda {
        *l = times_power_of_two(*l, exponent);
    }
    Ok(lambda)
}

/// The eigenvectors of a symmetric matrix as columns, in ascending order of eigenvalue. Only the lower
/// triangle of the matrix is read.
///
/// # Errors
/// If the solver does not converge.
pub fn symmetric_eigenvectors(lower: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
    let eigen = view(&scaled_to_near_one(lower).0)
        .self_adjoint_eigen(Side::Lower)
        .map_err(|_| Error::data("the eigenvectors do not converge"))?;
    let v = eigen.U();
    Ok(Array2::from_shape_fn((v.nrows(), v.ncols()), |(i, j)| v[(i, j)]))
}

/// A symmetric matrix whose lower triangle is given.
pub fn mirrored(mut lower: Array2<f64>) -> Array2<f64> {
    for i in 0..lower.nrows() {
        for j in 0..i {
            lower[[j, i]] = lower[[i, j]];
        }
    }
    lower
}

/// `v_nᵀ a v_n` for each column `v_n` of v.
pub fn along_columns(a: ArrayView2<'_, f64>, v: ArrayView2<'_, f64>) -> Vec<f64> {
    let mut image = Array2::zeros(v.dim());
    product(image.view_mut(), a, v);
    v.columns().into_iter().zip(image.columns()).map(|(v, image)| v.dot(&image)).collect()
}

/// The singular values of a matrix, largest first, and its right singular vectors as rows,
/// (singular values, columns).
///
/// # Errors
/// If the solver does not converge.
pub fn right_singular_vectors(a: ArrayView2<'_, f64>) -> Result<(Vec<f64>, Array2<f64>)> {
    let (scaled, exponent) = scaled_to_near_one(a);
    let svd =
        view(&scaled).thin_svd().map_err(|_| Error::data("the singular values do not converge"))?;
    let (values, v) = (svd.S().column_vector(), svd.V());
    let values = values.iter().map(|&value| times_power_of_two(value, exponent)).collect();
    Ok((values, Array2::from_shape_fn((v.ncols(), v.nrows()), |(i, j)| v[(j, i)])))
}

/// A matrix divided by a power of two if its entries are far from 1, and the exponent of that power.
/// The solver squares entries, which could leave the range of f8 otherwise.
fn scaled_to_near_one(matrix: ArrayView2<'_, f64>) -> (CowArray<'_, f64, Ix2>, i32) {
    match exponent_of(matrix) {
        0 => (dense(matrix), 0),
        exponent => (matrix.mapv(|x| times_power_of_two(x, -exponent)).into(), exponent),
    }
}

/// Write `alpha a b` to `out`, or add it to `out`, as `accumulate` says.
fn multiply<T: Scalar>(
    mut out: ArrayViewMut2<'_, T>,
    accumulate: Accum,
    alpha: T,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
) {
    let (rows, columns) = out.dim();
    if columns == 1 {
        // A matrix-vector kernel would sum in an order that depends on the number of rows, and thus on
        // the number of threads.
        for (out, a) in out.iter_mut().zip(a.rows()) {
            let sum = alpha * a.dot(&b.column(0));
            *out = if accumulate == Accum::Add { *out + sum } else { sum };
        }
    } else if let Some(elements) = out.as_slice_mut() {
        let out = MatMut::from_row_major_slice_mut(elements, rows, columns);
        let (a, b) = (dense(a), dense(b));
        matmul(out, accumulate, view(&a), view(&b), alpha, Par::Seq);
        leave_wide_registers();
    } else {
        let mut standard = out.as_standard_layout().into_owned();
        multiply(standard.view_mut(), accumulate, alpha, a, b);
        out.assign(&standard);
    }
}

/// Clear the upper halves of the wide registers, which faer's kernels leave in use. Until then, each switch
/// between instructions for wide and for narrow registers, as at every call of `exp`, takes a hundred
/// cycles or more: a probe takes four times as long, and `accuracy` twice.
fn leave_wide_registers() {
    #[cfg(target_arch = "x86_64")]
    if let Some(wide) = pulp::x86::V3::try_new() {
        wide.avx._mm256_zeroupper();
    }
}

/// The array itself if its elements are contiguous, by rows or by columns, or else a copy in C order.
fn dense<T: Scalar>(a: ArrayView2<'_, T>) -> CowArray<'_, T, Ix2> {
    if a.is_standard_layout() || a.t().is_standard_layout() {
        return a.into();
    }
    a.as_standard_layout().into_owned().into()
}

fn view<'a, T: Scalar>(a: &'a CowArray<'_, T, Ix2>) -> MatRef<'a, T> {
    let (rows, columns) = a.dim();
    if let Some(elements) = a.as_slice() {
        return MatRef::from_row_major_slice(elements, rows, columns);
    }
    let elements = a.as_slice_memory_order().expect("dense by rows or by columns");
    MatRef::from_column_major_slice(elements, rows, columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    fn random(rows: usize, columns: usize) -> Array2<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64((rows * 1000 + columns) as u64);
        Array2::from_shape_simple_fn((rows, columns), || rng.random::<f32>() - 0.5)
    }

    #[test]
    fn products_agree_with_ndarray_for_all_layouts() {
        let (a, b) = (random(37, 19), random(19, 23));
        let (at, bt) =
            (a.t().as_standard_layout().into_owned(), b.t().as_standard_layout().into_owned());
        let expected = a.mapv(f64::from).dot(&b.mapv(f64::from));
        for (a, b) in [(a.view(), b.view()), (at.t(), b.view()), (a.view(), bt.t())] {
            let mut out = Array2::from_elem((37, 23), f32::NAN);
            product(out.view_mut(), a, b);
            assert_abs_diff_eq!(out.mapv(f64::from), expected, epsilon = 1e-5);
        }
        let mut out = Array2::zeros((40, 40));
        product(out.slice_mut(s![1..38, 2..25]), a.view(), b.view());
        assert_abs_diff_eq!(out.slice(s![1..38, 2..25]).mapv(f64::from), expected, epsilon = 1e-5);
    }

    #[test]
    fn singular_vectors_are_orthonormal_and_stretched_by_the_singular_values() {
        for (rows, columns) in [(5, 40), (40, 5), (7, 7), (1, 3), (3, 1)] {
            for exponent in [-700, 0, 700] {
                let a = random(rows, columns).mapv(|x| times_power_of_two(f64::from(x), exponent));
                let (values, vectors) = right_singular_vectors(a.view()).unwrap();
                assert_eq!(vectors.dim(), (rows.min(columns), columns));
                assert_eq!(values.len(), vectors.nrows());
                assert!(values.is_sorted_by(|a, b| a >= b));
                let unscaled = a.mapv(|x| times_power_of_two(x, -exponent));
                let products = vectors.dot(&vectors.t());
                assert_abs_diff_eq!(products, Array2::eye(vectors.nrows()), epsilon = 1e-14);
                let images = unscaled.dot(&vectors.t());
                for (image, value) in images.columns().into_iter().zip(values) {
                    let value = times_power_of_two(value, -exponent);
                    assert_abs_diff_eq!(image.dot(&image).sqrt(), value, epsilon = 1e-14);
                }
            }
        }
        let (values, _) = right_singular_vectors(Array2::zeros((2, 3)).view()).unwrap();
        assert_eq!(values, [0.0, 0.0]);
    }

    #[test]
    fn shares_cover_the_rows_once() {
        for threads in [1, 2, 3, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            for rows in [1, 16, 17, 31, 32, 63, 64, 97, 128, 784] {
                let shares = pool.install(|| shares(rows));
                assert_eq!(shares.first().unwrap().start, 0);
                assert_eq!(shares.last().unwrap().end, rows);
                assert!(shares.windows(2).all(|pair| pair[0].end == pair[1].start));
                assert!(shares.len() == 1 || shares.iter().all(|share| share.len() >= 32));
            }
        }
    }

    #[test]
    fn the_number_of_threads_changes_no_byte() {
        for (batch, k, n) in [
            (128, 784, 200),
            (97, 200, 10),
            (64, 33, 7),
            (100, 70, 1),
            (100, 1, 70),
            (33, 2, 2),
            (1, 90, 90),
            (70, 16, 16),
            (5, 40, 40),
        ] {
            let (x, delta, weights) = (random(batch, k), random(batch, n), random(k, n));
            let run = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| {
                    let mut w = weights.clone();
                    add_transposed_product(&mut w, -0.1, x.view(), delta.view());
                    let mut out = Array2::zeros((batch, n));
                    let shares = shares(batch);
                    for (part, rows) in split_rows(out.view_mut(), &shares).into_iter().zip(&shares)
                    {
                        product(part, x.slice(s![rows.clone(), ..]), weights.view());
                    }
                    let mut back = Array2::zeros((batch, k));
                    for (part, rows) in
                        split_rows(back.view_mut(), &shares).into_iter().zip(&shares)
                    {
                        product(part, delta.slice(s![rows.clone(), ..]), weights.t());
                    }
                    (w, out, back)
                })
            };
            let one = run(1);
            for threads in [2, 3, 8] {
                assert_eq!(run(threads), one, "{threads} threads, {batch} x {k} x {n}");
            }
        }
    }
}
