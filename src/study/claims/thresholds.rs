//! The thresholds of the claims, and those of the checks of the attacks.
//!
//! [`RHO`], [`MONOTONICITY`] and [`PROMINENCE`] were fixed before any result was known. The rules beside
//! them, [`RESOLUTION`], [`MIN_RANGE`], the floor of accuracy and the bound over seeds, came after first
//! verdicts. `choices` judges the claims with other values of all of them.

/// The sizes of a study that the justifications quote; `None` where they are not known.
#[derive(Clone, Copy, Debug, Default)]
pub struct StudySizes {
    /// The largest number of points along an attack: its strengths, and the clean images.
    pub points: Option<usize>,
    /// The number of test images.
    pub images: Option<usize>,
    /// The number of pixels of an image.
    pub pixels: Option<usize>,
    /// The number of classes.
    pub classes: Option<usize>,
}

/// The threshold of a statistic, with its justification.
#[derive(Clone, Copy, Debug)]
pub struct Threshold {
    /// Name of the statistic.
    pub name: &'static str,
    /// For a claim, the value that the lower confidence bound of the statistic's median over seeds must
    /// reach. For a check, the largest value that the statistic may have for any network.
    pub value: f64,
    /// The value of the statistic from which the threshold leaves room: 1 for a perfect order, 0 for no
    /// difference and no turn.
    pub ideal: f64,
    /// Why the threshold has this value, for a study of these sizes.
    pub reason: fn(StudySizes) -> String,
}

impl Threshold {
    /// The threshold with `scale` times the room.
    #[must_use]
    pub fn scaled(self, scale: f64) -> Self {
        let value = self.ideal + scale * (self.value - self.ideal);
        // 0.6 and not 0.6000000000000001
        Self { value: (value * 1e9).round() / 1e9, ..self }
    }
}

/// A statistic or a difference of accuracies that misses its limit by less is at the limit: such numbers are
/// rounded, and 0.95 − 0.9 is not exactly 0.05.
pub const ROUND_OFF: f64 = 1e-9;

/// The threshold of Spearman's rank correlation.
pub const RHO: Threshold = Threshold {
    name: "Spearman's rho",
    value: 0.8,
    ideal: 1.0,
    reason: |sizes| {
        // Neighbours that swap are off by 1 each: rho = 1 - 6 (1 + 1) / (n (n² - 1)).
        let swap = sizes.points.filter(|&points| points >= MIN_POINTS).map_or(String::new(), |n| {
            let n = n as f64;
            format!(" (each pair among {n} points lowers it by {:.3})", 12.0 / (n * (n * n - 1.0)))
        });
        format!(
            "rho is 1 if α and accuracy have the same order; 0.8 leaves room for neighbours that swap{swap}, but \
             not for a branch that turns back"
        )
    },
};

/// The threshold of the monotonicity `M`, the absolute sum of the differences of alpha along falling
/// accuracy over the sum of their absolute values.
pub const MONOTONICITY: Threshold = Threshold {
    name: "M",
    value: 0.9,
    ideal: 1.0,
    reason: |_| {
        "M is 1 for a monotonic curve; 0.9 leaves room for noise of the exponents: a twentieth of the total \
         change of α may be in the opposite direction"
            .into()
    },
};

/// The threshold of the prominence of a turning point, as a fraction of alpha's range.
pub const PROMINENCE: Threshold = Threshold {
    name: "prominence of the turning point",
    value: 0.1,
    ideal: 0.0,
    reason: |_| {
        "a curve that counts as monotonic (M of 0.9) turns back by a fraction of at most 0.053 of its total \
         change, which is a prominence of at most 0.056; nearly twice that, on seeds that were not used to locate \
         the turning point, is not noise"
            .into()
    },
};

/// The threshold of a difference, which must be positive.
pub const POSITIVE: Threshold = Threshold {
    name: "difference",
    value: 0.0,
    ideal: 0.0,
    reason: |_| "the claim is about a sign, so that the bound must be above 0".into(),
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
    ideal: 0.0,
    reason: |sizes| {
        let noise = sizes.images.filter(|&images| images > 0).map_or(String::new(), |images| {
            let points = 100.0 * (0.1 / images as f64).sqrt();
            format!(
                "; if two attacks disagree at random on a tenth of the {images} images, the standard deviation of \
                 the difference is {points:.2} points"
            )
        });
        format!("as for the claims, accuracies that differ by a point count as equal{noise}")
    },
};

/// The threshold of the check against random signs.
pub const TAKEN_AT_RANDOM: Threshold = Threshold {
    name: "accuracy taken by random signs / accuracy taken by FGSM",
    value: 0.5,
    ideal: 0.0,
    reason: |sizes| {
        let fraction = sizes.pixels.filter(|&pixels| pixels > 0).map_or(String::new(), |pixels| {
            format!(", which is {:.0} % for {pixels} pixels", 100.0 / (pixels as f64).sqrt())
        });
        format!(
            "to first order, random signs on n pixels change the loss by about 1/√n of what the signs of the \
             gradient change it by{fraction}"
        )
    },
};

/// The threshold of the check at the largest strength.
pub const LEFT: Threshold = Threshold {
    name: "accuracy at the largest strength / clean accuracy",
    value: 0.2,
    ideal: 0.0,
    reason: |sizes| {
        let chance =
            sizes.classes.filter(|&classes| classes > 0).map_or(String::new(), |classes| {
                format!(", which is 1/{classes} for {classes} classes")
            });
        format!(
            "an attack without a bound leaves no image right, and one that erases the images leaves chance{chance}"
        )
    },
};

/// The threshold of the check of the gradient.
pub const LOST_IMAGES: Threshold = Threshold {
    name: "images whose gradient is lost",
    value: 0.0,
    ideal: 0.0,
    reason: |_| {
        "such an image is moved in a wrong direction or not at all, so that it counts as robust without having \
         been attacked"
            .into()
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::claims::statistics::spearman;

    #[test]
    fn reasons_quote_the_sizes_of_the_study_if_they_are_known() {
        let sizes = StudySizes {
            points: Some(13),
            images: Some(10_000),
            pixels: Some(784),
            classes: Some(10),
        };
        let places: Vec<f64> = (0..13).map(f64::from).collect();
        let mut swapped = places.clone();
        swapped.swap(3, 4);
        let lowered = 1.0 - spearman(&places, &swapped).unwrap();
        for (threshold, quoted) in [
            (RHO, format!("among 13 points lowers it by {lowered:.3}")),
            // Of 10000 images 1000 count, each as 1 or -1: the deviation is the square root of 1000.
            (EXCESS, format!("the difference is {:.2} points", 1000_f64.sqrt() / 100.0)),
            (TAKEN_AT_RANDOM, "4 % for 784 pixels".into()),
            (LEFT, "1/10 for 10 classes".into()),
        ] {
            let reason = (threshold.reason)(sizes);
            assert!(reason.contains(&quoted), "{reason}");
            let unknown = (threshold.reason)(StudySizes::default());
            assert!(
                unknown.len() < reason.len() && reason.starts_with(&unknown[..20]),
                "{unknown}"
            );
        }
    }
}
