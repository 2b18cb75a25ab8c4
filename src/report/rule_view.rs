//! One rule of a study, as most sections show it.

use super::{selection::Selection, study_files::StudyFiles};
use crate::study::{
    catalogue::{AttackEntry, Catalogue},
    claims::Claim,
    table::{Estimator, Row},
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

    /// Whether a claim is about this rule, and alpha is from this estimator.
    pub fn is_of(self, claim: &Claim) -> bool {
        claim.rule == self.rule && claim.estimator() == self.estimator
    }
}

/// The rules in the order in which they are shown; the first is the one that the study is about.
pub fn rules<'a>(rows: impl IntoIterator<Item = &'a Row>, catalogue: &Catalogue) -> Vec<String> {
    catalogue.in_order(rows.into_iter().filter_map(|row| row.rule.clone()).collect())
}
