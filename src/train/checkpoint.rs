//! Checkpoints: the whole state of a training in a file, from which an interrupted training resumes.
//!
//! The file holds one line of JSON, with the settings, the inputs and the progress, and one f4
//! array: the parameters of the network, what the optimizer remembers of each, and the parameters of each
//! snapshot.

use std::path::Path;

use ndarray::Array1;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Progress, Record, Training};
use crate::{
    Error, Result,
    files::{
        read,
        write::{self, NpyOutput, Output},
    },
    network::{Layer, files},
};

/// Number of epochs between checkpoints: few enough to lose little, and enough that saving takes no
/// noticeable time.
pub const EVERY: usize = 5;

/// The version of the format. Readers refuse any other version.
const SCHEMA: &str = "local-errors/checkpoint/3";

#[derive(Serialize, Deserialize)]
struct State {
    /// Everything that determines the result. A checkpoint is refused if any of it differs.
    training: Map<String, Value>,
    epoch: usize,
    snapshots: Vec<usize>,
    history: Vec<Progress>,
}

impl Training {
    /// Save the state to `file` if the number of completed epochs is a multiple of `EVERY`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, file: &Path, record: &Record) -> Result<()> {
        if !self.epoch.is_multiple_of(EVERY) {
            return Ok(());
        }
        let state = State {
            training: self.description(record),
            epoch: self.epoch,
            snapshots: self.snapshots.iter().map(|(epoch, _)| *epoch).collect(),
            history: self.history.clone(),
        };
        let memory = self.memory.iter().flatten();
        let snapshots = self.snapshots.iter().flat_map(|(_, network)| &network.layers);
        let layers = self.network.layers.iter().chain(memory).chain(snapshots);
        let parameters: Array1<f32> =
            layers.flat_map(Layer::parameters).flatten().copied().collect();
        let mut output = Output::create(file)?;
        output.bytes(write::json_line(&state)?.as_bytes())?;
        let mut array = NpyOutput::within(output, parameters.shape())?;
        array.block(&parameters)?;
        array.finish()
    }

    /// Continue from the state saved in `file`, if it exists. `self` is the untrained network.
    ///
    /// # Errors
    /// If the file cannot be read, or if it belongs to a training with other settings or inputs.
    pub fn resume(&mut self, file: &Path, record: &Record) -> Result<()> {
        if !file.try_exists().map_err(|e| Error::io(file, e))? {
            return Ok(());
        }
        let (state, values): (State, Vec<f32>) = read::json_and_array(file)?;
        let wrong = |message: &str| Err(Error::data(message).in_file(file));
        if let Some(difference) = difference(&state.training, &self.description(record)) {
            return wrong(&format!(
                "is the checkpoint of another training: {difference} (remove it to start again)"
            ));
        }
        let late = state.snapshots.iter().any(|&epoch| epoch > state.epoch);
        if late || state.epoch > record.settings.passes(self.network.layers.len()) {
            return wrong("is not a checkpoint of this training: it has epochs beyond its end");
        }
        let mut snapshots = vec![self.network.clone(); state.snapshots.len()];
        let memory = self.memory.iter_mut().flatten();
        let layers = self.network.layers.iter_mut().chain(memory);
        let layers = layers.chain(snapshots.iter_mut().flat_map(|network| &mut network.layers));
        let parameters: Vec<&mut [f32]> = layers.flat_map(Layer::parameters_mut).collect();
        let expected: usize = parameters.iter().map(|slice| slice.len()).sum();
        if values.len() != expected || !values.iter().all(|value| value.is_finite()) {
            return wrong(&format!(
                "is not a complete checkpoint (found {} parameters, expected {expected}, all finite)",
                values.len()
            ));
        }
        for (parameter, value) in parameters.into_iter().flatten().zip(values) {
            *parameter = value;
        }
        self.snapshots = state.snapshots.into_iter().zip(snapshots).collect();
        self.epoch = state.epoch;
        self.history = state.history;
        Ok(())
    }

    /// Everything that determines the result, as name and value.
    fn description(&self, record: &Record) -> Map<String, Value> {
        let description = json!({
            "schema": SCHEMA,
            "version": env!("CARGO_PKG_VERSION"),
            "sizes": files::sizes(&self.network),
            "classes": self.network.classes,
            "rule": record.settings.rule,
            "activation": record.settings.activation,
        });
        let record = serde_json::to_value(record).expect("names, numbers and flags are JSON");
        let mut entries = Map::new();
        for value in [description, record] {
            flatten("", value, &mut entries);
        }
        entries
    }
}

/// Add the entries of a JSON object to `flat`; those of nested objects are named `outer.inner`.
fn flatten(prefix: &str, value: Value, flat: &mut Map<String, Value>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let name = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
                flatten(&name, value, flat);
            }
        }
        value => {
            flat.insert(prefix.to_owned(), value);
        }
    }
}

/// Describes how two descriptions differ: the first difference with both values, and the names of
/// the others. `None` if they are equal.
fn difference(found: &Map<String, Value>, expected: &Map<String, Value>) -> Option<String> {
    let keys = expected.keys().chain(found.keys().filter(|key| !expected.contains_key(*key)));
    let differing = keys.filter(|key| found.get(*key) != expected.get(*key));
    // Settings come before checksums: another number of samples changes the checksums too, because
    // they cover only the part of the files that is read.
    let (inputs, settings): (Vec<_>, Vec<_>) =
        differing.partition(|key| key.starts_with("inputs."));
    let mut differing = settings.into_iter().chain(inputs);
    let first = differing.next()?;
    let text = |value: Option<&Value>| value.map_or("nothing".into(), ToString::to_string);
    let others = differing.map(String::as_str).collect::<Vec<_>>().join(", ");
    let also = if others.is_empty() { others } else { format!("; also {others}") };
    Some(format!(
        "{first} differs, found {}, expected {}{also}",
        text(found.get(first)),
        text(expected.get(first))
    ))
}
