//! The verdicts as lines of text.

use super::{Analysis, Claim, OF_THE_PAPER, Survey, surveys};
use crate::study::{
    catalogue::Catalogue,
    table::{self, Row},
};

/// The verdicts on C1, C2 and C3 as lines of text, for the rules and attacks that are not controls: over
/// all analyses, and in the default one, with the estimator of the main results. The first rule is included
/// even if it is a control. A line ends with the checks that the attack fails.
#[must_use]
pub fn verdicts(
    claims: &[Claim],
    analyses: &[Analysis],
    rows: &[Row],
    catalogue: &Catalogue,
) -> Vec<String> {
    let headline = table::headline(rows, &catalogue.ranks);
    let rules = rows.iter().filter_map(|row| row.rule.clone()).collect();
    let rules = catalogue.in_order(rules).into_iter().enumerate();
    let rules = rules.filter(|(place, rule)| *place == 0 || !catalogue.is_control_rule(rule));
    // Clipping is one of the choices of the analyses.
    let is_beside = |attack: &String| {
        let attack = catalogue.attack(attack);
        attack.is_control() || attack.clipped_of.is_some()
    };
    let shown = |claim: &&Claim| {
        Some(claim.estimator()) == headline && !claim.attack.as_ref().is_some_and(is_beside)
    };
    let of_rule = |(_, rule): (usize, String)| {
        let mut of_rule: Vec<&Claim> =
            claims.iter().filter(shown).filter(|claim| claim.rule == rule).collect();
        of_rule.sort_by_key(|claim| &claim.claim);
        let surveys = surveys(analyses, &rule);
        of_rule.into_iter().flat_map(|claim| lines(claim, &surveys)).collect::<Vec<_>>()
    };
    rules.flat_map(of_rule).collect()
}

/// The verdict on a claim; no line for claims other than C1, C2 and C3.
fn lines(claim: &Claim, surveys: &[Survey<'_>]) -> Vec<String> {
    let paper = OF_THE_PAPER.into_iter().find(|(name, _)| *name == claim.claim);
    let Some((_, statement)) = paper else { return Vec::new() };
    let Claim { claim: name, rule, rank_first, rank_last, .. } = claim;
    let attack = claim.attack.as_ref().map_or(String::new(), |attack| format!(", {attack}"));
    let reason = claim.reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
    let failure = claim.failure().map_or(String::new(), |failure| format!("; {failure}"));
    let outcome = claim.outcome();
    let of_claim = |survey: &&Survey<'_>| {
        survey.claim == name && claim.attack.as_deref() == Some(survey.attack)
    };
    let survey = surveys.iter().find(of_claim).filter(|survey| survey.decided > 0);
    let mut lines = vec![format!("{name} {rule}{attack}: {statement}")];
    if let Some(survey) = survey {
        lines.push(format!("  {}", survey.counts()));
        lines.extend(survey.separating().map(|split| format!("  decisive: {split}")));
    }
    lines.push(format!("  by default, ranks {rank_first}-{rank_last}: {outcome}{reason}{failure}"));
    lines
}
