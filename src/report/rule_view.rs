//! One rule of a study, as most sections show it.

use std::collections::BTreeSet;

use super::{selection::Selection, study_files::StudyFiles};
use crate::{
    study::{
        catalogue::{AttackEntry, Catalogue},
        claims::Claim,
        table::{Estimator, Row},
    },
    words,
};

/// A learning rule, with alpha from one estimator.
#[derive(Clone, Copy)]
pub struct RuleView<'a> {
    pub study: &'a StudyFiles,
    /// The name of the rule.
    pub rule: &'a str,
    pub estimator: Estimator,
}

impl<'a> RuleView<'a> {
    /// The same rule with another estimator.
    pub fn with(self, estimator: Estimator) -> Self {
        Self { estimator, ..self }
    }

    /// What the page calls the rule.
    pub fn title(self) -> &'a str {
        self.study.catalogue.rule_title(self.rule)
    }

    /// The seeds of its networks.
    pub fn seeds(self) -> BTreeSet<u64> {
        self.networks().rows.iter().filter_map(|row| row.seed).collect()
    }

    /// What a figure says of the networks that it shows: `Networks: local errors, seeds 1 to 5.`
    pub fn networks_shown(self) -> String {
        networks_shown(&[self])
    }

    /// Rows of its trained networks.
    pub fn networks(self) -> Selection<'a> {
        Selection::networks(&self.study.rows, self.rule, self.estimator)
    }

    /// Rows of the snapshots of its networks during training.
    pub fn snapshots(self) -> Selection<'a> {
        Selection::snapshots(&self.study.rows, self.rule, self.estimator)
    }

    /// The attacks on its networks that are no controls.
    pub fn attacks(self) -> Vec<AttackEntry> {
        let mut attacks = self.networks().attacks(&self.study.catalogue);
        attacks.retain(|attack| !attack.is_control());
        attacks
    }

    /// The claim that alpha turns as accuracy falls under an attack, if it was judged.
    pub fn turning_claim(self, attack: &str) -> Option<&'a Claim> {
        self.study.claims.iter().find(|claim| {
            claim.claim == "C3" && self.is_of(claim) && claim.attack.as_deref() == Some(attack)
        })
    }

    /// The paper's claims about it, in each of their readings, under all attacks that are no controls: noise
    /// first, then gradient attacks, then others.
    pub fn claims_of_the_paper(self) -> Vec<&'a Claim> {
        let attack = |claim: &Claim| Some(self.study.catalogue.attack(claim.attack.as_ref()?));
        let is_shown = |claim: &&Claim| {
            claim.saying().is_some()
                && self.is_of(claim)
                && !attack(claim).is_some_and(|attack| attack.is_control())
        };
        let mut claims: Vec<&Claim> = self.study.claims.iter().filter(is_shown).collect();
        claims
            .sort_by_key(|claim| (claim.claim.as_str(), attack(claim).map(|attack| attack.family)));
        claims
    }

    /// Whether a claim is about this rule, and alpha is from this estimator.
    pub fn is_of(self, claim: &Claim) -> bool {
        claim.rule == self.rule && claim.estimator() == self.estimator
    }
}

/// What a figure says of the networks that it shows: `Networks: local errors, seeds 1 to 5; untrained, seed 1.`
pub fn networks_shown(rules: &[RuleView<'_>]) -> String {
    let of = |rule: &RuleView<'_>| format!("{}, {}", rule.title(), words::seeds(&rule.seeds()));
    let networks: usize = rules.iter().map(|rule| rule.seeds().len()).sum();
    let name = if networks == 1 { "Network" } else { "Networks" };
    format!("{name}: {}.", rules.iter().map(of).collect::<Vec<_>>().join("; "))
}

/// The rules in the order in which they are shown; the first is the one that the study is about.
pub fn rules<'a>(rows: impl IntoIterator<Item = &'a Row>, catalogue: &Catalogue) -> Vec<String> {
    catalogue.in_order(rows.into_iter().filter_map(|row| row.rule.clone()).collect())
}
