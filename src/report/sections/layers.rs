//! Geometry from layer to layer.

use super::noise;
use crate::report::{
    figures::{self, LayerProfile},
    html::{FigureList, Section},
    rule_view::{RuleView, networks_shown},
    selection::Selection,
    study_files::StudyFiles,
};

/// alpha and dimensionality of the images and of each layer, for all rules and for noise.
pub fn along_layers(study: &StudyFiles, figures: &mut FigureList) -> Section {
    let rules: Vec<_> = study.rules.iter().map(|rule| study.rule(rule)).collect();
    let mut profiles: Vec<_> = rules.iter().map(|rule| profile_with_images(*rule)).collect();
    profiles.push(noise::profile(study.main_rule()));
    let figure = figures.add(
        "layers",
        figures::layers(&profiles),
        &networks_shown(&rules),
        "Clean images: α and participation ratio of each layer, mean and standard deviation over seeds. \
         Layer 0 is the images themselves. Noise of the same shape has the spectrum of Marchenko and \
         Pastur: it has no structure at all, and nearly as many dimensions as units.",
    );
    Section::new("Along the layers", figure)
}

/// The images, which are layer 0, and the layers of a rule.
fn profile_with_images(rule: RuleView<'_>) -> LayerProfile {
    let mut profile = Selection::images(&rule.study.rows, rule.estimator).profile(rule.title());
    let layers = rule.networks().profile("");
    profile.alpha.extend(layers.alpha);
    profile.participation_ratio.extend(layers.participation_ratio);
    profile
}
