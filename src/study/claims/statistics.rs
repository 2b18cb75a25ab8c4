//! The statistics on which the claims are judged.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, DiscreteCDF};

use super::thresholds::{CONFIDENCE, MIN_POINTS};
use crate::math::mean::median_of_sorted;

/// A statistic over seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OverSeeds {
    /// The median.
    pub median: f64,
    /// The lower confidence bound of the median.
    pub low: f64,
    /// The confidence of this bound, at least [`CONFIDENCE`].
    pub confidence: f64,
    /// The smallest value.
    pub least: f64,
    /// The largest value.
    pub most: f64,
}

/// The median with its distribution-free lower confidence bound, an order statistic: the k-th smallest
/// of n values is above the median of their distribution with the probability that at most k - 1 of n
/// coins show heads. The bound is the largest value for which this is at most 1 - [`CONFIDENCE`];
/// `None` if there is none, as for fewer than five values, or if a value is not finite. (David and
/// Nagaraja, Order Statistics, 2003, section 7.1)
pub fn over_seeds(values: &[f64]) -> Option<OverSeeds> {
    let count = values.len();
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let heads = Binomial::new(0.5, count as u64).ok()?;
    // The confidence of the k-th smallest value, k counted from 0.
    let confidence = |k: usize| 1.0 - heads.cdf(k as u64);
    let k = (0..count).take_while(|&k| confidence(k) >= CONFIDENCE).last()?;
    let median = median_of_sorted(&sorted)?;
    let all_finite = sorted.iter().all(|value| value.is_finite());
    all_finite.then(|| OverSeeds {
        median,
        low: sorted[k],
        confidence: confidence(k),
        least: sorted[0],
        most: sorted[count - 1],
    })
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

    /// Confidences from Pascal's triangle: 1 - 1/32, 1 - 1/64 - 6/64 being too small, and so on.
    #[test]
    fn the_bound_of_the_median_is_an_order_statistic() {
        let values = |count: usize| (1..=count).rev().map(|v| v as f64).collect::<Vec<_>>();
        for (count, low, heads) in [
            (5, 1.0, 1.0 / 32.0),
            (6, 1.0, 1.0 / 64.0),
            (7, 1.0, 1.0 / 128.0),
            (8, 2.0, 9.0 / 256.0),
            (20, 6.0, 21_700.0 / 1_048_576.0),
        ] {
            let found = over_seeds(&values(count)).unwrap();
            assert_relative_eq!(found.low, low);
            assert_relative_eq!(found.confidence, 1.0 - heads, epsilon = 1e-12);
            assert_relative_eq!(found.median, f64::midpoint(count as f64, 1.0));
            assert_eq!((found.least, found.most), (1.0, count as f64));
        }
        assert_eq!(over_seeds(&values(4)), None);
        assert_eq!(over_seeds(&[1.0, 1.0, 1.0, 1.0, f64::INFINITY]), None);
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
