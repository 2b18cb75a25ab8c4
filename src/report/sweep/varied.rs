//! What can differ between the networks of a sweep.

/// A property in which two networks of a sweep can differ.
#[derive(Clone, Copy, PartialEq)]
pub enum Varied {
    Width,
    Depth,
    TrainSamples,
    Dataset,
    Seed,
}

impl Varied {
    /// In the order of the page.
    pub const ALL: [Self; 5] =
        [Self::Width, Self::Depth, Self::TrainSamples, Self::Dataset, Self::Seed];

    /// The name of its figure.
    pub fn name(self) -> &'static str {
        match self {
            Self::Width => "width",
            Self::Depth => "depth",
            Self::TrainSamples => "train-samples",
            Self::Dataset => "dataset",
            Self::Seed => "seed",
        }
    }
}
