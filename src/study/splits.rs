//! Which choice separates outcomes most.

/// What was chosen, such as `("activation", "relu")`, in the order in which choices are named.
#[derive(Clone, Debug, Default)]
pub struct Choices(Vec<(&'static str, String)>);

impl FromIterator<(&'static str, String)> for Choices {
    fn from_iter<I: IntoIterator<Item = (&'static str, String)>>(choices: I) -> Self {
        Self(choices.into_iter().collect())
    }
}

impl Choices {
    /// What was chosen of, and the choice.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(of, choice)| (*of, choice.as_str()))
    }

    /// Whether this was chosen.
    #[must_use]
    pub fn has(&self, of: &str, choice: &str) -> bool {
        self.iter().any(|own| own == (of, choice))
    }
}

/// The values that were chosen, in the order of their first occurrence.
#[must_use]
pub fn values<'a>(all: impl IntoIterator<Item = &'a Choices>) -> Vec<(&'static str, &'a str)> {
    let mut values = Vec::new();
    for value in all.into_iter().flat_map(Choices::iter) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// The outcomes with a choice and without it.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// What was chosen.
    pub of: &'static str,
    /// The choice.
    pub choice: String,
    /// The outcomes with this choice.
    pub with: Side,
    /// The other outcomes.
    pub without: Side,
}

/// A side of a split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Side {
    /// The sum of the outcomes: how many hold, if an outcome is 1 or 0.
    pub sum: f64,
    /// How many outcomes there are.
    pub count: usize,
}

impl Side {
    /// The mean outcome.
    #[must_use]
    pub fn mean(self) -> f64 {
        self.sum / self.count as f64
    }
}

impl Split {
    /// The difference of the two means, negative if the outcome is smaller with the choice.
    fn difference(&self) -> f64 {
        self.with.mean() - self.without.mean()
    }
}

/// The split with the largest difference; `None` if no choice makes one. Among equals, a choice with a
/// larger outcome, or else the first.
#[must_use]
pub fn largest_split(outcomes: &[(&Choices, f64)]) -> Option<Split> {
    let split = |(of, choice): (&'static str, &str)| {
        let side = |wanted: bool| {
            let side = outcomes.iter().filter(|(choices, _)| choices.has(of, choice) == wanted);
            Side { sum: side.clone().map(|(_, outcome)| outcome).sum(), count: side.count() }
        };
        let (with, without) = (side(true), side(false));
        let both = with.count > 0 && without.count > 0;
        both.then(|| Split { of, choice: choice.to_owned(), with, without })
    };
    let size = |split: &Split| (split.difference().abs(), split.difference() > 0.0);
    let splits = values(outcomes.iter().map(|(choices, _)| *choices));
    let splits = splits.into_iter().filter_map(split).filter(|split| split.difference() != 0.0);
    splits.fold(None, |best: Option<Split>, next| match best {
        Some(best) if size(&best) >= size(&next) => Some(best),
        _ => Some(next),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(choices: &[(&'static str, &str)]) -> Choices {
        choices.iter().map(|(of, choice)| (*of, (*choice).to_owned())).collect()
    }

    /// Two choices of two values each, with these outcomes in this order: relu sgd, relu adam, tanh sgd,
    /// tanh adam.
    fn split(outcomes: [f64; 4]) -> Option<Split> {
        let choices: Vec<Choices> = ["relu", "tanh"]
            .iter()
            .flat_map(|f| ["sgd", "adam"].map(|o| of(&[("activation", *f), ("optimizer", o)])))
            .collect();
        largest_split(&choices.iter().zip(outcomes).collect::<Vec<_>>())
    }

    #[test]
    fn the_choice_that_separates_most_is_found_with_its_counts() {
        let side = |sum, count| Side { sum, count };
        let adam = split([0.0, 1.0, 0.0, 1.0]).unwrap();
        assert_eq!((adam.of, adam.choice.as_str()), ("optimizer", "adam"));
        assert_eq!((adam.with, adam.without), (side(2.0, 2), side(0.0, 2)));
        let tanh = split([1.0, 2.0, 3.0, 5.0]).unwrap();
        assert_eq!((tanh.of, tanh.choice.as_str()), ("activation", "tanh"));
        assert_eq!((tanh.with.mean(), tanh.without.mean()), (4.0, 1.5));
        // Of two that separate alike, the first.
        let partly = split([1.0, 0.0, 1.0, 1.0]).unwrap();
        assert_eq!((partly.of, partly.choice.as_str()), ("optimizer", "sgd"));
        // One of three values without which the claim holds.
        let of = |f: &'static str| of(&[("activation", f)]);
        let (relu, tanh, gelu) = (of("relu"), of("tanh"), of("gelu"));
        let without = largest_split(&[(&relu, 0.0), (&tanh, 1.0), (&gelu, 1.0)]).unwrap();
        assert_eq!((without.choice.as_str(), without.without), ("relu", side(2.0, 2)));
    }

    #[test]
    fn equal_outcomes_and_crosswise_ones_depend_on_no_choice() {
        for outcomes in [[1.0; 4], [0.0; 4], [1.0, 0.0, 0.0, 1.0]] {
            assert_eq!(split(outcomes), None, "{outcomes:?}");
        }
        assert_eq!(largest_split(&[]), None);
    }
}
