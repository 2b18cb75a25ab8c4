//! A network as a directory: `model.json` and one array per parameter.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::Path,
};

use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    files::{
        read,
        write::{self, Directory, Output},
    },
    network::{Activation, Layer, Network, Readout},
};

/// The version of the format. Readers know the earlier one too, and refuse any other.
pub const SCHEMA: &str = "local-errors/model/2";
/// The version in which the activation function was always ReLU, and not named.
const SCHEMA_OF_RELU: &str = "local-errors/model/1";
/// The start of [`SCHEMA`] in every version.
const SCHEMA_PREFIX: &str = "local-errors/model/";
/// Number of bytes of `model.json` read to recognise a network. A `model.json` has a few hundred.
const MAX_MODEL_BYTES: u64 = 1 << 20;
/// The file that marks a directory as a network.
pub const FILE: &str = "model.json";

/// The file in which `train` records the progress of the training.
pub const HISTORY: &str = "history.jsonl";

/// The keys of `model.json` that every network has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Description {
    /// The version of the format, [`SCHEMA`].
    pub schema: String,
    /// The learning rule that trained the network; readers do not use it.
    pub rule: String,
    /// Number of inputs, then the number of units of each layer.
    pub sizes: Vec<usize>,
    /// Number of classes of the readouts.
    pub classes: usize,
    /// The activation function, from version 2 on.
    pub activation: Option<Activation>,
    /// The layers, counted from 1, whose readouts are probes: trained afterwards, on the activations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probe: Vec<usize>,
}

/// Read the network in a directory.
///
/// # Errors
/// If `model.json` or an array is missing or invalid, or if the shapes do not fit.
pub fn read(directory: &Path) -> Result<Network> {
    if directory.is_file() {
        return Err(read::instead_of_network(directory));
    }
    // `train` replaces the whole directory. If it does so during the reading, the arrays belong to
    // two networks, and they are read again.
    for _ in 0..10 {
        let before = identity(directory)?;
        let network = read_once(directory);
        if identity(directory)? == before {
            return network;
        }
    }
    Err(Error::data("is replaced repeatedly while it is read").in_file(directory))
}

/// Device and inode number of a network's directory, which another network in its place does not have.
pub(super) fn identity(directory: &Path) -> Result<(u64, u64)> {
    let metadata = fs::metadata(directory).map_err(|e| Error::io(directory, e))?;
    Ok((metadata.dev(), metadata.ino()))
}

