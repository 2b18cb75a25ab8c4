//! DeepFool on images.

use std::path::PathBuf;

use clap::Parser;
use ndarray::Array1;

use crate::{
    Result,
    attack::{DeepFool, End, Norm, Outcome},
    cli,
    files::write,
};

/// Attack images with DeepFool: about the smallest change that changes the network's answer
///
/// Reads images f4, f8 or u1 (samples, pixels) and writes f4 (samples, pixels), in the same order.
/// A step takes the boundary between the network's answer y and each other class k for a plane, from the
/// logits z and the gradient w_k of z_k - z_y. It goes to the nearest plane, at the distance
/// |z_k - z_y| / ||w_k||_q, in the steepest direction. The norm p of the change is that of --norm, and
/// 1/p + 1/q = 1. All steps together are multiplied by 1 + overshoot. The steps end when the answer is
/// another one. The gradients are exact, also where units are saturated. A step changes the pixels by at
/// least 2^-20 of the largest pixel, since a smaller change is lost in rounding. An image whose answer
/// does not change is written as the last step leaves it, and a warning tells how many of them there are.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  attack-deepfool --model net --labels y.npy --distances distances.npy x.npy | accuracy --model net --labels y.npy\n\nSources: Moosavi-Dezfooli, Fawzi and Frossard, CVPR (2016), arXiv 1511.04599; each step starts where the steps before it lead, overshoot included, as in the authors' code; the line search as in the code of SuperDeepFool, Abdolahpourrostam, Abroshan and Moosavi-Dezfooli, arXiv 2303.12481 (2023)"
)]
struct Args {
    /// True classes of the images, integers (samples,); images that are classified wrongly stay as they
    /// are, with distance 0 [default: each image's class is the network's answer]
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Norm of the change to be made small
    #[arg(long, value_name = "NAME", default_value = "inf")]
    norm: Norm,
    /// Largest number of steps, at most 1000000
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = cli::count_to::<1_000_000>)]
    steps: usize,
    /// Fraction by which the change goes beyond the boundary
    #[arg(long, value_name = "FRACTION", default_value_t = 0.02, value_parser = cli::non_negative)]
    overshoot: f64,
    /// Then move each image back towards the image before the attack, by bisection, until the change is
    /// at most the overshoot beyond a boundary. Without it, distances are too large where units are
    /// saturated: gradients are small there, and the planes are far beyond the boundaries
    #[arg(long)]
    line_search: bool,
    /// Also write the norm of the change of each image to this file, f4 (samples,)
    #[arg(long, value_name = "FILE")]
    distances: Option<PathBuf>,
    #[command(flatten)]
    on: cli::NetworkAttack,
}

fn run(args: Args) -> Result<()> {
    let Args { labels, norm, steps, overshoot, line_search, distances, on } = args;
    let (labels, distances) = (labels.as_deref(), distances.as_deref());
    let network = on.start(labels, distances)?;
    if let Some(file) = distances {
        cli::check_binary(file)?;
    }
    let deepfool = on.layer(|layer| DeepFool::new(&network, layer, norm))?;
    let deepfool = deepfool.with_steps(steps)?.with_overshoot(overshoot)?;
    let deepfool = deepfool.with_clip(on.clip).with_line_search(line_search);
    let attacked = on.run(&network, labels, |x, y, first| deepfool.attack(x, y, first))?;
    let outcomes = attacked.results.concat();
    let mut outputs = vec![attacked.output];
    if let Some(file) = distances {
        let distances: Array1<f32> = outcomes.iter().map(|outcome| outcome.distance).collect();
        outputs.push(write::npy(file, &distances)?);
    }
    write::finish_all(outputs)?;
    if let Some(message) = unchanged(&outcomes, steps) {
        cli::warn(&attacked.images, &message);
    }
    Ok(())
}

/// What to say of images whose answer did not change.
fn unchanged(outcomes: &[Outcome], steps: usize) -> Option<String> {
    let count = |end| outcomes.iter().filter(|outcome| outcome.end == end).count();
    let (out_of_steps, no_direction) = (count(End::OutOfSteps), count(End::NoDirection));
    let (unchanged, images) = (out_of_steps + no_direction, outcomes.len());
    (unchanged > 0).then(|| {
        format!(
            "the answer for {unchanged} of {images} images did not change ({out_of_steps} within --steps {steps}, {no_direction} without a gradient to follow): their distances are those reached"
        )
    })
}

tool!(run);
