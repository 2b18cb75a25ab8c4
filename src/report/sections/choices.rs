//! The verdict over all choices of the analysis.

use maud::{Markup, html};

use crate::{
    report::{
        figures::{self, Specification, Specifications},
        html::{FigureList, Section, cards},
        rule_view::RuleView,
    },
    study::{
        catalogue::Catalogue,
        claims::{Analysis, Survey, surveys},
        splits::Choices,
    },
    words::counted,
};

/// The surveys of the claims about a rule that are decided in some analysis.
pub fn of_rule(rule: RuleView<'_>) -> Vec<Survey<'_>> {
    let surveys = surveys(&rule.study.analyses, rule.rule).into_iter();
    surveys.filter(|survey| survey.decided > 0).collect()
}

/// In how many analyses each claim about a rule holds; none if nothing is decided.
pub fn over_all(rule: RuleView<'_>, figures: &mut FigureList) -> Option<Section> {
    let surveys = of_rule(rule);
    if surveys.is_empty() {
        return None;
    }
    let catalogue = &rule.study.catalogue;
    let columns: Vec<Specifications> = surveys.iter().map(|of| column(of, catalogue)).collect();
    let body = html! {
        p {
            "A verdict may depend on choices of the analysis. Here each claim is judged in all combinations of \
             them: whether the attacked images are clipped to [0, 1], up to which strength the curve goes, whether \
             points at the floor of accuracy count, over which ranks and with which weights α is fitted, and \
             whether the thresholds are halved or doubled (the room that the claim's threshold leaves, the \
             difference of accuracies that counts, and the least change of accuracy). Analyses that cannot be \
             decided are not counted."
        }
        (numbers(&surveys, catalogue))
        (figures.add(
            &format!("choices-{}", rule.rule),
            figures::specifications(&columns),
            &rule.networks_shown(),
            &format!("{CAPTION} The triangle is the default analysis."),
        ))
    };
    Some(Section::new(format!("The verdict over all choices: {}", rule.title()), body))
}

/// What the figure shows.
pub const CAPTION: &str = "Specification curves (Simonsohn, Simmons and Nelson 2020), one column per claim and \
    attack. Above: the analyses, sorted by the number of layers in which the claim holds. Below: the choices, one \
    row each; the darker, the more of the analyses at this place made it. A row that is dark only at the right \
    is a choice with which the claim holds in more layers.";

fn column(survey: &Survey<'_>, catalogue: &Catalogue) -> Specifications {
    let decided = survey.analyses.iter().copied().filter(|analysis| analysis.is_decided());
    Specifications {
        title: title(survey.claim, &catalogue.attack(survey.attack).title),
        layers: survey.analyses.iter().map(|one| one.layers).max().unwrap_or(0),
        analyses: decided.map(|analysis| specification(analysis, analysis.choices())).collect(),
    }
}

/// The claim, and the attack in lines of which each fits a column.
pub fn title(claim: &str, attack: &str) -> Vec<String> {
    [claim].into_iter().chain(attack.split(", ")).map(Into::into).collect()
}

/// An analysis with these choices, as the figure shows it.
pub fn specification(analysis: &Analysis, choices: Choices) -> Specification {
    let holding = analysis.layers_holding.len();
    Specification { choices, holding, default: analysis.default }
}

fn numbers(surveys: &[Survey<'_>], catalogue: &Catalogue) -> Markup {
    let row = |survey: &Survey<'_>| {
        let default = survey.analyses.iter().find(|analysis| analysis.default);
        let default = default.map_or("–".into(), |one| match one.layers_holding.len() {
            _ if !one.is_decided() => "undecided".into(),
            holding => format!("{holding} of {}", counted(one.layers, "layer")),
        });
        [
            survey.claim.to_owned(),
            catalogue.attack(survey.attack).title,
            format!("{} of {}", survey.in_all_layers, survey.decided),
            format!("{} of {}", survey.in_some_layer, survey.decided),
            default,
            survey.separating().unwrap_or_else(|| "none".into()),
        ]
        .map(|cell| html! { (cell) })
        .to_vec()
    };
    let header = [
        "claim",
        "attack",
        "holds in all layers",
        "in some layer",
        "default",
        "the choice that separates them most",
    ];
    cards(&header, &surveys.iter().map(row).collect::<Vec<_>>())
}
