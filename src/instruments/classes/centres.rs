//! The centres of the classes, relative to the mean of all samples.

use ndarray::{Array1, Array2, Axis, s};

use super::cloud::{Class, too_large};
use crate::{
    Result,
    math::{
        linalg,
        scale::{Scaled, exponent_of, times_power_of_two},
    },
};

/// A centre counts as equal to the mean of all samples if its squared distance from it is at most this
/// fraction of the variance within classes or between them: that much is round-off of f8.
const EQUAL: f64 = 1e-28;

/// The pseudo-inverse leaves out the eigenvalues of the between-class scatter that are at most this
/// fraction of the largest.
const CUT: f64 = 1e-10;

/// The centres `m_c - m`.
pub(super) struct Centres {
    /// The centres, (classes, units), divided by `2^exponent`; 0 if a centre equals the mean.
    rows: Array2<f64>,
    exponent: i32,
    /// The squared distance of each centre from the mean, (classes,), divided by `2^(2 exponent)`.
    squares: Array1<f64>,
}

impl Centres {
    /// The centres of classes whose samples have the variance `within` about their centres.
    ///
    /// # Errors
    /// If their differences are outside the range of f8.
    pub fn of(classes: &[Class], within: Scaled) -> Result<Self> {
        let first = classes.first().expect("there are samples");
        let mut rows = Array2::zeros((classes.len(), first.mean.len()));
        // Differences of centres do not lose digits if the centres are far from 0.
        for (mut row, class) in rows.rows_mut().into_iter().zip(classes) {
            row.assign(&((&class.origin - &first.origin) + (&class.mean - &first.mean)));
        }
        let samples: usize = classes.iter().map(|class| class.samples).sum();
        let weights: Array1<f64> =
            classes.iter().map(|class| class.samples as f64 / samples as f64).collect();
        rows -= &weights.dot(&rows);
        if rows.iter().any(|x| !x.is_finite()) {
            return Err(too_large());
        }
        let exponent = exponent_of(&rows);
        rows.mapv_inplace(|x| times_power_of_two(x, -exponent));
        let squares = rows.map_axis(Axis(1), |row| row.dot(&row));
        let mut centres = Self { rows, exponent, squares };
        let variances = [within, centres.between()];
        for class in 0..classes.len() {
            let square = centres.square(class);
            // The quotient is not finite if there is no variance.
            if variances.iter().any(|&variance| square.over(variance) <= EQUAL) {
                centres.rows.row_mut(class).fill(0.0);
                centres.squares[class] = 0.0;
            }
        }
        Ok(centres)
    }

    fn scaled(&self, square: f64) -> Scaled {
        Scaled { value: square, exponent: 2 * self.exponent }
    }

    /// The squared distance of a centre from the mean.
    pub fn square(&self, class: usize) -> Scaled {
        self.scaled(self.squares[class])
    }

    /// The trace of the between-class scatter, the mean of the squared distances.
    pub fn between(&self) -> Scaled {
        self.scaled(self.squares.sum() / self.squares.len() as f64)
    }

    /// The mean of the absolute cosine of two centres over all pairs; `None` if there is no pair, or
    /// if a centre equals the mean.
    pub fn correlation(&self) -> Option<f64> {
        let classes = self.squares.len();
        if classes < 2 || self.squares.iter().any(|&square| square <= 0.0) {
            return None;
        }
        let mut sum = 0.0;
        for a in 0..classes {
            for b in 0..a {
                let norms = self.squares[a].sqrt() * self.squares[b].sqrt();
                sum += (self.rows.row(a).dot(&self.rows.row(b)).abs() / norms).min(1.0);
            }
        }
        Some(sum / (classes * (classes - 1) / 2) as f64)
    }

    /// The eigenvectors of the between-class scatter whose eigenvalues its pseudo-inverse keeps, as
    /// rows, (eigenvalues, units), and these eigenvalues, largest first. There are none if all centres
    /// equal the mean.
    ///
    /// # Errors
    /// If the singular values do not converge.
    pub fn axes(&self) -> Result<(Array2<f64>, Vec<Scaled>)> {
        // The eigenvalues are s_k² / classes, with the singular values s_k of the centres, which keep
        // digits that the products of the centres lose.
        let (singular, mut axes) = linalg::right_singular_vectors(self.rows.view())?;
        let eigenvalue = |s: &f64| s * s / self.squares.len() as f64;
        let mut eigenvalues: Vec<f64> = singular.iter().map(eigenvalue).collect();
        let largest = eigenvalues.first().copied().unwrap_or(0.0);
        eigenvalues.retain(|&value| value > CUT * largest);
        axes.slice_collapse(s![..eigenvalues.len(), ..]);
        Ok((axes, eigenvalues.into_iter().map(|value| self.scaled(value)).collect()))
    }
}
