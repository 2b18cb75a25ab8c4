//! What is written of a training: the network's directory, and in it how the network was made.

use std::path::Path;

use serde::Serialize;

use super::{Form, Settings, Training, not_finite};
use crate::{
    Error, Result,
    io::write,
    network::{
        Network,
        files::{self, Description},
    },
};

impl Training {
    /// Write the network's directory: arrays, `model.json`, `history.jsonl` and
    /// a network `epoch-N` for each snapshot.
    pub fn write(&self, directory: &Path, record: &Record) -> Result<()> {
        // After an epoch it was looked at already.
        if let Some((layer, weight)) = not_finite(&self.network) {
            return Err(Error::usage(format!(
                "the readouts' scale is too large: layer {} has a weight of {weight}",
                layer + 1
            )));
        }
        let output = files::create(directory)?;
        for (epoch, network) in &self.snapshots {
            let folder = output.path().join(format!("epoch-{epoch}"));
            std::fs::create_dir(&folder).map_err(|e| Error::io(directory, e))?;
            files::write_into(&folder, network, &record.at(network, *epoch))?;
        }
        write::json_lines(&output.path().join(files::HISTORY), &self.history)?.finish()?;
        files::write_into(output.path(), &self.network, &record.at(&self.network, self.epoch))?;
        output.finish()
    }
}

/// What `model.json` says of how a network was made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// The rule and its settings.
    pub settings: Settings,
    /// The SHA-256 of the files it learned from and was tested on.
    pub inputs: Inputs,
    /// Images used of them.
    pub samples: usize,
    /// The form in which the first layer learned from them.
    pub first_layer: Form,
    /// The epochs after which networks are kept, in ascending order.
    pub snapshots: Vec<usize>,
}

/// SHA-256 of each file, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inputs {
    /// `--images`
    pub images: Option<String>,
    /// `--labels`
    pub labels: Option<String>,
    /// `--test-images`
    pub test_images: Option<String>,
    /// `--test-labels`
    pub test_labels: Option<String>,
}

/// `model.json`
#[derive(Serialize)]
struct Model<'a> {
    #[serde(flatten)]
    description: Description,
    epoch: usize,
    #[serde(flatten)]
    settings: &'a Settings,
    samples: usize,
    first_layer: Form,
    sha256: &'a Inputs,
    version: &'static str,
}

impl Record {
    fn at(&self, network: &Network, epoch: usize) -> Model<'_> {
        Model {
            description: Description {
                schema: files::SCHEMA.into(),
                rule: self.settings.rule.name().into(),
                sizes: files::sizes(network),
                classes: network.classes,
            },
            epoch,
            settings: &self.settings,
            samples: self.samples,
            first_layer: self.first_layer,
            sha256: &self.inputs,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}
