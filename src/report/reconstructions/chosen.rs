//! What a reconstruction chose.

use std::path::Path;

use serde::Deserialize;

use crate::{Result, files::read, network::files, study::splits::Choices};

/// The entries of `model.json` that are choices. A network from elsewhere may lack some.
#[derive(Deserialize)]
struct Model {
    activation: Option<String>,
    optimizer: Option<String>,
    schedule: Option<String>,
    sizes: Vec<usize>,
    bias: Option<bool>,
    pixel_range: Option<[f64; 2]>,
}

/// Read the choices from a network's directory.
///
/// # Errors
/// If its `model.json` cannot be read.
pub fn of_network(network: &Path) -> Result<Choices> {
    let Model { activation, optimizer, schedule, sizes, bias, pixel_range } =
        read::json(&network.join(files::FILE), &read::written::MODEL)?;
    let width = sizes.get(1).map(ToString::to_string);
    let biases = if bias == Some(false) { "none" } else { "learned" };
    let [low, high] = pixel_range.unwrap_or([0.0, 1.0]);
    let choices = [
        ("activation", activation),
        ("optimizer", optimizer),
        ("schedule", schedule),
        ("width", width),
        ("biases", Some(biases.into())),
        ("pixels", Some(format!("{low} to {high}"))),
    ];
    Ok(choices.into_iter().filter_map(|(of, choice)| Some((of, choice?))).collect())
}
