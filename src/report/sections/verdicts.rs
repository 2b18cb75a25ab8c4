//! The claims with their verdicts, and the thresholds that decide.

use maud::{Markup, html};

use crate::{
    report::{
        headline,
        html::{number, of_seeds, table},
        rule_view::RuleView,
        study_files::StudyFiles,
    },
    study::claims::{
        CONFIDENCE, Claim, LayerVerdict, MIN_RANGE, MIN_SEEDS, MONOTONICITY, OverSeeds, POSITIVE,
        PROMINENCE, RESOLUTION, RHO, Verdict,
    },
};

/// The claims of the paper, in each of their readings.
const OF_THE_PAPER: [&str; 8] = [
    "C1",
    "C1-at-strength",
    "C1-layers",
    "C1-epochs",
    "C2",
    "C2-at-strength",
    "C3",
    "C3-at-strength",
];
const HEADER: [&str; 4] = [
    "claim",
    "verdict",
    "statistic, threshold",
    "median over seeds [smallest, largest], seeds that reach the threshold",
];

/// The paper's claims about a rule, under all attacks that are no controls.
pub fn of_the_paper(rule: RuleView<'_>) -> Markup {
    html! {
        h2 { "The paper's claims: " (rule.title()) } "\n"
        (table_of_the_paper(rule))
    }
}

/// The table of these claims.
pub fn table_of_the_paper(rule: RuleView<'_>) -> Markup {
    let is_control = |attack: &String| rule.study.catalogue.attack(attack).is_control();
    let is_shown = |claim: &&Claim| {
        OF_THE_PAPER.contains(&claim.claim.as_str())
            && rule.is_of(claim)
            && !claim.attack.as_ref().is_some_and(is_control)
    };
    let mut claims: Vec<&Claim> = rule.study.claims.iter().filter(is_shown).collect();
    claims.sort_by(|a, b| a.claim.cmp(&b.claim));
    table(&HEADER, &claims.into_iter().map(cells).collect::<Vec<_>>())
}

/// All claims about all rules.
pub fn all(study: &StudyFiles) -> Markup {
    let header: Vec<&str> = ["rule", "ranks"].into_iter().chain(HEADER).collect();
    let row = |claim: &Claim| {
        let estimator = headline::name(&study.rows, claim.estimator());
        let begin = [html! { (claim.rule) }, html! { (estimator) }];
        begin.into_iter().chain(cells(claim)).collect()
    };
    html! {
        h2 { "All claims" } "\n"
        p {
            "Besides the paper's claims, these are claims about depth, smoothness and the comparison with \
             backpropagation."
        }
        (table(&header, &study.claims.iter().map(row).collect::<Vec<_>>()))
    }
}

/// What a statistic must reach, and when nothing is decided.
pub fn thresholds() -> Markup {
    let rows = [RHO, MONOTONICITY, PROMINENCE, POSITIVE].map(|threshold| {
        vec![
            html! { (threshold.name) },
            html! { (number(Some(threshold.value), 2)) },
            html! { span.text { (threshold.reason) } },
        ]
    });
    html! {
        h3 { "Thresholds, set before the results were computed" } "\n"
        (table(&["statistic", "at least", "reason"], &rows))
        p {
            "A claim holds in a layer if the lower bound of the median over seeds, at a confidence of \
             " (100.0 * CONFIDENCE) " %, reaches the threshold: of five seeds the smallest value. \
             A claim is undecided if there are fewer than " (MIN_SEEDS) " seeds, or if the mean accuracy over \
             seeds varies by less than " (100.0 * MIN_RANGE) " percentage points between the strengths, or \
             the layers. M and the \
             turning point are computed in the order of falling mean accuracy, which is the same for all \
             seeds. Accuracies that differ by at most " (100.0 * RESOLUTION) " point count as equal and are \
             ordered by strength. Points at the floor of accuracy do not count, except that M includes the \
             first of them. If a layer of a seed has no exponent, the seed does not count for that layer."
        }
    }
}

fn cells(claim: &Claim) -> Vec<Markup> {
    vec![
        html! { span.text { b { (claim.claim) } " " (claim.statement) } },
        html! {
            span.verdict { (claim.outcome()) }
            @if let Some(reason) = &claim.reason { br; span.text { (reason) } }
            @if let Some(failure) = claim.failure() { br; span.text { (failure) } }
        },
        html! { span.wrap { (claim.statistic) " ≥ " (number(Some(claim.threshold), 2)) } },
        html! {
            @for (index, of) in claim.layers.iter().enumerate() {
                @if index > 0 { br; }
                @if of.holds == Some(true) { b { (layer(claim, of)) } } @else { (layer(claim, of)) }
            }
        },
    ]
}

/// `3: 0.95 [0.91, 0.99], 5 of 5 seeds`, with what else there is to say.
fn layer(claim: &Claim, layer: &LayerVerdict) -> String {
    let place = layer.layer.map(|number| number.to_string());
    let place = place.or_else(|| layer.strength.map(|strength| number(Some(strength), 2)));
    let name = place.map_or(String::new(), |place| format!("{place}: "));
    let (Some(OverSeeds { median, least, most, .. }), Some(above)) = (layer.statistic, layer.above)
    else {
        return match &layer.reason {
            // If all layers are undecided, the claim gives the reason.
            Some(reason) if claim.verdict != Verdict::Undecided => {
                format!("{name}undecided, {reason}")
            }
            _ => format!("{name}undecided"),
        };
    };
    let [median, least, most] = [median, least, most].map(|of| number(Some(of), 2));
    let turn = layer.turn.as_ref().filter(|_| layer.holds == Some(true));
    let turn = turn.map_or(String::new(), |turn| format!(" at {}", number(Some(turn.strength), 2)));
    let seeds = format!(", {above} of {}", layer.seeds);
    of_seeds(format!("{name}{median} [{least}, {most}]{turn}{seeds}"), (layer.seeds, claim.seeds))
}
