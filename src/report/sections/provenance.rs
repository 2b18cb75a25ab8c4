//! How the study was made.

use maud::html;

use crate::report::{
    html::{Section, folded},
    study_files::StudyFiles,
};

/// The version of the tools, and the records of the study and of the network shown.
pub fn how_it_was_made(study: &StudyFiles) -> Section {
    let records =
        [("The study", &study.record), ("The network shown, with its inputs", &study.model)];
    let body = html! {
        p { "local-errors " (env!("CARGO_PKG_VERSION")) "." } "\n"
        @for (name, record) in records {
            @if let Some(record) = record { (folded(name, &html! { pre { (format!("{record:#}")) } })) }
        }
    };
    Section::new("How it was made", body)
}
