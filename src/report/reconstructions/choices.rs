//! What a reconstruction chose.

use std::path::Path;

use serde::Deserialize;

use crate::{Result, io::read, network::files};

/// The choices of a reconstruction, as its networks record them.
pub struct Choices(Vec<(&'static str, String)>);

/// The entries of `model.json` that are choices. A network from elsewhere may lack some.
#[derive(Deserialize)]
struct Model {
    activation: Option<String>,
    optimizer: Option<String>,
    schedule: Option<String>,
    sizes: Vec<usize>,
}

impl Choices {
    /// Read the choices from a network's directory.
    ///
    /// # Errors
    /// If its `model.json` cannot be read.
    pub fn read(network: &Path) -> Result<Self> {
        let Model { activation, optimizer, schedule, sizes } =
            read::json(&network.join(files::FILE), &read::written::MODEL)?;
        let width = sizes.get(1).map(ToString::to_string);
        let choices = [
            ("activation", activation),
            ("optimizer", optimizer),
            ("schedule", schedule),
            ("width", width),
        ];
        let named = choices.into_iter().filter_map(|(of, choice)| Some((of, choice?)));
        Ok(Self(named.collect()))
    }

    #[cfg(test)]
    pub fn of(choices: &[(&'static str, &str)]) -> Self {
        Self(choices.iter().map(|(of, choice)| (*of, (*choice).to_owned())).collect())
    }

    /// What was chosen of, and the choice.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(of, choice)| (*of, choice.as_str()))
    }

    /// Whether this was chosen.
    pub fn has(&self, of: &str, choice: &str) -> bool {
        self.iter().any(|own| own == (of, choice))
    }
}
