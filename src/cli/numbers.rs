//! Parsers of the numbers on the command line.

use std::num::NonZeroUsize;

/// Largest number of threads. More do not help, and starting them takes longer than the work.
const MAX_THREADS: usize = 1024;

/// Parse a number of threads; 0 means one per core.
pub(super) fn threads(text: &str) -> std::result::Result<usize, String> {
    let threads = text.parse().ok().filter(|&threads| threads <= MAX_THREADS);
    threads.ok_or_else(|| format!("expected a whole number from 0 to {MAX_THREADS}"))
}

/// Parse a finite number that is at least 0.
pub fn non_negative(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err("expected a number of at least 0, such as 0.1".into()),
    }
}

/// Parse a finite number above 0.
pub fn positive(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("expected a number above 0, such as 0.1".into()),
    }
}

/// Parse a number that is at least 0, and that is neither infinite nor rounded to 0 in single
/// precision.
pub fn non_negative_single(text: &str) -> std::result::Result<f64, String> {
    non_negative(text).and_then(single)
}

/// Parse a number above 0 that is neither infinite nor rounded to 0 in single precision.
pub fn positive_single(text: &str) -> std::result::Result<f64, String> {
    positive(text).and_then(single)
}

fn single(number: f64) -> std::result::Result<f64, String> {
    let rounded = number as f32;
    if rounded.is_finite() && (rounded > 0.0 || number <= 0.0) {
        return Ok(number);
    }
    Err(format!(
        "it is {rounded} in single precision, the type of the arrays, which holds {:?} to {:?}",
        f32::from_bits(1),
        f32::MAX
    ))
}

/// Parse an integer that is at least 1.
pub fn count(text: &str) -> std::result::Result<usize, String> {
    non_zero(text).map(usize::from)
}

/// Parse an integer that is at least 1, as a type that cannot be 0.
pub fn non_zero(text: &str) -> std::result::Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "expected a whole number from 1, below 2^64".into())
}

/// Parse an integer from 1 to MAX. The limit prevents requests that would take too long or too much
/// memory.
pub fn count_to<const MAX: usize>(text: &str) -> std::result::Result<usize, String> {
    match count(text) {
        Ok(count) if count <= MAX => Ok(count),
        _ => Err(format!("expected a whole number from 1 to {MAX}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outside_the_range_of_single_precision_are_refused() {
        for text in ["1e39", "1e-46", "3.5e38", "1e300", "5e-324"] {
            let message = non_negative_single(text).unwrap_err();
            assert!(message.contains("in single precision"), "{message}");
            assert!(positive_single(text).is_err());
        }
        assert_eq!(non_negative_single("0"), Ok(0.0));
        assert_eq!(positive_single("0.1"), Ok(0.1));
        assert_eq!(non_negative_single("3.4e38"), Ok(3.4e38));
        assert_eq!(non_negative_single("1e-45"), Ok(1e-45));
        assert_eq!(count_to::<7>("7"), Ok(7));
        assert!(count_to::<7>("8").is_err() && count_to::<7>("0").is_err());
    }

    #[test]
    fn invalid_numbers_are_refused() {
        for text in ["-1", "nan", "inf", "1e999", "0,1", "", "one"] {
            assert!(non_negative(text).is_err() && positive(text).is_err(), "{text}");
        }
        assert!(positive("0").is_err());
        assert_eq!(non_negative("0"), Ok(0.0));
        assert_eq!(non_negative("1e-3"), Ok(1e-3));
        for text in ["0", "-1", "1.5", "", "99999999999999999999"] {
            assert!(count(text).is_err(), "{text}");
        }
        for text in ["-1", "1.5", "", "1025", "18446744073709551615"] {
            assert!(threads(text).is_err(), "{text}");
        }
        assert_eq!((threads("0"), threads("1024")), (Ok(0), Ok(1024)));
    }
}
