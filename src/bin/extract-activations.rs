//! Hidden activations of images.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use local_errors::{
    Error, Result, cli, model,
    network::{BLOCK, Network},
    write::NpyOutput,
};
use ndarray::{Array3, Axis, s};

/// Take the hidden activations of images: h_l = max(0, h_(l-1) w_l + b_l)
///
/// Images f4, f8 or u1 (samples, pixels) become f4 (layers, samples, units), or
/// with --layer N f4 (samples, units). Layers of different widths have no common
/// array: name one.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  extract-activations --model net x.npy | spectrum | fit-powerlaw\n\nSource: Jiang, Zhou and Huang, Chin. Phys. B 30, 048702 (2021)"
)]
struct Args {
    /// Directory of the network
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// One layer, from 1, or all of them
    #[arg(long, value_name = "N|all", default_value = "all", value_parser = layer)]
    layer: Layer,
    #[command(flatten)]
    from: cli::FromImages,
}

#[derive(Clone, Copy)]
enum Layer {
    All,
    One(usize),
}

fn layer(text: &str) -> std::result::Result<Layer, String> {
    match text {
        "all" => Ok(Layer::All),
        number => cli::count(number).map(Layer::One),
    }
}

fn run(args: Args) -> Result<()> {
    args.from.start(&[], None)?;
    cli::check_binary(&args.from.output)?;
    let network = model::read(&args.model)?;
    let mut images = args.from.open_for(network.inputs())?;
    let samples = images.samples();
    match args.layer {
        Layer::One(number) => {
            let number = network.layer_number(Some(number))?;
            let units = network.layers[number - 1].w.ncols();
            let mut output = NpyOutput::create(&args.from.output, &[samples, units])?;
            while let Some(block) = images.next_block(BLOCK)? {
                let h = network.activations_of(block.values.view(), number..=number)?;
                output.block(&h)?;
            }
            output.finish()
        }
        Layer::All => {
            // The layer comes first in the file, so the last image is needed for the first layer.
            let mut stack = Array3::zeros((network.layers.len(), samples, common_units(&network)?));
            let mut first = 0;
            while let Some(block) = images.next_block(BLOCK)? {
                let h = network.activations_of(block.values.view(), 1..=network.layers.len())?;
                let rows = first..first + block.values.nrows();
                first = rows.end;
                stack.slice_mut(s![.., rows, ..]).assign(&h);
            }
            let mut output = NpyOutput::create(&args.from.output, stack.shape())?;
            for layer in stack.axis_iter(Axis(0)) {
                output.block(&layer)?;
            }
            output.finish()
        }
    }
}

fn common_units(network: &Network) -> Result<usize> {
    let sizes = model::sizes(network);
    match sizes.get(1..) {
        Some([first, rest @ ..]) if rest.iter().all(|units| units == first) => Ok(*first),
        units => Err(Error::usage(format!(
            "layers of different widths have no common array (found {:?} units): name one with --layer",
            units.unwrap_or_default()
        ))),
    }
}

fn main() -> ExitCode {
    cli::main(run)
}
