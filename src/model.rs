//! A network as a directory: `model.json` and an array for each parameter.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    network::{Layer, Network, Readout},
    read,
    write::{self, Directory, Output},
};

/// The version of the format; a reader refuses another.
pub const SCHEMA: &str = "local-errors/model/1";
/// The file by which a network's directory is known.
pub const FILE: &str = "model.json";

/// The keys of `model.json` that a reader needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Description {
    /// [`SCHEMA`]
    pub schema: String,
    /// How it was trained; only describes.
    pub rule: String,
    /// Inputs, then the units of each layer.
    pub sizes: Vec<usize>,
    /// Classes of the readouts.
    pub classes: usize,
}

/// Read the network in a directory.
pub fn read(directory: &Path) -> Result<Network> {
    // `train` exchanges whole directories: arrays read while it did would be a mixture.
    for _ in 0..10 {
        let before = identity(directory)?;
        let network = read_once(directory);
        if identity(directory)? == before {
            return network;
        }
    }
    Err(Error::data("is replaced again and again while it is read").in_file(directory))
}

fn identity(directory: &Path) -> Result<(u64, u64)> {
    let metadata = fs::metadata(directory).map_err(|e| Error::io(directory, &e))?;
    Ok((metadata.dev(), metadata.ino()))
}

fn read_once(directory: &Path) -> Result<Network> {
    let file = directory.join(FILE);
    let Description { schema, sizes, classes, .. } = read::json(&file)?;
    let wrong = |message: String| Err(Error::data(message).in_file(&file));
    if schema != SCHEMA {
        return wrong(format!("has an unknown schema (found {schema:?}, expected {SCHEMA:?})"));
    }
    if sizes.len() < 2 || sizes.contains(&0) {
        return wrong(format!(
            "has impossible sizes (found {sizes:?}, expected [inputs, units, ...])"
        ));
    }
    if !(1..=256).contains(&classes) {
        return wrong(format!("has impossible classes (found {classes}, expected 1 to 256)"));
    }
    let mut layers = Vec::new();
    for (index, pair) in sizes.windows(2).enumerate() {
        let &[inputs, units] = pair else { continue };
        let array = |letter: &str| directory.join(format!("{letter}{}.npy", index + 1));
        let exists = |path: &Path| path.try_exists().map_err(|e| Error::io(path, &e));
        let (r, c) = (array("r"), array("c"));
        let readout = if exists(&r)? {
            let c = if exists(&c)? { Some(read::vector(&c, classes)?) } else { None };
            Some(Readout { r: read::matrix(&r, (units, classes))?, c })
        } else {
            None
        };
        let w = read::matrix(&array("w"), (inputs, units))?;
        layers.push(Layer { w, b: read::vector(&array("b"), units)?, readout });
    }
    if layers.last().is_none_or(|layer| layer.readout.is_none()) {
        let missing = directory.join(format!("r{}.npy", layers.len()));
        return Err(Error::data("is missing: the last layer must have a readout").in_file(&missing));
    }
    Ok(Network { layers, classes })
}

/// Write a network's arrays and its `model.json`, which holds the keys of
/// `description` and whatever else describes it, into a directory that is being made.
pub fn write_into<D: Serialize>(
    directory: &Path,
    network: &Network,
    description: &D,
) -> Result<()> {
    for (index, layer) in network.layers.iter().enumerate() {
        let array = |letter: &str| directory.join(format!("{letter}{}.npy", index + 1));
        write::npy(&array("w"), &layer.w)?.finish()?;
        write::npy(&array("b"), &layer.b)?.finish()?;
        if let Some(Readout { r, c }) = &layer.readout {
            write::npy(&array("r"), r)?.finish()?;
            if let Some(c) = c {
                write::npy(&array("c"), c)?.finish()?;
            }
        }
    }
    let mut output = Output::create(&directory.join(FILE))?;
    output.bytes(write::json_line(description)?.as_bytes())?;
    output.finish()
}

/// Begin a network's directory, to be put in the place of an older one.
pub fn create(directory: &Path) -> Result<Directory> {
    Directory::create(directory, FILE)
}

/// `sizes` of a network: its inputs, then the units of each layer.
#[must_use]
pub fn sizes(network: &Network) -> Vec<usize> {
    let units = network.layers.iter().map(|layer| layer.w.ncols());
    std::iter::once(network.inputs()).chain(units).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2, array};

    #[test]
    fn what_is_written_is_read_back() {
        let layer = Layer {
            w: array![[1.0, -2.0], [0.5, 3.0], [0.0, 1e-30]],
            b: Array1::zeros(2),
            readout: Some(Readout { r: Array2::ones((2, 4)), c: Some(array![1., 2., 3., 4.]) }),
        };
        let network = Network { layers: vec![layer], classes: 4 };
        let folder = tempfile::tempdir().unwrap();
        let description = Description {
            schema: SCHEMA.into(),
            rule: "local".into(),
            sizes: sizes(&network),
            classes: 4,
        };
        write_into(folder.path(), &network, &description).unwrap();
        assert_eq!(read(folder.path()).unwrap(), network);
        fs::remove_file(folder.path().join("r1.npy")).unwrap();
        let message = read(folder.path()).unwrap_err().to_string();
        assert!(message.contains("r1.npy"), "{message}");
    }
}
