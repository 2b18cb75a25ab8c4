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
        Claim, Interval, LayerVerdict, MIN_RANGE, MIN_SEEDS, MONOTONICITY, POSITIVE, PROMINENCE,
        RESOLUTION, RHO, Verdict,
    },
};

const OF_THE_PAPER: [&str; 5] = ["C1", "C1-layers", "C1-epochs", "C2", "C3"];
const HEADER: [&str; 4] =
    ["claim", "verdict", "statistic, threshold", "layer by layer, with 95 % intervals"];

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
            "A claim is undecided if there are fewer than " (MIN_SEEDS) " seeds, or if the mean accuracy over \
             seeds varies by less than " (100.0 * MIN_RANGE) " points between the strengths. M and the \
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

/// `3: 0.95 [0.91, 0.99]`, with what else there is to say.
fn layer(claim: &Claim, layer: &LayerVerdict) -> String {
    let name = layer.layer.map_or(String::new(), |number| format!("{number}: "));
    let Some(Interval { value, low, high }) = layer.statistic else {
        return match &layer.reason {
            // If all layers are undecided, the claim gives the reason.
            Some(reason) if claim.verdict != Verdict::Undecided => {
                format!("{name}undecided, {reason}")
            }
            _ => format!("{name}undecided"),
        };
    };
    let [value, low, high] = [value, low, high].map(|of| number(Some(of), 2));
    let turn = layer.turn.as_ref().filter(|_| layer.holds == Some(true));
    let turn = turn.map_or(String::new(), |turn| format!(" at {}", number(Some(turn.strength), 2)));
    of_seeds(format!("{name}{value} [{low}, {high}]{turn}"), (layer.seeds, claim.seeds))
}
