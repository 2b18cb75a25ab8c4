//! Geometry during training.

use crate::{
    report::{
        figures,
        html::{FigureList, Section},
        rule_view::RuleView,
        selection::own_accuracy,
    },
    study::table::Row,
};

/// alpha and accuracy of snapshots, if the study has some.
pub fn during_training(rule: RuleView<'_>, figures: &mut FigureList) -> Option<Section> {
    let snapshots = rule.snapshots();
    let epoch = |row: &Row| row.epoch.map(|epoch| epoch as f64);
    let alphas = snapshots.curves(epoch, |row| row.alpha);
    let accuracies = snapshots.curves(epoch, own_accuracy);
    (!alphas.is_empty()).then(|| {
        let figure = figures.add(
            "epochs",
            figures::epochs(&alphas, &accuracies),
            &rule.networks_shown(),
            "Clean images: α and accuracy of the networks after different numbers of epochs, mean and \
             standard deviation over seeds.",
        );
        Section::new(format!("During training: {}", rule.title()), figure)
    })
}
