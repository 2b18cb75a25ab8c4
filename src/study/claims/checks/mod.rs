//! Checks of the attacks: if accuracy stays high, is the attack weak or the network strong?
//!
//! They are the checks that the field asks of every attack: Carlini et al., On Evaluating Adversarial
//! Robustness, arXiv 1902.06705 (2019); Croce and Hein, AutoAttack, arXiv 2003.01690 (2020); Athalye,
//! Carlini and Wagner, arXiv 1802.00420 (2018). A check compares the worst value over networks and
//! strengths with a threshold (see `thresholds`).

mod judge;
mod networks;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::thresholds::{EXCESS, LEFT, LOST_IMAGES, TAKEN_AT_RANDOM, Threshold};
use crate::study::{
    catalogue::{AttackEntry, Catalogue},
    table::{self, Row},
};
use judge::OfRule;
use networks::networks;

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckName {
    /// Several steps are at least as strong as one.
    Pgd,
    /// FGSM from another network is no stronger than that from the network itself.
    Transfer,
    /// Random signs of the same size are far weaker than FGSM.
    Random,
    /// The largest strength leaves little accuracy.
    Large,
    /// No image lost its gradient.
    Gradient,
}

impl CheckName {
    /// All checks, in the order in which they are made.
    pub const ALL: [Self; 5] =
        [Self::Pgd, Self::Transfer, Self::Random, Self::Large, Self::Gradient];

    /// The name in the output of `claims`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pgd => "pgd",
            Self::Transfer => "transfer",
            Self::Random => "random",
            Self::Large => "large",
            Self::Gradient => "gradient",
        }
    }

    /// The largest value with which the check is passed.
    #[must_use]
    pub fn threshold(self) -> Threshold {
        match self {
            Self::Pgd | Self::Transfer => EXCESS,
            Self::Random => TAKEN_AT_RANDOM,
            Self::Large => LEFT,
            Self::Gradient => LOST_IMAGES,
        }
    }
}

/// One line of the output of `claims --checks`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// What is checked.
    pub check: CheckName,
    /// What must hold, as a sentence.
    pub statement: String,
    /// The learning rule.
    pub rule: String,
    /// The attack.
    pub attack: String,
    /// The attack that it is compared with, if any.
    pub beside: Option<String>,
    /// Strength of the attack at which the worst value is; `None` if undecided.
    pub strength: Option<f64>,
    /// The largest value over networks and strengths, which is the worst; `None` if undecided.
    pub value: Option<f64>,
    /// The largest value with which the check is passed.
    pub threshold: f64,
    /// Whether the check is passed; `None` if undecided.
    pub passed: Option<bool>,
    /// Why the check is undecided, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Number of seeds whose networks have the value.
    pub seeds: usize,
}

impl Check {
    /// Whether the outcome of the check bears on results under this attack. If random signs are as strong
    /// as FGSM, FGSM is in doubt and not the random signs.
    fn touches(&self, attack: &str) -> bool {
        let beside = self.beside.as_deref().filter(|_| self.check != CheckName::Random);
        self.attack == attack || beside == Some(attack)
    }
}

/// Check the attacks on the final networks of each rule. `rows` have the clean images once.
pub fn checks(rows: &[Row], catalogue: &Catalogue) -> Vec<Check> {
    let finals: Vec<&Row> = rows.iter().filter(|row| row.epoch.is_none()).collect();
    let rules: BTreeSet<&str> = finals.iter().filter_map(|row| row.rule.as_deref()).collect();
    let of_rule = |rule: &str| {
        let is_of_rule = |row: &&&Row| row.rule.as_deref() == Some(rule);
        let rows: Vec<&Row> = finals.iter().filter(is_of_rule).copied().collect();
        let names = table::attacks(rows.iter().copied()).into_keys();
        let attacks: Vec<AttackEntry> = names.map(|name| catalogue.attack(name)).collect();
        OfRule { rule, networks: networks(&rows) }.checks(&attacks)
    };
    rules.into_iter().flat_map(of_rule).collect()
}

/// The names of the failed checks that bear on results of a rule under an attack.
pub fn failed(checks: &[Check], rule: &str, attack: &str) -> Vec<String> {
    let failed: Vec<CheckName> = checks
        .iter()
        .filter(|check| check.passed == Some(false) && check.rule == rule && check.touches(attack))
        .map(|check| check.check)
        .collect();
    let names = CheckName::ALL.into_iter().filter(|name| failed.contains(name));
    names.map(|name| name.name().to_owned()).collect()
}

#[cfg(test)]
mod tests;
