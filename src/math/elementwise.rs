//! Loops over single elements, compiled for the widest vector registers of the machine.
//!
//! These loops run between matrix products, which use the wide registers. Loops compiled for older
//! processors would cause a penalty at each switch between the two kinds of instructions: training
//! takes 1.4 times as long. Each loop is a struct that implements `WithSimd`, as `pulp` requires. No
//! operation is fused or reordered, so that the results do not depend on the machine.

#![allow(clippy::inline_always)] // only inlined code is compiled for wide registers

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis, Zip};
use pulp::{Arch, Simd, WithSimd};

/// Set `h = f(h + b)` in place; `h` is (samples, units) and `b` is (units,).
pub fn add_bias_then(
    mut h: ArrayViewMut2<'_, f32>,
    b: &Array1<f32>,
    f: impl Fn(f32) -> f32 + Copy,
) {
    match (h.as_slice_mut(), b.as_slice()) {
        (Some(h), Some(b)) => Arch::new().dispatch(AddBiasThen { h, b, f }),
        _ => Zip::from(h.rows_mut()).for_each(|h| {
            Zip::from(h).and(b).for_each(|h, &b| *h = f(*h + b));
        }),
    }
}

/// Set `a = f(a, b)` in place; both are (samples, units).
pub fn for_each_pair(
    mut a: ArrayViewMut2<'_, f32>,
    b: ArrayView2<'_, f32>,
    f: impl Fn(f32, f32) -> f32,
) {
    match (a.as_slice_mut(), b.as_slice()) {
        (Some(a), Some(b)) => combine(a, b, f),
        _ => Zip::from(&mut a).and(&b).for_each(|a, &b| *a = f(*a, b)),
    }
}

/// Set `a = f(a, b)`, element by element.
pub fn combine(a: &mut [f32], b: &[f32], f: impl Fn(f32, f32) -> f32) {
    Arch::new().dispatch(Combine { a, b, f });
}

/// Set `(a, b, c) = f(a, b, c, d)`, element by element.
pub fn combine_three([a, b, c]: [&mut [f32]; 3], d: &[f32], f: impl Fn([f32; 3], f32) -> [f32; 3]) {
    Arch::new().dispatch(CombineThree { a, b, c, d, f });
}

/// Add `alpha` times the sum of the rows of `delta`, (samples, units), to `b`, (units,).
pub fn add_sum_of_rows(b: &mut Array1<f32>, alpha: f32, delta: ArrayView2<'_, f32>) {
    b.scaled_add(alpha, &ArrayView1::from(&sum_of_rows(delta)));
}

/// The sum of the rows of `a`, (columns,).
fn sum_of_rows(a: ArrayView2<'_, f32>) -> Vec<f32> {
    let mut sums = vec![0.0; a.ncols()];
    match a.as_slice() {
        Some(a) => Arch::new().dispatch(SumRows { sums: &mut sums, a }),
        None => {
            for row in a.rows() {
                sums.iter_mut().zip(row).for_each(|(sum, a)| *sum += a);
            }
        }
    }
    sums
}

/// The first element that is infinite or NaN, if any.
pub fn first_not_finite(h: ArrayView2<'_, f32>) -> Option<f32> {
    if h.as_slice().is_some_and(all_finite) {
        return None;
    }
    h.iter().copied().find(|h| !h.is_finite())
}

/// Whether all elements are finite.
pub fn all_finite<T: Float>(h: &[T]) -> bool {
    Arch::new().dispatch(AllFinite { h })
}

/// f32 and f64.
pub trait Float: Copy {
    /// Whether the number is neither infinite nor NaN.
    fn finite(self) -> bool;
}

impl Float for f32 {
    #[inline(always)]
    fn finite(self) -> bool {
        self.is_finite()
    }
}

impl Float for f64 {
    #[inline(always)]
    fn finite(self) -> bool {
        self.is_finite()
    }
}

/// Subtract `shift` from the rows of `h`, and add the sum of the results to `sums`; `h` is
/// (samples, units), `shift` and `sums` are (units,).
pub fn subtract_and_sum(h: &mut Array2<f64>, shift: &Array1<f64>, sums: &mut Array1<f64>) {
    if let (Some(h), Some(shift), Some(sums)) =
        (h.as_slice_mut(), shift.as_slice(), sums.as_slice_mut())
    {
        return Arch::new().dispatch(SubtractAndSum { h, shift, sums });
    }
    *h -= shift;
    *sums += &h.sum_axis(Axis(0));
}

/// The largest absolute value in each column, (columns,).
pub fn largest_of_columns(h: ArrayView2<'_, f64>) -> Vec<f64> {
    let mut largest = vec![0.0; h.ncols()];
    match h.as_slice() {
        Some(h) => Arch::new().dispatch(LargestOfColumns { largest: &mut largest, h }),
        None => {
            for row in h.rows() {
                largest
                    .iter_mut()
                    .zip(row)
                    .for_each(|(largest, h)| *largest = larger(*largest, *h));
            }
        }
    }
    largest
}

/// Whether each column of `h`, (rows, columns), has an element that differs from the first one.
pub fn columns_that_vary(h: ArrayView2<'_, f32>) -> Vec<bool> {
    let h = h.as_standard_layout();
    let h = h.as_slice().expect("the array is in standard layout").chunks_exact(h.ncols().max(1));
    let Some(first) = h.clone().next() else { return Vec::new() };
    // As wide as the elements, so that the comparisons vectorise.
    let mut varies = vec![0; first.len()];
    Arch::new().dispatch(ColumnsThatVary { varies: &mut varies, first, h });
    varies.into_iter().map(|varies| varies != 0).collect()
}

struct ColumnsThatVary<'a> {
    varies: &'a mut [u32],
    first: &'a [f32],
    h: std::slice::ChunksExact<'a, f32>,
}

