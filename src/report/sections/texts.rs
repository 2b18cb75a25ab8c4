//! Sections without numbers of the study.

use maud::{Markup, PreEscaped};

pub const QUESTION: &str = "Can the vulnerability of a network be seen in the geometry of its hidden representations? Test images \
     are attacked, and the accuracy of the network is compared with α, the exponent of the power law by \
     which the eigenvalues of a layer's activations decay.";

/// What others found.
pub fn literature() -> Markup {
    PreEscaped(include_str!("literature.html").into())
}

/// How everything is defined and measured.
pub fn methods() -> Markup {
    PreEscaped(include_str!("methods.html").into())
}

/// What the results depend on.
pub fn distrust() -> Markup {
    PreEscaped(include_str!("distrust.html").into())
}
