//! Exact scaling: multiplication by powers of two, which does not round.
//!
//! Squares overflow or underflow f8 long before the numbers do. Numbers far from 1 are therefore
//! scaled to near 1 before they are squared, and the result is scaled back.

use std::{borrow::Borrow, iter::Sum, ops::Add};

/// Numbers from 2^-400 to 2^400 need no scaling, because sums of their squares are far from the
/// limits of f8.
const UNSCALED: i32 = 400;

/// The exponent of the power of two by which to divide numbers whose largest absolute value is
/// `largest`; 0 if they need no scaling.
pub fn exponent(largest: f64) -> i32 {
    let exponent = floor_log2(largest);
    if exponent.abs() <= UNSCALED { 0 } else { exponent }
}

/// The largest absolute value of these numbers; 0 if there are none.
pub fn largest(numbers: impl IntoIterator<Item = impl Borrow<f64>>) -> f64 {
    numbers.into_iter().fold(0.0, |largest, x| x.borrow().abs().max(largest))
}

/// The [`exponent`] of the [`largest`] absolute value of these numbers.
pub fn exponent_of(numbers: impl IntoIterator<Item = impl Borrow<f64>>) -> i32 {
    exponent(largest(numbers))
}

/// `x 2^exponent`; exact unless the result is not a normal number.
pub fn times_power_of_two(mut x: f64, mut exponent: i32) -> f64 {
    while exponent != 0 {
        let step = exponent.clamp(-1000, 1000);
        x *= power_of_two(step);
        exponent -= step;
    }
    x
}

/// A number that may be outside the range of f8: `value 2^exponent`.
#[derive(Clone, Copy, Debug)]
pub struct Scaled {
    pub value: f64,
    pub exponent: i32,
}

impl Scaled {
    /// The number, rounded to f8: infinite or 0 if it is outside the range.
    pub fn to_f64(self) -> f64 {
        times_power_of_two(self.value, self.exponent)
    }

    /// The quotient of two numbers. It is not finite if `divisor` is 0.
    pub fn over(self, divisor: Self) -> f64 {
        times_power_of_two(self.value / divisor.value, self.exponent - divisor.exponent)
    }
}

impl Add for Scaled {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (low, high) =
            if self.exponent < other.exponent { (self, other) } else { (other, self) };
        if high.value == 0.0 {
            return low;
        }
        let low = times_power_of_two(low.value, low.exponent - high.exponent);
        Self { value: high.value + low, exponent: high.exponent }
    }
}

impl Sum for Scaled {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Self { value: 0.0, exponent: 0 }, Add::add)
    }
}

/// `2^exponent`, which must be a normal number.
fn power_of_two(exponent: i32) -> f64 {
    const BIAS: i32 = 1023;
    f64::from_bits(u64::from((BIAS + exponent).unsigned_abs()) << (f64::MANTISSA_DIGITS - 1))
}

/// `log2 |x|` rounded down; 0 for 0.
pub fn floor_log2(x: f64) -> i32 {
    const UP: i32 = 64;
    match x.abs() {
        0.0 => 0,
        x if x < f64::MIN_POSITIVE => floor_log2(x * power_of_two(UP)) - UP,
        x => (x.to_bits() >> (f64::MANTISSA_DIGITS - 1)) as i32 - 1023,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_near_one_stay_and_others_are_scaled_to_near_one() {
        for x in [0.0, 1.0, -3.0, 1e120, 1e-120] {
            assert_eq!(exponent(x), 0, "{x}");
        }
        for x in [1e121, -1e300, f64::MAX, 1e-121, -1e-300, f64::MIN_POSITIVE, 5e-324, 3e-320] {
            let near = times_power_of_two(x, -exponent(x)).abs();
            assert!((1.0..2.0).contains(&near), "{x}: {near}");
            let back = times_power_of_two(near.copysign(x), exponent(x));
            assert_eq!(back.to_bits(), x.to_bits(), "{x}");
        }
        assert_eq!(exponent_of([1.0, -1e200, 2.0]), exponent(1e200));
    }

    #[test]
    #[allow(clippy::float_cmp)] // the results are exact
    fn scaled_numbers_add_and_divide_beyond_the_range_of_f8() {
        let scaled = |value, exponent| Scaled { value, exponent };
        for exponent in [-3000, 0, 3000] {
            let sum: Scaled = [scaled(3.0, exponent), scaled(0.0, 5000), scaled(1.0, exponent - 1)]
                .into_iter()
                .sum();
            assert!((sum.over(scaled(1.0, exponent)) - 3.5).abs() < 1e-15, "{sum:?}");
        }
        assert!((scaled(3.0, 2000) + scaled(1.0, -2000)).over(scaled(3.0, 2000)) == 1.0);
        assert!(scaled(3.0, -3).to_f64() == 0.375 && scaled(3.0, 2000).to_f64() == f64::INFINITY);
        assert!(scaled(3.0, 0).over(scaled(0.0, 0)) == f64::INFINITY);
    }

    #[test]
    fn powers_of_two_are_exact() {
        for exponent in [-1022, -1000, -1, 0, 1, 52, 1000, 1023] {
            let (found, expected) = (times_power_of_two(1.0, exponent), 2.0_f64.powi(exponent));
            assert_eq!(found.to_bits(), expected.to_bits(), "{exponent}");
        }
        assert!(
            times_power_of_two(3.0, -2100) == 0.0 && times_power_of_two(3.0, 2100) == f64::INFINITY
        );
        let (up, expected) = (times_power_of_two(5e-324, 2000), times_power_of_two(1.0, 926));
        assert_eq!(up.to_bits(), expected.to_bits());
    }
}
