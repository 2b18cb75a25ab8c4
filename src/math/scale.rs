//! Exact scaling: multiplication by powers of two, which does not round.
//!
//! Squares overflow or underflow f8 long before the numbers do. Numbers far from 1 are therefore
//! scaled to near 1 before they are squared, and the result is scaled back.

/// Numbers from 2^-400 to 2^400 need no scaling, because sums of their squares are far from the
/// limits of f8.
const UNSCALED: i32 = 400;

/// The exponent of the power of two by which to divide numbers whose largest absolute value is
/// `largest`; 0 if they need no scaling.
pub fn exponent(largest: f64) -> i32 {
    let exponent = floor_log2(largest);
    if exponent.abs() <= UNSCALED { 0 } else { exponent }
}

/// The [`exponent`] of the largest absolute value of these numbers.
pub fn exponent_of<'a>(numbers: impl IntoIterator<Item = &'a f64>) -> i32 {
    exponent(numbers.into_iter().fold(0.0, |largest, x| x.abs().max(largest)))
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

/// `2^exponent`, which must be a normal number.
fn power_of_two(exponent: i32) -> f64 {
    const BIAS: i32 = 1023;
    f64::from_bits(u64::from((BIAS + exponent).unsigned_abs()) << (f64::MANTISSA_DIGITS - 1))
}

/// `log2 |x|` rounded down; 0 for 0.
fn floor_log2(x: f64) -> i32 {
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
        assert_eq!(exponent_of(&[1.0, -1e200, 2.0]), exponent(1e200));
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
