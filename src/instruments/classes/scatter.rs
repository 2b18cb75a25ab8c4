//! The scatter of one class, and that of all classes together.

use ndarray::{Array2, ArrayView1, ArrayView2, s};

use crate::{
    Result,
    math::{
        linalg,
        scale::{Scaled, exponent_of, times_power_of_two},
    },
    spectrum::{Moments, square_zeros},
};

/// The scatter matrix `S`, the sum of `(h - mean)ᵀ (h - mean)` over the samples of a class.
pub(super) struct Scatter {
    form: Form,
    /// Exponent of the power of two by which `S` is divided.
    exponent: i32,
    /// The trace of `S`.
    pub trace: Scaled,
    /// The participation ratio of the eigenvalues of `S`, which is that of the covariance; `None` if
    /// all samples are equal.
    pub dimension: Option<f64>,
}

enum Form {
    /// `S` itself, (units, units), of which only the lower triangle is valid.
    Matrix(Array2<f64>),
    /// The rows `h - mean`, (samples, units).
    Rows(Array2<f64>),
}

impl Scatter {
    /// The scatter of samples whose moments are given.
    pub fn of_moments(moments: &Moments) -> Self {
        let (lower, exponent) = moments.scatter();
        let (lower, exponent) = near_one(lower, exponent);
        let (trace, dimension) = shape(&lower, exponent);
        Self { form: Form::Matrix(lower), exponent, trace, dimension }
    }

    /// The scatter of rows, (samples, units), whose mean is 0, and which are divided by
    /// `2^exponent`.
    ///
    /// # Errors
    /// If there are too many samples for memory.
    pub fn of_rows(rows: Array2<f64>, exponent: i32) -> Result<Self> {
        // The Gram matrix has the same non-zero eigenvalues as S.
        let mut gram = square_zeros(rows.nrows(), "samples", "products")?;
        linalg::add_gram_lower(&mut gram, rows.t());
        let (gram, gram_exponent) = near_one(gram, 2 * exponent);
        let (trace, dimension) = shape(&gram, gram_exponent);
        Ok(Self { form: Form::Rows(rows), exponent: 2 * exponent, trace, dimension })
    }

    /// `vᵀ S v` for each row v of `axes`, (axes, units); (axes,).
    fn along(&self, axes: ArrayView2<'_, f64>) -> Vec<Scaled> {
        let values: Vec<f64> = match &self.form {
            Form::Rows(rows) => {
                let mut products = Array2::zeros((rows.nrows(), axes.nrows()));
                linalg::product(products.view_mut(), rows.view(), axes.t());
                products.columns().into_iter().map(|along| along.dot(&along)).collect()
            }
            Form::Matrix(lower) => {
                axes.rows().into_iter().map(|v| quadratic_form(lower, v)).collect()
            }
        };
        values.into_iter().map(|value| Scaled { value, exponent: self.exponent }).collect()
    }
}

/// The scatter of the samples of all classes, each about the mean of its class.
#[derive(Default)]
pub(super) struct Within {
    /// At most one of these is a matrix, the sum of those that were added.
    parts: Vec<Scatter>,
}

impl Within {
    /// Add the scatter of a class.
    pub fn add(&mut self, scatter: Scatter) {
        for part in &mut self.parts {
            if let (Form::Matrix(sum), Form::Matrix(lower)) = (&mut part.form, &scatter.form) {
                let common = part.exponent.max(scatter.exponent);
                let (by, lower_by) = (part.exponent - common, scatter.exponent - common);
                sum.zip_mut_with(lower, |sum, &x| {
                    *sum = times_power_of_two(*sum, by) + times_power_of_two(x, lower_by);
                });
                part.exponent = common;
                return;
            }
        }
        self.parts.push(scatter);
    }

    /// `vᵀ S v` for each row v of `axes`, (axes, units), where S is the sum of the scatter matrices
    /// of all classes; (axes,).
    pub fn along(&self, axes: ArrayView2<'_, f64>) -> Vec<Scaled> {
        let parts: Vec<Vec<Scaled>> = self.parts.iter().map(|part| part.along(axes)).collect();
        (0..axes.nrows()).map(|axis| parts.iter().map(|part| part[axis]).sum()).collect()
    }
}

/// `vᵀ S v` for a symmetric matrix that is given by its lower triangle.
fn quadratic_form(lower: &Array2<f64>, v: ArrayView1<'_, f64>) -> f64 {
    let rows = lower.rows().into_iter().enumerate();
    rows.map(|(i, row)| {
        let left = row.slice(s![..i]).dot(&v.slice(s![..i]));
        v[i] * (2.0 * left + row[i] * v[i])
    })
    .sum()
}

/// A positive semidefinite matrix that is divided by `2^exponent`, rescaled so that squares of its
/// entries are in the range of f8. Only the lower triangle is used.
fn near_one(mut lower: Array2<f64>, exponent: i32) -> (Array2<f64>, i32) {
    // No other entry is larger than the largest on the diagonal.
    let more = exponent_of(lower.diag());
    if more != 0 {
        lower.mapv_inplace(|x| times_power_of_two(x, -more));
    }
    (lower, exponent + more)
}

/// Trace and participation ratio, `(tr S)² / tr S²`, of a matrix that is divided by `2^exponent` and
/// given by its lower triangle.
fn shape(lower: &Array2<f64>, exponent: i32) -> (Scaled, Option<f64>) {
    let trace = lower.diag().sum();
    let mut squares = 0.0;
    for (i, row) in lower.rows().into_iter().enumerate() {
        let left = row.slice(s![..i]);
        squares += 2.0 * left.dot(&left) + row[i] * row[i];
    }
    let dimension = (trace > 0.0).then(|| trace * (trace / squares));
    (Scaled { value: trace, exponent }, dimension)
}
