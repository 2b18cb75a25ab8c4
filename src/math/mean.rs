//! Mean, standard deviation and median.

/// Mean and standard deviation, with divisor n - 1. Both are `None` if any value is missing; the
/// standard deviation of a single value is `None`.
pub fn mean_and_sd(values: impl Iterator<Item = Option<f64>>) -> (Option<f64>, Option<f64>) {
    let Some(values) = values.collect::<Option<Vec<f64>>>() else {
        return (None, None);
    };
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    (Some(mean), (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt()))
}

/// The median of sorted values; `None` of none.
pub fn median_of_sorted(values: &[f64]) -> Option<f64> {
    let (low, high) =
        (values.get(values.len().saturating_sub(1) / 2)?, values.get(values.len() / 2)?);
    Some(f64::midpoint(*low, *high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn a_missing_value_leaves_no_mean_and_a_single_one_no_deviation() {
        let (mean, sd) = mean_and_sd([1.0, 2.0, 6.0].into_iter().map(Some));
        assert_relative_eq!(mean.unwrap(), 3.0);
        assert_relative_eq!(sd.unwrap(), 7.0_f64.sqrt());
        assert_eq!(mean_and_sd([Some(1.0)].into_iter()), (Some(1.0), None));
        assert_eq!(mean_and_sd([Some(1.0), None].into_iter()), (None, None));
    }

    #[test]
    fn the_median_is_the_middle_value_or_between_two() {
        let medians = [&[][..], &[3.0], &[1.0, 2.0], &[1.0, 2.0, 9.0]].map(median_of_sorted);
        assert_eq!(medians, [None, Some(3.0), Some(1.5), Some(2.0)]);
    }
}
