//! The levels of a study: clean images, and images under an attack of one strength.

use crate::study::{
    catalogue::Catalogue,
    table::{self, Row},
};

/// Clean images, or images under an attack of one strength.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Name of the attack, or `clean`.
    pub attack: String,
    /// Strength of the attack, 0 for clean images.
    pub strength: f64,
}

impl Level {
    /// The clean images.
    pub fn clean() -> Self {
        Self { attack: "clean".into(), strength: 0.0 }
    }

    /// The name of its folder.
    pub fn folder(&self) -> String {
        if self.is_clean() { "clean".into() } else { format!("{}-{}", self.attack, self.strength) }
    }

    /// What a page calls it; `between` stands between the attack and its strength.
    pub fn title(&self, catalogue: &Catalogue, between: &str) -> String {
        if self.is_clean() {
            return "clean".into();
        }
        catalogue.attack(&self.attack).at(self.strength, between)
    }

    /// Whether a row was measured at this level.
    pub fn is_of(&self, row: &Row) -> bool {
        row.attack == self.attack && row.strength.total_cmp(&self.strength).is_eq()
    }

    fn is_clean(&self) -> bool {
        self.attack == "clean"
    }
}

/// The clean images, and all attacks at all their strengths.
pub fn all<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Vec<Level> {
    let attacked = table::attacks(rows).into_iter().flat_map(|(attack, strengths)| {
        strengths.into_iter().map(move |strength| Level { attack: attack.into(), strength })
    });
    [Level::clean()].into_iter().chain(attacked).collect()
}

/// The clean images, and the middle strength of each attack that is no control.
pub fn middle<'a>(rows: impl IntoIterator<Item = &'a Row>, catalogue: &Catalogue) -> Vec<Level> {
    let attacks = table::attacks(rows).into_iter();
    let shown = attacks.filter(|(attack, _)| !catalogue.attack(attack).is_control());
    // An attack has at least one strength.
    let middle = shown.map(|(attack, strengths)| Level {
        attack: attack.into(),
        strength: strengths[strengths.len() / 2],
    });
    [Level::clean()].into_iter().chain(middle).collect()
}
