//! The claims with their verdicts, and the thresholds that decide.

use maud::{Markup, html};

use super::{strengths, texts};
use crate::{
    report::{
        headline,
        html::{FigureList, Section, cards, folded, number, of_seeds, table},
        rule_view::RuleView,
        study_files::StudyFiles,
    },
    study::{
        catalogue::Catalogue,
        claims::{
            CONFIDENCE, Claim, LayerVerdict, MIN_RANGE, MIN_SEEDS, MONOTONICITY, OverSeeds,
            POSITIVE, PROMINENCE, RESOLUTION, RHO, Verdict,
        },
    },
    words,
};

const HEADER: [&str; 4] = [
    "claim",
    "verdict",
    "statistic, threshold",
    "layer or strength: median over seeds [smallest, largest], seeds that reach the threshold",
];

/// The paper's claims about a rule, and the figure that shows them.
pub fn of_the_paper(rule: RuleView<'_>, figures: &mut FigureList) -> Section {
    let body = html! {
        (table_of_the_paper(rule))
        (texts::literature())
        (strengths::without_exponent(rule))
        (strengths::accuracy_against_alpha(rule, figures))
    };
    Section::new(format!("The paper's claims: {}", rule.title()), body)
}

/// The table of the paper's claims, in each of their readings, under all attacks that are no controls.
pub fn table_of_the_paper(rule: RuleView<'_>) -> Markup {
    let catalogue = &rule.study.catalogue;
    let claims = rule.claims_of_the_paper().into_iter();
    cards(&HEADER, &claims.map(|claim| cells(claim, catalogue)).collect::<Vec<_>>())
}

/// All claims about all rules.
pub fn all(study: &StudyFiles) -> Section {
    let [claim, rest @ ..] = HEADER;
    let header: Vec<&str> = [claim, "rule", "ranks"].into_iter().chain(rest).collect();
    let row = |claim: &Claim| {
        let estimator = headline::name(&study.rows, claim.estimator());
        let mut cells = cells(claim, &study.catalogue);
        cells.insert(1, html! { (claim.rule) });
        cells.insert(2, html! { (estimator) });
        cells
    };
    let rows: Vec<_> = study.claims.iter().map(row).collect();
    let body = html! {
        p {
            "Besides the paper's claims, these are claims about depth and the comparison with \
             backpropagation."
        }
        (folded(&format!("All claims: {} rows", rows.len()), &cards(&header, &rows)))
    };
    Section::new("All claims", body)
}

/// What a statistic must reach, and when nothing is decided.
pub fn thresholds(study: &StudyFiles) -> Markup {
    let sizes = study.sizes();
    let rows = [RHO, MONOTONICITY, PROMINENCE, POSITIVE].map(|threshold| {
        vec![
            html! { (threshold.name) },
            html! { (number(Some(threshold.value), 2)) },
            html! { span.text { ((threshold.reason)(sizes)) } },
        ]
    });
    html! {
        h3 { "Thresholds" } "\n"
        (table(&["statistic", "at least", "reason"], &rows))
        p {
            "A claim holds in a layer if the lower bound of the median over seeds, at a confidence of \
             " (100.0 * CONFIDENCE) " %, reaches the threshold: of five seeds the smallest value. \
             A claim is undecided if there are fewer than " (MIN_SEEDS) " seeds, or if the mean accuracy over \
             seeds varies by less than " (100.0 * MIN_RANGE) " percentage points between the strengths, or \
             the layers. M and the \
             turning point are computed in the order of falling mean accuracy, which is the same for all \
             seeds. Accuracies that differ by at most " (100.0 * RESOLUTION) " point count as equal and are \
             ordered by strength. Points at the floor of accuracy do not count, except that rho and M include the \
             first of them. If a layer of a seed has no exponent, or its exponents along a curve are over different \
             numbers of ranks, the seed does not count for that layer."
        }
    }
}

fn cells(claim: &Claim, catalogue: &Catalogue) -> Vec<Markup> {
    vec![
        in_words(claim, catalogue),
        html! {
            span.verdict { (claim.outcome()) }
            @if let Some(reason) = &claim.reason { br; span.text { (reason) } }
            @if let Some(failure) = claim.failure() { br; span.text { (failure) } }
        },
        html! { span.wrap { (claim.statistic) " ≥ " (number(Some(claim.threshold), 2)) } },
        html! {
            // If nothing is decided anywhere, the verdict says why.
            @if claim.verdict == Verdict::Undecided {
                "–"
            } @else {
                @for (index, of) in claim.layers.iter().enumerate() {
                    @if index > 0 { br; }
                    @if of.holds == Some(true) { b { (layer(claim, of)) } } @else { (layer(claim, of)) }
                }
            }
        },
    ]
}

/// What a claim says, where it is judged, with the attack's title in place of its name, and the claim's
/// short name.
fn in_words(claim: &Claim, catalogue: &Catalogue) -> Markup {
    let parts = claim.saying().and_then(|saying| {
        let place = claim.statement.strip_suffix(saying)?.strip_suffix(", ")?;
        Some((saying, place))
    });
    let (saying, place) = parts.unwrap_or((&claim.statement, ""));
    let titled = |attack: &String| {
        Some(format!("{}{}", place.strip_suffix(attack)?, catalogue.attack(attack).title))
    };
    let place = claim.attack.as_ref().and_then(titled).unwrap_or_else(|| place.into());
    html! {
        span.text {
            b { (words::capitalised(&saying.replace("alpha", "α"))) }
            " " (place) @if !place.is_empty() { " " } span.soft { "(" (claim.claim) ")" }
        }
    }
}

/// `3: 0.95 [0.91, 0.99], 5 of 5 seeds`, with what else there is to say.
fn layer(claim: &Claim, layer: &LayerVerdict) -> String {
    let place = layer.layer.map(|number| number.to_string());
    let place = place.or_else(|| layer.strength.map(|strength| number(Some(strength), 2)));
    let name = place.map_or(String::new(), |place| format!("{place}: "));
    let (Some(OverSeeds { median, least, most, .. }), Some(above)) = (layer.statistic, layer.above)
    else {
        let reason = layer.reason.as_ref().map_or(String::new(), |reason| format!(", {reason}"));
        return format!("{name}undecided{reason}");
    };
    let [median, least, most] = [median, least, most].map(|of| number(Some(of), 2));
    let turn = layer.turn.as_ref().filter(|_| layer.holds == Some(true));
    let turn = turn.map_or(String::new(), |turn| format!(" at {}", number(Some(turn.strength), 2)));
    let seeds = format!(", {above} of {}", layer.seeds);
    of_seeds(format!("{name}{median} [{least}, {most}]{turn}{seeds}"), (layer.seeds, claim.seeds))
}
