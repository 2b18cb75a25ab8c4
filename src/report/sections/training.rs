//! Geometry during training.

use maud::{Markup, html};

use crate::{
    report::{figures, html::FigureList, rule_view::RuleView, selection::own_accuracy},
    study::table::Row,
};

/// alpha and accuracy of snapshots, if the study has some.
pub fn during_training(rule: RuleView<'_>, figures: &mut FigureList) -> Markup {
    let snapshots = rule.snapshots();
    let epoch = |row: &Row| row.epoch.map(|epoch| epoch as f64);
    let alphas = snapshots.curves(epoch, |row| row.alpha);
    let accuracies = snapshots.curves(epoch, own_accuracy);
    html! {
        @if !alphas.is_empty() {
            h2 { "During training: " (rule.title()) } "\n"
            (figures.add(
                "epochs",
                figures::epochs(&alphas, &accuracies),
                "Clean images: α and accuracy of the networks after different numbers of epochs, mean and \
                 standard deviation over seeds.",
            ))
        }
    }
}
