//! Projected gradient descent on images.

use clap::Parser;

use crate::{
    Result,
    attack::{Ball, Gradient, Pgd},
    cli,
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
    version,
    after_help = "Example:\n  attack-pgd --model net --labels y.npy --epsilon 0.1 --steps 20 --random-start x.npy | accuracy --model net --labels y.npy\n\nSources: with --random-start, Madry, Makelov, Schmidt, Tsipras and Vladu, arXiv 1706.06083 (2018), which also gives the default step size; without --random-start, Kurakin, Goodfellow and Bengio, arXiv 1607.02533 (2017)"
)]
struct Args {
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
    /// Seed of the random starts of --random-start
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How the sign is computed
    #[arg(long, default_value = "exact", value_name = "NAME")]
    gradient: Gradient,
    #[command(flatten)]
    on: cli::GradientAttack,
}

fn run(args: Args) -> Result<()> {
    let Args { epsilon, steps, step_size, random_start, seed, gradient, on } = args;
    let ball = Ball::new(epsilon, on.network.clip)?;
    on.run(gradient, |loss, x, y, first| {
        let pgd = Pgd::new(loss, ball, steps)?;
        let pgd = match step_size {
            Some(step) => pgd.with_step(step as f32)?,
            None => pgd,
        };
        let pgd = if random_start { pgd.with_random_start(seed) } else { pgd };
        pgd.attack(x, y, first)
    })
}

tool!(run);
