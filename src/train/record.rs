//! The output of a training: the network's directory, with a record of how the network was trained.

use std::path::Path;

use serde::Serialize;

use super::{Form, Settings, Training, not_finite};
use crate::{
    Error, Result,
    files::write,
    network::{
        Network,
        files::{self, Description},
    },
};

impl Training {
    /// Write the network's directory: its arrays, `model.json`, `history.jsonl`, and one network
    /// `epoch-N` per snapshot.
    ///
    /// # Errors
    /// If the directory cannot be written, or if an initial weight is not finite.
    pub fn write(&self, directory: &Path, record: &Record) -> Result<()> {
        // The weights are checked after each epoch; here only those of an untrained network can fail.
        if let Some((layer, weight)) = not_finite(&self.network) {
            return Err(Error::usage(format!(
                "the initial weights are too large: layer {} has a weight of {weight}",
                layer + 1
            )));
        }
        let output = files::create(directory)?;
        for (epoch, network) in &self.snapshots {
            let folder = output.path().join(format!("epoch-{epoch}"));
            std::fs::create_dir(&folder).map_err(|e| Error::io(directory, e))?;
            record.write_network(&folder, network, *epoch)?;
        }
        write::json_lines(&output.path().join(files::HISTORY), &self.history)?.finish()?;
        record.write_network(output.path(), &self.network, self.epoch)?;
        output.finish()
    }
}

/// How a network was trained, as recorded in `model.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// The learning rule and its settings.
    pub settings: Settings,
    /// SHA-256 of the training and test files.
    pub inputs: Inputs,
    /// Number of training images used.
    pub samples: usize,
    /// The form in which the first layer read the images.
    pub first_layer: Form,
    /// The epochs after which a snapshot is kept, in ascending order.
    pub snapshots: Vec<usize>,
}

/// SHA-256 of each input file, in hexadecimal; `None` for a file that was not given.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inputs {
    /// The training images.
    pub images: Option<String>,
    /// The training labels.
    pub labels: Option<String>,
    /// The test images.
    pub test_images: Option<String>,
    /// The test labels.
    pub test_labels: Option<String>,
}

/// The contents of `model.json`.
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
    /// Write the network after `epoch` epochs, for images as they are before they are mapped to the pixel
    /// range.
    fn write_network(&self, folder: &Path, network: &Network, epoch: usize) -> Result<()> {
        let folded = self.settings.pixel_range.folded_into(network);
        if let Some((_, weight)) = not_finite(&folded) {
            return Err(Error::usage(format!(
                "the pixel range is too large: images as they are need a weight of {weight} in layer 1"
            )));
        }
        files::write_into(folder, &folded, &self.model(network, epoch))
    }

    /// The `model.json` of the network after `epoch` epochs.
    fn model(&self, network: &Network, epoch: usize) -> Model<'_> {
        Model {
            description: Description {
                schema: files::SCHEMA.into(),
                rule: self.settings.rule.name().into(),
                sizes: files::sizes(network),
                classes: network.classes,
                activation: Some(network.activation),
                probe: Vec::new(),
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
