//! Sections without numbers of the study.

use maud::{Markup, PreEscaped};

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