struct LargestOfColumns<'a> {
    largest: &'a mut [f64],
    h: &'a [f64],
}

struct AllFinite<'a, T> {
    h: &'a [T],
}

struct SubtractAndSum<'a> {
    h: &'a mut [f64],
    shift: &'a [f64],
    sums: &'a mut [f64],
}

struct AddBiasThen<'a, F> {
    h: &'a mut [f32],
    b: &'a [f32],
    f: F,
}

struct Combine<'a, F> {
    a: &'a mut [f32],
    b: &'a [f32],
    f: F,
}

struct CombineThree<'a, F> {
    a: &'a mut [f32],
    b: &'a mut [f32],
    c: &'a mut [f32],
    d: &'a [f32],
    f: F,
}

struct SumRows<'a> {
    sums: &'a mut [f32],
    a: &'a [f32],
}

impl<T: Float> WithSimd for AllFinite<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        // No early exit: a branch per element would prevent vectorisation.
        self.h.iter().fold(true, |all, h| all & h.finite())
    }
}

impl WithSimd for ColumnsThatVary<'_> {
    type Output = ();

    #[allow(clippy::float_cmp)] // columns that vary little do vary
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { varies, first, h } = self;
        for h in h {
            for ((varies, first), h) in varies.iter_mut().zip(first).zip(h) {
                *varies |= u32::from(h != first);
            }
        }
    }
}

impl WithSimd for LargestOfColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { largest, h } = self;
        for row in h.chunks_exact(largest.len().max(1)) {
            largest.iter_mut().zip(row).for_each(|(largest, h)| *largest = larger(*largest, *h));
        }
    }
}

impl WithSimd for SubtractAndSum<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { h, shift, sums } = self;
        for h in h.chunks_exact_mut(sums.len().max(1)) {
            for ((h, shift), sum) in h.iter_mut().zip(shift).zip(&mut *sums) {
                *h -= shift;
                *sum += *h;
            }
        }
    }
}

impl<F: Fn(f32) -> f32> WithSimd for AddBiasThen<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { h, b, f } = self;
        for h in h.chunks_exact_mut(b.len().max(1)) {
            h.iter_mut().zip(b).for_each(|(h, b)| *h = f(*h + b));
        }
    }
}

impl<F: Fn(f32, f32) -> f32> WithSimd for Combine<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { a, b, f } = self;
        a.iter_mut().zip(b).for_each(|(a, &b)| *a = f(*a, b));
    }
}

impl<F: Fn([f32; 3], f32) -> [f32; 3]> WithSimd for CombineThree<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { a, b, c, d, f } = self;
        for (((a, b), c), &d) in a.iter_mut().zip(b).zip(c).zip(d) {
            [*a, *b, *c] = f([*a, *b, *c], d);
        }
    }
}

impl WithSimd for SumRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for row in self.a.chunks_exact(self.sums.len().max(1)) {
            self.sums.iter_mut().zip(row).for_each(|(sum, a)| *sum += a);
        }
    }
}

#[inline(always)]
fn larger(largest: f64, h: f64) -> f64 {
    if h.abs() > largest { h.abs() } else { largest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Activation;
    use ndarray::s;

    fn made(rows: usize, columns: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17) % 23) as f32 - 11.0)
    }

    #[test]
    fn a_column_varies_if_one_element_differs() {
        let (rows, columns) = (70, 37);
        let mut h = Array2::from_shape_fn((rows, columns), |(_, j)| j as f32);
        assert_eq!(columns_that_vary(h.view()), vec![false; columns]);
        h[[rows - 1, 0]] = -0.0; // equals 0
        for j in [1, 20, 36] {
            h[[j, j]] += 1e-5;
        }
        let expected: Vec<bool> = (0..columns).map(|j| [1, 20, 36].contains(&j)).collect();
        assert_eq!(columns_that_vary(h.view()), expected);
        assert_eq!(columns_that_vary(h.slice(s![.., ..30])), expected[..30]);
        assert_eq!(columns_that_vary(h.slice(s![..1, ..])), vec![false; columns]);
    }

    /// The rows of a slice of a wider array are not contiguous, which tests the plain loops.
    #[test]
    fn plain_and_vectorised_loops_give_the_same() {
        for (rows, columns) in [(1, 1), (3, 8), (5, 37), (64, 200)] {
            let (h, delta) = (made(rows, columns), made(columns, rows).reversed_axes() * 0.5);
            let b = Array1::from_shape_fn(columns, |j| j as f32 * 0.25 - 3.0);
            let run = |h: &mut Array2<f32>, delta: &mut Array2<f32>, b: &mut Array1<f32>| {
                let inside = s![.., ..columns];
                let relu = Activation::Relu;
                relu.add_bias_and_apply(h.slice_mut(inside), b, None);
                relu.times_derivative(delta.slice_mut(inside), h.slice(inside));
                add_sum_of_rows(b, -0.1, delta.slice(inside));
                (h.slice(inside).to_owned(), delta.slice(inside).to_owned(), b.clone())
            };
            let narrow =
                run(&mut h.clone(), &mut delta.as_standard_layout().into_owned(), &mut b.clone());
            let widened = |a: &Array2<f32>| {
                let mut wide = made(rows, columns + 1);
                wide.slice_mut(s![.., ..columns]).assign(a);
                wide
            };
            assert_eq!(run(&mut widened(&h), &mut widened(&delta), &mut b.clone()), narrow);
            let expected = (&h + &b).mapv(|z| z.max(0.0));
            assert_eq!(narrow.0, expected);
            let active = expected.mapv(|h| f32::from(u8::from(h > 0.0)));
            assert_eq!(narrow.1, &delta * &active);
        }
    }
}
