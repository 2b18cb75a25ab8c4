//! The reports: HTML pages that need no other file, and their figures.

mod doubts;
pub mod figures;
mod headline;
mod html;
mod instruments;
mod level;
mod links;
mod reconstructions;
mod rule_view;
mod sections;
mod selection;
mod study_files;
mod study_tables;
mod sweep;

use std::path::Path;

use maud::html;

use crate::{
    Result,
    files::write::{self, Output},
};
use html::{FigureList, Section};
pub use links::{FileLink, Links};
pub use reconstructions::{Reconstructions, reconstructions};
use sections::{
    answer, checks, choices, classes, controls, displacement, layers, network, numbers, power_law,
    precision, provenance, robustness, strengths, texts, training, verdicts,
};
pub use study_files::StudyFiles;
pub use sweep::{Sweep, sweep};

/// A page and its figures.
pub struct Report {
    /// HTML.
    pub page: String,
    /// Name and SVG of each figure.
    pub figures: Vec<(String, String)>,
}

impl Report {
    /// The files to write: the page, and the figures if they have a folder.
    pub fn outputs(&self, page: &Path, figures: Option<&Path>) -> Result<Vec<Output>> {
        let mut files = vec![(page.to_owned(), &self.page)];
        if let Some(folder) = figures {
            write::distinct(&[page, folder])?;
            write::create_folder(folder)?;
            let path = |name: &str| folder.join(format!("{name}.svg"));
            files.extend(self.figures.iter().map(|(name, svg)| (path(name), svg)));
        }
        write::distinct(&files.iter().map(|(path, _)| path.as_path()).collect::<Vec<_>>())?;
        let outputs = files.iter().map(|(path, text)| {
            let mut output = Output::create(path)?;
            output.bytes(text.as_bytes())?;
            Ok(output)
        });
        outputs.collect()
    }
}

/// The report of a study: the answer, and its sections in the order of the page. `links` lead to its
/// figures if they are also files. `files` are those with the numbers.
#[must_use]
pub fn report(study: &StudyFiles, links: Option<Links>, files: &[FileLink]) -> Report {
    let rule = study.main_rule();
    let figures = &mut FigureList::new(links);
    let results = [
        choices::over_all(rule, figures),
        Some(verdicts::of_the_paper(rule, figures)),
        Some(strengths::against_strength(rule, figures)),
        precision::lost_by_fgsm(rule),
        // Why it is so.
        displacement::why_alpha_moves(rule, figures),
        classes::classes(rule, figures),
        Some(power_law::is_it_one(rule, figures)),
        robustness::robustness(study, figures),
        // More about the networks.
        Some(layers::along_layers(study, figures)),
        training::during_training(rule, figures),
        Some(network::one_network(study, figures)),
        // What the results are compared with.
        controls::control_attacks(rule, figures),
        checks::of_attacks(study),
        controls::signal_under_noise(rule, figures),
        controls::number_of_images(rule, figures),
    ];
    let others = controls::other_rules(study, figures);
    let reference = [
        verdicts::all(study),
        numbers::of_clean_images(study),
        texts::methods(study),
        texts::distrust(),
        provenance::how_it_was_made(study),
    ];
    let sections: Vec<Section> =
        results.into_iter().flatten().chain(others).chain(reference).collect();
    let opening = html! { (answer::answer(study)) (texts::question(study)) };
    let title = format!("Manifold smoothness and adversarial vulnerability: {}", study.dataset());
    Report { page: html::page(&title, &opening, files, &sections), figures: figures.take() }
}