fn read_once(directory: &Path) -> Result<Network> {
    let file = directory.join(FILE);
    let Description { schema, sizes, classes, activation, probe, .. } =
        read::json(&file, &read::written::MODEL)?;
    let wrong = |message: String| Err(Error::data(message).in_file(&file));
    let activation = match (schema.as_str(), activation) {
        (SCHEMA, Some(activation)) => activation,
        (SCHEMA_OF_RELU, None | Some(Activation::Relu)) => Activation::Relu,
        (SCHEMA, None) => return wrong("lacks the activation".into()),
        (SCHEMA_OF_RELU, Some(_)) => {
            return wrong(format!("has an activation, which needs the schema {SCHEMA:?}"));
        }
        _ => {
            return wrong(format!("has an unknown schema (found {schema:?}, expected {SCHEMA:?})"));
        }
    };
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
        let (inputs, units) = (pair[0], pair[1]);
        let array = |letter: &str| directory.join(format!("{letter}{}.npy", index + 1));
        let exists = |path: &Path| path.try_exists().map_err(|e| Error::io(path, e));
        let (r, c) = (array("r"), array("c"));
        let readout = if exists(&r)? {
            let c = if exists(&c)? { Some(read::vector(&c, classes)?) } else { None };
            let r = read::matrix(&r, (units, classes))?;
            Some(Readout { r, c, probe: probe.contains(&(index + 1)) })
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
    Ok(Network { layers, classes, activation })
}

/// Write the arrays of a network and its `model.json` into a directory that is being written.
/// `description` becomes `model.json`; it has at least the keys of [`Description`].
pub fn write_into<D: Serialize>(
    directory: &Path,
    network: &Network,
    description: &D,
) -> Result<()> {
    for (index, layer) in network.layers.iter().enumerate() {
        let array = |letter: &str| directory.join(format!("{letter}{}.npy", index + 1));
        write::npy(&array("w"), &layer.w)?.finish()?;
        write::npy(&array("b"), &layer.b)?.finish()?;
        if let Some(readout) = &layer.readout {
            write_readout(directory, index + 1, readout)?;
        }
    }
    write_description(directory, description)
}

/// Write the readout of a layer, counted from 1, into a directory that is being written.
pub(super) fn write_readout(directory: &Path, layer: usize, readout: &Readout) -> Result<()> {
    let array = |letter: &str| directory.join(format!("{letter}{layer}.npy"));
    write::npy(&array("r"), &readout.r)?.finish()?;
    match &readout.c {
        Some(c) => write::npy(&array("c"), c)?.finish(),
        None => Ok(()),
    }
}

/// Write `model.json` into a directory that is being written.
pub(super) fn write_description<D: Serialize>(directory: &Path, description: &D) -> Result<()> {
    let mut output = Output::create(&directory.join(FILE))?;
    output.bytes(write::json_line(description)?.as_bytes())?;
    output.finish()
}

/// Begin to write a network's directory. When finished, it replaces an older network of that name.
///
/// # Errors
/// As for [`check`].
pub fn create(directory: &Path) -> Result<Directory> {
    Directory::create(directory, foreign)
}

/// Check that a network can be written to a directory, before the network is trained.
///
/// # Errors
/// If the directory cannot be written, or if it exists and holds anything besides a network and its
/// snapshots, which would be lost.
pub fn check(directory: &Path) -> Result<()> {
    Directory::check(directory, foreign).map(drop)
}

/// Describes what a directory holds besides a network and its snapshots; `None` if nothing.
fn foreign(directory: &Path) -> io::Result<Option<String>> {
    let found = foreign_files(directory, true)?;
    if found.is_some() {
        return Ok(found);
    }
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir()
            && fs::read_dir(entry.path())?.next().is_some()
            && let Some(found) = foreign_files(&entry.path(), false)?
        {
            return Ok(Some(format!("{} in {}", found, entry.file_name().to_string_lossy())));
        }
    }
    Ok(None)
}

/// Like [`foreign`], without looking into the snapshots' directories. These belong to the network
/// only if `with_snapshots` is set.
fn foreign_files(directory: &Path, with_snapshots: bool) -> io::Result<Option<String>> {
    let mut entries: Vec<_> = fs::read_dir(directory)?.collect::<io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let name = name.to_string_lossy();
        let ours =
            if kind.is_dir() { with_snapshots && is_snapshot(&name) } else { is_file(&name) };
        if !ours {
            return Ok(Some(name.into()));
        }
        if !kind.is_dir() && !kind.is_file() {
            return Ok(Some(format!("{name}, which is not a regular file")));
        }
    }
    let mut text = Vec::new();
    match File::open(directory.join(FILE)) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Some(format!("no {FILE}"))),
        file => file?.take(MAX_MODEL_BYTES).read_to_end(&mut text)?,
    };
    let schema = serde_json::from_slice(&text).ok().and_then(|model: serde_json::Value| {
        model.get("schema").and_then(|schema| schema.as_str().map(str::to_owned))
    });
    let ours = schema.is_some_and(|schema| schema.starts_with(SCHEMA_PREFIX));
    Ok((!ours).then(|| format!("a {FILE} without the schema {SCHEMA_PREFIX}N")))
}

/// Whether a file of this name belongs to a network.
fn is_file(name: &str) -> bool {
    let array = name.strip_suffix(".npy").and_then(|name| name.strip_prefix(['w', 'b', 'r', 'c']));
    [FILE, HISTORY].contains(&name) || array.is_some_and(|layer| is_number(layer) && layer != "0")
}

/// Whether a folder of this name is a snapshot of the training.
fn is_snapshot(name: &str) -> bool {
    name.strip_prefix("epoch-").is_some_and(is_number)
}

