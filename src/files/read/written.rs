//! The text files that the tools write, recognised where another one is expected.

use std::path::Path;

use super::Source;
use crate::{Error, Result};

/// A text file that a tool writes.
#[derive(Debug, PartialEq)]
pub struct Written {
    /// Its name in the folder of a study.
    name: &'static str,
    /// The command that writes it.
    command: &'static str,
    /// Columns or keys that no file listed after it in [`ALL`] has together.
    marks: &'static [&'static str],
}

/// Defines the files, and lists them.
macro_rules! written {
    ($($(#[$meta:meta])* $file:ident = $name:literal, $command:literal, $marks:expr;)*) => {
        $($(#[$meta])* pub const $file: Written = Written { name: $name, command: $command, marks: &$marks };)*

        /// All files. Those with more columns come first.
        const ALL: &[Written] = &[$($file),*];
    };
}

written! {
    /// The table of a sweep.
    SWEEP_TABLE = "the table.csv of a sweep", "tabulate --sweep", ["train_samples", "width", "depth", "seed"];
    /// The table of a study.
    TABLE = "table.csv", "tabulate", ["seed", "attack", "strength", "rank_first"];
    /// The summary of a study or a sweep.
    SUMMARY = "summary.csv", "tabulate --summary", ["seeds", "accuracy_mean", "alpha_mean"];
    /// In how many reconstructions each claim holds.
    SURVIVAL = "survival.csv", "report-reconstructions --survival", ["in_all_layers", "separating"];
    /// The bias and spread of the estimators.
    ESTIMATORS = "estimators.csv", "validate", ["noise", "draws", "bias"];
    /// The claims with their verdicts.
    CLAIMS = "claims.jsonl", "claims", ["claim", "statement", "statistic"];
    /// The claims with their verdicts in all combinations of choices.
    CHOICES = "choices.jsonl", "claims --choices", ["layers_holding", "floor", "scale"];
    /// The checks of the attacks.
    CHECKS = "checks.jsonl", "claims --checks", ["check", "statement", "beside"];
    /// The description of a study.
    STUDY = "study.json", "describe-study", ["command", "ranks", "rules"];
    /// The description of a network.
    MODEL = "model.json", "train", ["schema", "sizes", "classes"];
    /// The progress of a training.
    HISTORY = "history.jsonl", "train", ["epoch", "train_loss", "train_error"];
    /// The accuracy of each layer.
    ACCURACY = "accuracy.jsonl", "accuracy", ["dead", "correct", "loss"];
    /// The accuracy of a probe of each layer.
    PROBE = "probe.jsonl", "probe", ["train_accuracy", "iterations"];
    /// Fits to spectra.
    FITS = "alpha.jsonl", "fit-powerlaw", ["positive", "intercept", "warnings"];
    /// The geometry of classes.
    CLASSES = "classes.jsonl", "class-geometry", ["within", "between", "nc1"];
    /// The summary of displacements.
    DISPLACEMENT = "displacement.jsonl", "displacement --summary", ["total", "mean_shift", "first_10"];
    /// The intrinsic dimension of a set of points.
    DIMENSION = "dimension.jsonl", "dimension", ["neighbours", "coordinates", "equally_far"];
    /// The audit of an attack.
    AUDIT = "audit.json", "attack-fgsm --audit", ["lost_label_images", "zero_sign_pixels"];
}

/// The columns or keys of a file, as far as its first bytes show them.
enum Names {
    Columns(Vec<String>),
    Keys(String),
}

impl Names {
    fn of(start: &[u8]) -> Self {
        let text = String::from_utf8_lossy(start);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if text.starts_with('{') {
            return Self::Keys(text.to_owned());
        }
        let header = text.lines().next().unwrap_or_default().split(',');
        Self::Columns(header.map(|name| name.trim().trim_matches('"').to_owned()).collect())
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::Columns(columns) => columns.iter().any(|column| column == name),
            // Not parsed: the text may be cut in the middle.
            Self::Keys(text) => text.contains(&format!("\"{name}\":")),
        }
    }

    fn what(&self) -> &'static str {
        match self {
            Self::Columns(_) => "columns",
            Self::Keys(_) => "keys",
        }
    }
}

/// The error for a file of a tool that stands in the place of `wanted`, which messages call
/// `expected`; `None` if the source begins like no such file.
fn neighbour(start: &[u8], wanted: Option<&Written>, expected: &str, file: &Path) -> Option<Error> {
    let names = Names::of(start);
    let found = ALL.iter().find(|written| written.marks.iter().all(|mark| names.has(mark)))?;
    let message = format!("has the {} of {} (expected {expected})", names.what(), found.name);
    (Some(found) != wanted).then(|| Error::data(message).in_file(file))
}

impl Source {
    /// The error for a file of a tool that is not the one `wanted`, if it is recognised.
    pub(super) fn other_than(&self, wanted: &Written) -> Option<Error> {
        let expected = format!("{}, which {} writes", wanted.name, wanted.command);
        neighbour(&self.beginning(), Some(wanted), &expected, self.name())
    }

    /// Refuse any file of a tool, which is recognised, in the place of `expected`.
    pub(super) fn refuse_written(&self, expected: &str) -> Result<()> {
        neighbour(&self.beginning(), None, expected, self.name()).map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(start: &str, wanted: &Written) -> Option<String> {
        let error = neighbour(start.as_bytes(), Some(wanted), "another", Path::new("f"));
        error.map(|error| error.to_string())
    }

    /// tests/neighbours.rs has what the tools really write.
    #[test]
    fn a_file_is_recognised_by_its_marks_in_any_order() {
        for file in ALL {
            let mut names = file.marks.to_vec();
            names.reverse();
            let header = format!("\u{feff}more,\"{}\"\r\n1,2\r\n", names.join("\",\""));
            let keys = format!("{{\"{}\": 1, \"mor", names.join("\": 1, \""));
            let other = if *file == MODEL { &TABLE } else { &MODEL };
            let found = |what| format!("f: has the {what} of {} (expected another)", file.name);
            assert_eq!(message(&header, other), Some(found("columns")));
            assert_eq!(message(&keys, other), Some(found("keys")));
            assert_eq!(message(&header, file), None);
            names.pop();
            assert_eq!(message(&names.join(","), other), None, "{}", file.name);
        }
        assert_eq!(message("", &TABLE), None);
    }
}
