//! What the results are compared with: other attacks, the signal alone, fewer images, other rules.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::{strengths, verdicts};
use crate::report::{
    figures,
    html::{FigureList, Section, folded},
    rule_view::RuleView,
    study_files::StudyFiles,
};

/// The attacks that only serve to understand others.
pub fn control_attacks(rule: RuleView<'_>, figures: &mut FigureList) -> Option<Section> {
    let (networks, catalogue) = (rule.networks(), &rule.study.catalogue);
    let attacks: Vec<_> = networks
        .attacks(catalogue)
        .iter()
        .filter(|attack| attack.is_control() && catalogue.signal_of(&attack.name).is_none())
        .map(|attack| networks.accuracy_alpha(attack, rule.turning_claim(&attack.name)))
        .collect();
    (!attacks.is_empty()).then(|| {
        let figure = figures.add(
            &format!("controls-{}", rule.rule),
            figures::accuracy_alpha(&attacks),
            &rule.networks_shown(),
            "Accuracy against α as above; each panel has its own α axis. Clipping to [0, 1] makes the noise \
             depend on the pixel: at pixels of 0 and of 1 half of the noise is cut off. This reduces its \
             variance. It also leaves a shift that differs between pixels and between images and passes the \
             threshold of the ReLU; a constant shift would change no covariance. Random signs change the \
             pixels as much as FGSM does, but in random directions.",
        );
        Section::new(format!("Control attacks: {}", rule.title()), figure)
    })
}

/// alpha under noise, of the whole spectrum and of the signal alone.
pub fn signal_under_noise(rule: RuleView<'_>, figures: &mut FigureList) -> Option<Section> {
    let networks = rule.networks();
    let attacks = networks.attacks(&rule.study.catalogue);
    let pairs = attacks.iter().filter_map(|repeat| {
        let plain = rule.study.catalogue.signal_of(&repeat.name)?;
        Some([attacks.iter().find(|attack| attack.name == plain)?, repeat])
    });
    let drawn: Vec<_> =
        pairs.flatten().map(|attack| networks.alpha_strength_over_all_ranks(attack)).collect();
    (!drawn.is_empty()).then(|| {
        let figure = figures.add(
            &format!("signal-{}", rule.rule),
            figures::alpha_strength(&drawn),
            &rule.networks_shown(),
            "α of the plain spectrum, and of the signal alone: the variance of the signal along the principal \
             components of one repeat, cross-validated with another repeat (cvPCA, Stringer et al. 2019). Each \
             repeat is an average over draws of the noise. The two differ by the variance that the noise itself \
             adds. A fit ends before the first estimate that is not positive. A point is left out if the fit of \
             any seed uses fewer ranks than asked for, because fits over fewer ranks are another quantity. Each \
             panel has its own α axis.",
        );
        Section::new(format!("The signal under noise: {}", rule.title()), figure)
    })
}

/// alpha of clean images against their number, if the study has several numbers.
pub fn number_of_images(rule: RuleView<'_>, figures: &mut FigureList) -> Option<Section> {
    let curves = rule.networks().alpha_samples();
    curves.iter().any(|curve| curve.points.len() > 1).then(|| {
        let figure = figures.add(
            "alpha-samples",
            figures::samples_alpha(&curves),
            &rule.networks_shown(),
            "α of clean images against the number of images from which the spectrum is computed. Where a line \
             is not flat, α still depends on the number of images.",
        );
        Section::new(format!("Number of images: {}", rule.title()), figure)
    })
}

/// All rules but the first, in the same figures as the first.
pub fn other_rules(study: &StudyFiles, figures: &mut FigureList) -> Vec<Section> {
    let section = |rule: RuleView<'_>| {
        let body = html! {
            (probed(rule))
            (folded("Verdicts on the paper's claims", &verdicts::table_of_the_paper(rule)))
            (strengths::accuracy_against_alpha(rule, figures))
            (strengths::figures_against_strength(rule, figures))
        };
        Section::new(format!("For comparison: {}", rule.title()), body)
    };
    study.rules.iter().skip(1).map(|rule| study.rule(rule)).map(section).collect()
}

/// Which accuracies are those of probes, if any are.
fn probed(rule: RuleView<'_>) -> Markup {
    let rows = rule.networks().rows.into_iter().filter(|row| row.probe);
    let layers: BTreeSet<usize> = rows.map(|row| row.layer).collect();
    let names: Vec<String> = layers.iter().map(ToString::to_string).collect();
    html! {
        @if !names.is_empty() {
            p {
                "The accuracies of layers " (names.join(", ")) " are those of probes: linear classifiers, trained \
                 afterwards on the activations of clean training images."
            }
        }
    }
}
