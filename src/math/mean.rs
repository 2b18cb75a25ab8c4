//! Mean, standard deviation and median.

use ndarray::{Array2, ArrayView2};

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

/// Means of consecutive rows, in groups of equal size. The rows may come in blocks of any size.
pub struct GroupMeans {
    size: usize,
    /// The sums over the rows of the group that is not complete, (columns,).
    sums: Vec<f64>,
    /// Number of these rows.
    rows: usize,
}

impl GroupMeans {
    /// Means of groups of `size` rows with this number of columns.
    pub fn new(size: usize, columns: usize) -> Self {
        Self { size, sums: vec![0.0; columns], rows: 0 }
    }

    /// Add the rows of `h`, (rows, columns), and return the means of the groups that they complete,
    /// (groups, columns). The sums are in f64 and in the order of the rows.
    pub fn add(&mut self, h: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut means = Array2::zeros(((self.rows + h.nrows()) / self.size, h.ncols()));
        let mut complete = means.rows_mut().into_iter();
        for row in h.rows() {
            self.sums.iter_mut().zip(row).for_each(|(sum, &h)| *sum += f64::from(h));
            self.rows += 1;
            if self.rows == self.size {
                let mut mean = complete.next().expect("there is a row for each complete group");
                let size = self.size as f64;
                mean.iter_mut().zip(&self.sums).for_each(|(mean, sum)| *mean = (sum / size) as f32);
                *self = Self::new(self.size, self.sums.len());
            }
        }
        means
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use ndarray::{array, s};

    #[test]
    fn the_means_of_groups_do_not_depend_on_the_blocks() {
        let h = array![[1.0, -2.0], [2.0, 0.0], [6.0, 0.5], [1e8, 1.0], [1.0, 1.0], [-1e8, 1.0]];
        let expected = array![[3.0, -0.5], [1.0_f32 / 3.0, 1.0]];
        for split in 0..=6 {
            let mut means = GroupMeans::new(3, 2);
            let (first, second) =
                (means.add(h.slice(s![..split, ..])), means.add(h.slice(s![split.., ..])));
            let all: Vec<f32> = first.iter().chain(&second).copied().collect();
            assert_eq!(Some(all.as_slice()), expected.as_slice(), "{split}");
        }
    }

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
