//! The statistics on which the claims are judged.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::thresholds::MIN_POINTS;

/// A mean over seeds and its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The mean.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The mean and its 95 % confidence interval by Student's t distribution; `None` for fewer than two
/// values, or if the interval is not finite.
pub fn interval(values: &[f64]) -> Option<Interval> {
    let count = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let value = mean(values);
    let squares: f64 = values.iter().map(|v| (v - value).powi(2)).sum();
    let quantile = StudentsT::new(0.0, 1.0, count - 1.0).ok()?.inverse_cdf(0.975);
    let half = quantile * (squares / (count - 1.0) / count).sqrt();
    let interval = Interval { value, low: value - half, high: value + half };
    // The sums of very large values overflow.
    (interval.low.is_finite() && interval.high.is_finite()).then_some(interval)
}

/// The mean; NaN for no values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Spearman's rank correlation, with the mean rank for ties; `None` for too few points, or if x or y
/// does not vary.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    (x.len() >= MIN_POINTS).then(|| correlation(&ranks(x), &ranks(y))).flatten()
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let below = |v: f64| values.iter().filter(|w| **w < v).count();
    let same = |v: f64| values.iter().filter(|w| w.total_cmp(&v).is_eq()).count();
    values.iter().map(|&v| below(v) as f64 + f64::midpoint(same(v) as f64, 1.0)).collect()
}

fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let (mx, my) = (mean(x), mean(y));
    let sum =
        |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(x, y)| f(x - mx, y - my)).sum::<f64>();
    let scale = (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt();
    (scale > 0.0).then(|| sum(&|x, y| x * y) / scale)
}

/// The absolute sum of the differences over the sum of their absolute values: 1 for a monotonic
/// curve, about 0 for one that returns to its start. `None` for a flat or too short curve.
pub fn monotonicity(values: &[f64]) -> Option<f64> {
    let steps: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let total: f64 = steps.iter().map(|step| step.abs()).sum();
    (values.len() >= MIN_POINTS && total > 0.0).then(|| steps.iter().sum::<f64>().abs() / total)
}

/// A turning point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    /// Index of the point.
    pub index: usize,
    /// Whether it is a valley, before which the curve falls and after which it rises, or a peak.
    pub valley: bool,
}

/// The most prominent valley or peak inside a curve.
pub fn turning_point(values: &[f64]) -> Option<Turn> {
    let inside = 1..values.len().saturating_sub(1);
    let turns = inside.flat_map(|index| [true, false].map(|valley| Turn { index, valley }));
    turns
        .filter_map(|turn| Some((prominence(values, turn)?, turn)))
        // Among equally prominent points the first one is taken.
        .fold(None, |best: Option<(f64, Turn)>, next| match best {
            Some(best) if best.0 >= next.0 => Some(best),
            _ => Some(next),
        })
        .map(|(_, turn)| turn)
}

/// The prominence of a turning point, as a fraction of the curve's range: how far the curve rises on
/// each side of a valley, or falls on each side of a peak, whichever side is less. It is negative if
/// the curve does not turn there. `None` for a flat or too short curve.
pub fn prominence(values: &[f64], Turn { index, valley }: Turn) -> Option<f64> {
    let sign = if valley { 1.0 } else { -1.0 };
    let height = |side: &[f64]| {
        side.iter().map(|v| sign * (v - values[index])).fold(f64::NEG_INFINITY, f64::max)
    };
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
    if values.len() < MIN_POINTS || high <= low || index == 0 || index + 1 >= values.len() {
        return None;
    }
    Some(height(&values[..index]).min(height(&values[index + 1..])) / (high - low))
}

/// Slope of the least-squares line; `None` for fewer than two different x.
pub fn slope(x: &[f64], y: &[f64]) -> Option<f64> {
    let (mx, my) = (mean(x), mean(y));
    let sxx: f64 = x.iter().map(|x| (x - mx).powi(2)).sum();
    let sxy: f64 = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum();
    (x.len() >= 2 && sxx > 0.0).then(|| sxy / sxx)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_interval_follows_students_distribution() {
        // The 97.5 % quantile of t with 4 degrees of freedom is 2.776445.
        let found = interval(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        let half = 2.776_445_105 * (2.5_f64 / 5.0).sqrt();
        assert_relative_eq!(found.value, 3.0);
        assert_relative_eq!(found.low, 3.0 - half, epsilon = 1e-6);
        assert_relative_eq!(found.high, 3.0 + half, epsilon = 1e-6);
        assert_eq!(interval(&[1.0]), None);
        assert_eq!(interval(&[f64::MAX, f64::MAX, -f64::MAX]), None);
    }

    #[test]
    fn rank_correlation_depends_on_ranks_alone() {
        let x = [1.0, 2.0, 3.0, 4.0, 5.0];
        assert_relative_eq!(spearman(&x, &[1.0, 8.0, 27.0, 64.0, 125.0]).unwrap(), 1.0);
        assert_relative_eq!(spearman(&x, &[5.0, 4.0, 3.0, 2.0, 1.0]).unwrap(), -1.0);
        // 1 - 6 sum d² / (n (n² - 1)), d = (0, 1, -1, 0, 0)
        let found = spearman(&x, &[1.0, 3.0, 2.0, 4.0, 5.0]).unwrap();
        assert_relative_eq!(found, 1.0 - 6.0 * 2.0 / 120.0);
        assert_eq!(spearman(&x, &[1.0; 5]), None);
        assert_eq!(spearman(&x[..3], &x[..3]), None);
    }

    #[test]
    fn a_curve_that_returns_is_not_monotonic() {
        assert_relative_eq!(monotonicity(&[4.0, 3.0, 2.0, 0.0]).unwrap(), 1.0);
        assert_relative_eq!(monotonicity(&[2.0, 0.0, 1.0, 2.0]).unwrap(), 0.0);
        assert_relative_eq!(monotonicity(&[0.0, 3.0, 2.0, 4.0]).unwrap(), 4.0 / 6.0);
        assert_eq!(monotonicity(&[1.0; 6]), None);
    }

    #[test]
    fn valleys_and_peaks_are_located() {
        let valley = [5.0, 3.0, 1.0, 2.0, 4.0];
        let turn = turning_point(&valley).unwrap();
        assert_eq!(turn, Turn { index: 2, valley: true });
        assert_relative_eq!(prominence(&valley, turn).unwrap(), 3.0 / 4.0);
        let peak = valley.map(|v| -v);
        assert_eq!(turning_point(&peak), Some(Turn { index: 2, valley: false }));
        let falling = [5.0, 4.0, 3.0, 2.0, 1.0];
        let turn = turning_point(&falling).unwrap();
        assert!(prominence(&falling, turn).unwrap() < 0.0);
        assert_eq!(turning_point(&[1.0; 5]), None);
        assert_eq!(turning_point(&[1.0, 0.0]), None);
    }
}
