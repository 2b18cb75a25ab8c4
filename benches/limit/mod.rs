//! The most that the machine's registers can do: what the stages are measured against.

use std::hint::black_box;

use pulp::{Arch, Simd, WithSimd};

/// `operations` multiplications and additions of f32, as many at once as registers can hold, and
/// nothing read from memory.
pub fn multiply_add(operations: usize) -> f32 {
    Arch::new().dispatch(Single { operations: black_box(operations) })
}

/// The same with f64.
pub fn multiply_add_f64(operations: usize) -> f64 {
    Arch::new().dispatch(Double { operations: black_box(operations) })
}

struct Single {
    operations: usize,
}

struct Double {
    operations: usize,
}

/// Enough to hide a multiply-add's latency.
const REGISTERS: usize = 12;

impl WithSimd for Single {
    type Output = f32;

    #[allow(clippy::inline_always)] // what is not inlined is not compiled for wide registers
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let (a, b) = (simd.splat_f32s(0.5), simd.splat_f32s(1.0));
        let mut sums = [b; REGISTERS];
        for _ in 0..self.operations / (2 * S::F32_LANES * REGISTERS) {
            for sum in &mut sums {
                *sum = simd.mul_add_f32s(*sum, a, b);
            }
        }
        let total = sums.into_iter().fold(b, |total, sum| simd.add_f32s(total, sum));
        simd.reduce_sum_f32s(total)
    }
}

impl WithSimd for Double {
    type Output = f64;

    #[allow(clippy::inline_always)] // as above
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let (a, b) = (simd.splat_f64s(0.5), simd.splat_f64s(1.0));
        let mut sums = [b; REGISTERS];
        for _ in 0..self.operations / (2 * S::F64_LANES * REGISTERS) {
            for sum in &mut sums {
                *sum = simd.mul_add_f64s(*sum, a, b);
            }
        }
        let total = sums.into_iter().fold(b, |total, sum| simd.add_f64s(total, sum));
        simd.reduce_sum_f64s(total)
    }
}
