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
    read::{Labels, Source},
    write::{self, NpyOutput},
};

/// Attack images with projected gradient descent: steps of attack-fgsm that stay within epsilon
///
/// Images f4, f8 or u1 (samples, pixels) become f4 (samples, pixels), in the same
/// order. x_0 is the image x, and x_{t+1} is x_t + step sign(dE/dx at x_t), cut off
/// outside x - epsilon and x + epsilon. E is the cross-entropy of a layer's readout
/// with the true label, the gradient goes through the whole network below it, and
/// sign(0) is 0. One step of size epsilon is attack-fgsm. Nothing else is clipped
/// unless asked.
#[derive(Parser)]
#[command(
    name = env!("CARGO_BIN_NAME"),
    version,
    after_help = "Example:\n  attack-pgd --model net --labels y.npy --epsilon 0.1 --steps 20 x.npy | accuracy --model net --labels y.npy\n\nSource: Madry, Makelov, Schmidt, Tsipras and Vladu, arXiv 1706.06083 (2018), also of the default step size"
)]
struct Args {
    /// Directory of the network attacked
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// True classes, u1, i4, i8, u4 or u8 (samples,)
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Largest change of each pixel, in pixel units
    #[arg(long, value_parser = cli::non_negative)]
    epsilon: f64,
    /// Steps to take
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = cli::count)]
    steps: usize,
    /// Change of each pixel in a step [default: 2.5 epsilon / steps, enough to reach
    /// the edge from anywhere and to move along it]
    #[arg(long, value_name = "SIZE", value_parser = cli::positive)]
    step_size: Option<f64>,
    /// Start at x + uniform(-epsilon, epsilon) for each pixel; of image i it depends
    /// on the seed and i alone
    #[arg(long)]
    random_start: bool,
    /// Of the random start
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Attack the loss of this layer, from 1 [default: the last]
    #[arg(long, value_name = "N", value_parser = cli::count)]
    layer: Option<usize>,
    /// exact: from differences of logits; float32: from softmax - onehot in
    /// single precision, which loses the sign of confident samples
    #[arg(long, default_value = "exact", value_name = "exact|float32", value_parser = Gradient::of_the_loss)]
    gradient: Gradient,
    /// Cut attacked pixels off outside this interval, at each step
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    clip: Option<Clip>,
    /// Write what arithmetic kept from being attacked, as JSON: samples;
    /// zero_gradient_images and zero_sign_pixels, of the first step, since a later one
    /// may yet move those; max_change, from the image to the last step
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    #[command(flatten)]
    from: cli::FromImages,
}

fn run(args: Args) -> Result<()> {
    args.from.start(&[&args.labels], args.audit.as_deref())?;
    cli::check_binary(&args.from.output)?;
    let network = local_errors::model::read(&args.model)?;
    let step = args.step_size.unwrap_or_else(|| usual_step(args.epsilon, args.steps));
    let pgd = Pgd {
        fgsm: Fgsm {
            epsilon: args.epsilon as f32,
            layer: network.layer_number(args.layer)?,
            gradient: args.gradient,
            clip: args.clip,
            seed: args.seed,
        },
        steps: args.steps,
        step: step as f32,
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
