//! The fast gradient sign method on images.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use local_errors::{
    Error, Result,
    attack::{
        Clip,
        fgsm::{Fgsm, Gradient, by_blocks},
    },
    cli,
    io::{
        read::{Labels, Source},
        write::{self, NpyOutput},
    },
};

/// Attack images with the fast gradient sign method: x' = x + epsilon sign(dE/dx)
///
/// Reads images f4, f8 or u1 (samples, pixels) and writes f4 (samples, pixels), in
/// the same order. E is the cross-entropy of a layer's readout with the true label.
/// The gradient goes through the whole network below that layer, and sign(0) is 0.
/// Nothing is clipped unless --clip is given.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  attack-fgsm --model net --labels y.npy --epsilon 0.1 x.npy | accuracy --model net --labels y.npy\n\nSource: Goodfellow, Shlens and Szegedy, arXiv 1412.6572 (2015)"
)]
struct Args {
    /// Directory of the network to attack
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// True classes of the images, integers (samples,)
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Size of the change of each pixel, in pixel units (0 is black, 1 is white)
    #[arg(long, value_parser = cli::non_negative_single)]
    epsilon: f64,
    /// Attack the loss of this layer, counted from 1 [default: the last layer]
    #[arg(long, value_name = "N", value_parser = cli::count)]
    layer: Option<usize>,
    /// How the sign is computed. exact: from differences of logits. float32: from softmax - onehot
    /// in single precision, which loses the term of the true class for confident images and so
    /// gives a wrong sign. random: random signs
    #[arg(long, default_value = "exact", value_name = "exact|float32|random")]
    gradient: Gradient,
    /// Seed of the random signs of --gradient random [default: 1]
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// Clip the attacked pixels to this interval [default: no clipping]
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    clip: Option<Clip>,
    /// Write an audit to this file, as JSON: samples; lost_label_images (images for which p_y - 1, the
    /// gradient's term of their own class, is 0 in the arithmetic used, so that the sign is wrong);
    /// zero_gradient_images (images whose gradient is 0 in all pixels); zero_sign_pixels (pixels
    /// whose gradient is 0); max_change (the largest change of a pixel)
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    #[command(flatten)]
    from: cli::FromImages,
}

fn run(args: Args) -> Result<()> {
    if args.seed.is_some() && args.gradient != Gradient::Random {
        return Err(Error::usage("--seed has an effect with --gradient random only"));
    }
    args.from.start(&[&args.labels], args.audit.as_deref())?;
    cli::check_binary(&args.from.output)?;
    let network = local_errors::network::files::read(&args.model)?;
    let fgsm = Fgsm {
        epsilon: args.epsilon as f32,
        layer: network.layer_number(args.layer)?,
        gradient: args.gradient,
        clip: args.clip,
        seed: args.seed.unwrap_or(1),
    };
    network.readout(fgsm.layer).map_err(|e| e.in_file(&args.model))?;
    let images = args.from.open_for(network.inputs())?;
    let labels =
        Labels::read_for(Source::open(&args.labels)?, &images)?.within(network.classes)?.values;
    let mut output = NpyOutput::create(&args.from.output, &[images.samples(), images.columns()])?;
    let audit =
        by_blocks(images, &labels, &mut output, |x, y, first| fgsm.attack(&network, x, y, first))?;
    let mut outputs = vec![output.filled()?];
    if let Some(file) = &args.audit {
        outputs.push(write::json_lines(file, &[audit])?);
    }
    write::finish_all(outputs)
}

fn main() -> ExitCode {
    cli::main(run)
}
