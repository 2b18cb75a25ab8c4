//! Minimisation of a smooth function by L-BFGS. This is the only module that uses argmin.

use std::cell::RefCell;

use argmin::{
    core::{CostFunction, Error, Executor, Gradient, State},
    solver::{linesearch::MoreThuenteLineSearch, quasinewton::LBFGS},
};

/// Number of steps from which L-BFGS estimates the curvature.
const MEMORY: usize = 10;

/// The search ends after this many requests for the value without a smaller one: the differences that
/// are left are round-off.
const PATIENCE: usize = 50;

/// The best point found.
#[derive(Clone, Debug)]
pub struct Minimum {
    /// The point.
    pub at: Vec<f64>,
    /// Euclidean norm of the gradient there.
    pub gradient_norm: f64,
    /// Number of iterations, each a line search.
    pub iterations: usize,
}

/// Minimise `f`, which returns its value and its gradient at a point, from `start` on: by L-BFGS
/// (D. Liu and J. Nocedal, Math. Program. 45, 503, 1989) with the line search of J. Moré and
/// D. Thuente (ACM TOMS 20, 286, 1994). The search ends where the Euclidean norm of the gradient is at
/// most `tolerance`, after `iterations`, or where the value no longer falls. `None` if `f` is not
/// finite at `start`.
pub fn minimise(
    f: impl FnMut(&[f64]) -> (f64, Vec<f64>),
    start: Vec<f64>,
    iterations: usize,
    tolerance: f64,
) -> Option<Minimum> {
    let evaluations =
        Evaluations(RefCell::new(Record { f, tolerance, last: None, best: None, since_best: 0 }));
    let search = MoreThuenteLineSearch::new();
    let solver = LBFGS::new(search, MEMORY).with_tolerance_grad(tolerance).ok()?;
    let solver = solver.with_tolerance_cost(0.0).ok()?;
    let solved = Executor::new(&evaluations, solver)
        .configure(|state| state.param(start).max_iters(iterations as u64))
        .timer(false)
        .run()
        .ok()?;
    let iterations = solved.state.get_iter() as usize;
    let best = evaluations.0.into_inner().best?;
    Some(Minimum { at: best.at, gradient_norm: best.gradient_norm, iterations })
}

/// A function with a record of its evaluations, for argmin, which asks for the value and the gradient
/// at a point one after the other.
struct Evaluations<F>(RefCell<Record<F>>);

struct Record<F> {
    f: F,
    tolerance: f64,
    last: Option<Evaluation>,
    best: Option<Evaluation>,
    /// Number of requests for the value since the best was found.
    since_best: usize,
}

#[derive(Clone)]
struct Evaluation {
    at: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
    gradient_norm: f64,
}

impl<F: FnMut(&[f64]) -> (f64, Vec<f64>)> Record<F> {
    /// The value and the gradient at a point.
    fn evaluate(&mut self, at: &[f64]) -> Result<&Evaluation, Error> {
        if self.last.as_ref().is_none_or(|last| last.at != at) {
            let (value, gradient) = (self.f)(at);
            let gradient_norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
            if !value.is_finite() || !gradient_norm.is_finite() {
                return Err(Error::msg("the value is not finite"));
            }
            let new = Evaluation { at: at.to_vec(), value, gradient, gradient_norm };
            // Near the minimum, round-off can make the value of a better point larger.
            let rank =
                |e: &Evaluation| (e.gradient_norm > self.tolerance, e.value, e.gradient_norm);
            if self.best.as_ref().is_none_or(|best| rank(&new) < rank(best)) {
                self.best = Some(new.clone());
                self.since_best = 0;
            }
            self.last = Some(new);
        }
        Ok(self.last.as_ref().expect("the point was evaluated"))
    }
}

impl<F: FnMut(&[f64]) -> (f64, Vec<f64>)> CostFunction for &Evaluations<F> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, at: &Vec<f64>) -> Result<f64, Error> {
        let mut record = self.0.borrow_mut();
        if record.since_best == PATIENCE {
            return Err(Error::msg("the value no longer falls"));
        }
        record.since_best += 1;
        Ok(record.evaluate(at)?.value)
    }
}

impl<F: FnMut(&[f64]) -> (f64, Vec<f64>)> Gradient for &Evaluations<F> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, at: &Vec<f64>) -> Result<Vec<f64>, Error> {
        Ok(self.0.borrow_mut().evaluate(at)?.gradient.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;

    /// Rosenbrock's function, whose minimum is at (1, 1).
    fn rosenbrock(x: &[f64]) -> (f64, Vec<f64>) {
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        (a * a + 100.0 * b * b, vec![-2.0 * a - 400.0 * x[0] * b, 200.0 * b])
    }

    #[test]
    fn a_curved_valley_is_followed_to_its_minimum() {
        let found = minimise(rosenbrock, vec![-1.2, 1.0], 1000, 1e-9).unwrap();
        assert!(found.gradient_norm <= 1e-9 && found.iterations < 100, "{found:?}");
        assert_abs_diff_eq!(found.at[..], [1.0, 1.0][..], epsilon = 1e-8);
    }

    #[test]
    fn few_iterations_give_the_best_point_so_far() {
        let found = minimise(rosenbrock, vec![-1.2, 1.0], 3, 1e-9).unwrap();
        assert!(found.gradient_norm > 1e-9 && found.iterations == 3, "{found:?}");
        assert!(rosenbrock(&found.at).0 < rosenbrock(&[-1.2, 1.0]).0);
    }

    #[test]
    fn the_search_ends_where_round_off_is_all_that_is_left() {
        // The value 1e16 hides all but the largest changes.
        let mut evaluations = 0;
        let f = |x: &[f64]| {
            evaluations += 1;
            let (value, gradient) = rosenbrock(x);
            (value + 1e16, gradient)
        };
        minimise(f, vec![-1.2, 1.0], 100_000, 0.0).unwrap();
        assert!(evaluations < 300, "{evaluations}");
    }

    #[test]
    fn the_search_ends_where_the_value_no_longer_falls() {
        // The gradient of 1 + |x| is nowhere small.
        let mut evaluations = 0;
        let f = |x: &[f64]| {
            evaluations += 1;
            (1.0 + x[0].abs(), vec![x[0].signum()])
        };
        let found = minimise(f, vec![3.7], 100_000, 1e-9).unwrap();
        assert!(found.gradient_norm > 0.9 && found.at[0].abs() < 0.1, "{found:?}");
        assert!(evaluations < 1000, "{evaluations}");
    }

    #[test]
    fn a_start_at_the_minimum_needs_no_iteration_and_one_at_infinity_gives_none() {
        let found = minimise(rosenbrock, vec![1.0, 1.0], 10, 1e-9).unwrap();
        assert_eq!((found.iterations, found.at), (0, vec![1.0, 1.0]));
        assert!(minimise(rosenbrock, vec![1e200, 1.0], 10, 1e-9).is_none());
    }

    #[test]
    fn a_function_that_is_infinite_beyond_a_wall_is_minimised_before_it() {
        let f = |x: &[f64]| {
            let wall = if x[0] < 0.5 { f64::INFINITY } else { 0.0 };
            (x[0] * x[0] + wall, vec![2.0 * x[0]])
        };
        let found = minimise(f, vec![3.0], 100, 1e-9).unwrap();
        assert!(found.at[0] >= 0.5, "{found:?}");
    }
}
