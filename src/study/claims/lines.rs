//! The verdicts as lines of text.

use super::{Claim, OF_THE_PAPER};
use crate::study::{
    catalogue::Catalogue,
    table::{self, Row},
};

/// The verdicts on C1, C2 and C3 as lines of text, for the estimator of the main results and for the
/// rules and attacks that are not controls. The first rule is included even if it is a control. A line
/// ends with the checks that the attack fails.
#[must_use]
pub fn verdicts(claims: &[Claim], rows: &[Row], catalogue: &Catalogue) -> Vec<String> {
    let headline = table::headline(rows, &catalogue.ranks);
    let rules = rows.iter().filter_map(|row| row.rule.clone()).collect();
    let rules = catalogue.in_order(rules).into_iter().enumerate();
    let rules = rules.filter(|(place, rule)| *place == 0 || !catalogue.is_control_rule(rule));
    let is_control = |attack: &String| catalogue.attack(attack).is_control();
    let shown = |claim: &&Claim| {
        Some(claim.estimator()) == headline && !claim.attack.as_ref().is_some_and(is_control)
    };
    let of_rule = |(_, rule): (usize, String)| {
        let mut of_rule: Vec<&Claim> =
            claims.iter().filter(shown).filter(|claim| claim.rule == rule).collect();
        of_rule.sort_by_key(|claim| &claim.claim);
        of_rule.into_iter().filter_map(line).collect::<Vec<_>>()
    };
    rules.flat_map(of_rule).collect()
}

/// The verdict on a claim as a line of text; `None` for claims other than C1, C2 and C3.
fn line(claim: &Claim) -> Option<String> {
    let (_, statement) = OF_THE_PAPER.into_iter().find(|(name, _)| *name == claim.claim)?;
    let Claim { claim: name, rule, rank_first, rank_last, .. } = claim;
    let attack = claim.attack.as_ref().map_or(String::new(), |attack| format!(", {attack}"));
    let reason = claim.reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
    let failure = claim.failure().map_or(String::new(), |failure| format!("; {failure}"));
    let outcome = claim.outcome();
    Some(format!(
        "{name} {rule}{attack}, ranks {rank_first}-{rank_last}: {statement}: {outcome}{reason}{failure}"
    ))
}
