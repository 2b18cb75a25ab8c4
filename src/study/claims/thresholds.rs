//! What a statistic must reach, written down before the numbers.

/// A bound, by name, and why it is where it is.
#[derive(Clone, Copy, Debug)]
pub struct Threshold {
    /// What the statistic is.
    pub name: &'static str,
    /// What the lower end of its 95 % interval over seeds must reach.
    pub value: f64,
    /// Why.
    pub reason: &'static str,
}

/// Spearman's rank correlation.
pub const RHO: Threshold = Threshold {
    name: "Spearman's rho",
    value: 0.8,
    reason: "of a dozen strengths, neighbours may swap but no more: 0.8 is far beyond the 0.59 that \
             is significant at 5 % for twelve points, and leaves no room for a branch that turns back",
};

/// `M = |sum of the differences of alpha along falling accuracy| / sum of their magnitudes`.
pub const MONOTONICITY: Threshold = Threshold {
    name: "M",
    value: 0.9,
    reason: "1 for a monotonic curve; 0.9 allows a twentieth of the way to be walked backwards, \
             which is the noise of exponents from a few thousand images",
};

/// The prominence of a turning point in parts of alpha's range.
pub const PROMINENCE: Threshold = Threshold {
    name: "prominence of the turning point",
    value: 0.1,
    reason: "a curve that counts as monotonic (M of 0.9) walks back 0.053 of its way, which is a \
             prominence of at most 0.056; nearly twice that, on seeds that did not locate the \
             point, is not noise",
};

/// A difference that is compared with nothing.
pub const POSITIVE: Threshold = Threshold {
    name: "difference",
    value: 0.0,
    reason: "the claim is of a sign: the interval must not reach 0",
};

/// Seeds below which nothing is decided: the interval of two values is of 12.7 standard errors on
/// either side, that of three of 4.3.
pub const MIN_SEEDS: usize = 3;

/// Points of a curve below which nothing is said of its shape.
pub const MIN_POINTS: usize = 4;

/// Accuracies that differ by no more are the same: about the noise of a mean over a few seeds and
/// some thousand images. It parts the floor of accuracy, beyond which alpha moves along a line of no
/// accuracy and says nothing of the relation, from what is above it.
pub const RESOLUTION: f64 = 0.01;

/// Accuracy that moves by less along the strengths of an attack relates to nothing: of
/// `MIN_POINTS` points no two neighbours would be told apart by more than [`RESOLUTION`]. A network
/// at chance moves by less.
pub const MIN_RANGE: f64 = 0.05;
