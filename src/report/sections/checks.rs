//! The checks of the attacks.

use maud::{Markup, html};

use crate::{
    report::{
        html::{Section, cards, number, table},
        study_files::StudyFiles,
    },
    study::claims::{Check, CheckName, MIN_CLEAN},
};

const HEADER: [&str; 7] = [
    "check",
    "rule",
    "attack",
    "seeds",
    "worst value over seeds and strengths",
    "at most",
    "outcome",
];

/// The checks of the attacks on the networks of each rule, if they are given.
pub fn of_attacks(study: &StudyFiles) -> Option<Section> {
    let mut checks: Vec<&Check> = Vec::new();
    for rule in &study.rules {
        checks.extend(study.checks.iter().filter(|check| check.rule == *rule));
    }
    (!checks.is_empty()).then(|| {
        let rows: Vec<_> = checks.into_iter().map(|check| cells(study, check)).collect();
        let body = html! {
            p {
                "Accuracy that stays high under an attack can mean either. These are the checks that the field asks \
                 of every attack (Carlini et al., On Evaluating Adversarial Robustness, arXiv 1902.06705; Croce and \
                 Hein, AutoAttack, arXiv 2003.01690; Athalye et al., arXiv 1802.00420). A verdict on an attack that \
                 fails a check names the check. All checks but that of the gradient leave out networks with a clean \
                 accuracy of at most " (number(Some(100.0 * MIN_CLEAN), 0)) " %, which may be chance."
            }
            (cards(&HEADER, &rows))
        };
        Section::new("Is the attack weak, or the network strong?", body)
    })
}

/// What the worst value may be, and why, if the page has checks.
pub fn thresholds(study: &StudyFiles) -> Markup {
    let sizes = study.sizes();
    let rows = CheckName::ALL.map(|check| {
        let threshold = check.threshold();
        vec![
            html! { (check.name()) },
            html! { span.text { (threshold.name) } },
            html! { (number(Some(threshold.value), digits(check))) },
            html! { span.text { ((threshold.reason)(sizes)) } },
        ]
    });
    html! {
        @if !study.checks.is_empty() {
            h3 { "Thresholds of the checks of the attacks" } "\n"
            (table(&["check", "value", "at most", "reason"], &rows))
        }
    }
}

fn cells(study: &StudyFiles, check: &Check) -> Vec<Markup> {
    let of = |value: f64| number(Some(value), digits(check.check));
    let value = check.value.map_or("–".into(), |value| {
        let strength = check.strength.map_or(String::new(), |strength| format!(" at {strength}"));
        format!("{}{strength}", of(value))
    });
    let outcome = match check.passed {
        Some(true) => "passed",
        Some(false) => "failed",
        None => "undecided",
    };
    vec![
        html! { span.text { b { (check.statement) } " " span.soft { "(" (check.check.name()) ")" } } },
        html! { (study.catalogue.rule_title(&check.rule)) },
        html! { span.wrap { (study.catalogue.attack(&check.attack).title) } },
        html! { (check.seeds) },
        html! { (value) },
        html! { (of(check.threshold)) },
        html! {
            span.verdict { (outcome) }
            @if let Some(reason) = &check.reason { br; span.wrap { (reason) } }
        },
    ]
}

/// How many digits after the point the value of a check has.
fn digits(check: CheckName) -> usize {
    match check {
        CheckName::Pgd | CheckName::Transfer => 3,
        CheckName::Random | CheckName::Large => 2,
        CheckName::Gradient => 0,
    }
}
