//! Is a spectrum a power law? Three descriptions of the same ranks, compared by the Bayesian
//! information criterion.

use serde::{Deserialize, Serialize};

use super::EQUAL;

/// A description of `ln lambda_n`, fitted by least squares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Description {
    /// A line in `ln n`.
    PowerLaw,
    /// A line in n.
    Exponential,
    /// Two lines in `ln n` that meet at a rank.
    Broken,
}

/// The comparison of the three descriptions over one range of ranks; `None` where there are too few
/// ranks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The description with the lowest BIC; of equal ones, the first.
    pub preferred: Option<Description>,
    /// The BIC of each.
    pub bic: Option<Bic>,
    /// The rank at which the two lines meet.
    #[serde(rename = "break")]
    pub break_rank: Option<usize>,
    /// The effective number of ranks m: the number of ranks times `(1 - r)/(1 + r)`, with r the
    /// correlation of neighbouring residuals, because neighbouring eigenvalues are not independent.
    pub effective_points: Option<f64>,
}

/// Bayesian information criteria (Schwarz, Ann. Stat. 6, 461, 1978): `m ln(RSS/N) + k ln m`, with RSS
/// the sum of the squared residuals of N ranks, m their effective number, and k the number of
/// parameters. Lower is better.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Bic {
    /// k = 2.
    pub power_law: f64,
    /// k = 2.
    pub exponential: f64,
    /// k = 4; `None` if there are too few ranks.
    pub broken: Option<f64>,
}

/// Two lines need this many ranks: three for each side, and more than their four parameters.
const RANKS_OF_BROKEN: usize = 8;

/// Ranks on each side of a break, the break included.
const SIDE: usize = 3;

/// Largest number of breaks tried: of more ranks, this many with equal ratios.
const BREAKS: usize = 400;

/// Compare the descriptions of `y`, the logarithms of the eigenvalues at the ranks from `first` on.
pub fn compare(first: usize, y: &[f64]) -> Comparison {
    if y.len() < 3 {
        return Comparison::default();
    }
    let n: Vec<f64> = (first..first + y.len()).map(|n| n as f64).collect();
    let ln_n: Vec<f64> = n.iter().map(|n| n.ln()).collect();
    let power_law = residuals(&ln_n, y);
    let exponential = residuals(&n, y);
    let broken = broken(&ln_n, &power_law);

    // The residuals of the most flexible description are those least due to a wrong shape.
    let flexible = broken.as_ref().map_or(&power_law, |(_, residuals)| residuals);
    let m = effective(flexible);
    let bic = |residuals: &[f64], parameters: f64| {
        let mean = squares(residuals) / residuals.len() as f64;
        // Below this, residuals are round-off.
        m * mean.max(EQUAL * EQUAL).ln() + parameters * m.ln()
    };
    let bic = Bic {
        power_law: bic(&power_law, 2.0),
        exponential: bic(&exponential, 2.0),
        broken: broken.as_ref().map(|(_, residuals)| bic(residuals, 4.0)),
    };
    let others =
        [(Description::Exponential, Some(bic.exponential)), (Description::Broken, bic.broken)];
    let mut preferred = (Description::PowerLaw, bic.power_law);
    for (description, bic) in others {
        if let Some(bic) = bic.filter(|bic| *bic < preferred.1) {
            preferred = (description, bic);
        }
    }
    let break_rank = broken.map(|(index, _)| first + index);
    Comparison {
        preferred: Some(preferred.0),
        bic: Some(bic),
        break_rank,
        effective_points: Some(m),
    }
}

/// The best break, as an index of x, and the residuals of two lines that meet there. `line` holds the
/// residuals of one line in x.
///
/// Two lines are one line and a multiple of a hinge, `max(0, x - x_b)`. Without its own line in x, the
/// hinge explains what is left of the residuals.
fn broken(x: &[f64], line: &[f64]) -> Option<(usize, Vec<f64>)> {
    if x.len() < RANKS_OF_BROKEN {
        return None;
    }
    let with_break = |at: usize| {
        let hinge: Vec<f64> = x.iter().map(|x_n| (x_n - x[at]).max(0.0)).collect();
        let hinge = residuals(x, &hinge);
        let slope = dot(&hinge, line) / squares(&hinge);
        let left: Vec<f64> = line.iter().zip(&hinge).map(|(r, h)| r - slope * h).collect();
        (at, left)
    };
    let breaks = breaks(x.len()).into_iter().map(with_break);
    breaks.min_by(|(_, a), (_, b)| squares(a).total_cmp(&squares(b)))
}

