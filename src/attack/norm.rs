//! Norms of changes of an image, and their steepest directions.

use clap::ValueEnum;

/// The norm p in which a change of an image is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Norm {
    /// The largest change of a pixel, as for FGSM
    Inf,
    /// The square root of the sum of the squared changes
    #[value(name = "2")]
    Two,
}

impl Norm {
    /// The norm `||x||_p`.
    pub(super) fn of(self, x: impl Iterator<Item = f64>) -> f64 {
        match self {
            Self::Inf => x.fold(0.0, |largest, x| largest.max(x.abs())),
            Self::Two => x.map(|x| x * x).sum::<f64>().sqrt(),
        }
    }

    /// The dual norm `||w||_q` with 1/p + 1/q = 1 of a gradient w: how fast the function rises along the
    /// steepest direction.
    pub(super) fn dual(self, w: impl Iterator<Item = f64>) -> f64 {
        match self {
            Self::Inf => w.map(f64::abs).sum(),
            Self::Two => Self::Two.of(w),
        }
    }

    /// An element of the steepest direction, of norm 1, for the element `w` of a gradient with the dual
    /// norm `dual`.
    pub(super) fn steepest(self, w: f64, dual: f64) -> f64 {
        match self {
            Self::Inf if w == 0.0 => 0.0,
            Self::Inf => w.signum(),
            Self::Two => w / dual,
        }
    }
}
