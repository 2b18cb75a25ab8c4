//! Projected gradient descent on images.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use local_errors::{
    Result,
    attack::{
        Clip,
        fgsm::{Fgsm, Gradient, by_blocks},
        pgd::{Pgd, usual_step},
    },
    cli,
    io::{
        read::{Labels, Source},
        write::{self, NpyOutput},
    },
};

/// Attack images with projected gradient descent: steps of attack-fgsm that stay within epsilon
///
/// Reads images f4, f8 or u1 (samples, pixels) and writes f4 (samples, pixels), in
/// the same order. x_{t+1} is x_t + step sign(dE/dx at x_t), clipped to the interval
/// from x - epsilon to x + epsilon. With --random-start, x_0 is a random point within
/// epsilon of the image x: this is projected gradient descent as Madry et al. define it.
/// Without --random-start, x_0 is x: this is the basic iterative method of Kurakin et
/// al. E is the cross-entropy of a layer's readout with the true label. The gradient
/// goes through the whole network below that layer, and sign(0) is 0. A single step of
/// size epsilon is attack-fgsm. Nothing else is clipped unless --clip is given.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  attack-pgd --model net --labels y.npy --epsilon 0.1 --steps 20 --random-start x.npy | accuracy --model net --labels y.npy\n\nSources: with --random-start, Madry, Makelov, Schmidt, Tsipras and Vladu, arXiv 1706.06083 (2018), which also gives the default step size; without --random-start, Kurakin, Goodfellow and Bengio, arXiv 1607.02533 (2017)"
)]
struct Args {
    /// Directory of the network to attack
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// True classes of the images, u1, i4, i8, u4 or u8 (samples,)
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Largest change of each pixel, in pixel units (0 is black, 1 is white)
    #[arg(long, value_parser = cli::non_negative_single)]
    epsilon: f64,
    /// Number of steps, at most 1000000
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = cli::count_to::<1_000_000>)]
    steps: usize,
    /// Size of the change of each pixel in a step, in pixel units [default: 2.5 epsilon / steps,
    /// enough to reach the edge from anywhere and to move along it]
    #[arg(long, value_name = "SIZE", value_parser = cli::positive_single)]
    step_size: Option<f64>,
    /// Start at x + uniform(-epsilon, epsilon) in each pixel, as Madry et al. do; the start of image
    /// i depends only on the seed and i [default: start at x]
    #[arg(long)]
    random_start: bool,
    /// Seed of --random-start
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Attack the loss of this layer, counted from 1 [default: the last layer]
    #[arg(long, value_name = "N", value_parser = cli::count)]
    layer: Option<usize>,
    /// How the sign is computed. exact: from differences of logits. float32: from softmax - onehot
    /// in single precision, which loses the term of the true class for confident images and so
    /// gives a wrong sign
    #[arg(long, default_value = "exact", value_name = "exact|float32", value_parser = Gradient::of_the_loss)]
    gradient: Gradient,
    /// Clip the pixels to this interval at each step [default: no clipping]
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    clip: Option<Clip>,
    /// Write an audit to this file, as JSON: samples; lost_label_images (images for which p_y - 1, the
    /// gradient's term of their own class, is 0 in the arithmetic used, so that the sign is wrong);
    /// zero_gradient_images (images whose gradient is 0 in all pixels); zero_sign_pixels (pixels
    /// whose gradient is 0); max_change (the largest change of a pixel from the image to the last
    /// step). The counts are of the first step: a later step may still move those images
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    #[command(flatten)]
    from: cli::FromImages,
}

fn run(args: Args) -> Result<()> {
    args.from.start(&[&args.labels], args.audit.as_deref())?;
    cli::check_binary(&args.from.output)?;
    let network = local_errors::network::files::read(&args.model)?;
    let usual = usual_step(args.epsilon, args.steps);
    let pgd = Pgd {
        fgsm: Fgsm {
            epsilon: args.epsilon as f32,
            layer: network.layer_number(args.layer)?,
            gradient: args.gradient,
            clip: args.clip,
            seed: args.seed,
        },
        steps: args.steps,
        step: args.step_size.map_or(usual, |step| step as f32),
        random_start: args.random_start,
    };
    network.readout(pgd.fgsm.layer).map_err(|e| e.in_file(&args.model))?;
    let images = args.from.open_for(network.inputs())?;
    let labels =
        Labels::read_for(Source::open(&args.labels)?, &images)?.within(network.classes)?.values;
    let mut output = NpyOutput::create(&args.from.output, &[images.samples(), images.columns()])?;
    let audit =
        by_blocks(images, &labels, &mut output, |x, y, first| pgd.attack(&network, x, y, first))?;
    let mut outputs = vec![output.filled()?];
    if let Some(file) = &args.audit {
        outputs.push(write::json_lines(file, &[audit])?);
    }
    write::finish_all(outputs)
}

fn main() -> ExitCode {
    cli::main(run)
}
