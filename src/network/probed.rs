//! A network that gets readouts from probes, in the layers that have none of their own.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

use super::files;
use crate::{
    Error, Result,
    files::{read, write::Output},
    network::{Network, Readout},
};

/// The key of `model.json` that lists the layers whose readouts are probes.
const PROBE: &str = "probe";

/// A network's directory whose layers without a readout of their own are to get one.
pub struct Probed {
    directory: PathBuf,
    identity: (u64, u64),
    /// The network as it was read.
    pub network: Network,
    model: Model,
    /// The layers, counted from 1, that are to get a readout.
    pub layers: Vec<usize>,
}

impl Probed {
    /// Read the network in a directory. The layers that have no readout, or one from an earlier probe, are
    /// to get one; with `replace`, all layers.
    ///
    /// # Errors
    /// If the directory holds no network, or anything else, or cannot be written.
    pub fn open(directory: &Path, replace: bool) -> Result<Self> {
        let identity = files::identity(directory)?;
        let network = files::read(directory)?;
        let file = directory.join(files::FILE);
        let model = read::json(&file, &read::written::MODEL)?;
        files::check(directory)?;
        let lacks = |layer: &usize| {
            replace
                || network.layers[layer - 1].readout.as_ref().is_none_or(|readout| readout.probe)
        };
        let layers = (1..=network.layers.len()).filter(lacks).collect();
        Ok(Self { directory: directory.to_owned(), identity, network, model, layers })
    }

    /// Replace the network by one with these readouts, of layers counted from 1. All other files keep
    /// their contents; `model.json` lists the layers in addition.
    ///
    /// # Errors
    /// If the directory cannot be written, or if another network has taken its place.
    pub fn write(mut self, readouts: &[(usize, Readout)]) -> Result<()> {
        let failed = |e| Error::io(&self.directory, e);
        let output = files::create(&self.directory)?;
        let new = [files::FILE.to_owned()].into_iter();
        let new = new.chain(
            readouts
                .iter()
                .flat_map(|(layer, _)| ["r", "c"].map(|letter| format!("{letter}{layer}.npy"))),
        );
        let new: Vec<PathBuf> = new.map(|name| self.directory.join(name)).collect();
        for entry in fs::read_dir(&self.directory).map_err(failed)? {
            let from = entry.map_err(failed)?.path();
            if !new.contains(&from) {
                copy(&from, output.path())?;
            }
        }
        for (layer, readout) in readouts {
            files::write_readout(output.path(), *layer, readout)?;
        }
        self.model.set_probe(readouts.iter().map(|(layer, _)| *layer).collect());
        files::write_description(output.path(), &self.model)?;
        if files::identity(&self.directory)? != self.identity {
            return Err(Error::data("was replaced by another network since it was read")
                .in_file(&self.directory));
        }
        output.finish()
    }
}

/// Copy a file, or a folder of files, into a folder.
fn copy(from: &Path, folder: &Path) -> Result<()> {
    let failed = |e| Error::io(from, e);
    let to = folder.join(from.file_name().unwrap_or_default());
    if from.is_dir() {
        fs::create_dir(&to).map_err(failed)?;
        for entry in fs::read_dir(from).map_err(failed)? {
            copy(&entry.map_err(failed)?.path(), &to)?;
        }
        return Ok(());
    }
    let mut output = Output::create(&to)?;
    output.bytes(&fs::read(from).map_err(failed)?)?;
    output.finish()
}

/// The contents of `model.json`, with all keys in their order.
struct Model(Vec<(String, Value)>);

impl Model {
    fn set_probe(&mut self, layers: Vec<usize>) {
        self.0.retain(|(key, _)| key != PROBE);
        self.0.push((PROBE.into(), layers.into()));
    }
}

impl<'de> Deserialize<'de> for Model {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Model;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Model, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Model(entries))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

impl Serialize for Model {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}