/// The indices at which a break is tried.
fn breaks(points: usize) -> Vec<usize> {
    let (first, last) = (SIDE - 1, points - SIDE);
    if last - first < BREAKS {
        return (first..=last).collect();
    }
    let ratio = last as f64 / first as f64;
    let step = |k: usize| first as f64 * ratio.powf(k as f64 / (BREAKS - 1) as f64);
    let mut breaks: Vec<usize> =
        (0..BREAKS).map(|k| (step(k).round() as usize).min(last)).collect();
    breaks.dedup();
    breaks
}

/// What a line in x, fitted by least squares, leaves of y.
fn residuals(x: &[f64], y: &[f64]) -> Vec<f64> {
    let (x, y) = (centred(x), centred(y));
    let slope = dot(&x, &y) / squares(&x);
    x.iter().zip(&y).map(|(x, y)| y - slope * x).collect()
}

fn centred(x: &[f64]) -> Vec<f64> {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    x.iter().map(|x| x - mean).collect()
}

/// The effective number of residuals, at least 3 and at most their number, if neighbours are
/// correlated as in an autoregressive process of first order.
fn effective(residuals: &[f64]) -> f64 {
    let count = residuals.len() as f64;
    let squares = squares(residuals);
    if squares <= EQUAL * EQUAL * count {
        return count;
    }
    let r = (dot(&residuals[1..], &residuals[..residuals.len() - 1]) / squares).max(0.0);
    (count * (1.0 - r) / (1.0 + r)).clamp(3.0, count)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn squares(x: &[f64]) -> f64 {
    dot(x, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use rand::{SeedableRng, rngs::ChaCha8Rng};
    use rand_distr::{Distribution, Normal};

    /// Logarithms of eigenvalues with relative errors.
    fn spectrum(last: usize, error: f64, law: impl Fn(f64) -> f64) -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let normal = Normal::new(0.0, error).unwrap();
        (1..=last).map(|n| law(n as f64) + normal.sample(&mut rng)).collect()
    }

    fn two_slopes(n: f64) -> f64 {
        if n < 10.0 { -0.5 * n.ln() } else { -0.5 * 10_f64.ln() - 3.0 * (n / 10.0).ln() }
    }

    #[test]
    fn known_spectra_are_told_apart() {
        for error in [0.0, 1e-6, 0.05] {
            let preferred =
                |law: fn(f64) -> f64| compare(1, &spectrum(50, error, law)).preferred.unwrap();
            assert_eq!(preferred(|n| -1.3 * n.ln()), Description::PowerLaw, "{error}");
            assert_eq!(preferred(|n| -0.1 * n), Description::Exponential, "{error}");
            assert_eq!(preferred(two_slopes), Description::Broken, "{error}");
        }
        // A flat spectrum is all three; the first is named.
        assert_eq!(compare(1, &[0.0; 50]).preferred, Some(Description::PowerLaw));
    }

    #[test]
    fn the_break_is_found_and_its_rank_is_counted_from_one() {
        assert_eq!(compare(1, &spectrum(50, 1e-3, two_slopes)).break_rank, Some(10));
        let from_five = &spectrum(50, 1e-3, two_slopes)[4..];
        assert_eq!(compare(5, from_five).break_rank, Some(10));
        assert_eq!(compare(1, &spectrum(7, 0.1, two_slopes)).break_rank, None);
        assert_eq!(compare(1, &[0.0, 1.0]), Comparison::default());
        let long = compare(1, &spectrum(5000, 1e-3, |n| two_slopes(n / 10.0))).break_rank.unwrap();
        assert!((98..=102).contains(&long), "{long}");
    }

    /// Residuals of independent errors count fully; those that repeat, or lie on a curve, do not.
    #[test]
    fn correlated_residuals_count_as_fewer_ranks() {
        let independent = compare(1, &spectrum(400, 0.1, |n| -n.ln())).effective_points.unwrap();
        assert!(independent > 300.0, "{independent}");
        let pairs: Vec<f64> =
            spectrum(200, 0.1, |_| 0.0).into_iter().flat_map(|e| [e, e]).collect();
        let paired = compare(1, &pairs).effective_points.unwrap();
        assert!((100.0..200.0).contains(&paired), "{paired}");
    }

    #[test]
    fn the_residuals_are_those_of_least_squares() {
        // y = x² at 0, 1, 2, 3: the line is 3 x - 1.
        let found = residuals(&[0.0, 1.0, 2.0, 3.0], &[0.0, 1.0, 4.0, 9.0]);
        for (found, expected) in found.iter().zip([1.0, -1.0, -1.0, 1.0]) {
            assert_abs_diff_eq!(*found, expected, epsilon = 1e-14);
        }
    }
}
