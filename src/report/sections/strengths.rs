//! Accuracy and alpha under attacks of rising strength.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use crate::{
    report::{
        figures,
        html::{FigureList, Section},
        rule_view::RuleView,
    },
    study::table::Row,
};

/// The figure that shows the paper's claims.
pub fn accuracy_against_alpha(rule: RuleView<'_>, figures: &mut FigureList) -> Markup {
    let networks = rule.networks();
    let attacks: Vec<_> = rule
        .attacks()
        .iter()
        .map(|attack| networks.accuracy_alpha(attack, rule.turning_claim(&attack.name)))
        .collect();
    figures.add(
        &format!("accuracy-alpha-{}", rule.rule),
        figures::accuracy_alpha(&attacks),
        &rule.networks_shown(),
        "Accuracy against α, one panel per layer, each with its own α axis. Thin lines are seeds, the thick \
         line is their mean, and the colours of its points are the strengths of the attack. A diamond marks the turning point in layers \
         in which the claim of a turning point holds. The accuracy is that of the layer's own readout, or of \
         the network if the layer has no readout.",
    )
}

/// The layers that have no exponent in some networks, and why.
pub fn without_exponent(rule: RuleView<'_>) -> Markup {
    let networks = rule.networks();
    let is_control = |row: &Row| rule.study.catalogue.attack(&row.attack).is_control();
    let rows: Vec<&Row> = networks.rows.iter().copied().filter(|row| !is_control(row)).collect();
    let mut found: BTreeMap<(usize, &str), Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.alpha.is_none()) {
        let reason = if row.positive == 0 {
            "no variance, every unit has the same value for all images"
        } else {
            "fewer than three of the ranks have variance"
        };
        found.entry((row.layer, reason)).or_default().push(row);
    }
    html! {
        @if !found.is_empty() {
            h3 { "Layers without an exponent" } "\n"
            ul {
                @for ((layer, reason), without) in found {
                    li { (line(layer, reason, &without, &rows)) } "\n"
                }
            }
            p {
                "Figures, means and claims leave out measurements without an exponent; tables and claims say how \
                 many seeds remain."
            }
        }
    }
}

fn line(layer: usize, reason: &str, without: &[&Row], rows: &[&Row]) -> String {
    let seeds: BTreeSet<u64> = without.iter().filter_map(|row| row.seed).collect();
    let seeds: Vec<String> = seeds.iter().map(ToString::to_string).collect();
    let has_clean = without.iter().any(|row| row.attack == "clean");
    format!(
        "Layer {layer}: {reason}. {} {}: {} of the {} measurements of this layer, {} the clean images.",
        if seeds.len() == 1 { "Seed" } else { "Seeds" },
        seeds.join(", "),
        without.len(),
        rows.iter().filter(|row| row.layer == layer).count(),
        if has_clean { "including" } else { "not including" },
    )
}

/// Accuracy and alpha, each against the strength of the attacks.
pub fn against_strength(rule: RuleView<'_>, figures: &mut FigureList) -> Section {
    let heading = format!("Accuracy and α against strength: {}", rule.title());
    Section::new(heading, figures_against_strength(rule, figures))
}

/// The figures alone.
pub fn figures_against_strength(rule: RuleView<'_>, figures: &mut FigureList) -> Markup {
    let (networks, attacks) = (rule.networks(), rule.attacks());
    let accuracy: Vec<_> =
        attacks.iter().map(|attack| networks.accuracy_strength(attack)).collect();
    let alpha: Vec<_> = attacks.iter().map(|attack| networks.alpha_strength(attack)).collect();
    html! {
        (figures.add(
            &format!("accuracy-strength-{}", rule.rule),
            figures::accuracy_strength(&accuracy),
            &rule.networks_shown(),
            "Accuracy against the strength of the attack: the mean over seeds, and bands of one standard \
             deviation.",
        ))
        (figures.add(
            &format!("alpha-strength-{}", rule.rule),
            figures::alpha_strength(&alpha),
            &rule.networks_shown(),
            "α against the strength of the attack, and the change of α from the clean images of the same \
             network. Each panel has its own α axis.",
        ))
    }
}
