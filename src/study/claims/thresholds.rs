//! The thresholds of the claims, fixed before the results were known, and those of the checks of the
//! attacks.

/// The threshold of a statistic, with its justification.
#[derive(Clone, Copy, Debug)]
pub struct Threshold {
    /// Name of the statistic.
    pub name: &'static str,
    /// For a claim, the value that the lower confidence bound of the statistic's median over seeds must
    /// reach. For a check, the largest value that the statistic may have for any network.
    pub value: f64,
    /// Why the threshold has this value.
    pub reason: &'static str,
}

/// The threshold of Spearman's rank correlation.
pub const RHO: Threshold = Threshold {
    name: "Spearman's rho",
    value: 0.8,
    reason: "0.8 lets neighbours among a dozen strengths swap, but excludes a branch that turns \
             back; it is far above 0.59, which is significant at 5 % for twelve points",
};

/// The threshold of the monotonicity `M`, the absolute sum of the differences of alpha along falling
/// accuracy over the sum of their absolute values.
pub const MONOTONICITY: Threshold = Threshold {
    name: "M",
    value: 0.9,
    reason: "M is 1 for a monotonic curve; 0.9 allows a twentieth of the total change of alpha to be \
             in the opposite direction, which is the noise of exponents from a few thousand images",
};

/// The threshold of the prominence of a turning point, as a fraction of alpha's range.
pub const PROMINENCE: Threshold = Threshold {
    name: "prominence of the turning point",
    value: 0.1,
    reason: "a curve that counts as monotonic (M of 0.9) turns back by a fraction of at most 0.053 of \
             its total change, which is a prominence of at most 0.056; nearly twice that, on seeds that \
             were not used to locate the turning point, is not noise",
};

/// The threshold of a difference, which must be positive.
pub const POSITIVE: Threshold = Threshold {
    name: "difference",
    value: 0.0,
    reason: "the claim is about a sign, so that the bound must be above 0",
};

/// Confidence of the lower bound of the median.
pub const CONFIDENCE: f64 = 0.95;

/// Smallest number of seeds for a decision: the smallest of five values is a lower bound of the median
/// with a confidence of 1 - 1/32 = 96.9 %, that of four only with 93.8 %.
pub const MIN_SEEDS: usize = 5;

/// Smallest number of points for a statement about the shape of a curve.
pub const MIN_POINTS: usize = 4;

/// Accuracies that differ by at most this count as equal; it is about the noise of a mean over a few
/// seeds and some thousand images. Points within this distance of the lowest accuracy are at its
/// floor, where alpha changes without accuracy and says nothing about the relation of the two.
pub const RESOLUTION: f64 = 0.01;

/// Smallest range of accuracy along the strengths of an attack for a statement about its relation to
/// alpha. With a smaller range, neighbours among `MIN_POINTS` points would hardly differ by more than
/// [`RESOLUTION`]. The accuracy of a network at chance level varies by less.
pub const MIN_RANGE: f64 = 0.05;

/// Clean accuracy that a network must exceed for an attack to be checked by the accuracy that it
/// leaves. The table does not have the number of classes. Of two or more classes that are equally
/// frequent, chance is right for at most half of the images, and the accuracy of a network at chance
/// varies by less than [`MIN_RANGE`].
pub const MIN_CLEAN: f64 = 0.5 + MIN_RANGE;

/// The threshold of the checks that compare two attacks of the same strength: how much more accuracy
/// the attack that should be the stronger one may leave.
pub const EXCESS: Threshold = Threshold {
    name: "accuracy under the stronger attack − accuracy under the weaker one",
    value: RESOLUTION,
    reason: "as for the claims, accuracies that differ by a point count as equal; if two attacks disagree \
             at random on a tenth of 5000 images, the standard deviation of the difference is 0.45 points",
};

/// The threshold of the check against random signs.
pub const TAKEN_AT_RANDOM: Threshold = Threshold {
    name: "accuracy taken by random signs / accuracy taken by FGSM",
    value: 0.5,
    reason: "to first order, random signs on n pixels change the loss by about 1/√n of what the signs of \
             the gradient change it by, which is 4 % for 784 pixels; half is far more than that",
};

/// The threshold of the check at the largest strength.
pub const LEFT: Threshold = Threshold {
    name: "accuracy at the largest strength / clean accuracy",
    value: 0.2,
    reason: "an attack without a bound leaves no image right, and one that erases the images leaves chance, \
             a tenth for ten classes; a fifth is twice that",
};

/// The threshold of the check of the gradient.
pub const LOST_IMAGES: Threshold = Threshold {
    name: "images whose gradient is lost",
    value: 0.0,
    reason: "such an image is moved in a wrong direction or not at all, so that it counts as robust without \
             having been attacked",
};
