//! What the page is about.

use maud::{Markup, html};

use crate::report::{headline, study_files::StudyFiles};

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