/// Whether `text` is a non-negative integer without leading zeros or sign.
fn is_number(text: &str) -> bool {
    text.parse::<usize>().is_ok_and(|number| number.to_string() == text)
}

/// The `sizes` in `model.json`: the number of inputs, then the number of units of each layer.
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
            readout: Some(Readout {
                r: Array2::ones((2, 4)),
                c: Some(array![1., 2., 3., 4.]),
                probe: false,
            }),
        };
        let activation = Activation::ShiftedTanh;
        let network = Network { layers: vec![layer], classes: 4, activation };
        let folder = tempfile::tempdir().unwrap();
        let description = Description {
            schema: SCHEMA.into(),
            rule: "local".into(),
            sizes: sizes(&network),
            classes: 4,
            activation: Some(activation),
            probe: Vec::new(),
        };
        write_into(folder.path(), &network, &description).unwrap();
        assert_eq!(read(folder.path()).unwrap(), network);
        fs::remove_file(folder.path().join("r1.npy")).unwrap();
        let message = read(folder.path()).unwrap_err().to_string();
        assert!(message.contains("r1.npy"), "{message}");
    }

    #[test]
    fn only_a_network_and_its_snapshots_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let model = r#"{"schema": "local-errors/model/9"}"#;
        let network = |folder: &Path| {
            fs::create_dir_all(folder).unwrap();
            for name in ["w1.npy", "b1.npy", "r12.npy", "c12.npy", "history.jsonl"] {
                fs::write(folder.join(name), "").unwrap();
            }
            fs::write(folder.join(FILE), model).unwrap();
        };
        network(&at("net"));
        network(&at("net/epoch-0"));
        network(&at("net/epoch-20"));
        fs::create_dir(at("net/epoch-3")).unwrap();
        fs::create_dir(at("empty")).unwrap();
        let refused = |name: &str| check(&at(name)).err().map(|e| e.to_string());
        assert_eq!(refused("net"), None);
        assert_eq!(refused("empty"), None);
        assert_eq!(refused("new"), None);

        for name in ["notes.txt", "w0.npy", "w01.npy", "w.npy", "w-1.npy", "d1.npy", "w1.npy~"] {
            for place in ["net", "net/epoch-20"] {
                let path = at(place).join(name);
                fs::write(&path, "").unwrap();
                let said = refused("net").unwrap();
                assert!(said.contains(&format!("found {name}")), "{said}");
                assert_eq!(said.contains("in epoch-20"), place != "net", "{said}");
                fs::remove_file(path).unwrap();
            }
        }
        for (name, said) in [
            ("net/src", "found src)"),
            ("net/w3.npy", "found w3.npy)"),
            ("net/epoch-x", "found epoch-x)"),
            ("net/epoch-0/epoch-1", "found epoch-1 in epoch-0)"),
        ] {
            fs::create_dir(at(name)).unwrap();
            assert!(refused("net").unwrap().contains(said), "{name}: {:?}", refused("net"));
            fs::remove_dir(at(name)).unwrap();
        }
        std::os::unix::fs::symlink(at("empty"), at("net/epoch-4")).unwrap();
        assert!(refused("net").unwrap().contains("found epoch-4"));
        fs::remove_file(at("net/epoch-4")).unwrap();
        std::os::unix::fs::symlink(at("net/w1.npy"), at("net/w2.npy")).unwrap();
        assert!(refused("net").unwrap().contains("found w2.npy, which is not a regular file"));
        fs::remove_file(at("net/w2.npy")).unwrap();

        let huge = format!("{}{model}", " ".repeat(2 << 20));
        for text in
            ["", "hello", "[1]", r#"{"schema": 1}"#, r#"{"class_name": "Sequential"}"#, &huge]
        {
            fs::write(at("net").join(FILE), text).unwrap();
            let said = refused("net").unwrap();
            assert!(said.contains("found a model.json without the schema"), "{said}");
        }
        fs::remove_file(at("net").join(FILE)).unwrap();
        assert!(refused("net").unwrap().contains("found no model.json"));
    }
}
