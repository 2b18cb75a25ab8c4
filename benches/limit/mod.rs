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
        let multiply_add = |sum| simd.mul_add_f32s(sum, a, b);
        let add = |a, b| simd.add_f32s(a, b);
        simd.reduce_sum_f32s(chains(self.operations / S::F32_LANES, b, multiply_add, add))
    }
}

impl WithSimd for Double {
    type Output = f64;

    #[allow(clippy::inline_always)] // as above
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let (a, b) = (simd.splat_f64s(0.5), simd.splat_f64s(1.0));
        let multiply_add = |sum| simd.mul_add_f64s(sum, a, b);
        let add = |a, b| simd.add_f64s(a, b);
        simd.reduce_sum_f64s(chains(self.operations / S::F64_LANES, b, multiply_add, add))
    }
}

/// Multiply and add in independent chains, two operations at a time, and add up where they end.
#[allow(clippy::inline_always)] // as above
#[inline(always)]
fn chains<V: Copy>(
    operations: usize,
    start: V,
    multiply_add: impl Fn(V) -> V,
    add: impl Fn(V, V) -> V,
) -> V {
    let mut sums = [start; REGISTERS];
    for _ in 0..operations / (2 * REGISTERS) {
        for sum in &mut sums {
            *sum = multiply_add(*sum);
        }
    }
    sums.into_iter().fold(start, add)
}
