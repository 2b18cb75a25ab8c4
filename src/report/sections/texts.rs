//! Sections that are text.

use maud::{Markup, PreEscaped, html};

use super::{checks, verdicts};
use crate::report::{headline, html::Section, study_files::StudyFiles};

/// The question of the study, and the estimator that stands first.
pub fn question(study: &StudyFiles) -> Markup {
    html! {
        p {
            "Can the vulnerability of a network be seen in the geometry of its hidden representations? Test images \
             are attacked, and the accuracy of the network is compared with α, the exponent of the power law by \
             which the eigenvalues of a layer's activations decay. "
            (headline::sentence(study.headline))
            @if let Some(others) = headline::other_methods(&study.rows, study.headline) { " " (others) }
        }
    }
}

/// What others found.
pub fn literature() -> Markup {
    PreEscaped(include_str!("literature.html").into())
}

/// How everything is defined, measured and judged.
pub fn methods(study: &StudyFiles) -> Section {
    let body = html! {
        (PreEscaped(include_str!("methods.html")))
        (verdicts::thresholds(study))
        (checks::thresholds(study))
    };
    Section::new("Methods", body)
}

/// What the results depend on.
pub fn distrust() -> Section {
    Section::new("What to distrust", PreEscaped(include_str!("distrust.html").into()))
}
