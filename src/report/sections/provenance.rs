//! How the study was made.

use maud::{Markup, html};

use crate::report::study_files::StudyFiles;

/// The version of the tools, and the records of the study and of the network shown.
pub fn how_it_was_made(study: &StudyFiles) -> Markup {
    let records =
        [("The study", &study.record), ("The network shown, with its inputs", &study.model)];
    html! {
        h2 { "How it was made" } "\n"
        p { "local-errors " (env!("CARGO_PKG_VERSION")) "." }
        @for (name, record) in records {
            @if let Some(record) = record {
                "\n" h3 { (name) } "\n"
                pre { (format!("{record:#}")) }
            }
        }
        "\n"
    }
}
