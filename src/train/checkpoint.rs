//! Training that can be cut off: its whole state in a file.
//!
//! A line of JSON (what is trained, on what, how far it is), then one f4 array:
//! the parameters of the network and of the snapshots, one after the other.

use std::path::Path;

use ndarray::Array1;
use serde::{Deserialize, Serialize};

use super::{Progress, Record, Training};
use crate::{
    Error, Result,
    network::Network,
    read,
    write::{self, NpyOutput, Output},
};

/// Cheap enough not to be noticed, often enough to lose little.
pub const EVERY: usize = 5;

#[derive(Serialize, Deserialize)]
struct State {
    record: Record,
    version: String,
    sizes: Vec<usize>,
    classes: usize,
    epoch: usize,
    snapshots: Vec<usize>,
    history: Vec<Progress>,
}

impl Training {
    /// Save the state, if it is time to.
    pub fn save(&self, file: &Path, record: &Record) -> Result<()> {
        if !self.epoch.is_multiple_of(EVERY) {
            return Ok(());
        }
        let state = self.state(record);
        let networks = std::iter::once(&self.network).chain(self.snapshots.iter().map(|(_, n)| n));
        let parameters: Array1<f32> = networks.flat_map(parameters).copied().collect();
        let mut output = Output::create(file)?;
        output.bytes(write::json_line(&state)?.as_bytes())?;
        let mut array = NpyOutput::within(output, parameters.shape())?;
        array.block(&parameters)?;
        array.finish()
    }

    /// Go on from a saved state, if there is one; `self` is the untrained
    /// network, and what is trained must be the same.
    pub fn resume(&mut self, file: &Path, record: &Record) -> Result<()> {
        if !file.try_exists().map_err(|e| Error::io(file, &e))? {
            return Ok(());
        }
        let (state, values): (State, Vec<f32>) = read::json_and_array(file)?;
        let wrong = |message: &str| Err(Error::data(message).in_file(file));
        let expected = self.state(record);
        let same = state.record == expected.record
            && state.version == expected.version
            && (&state.sizes, state.classes) == (&expected.sizes, expected.classes);
        if !same {
            return wrong(
                "is the checkpoint of another training: its settings, inputs or version differ (remove it to start anew)",
            );
        }
        let late = state.snapshots.iter().any(|&epoch| epoch > state.epoch);
        if late || state.epoch > record.settings.epochs {
            return wrong("is no checkpoint of this training (it has epochs that never were)");
        }
        let count = 1 + state.snapshots.len();
        let expected = count * parameters(&self.network).count();
        if values.len() != expected || !values.iter().all(|value| value.is_finite()) {
            return wrong(&format!(
                "is no whole checkpoint (found {} parameters, expected {expected} numbers)",
                values.len()
            ));
        }
        let mut networks = vec![self.network.clone(); count];
        for (parameter, value) in networks.iter_mut().flat_map(parameters_mut).zip(values) {
            *parameter = value;
        }
        let mut networks = networks.into_iter();
        self.network = networks.next().unwrap_or_else(|| self.network.clone());
        self.snapshots = state.snapshots.into_iter().zip(networks).collect();
        self.epoch = state.epoch;
        self.history = state.history;
        Ok(())
    }

    fn state(&self, record: &Record) -> State {
        State {
            record: record.clone(),
            version: env!("CARGO_PKG_VERSION").into(),
            sizes: crate::model::sizes(&self.network),
            classes: self.network.classes,
            epoch: self.epoch,
            snapshots: self.snapshots.iter().map(|(epoch, _)| *epoch).collect(),
            history: self.history.clone(),
        }
    }
}

fn parameters(network: &Network) -> impl Iterator<Item = &f32> {
    network.layers.iter().flat_map(|layer| {
        let readout = layer.readout.iter();
        let readout =
            readout.flat_map(|readout| readout.r.iter().chain(readout.c.iter().flatten()));
        layer.w.iter().chain(&layer.b).chain(readout)
    })
}

fn parameters_mut(network: &mut Network) -> impl Iterator<Item = &mut f32> {
    network.layers.iter_mut().flat_map(|layer| {
        let readout = layer.readout.iter_mut();
        let readout =
            readout.flat_map(|readout| readout.r.iter_mut().chain(readout.c.iter_mut().flatten()));
        layer.w.iter_mut().chain(&mut layer.b).chain(readout)
    })
}
