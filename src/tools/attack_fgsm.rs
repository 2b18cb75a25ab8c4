//! Fast gradient sign attack on images.

use clap::{Parser, ValueEnum};

use crate::{
    Error, Result,
    attack::{Ball, Fgsm, Gradient, RandomSigns},
    cli,
};

/// Attack images with the fast gradient sign method: x' = x + epsilon sign(dE/dx)
///
/// Reads images f4, f8 or u1 (samples, pixels) and writes f4 (samples, pixels), in
/// the same order. E is the cross-entropy of a layer's readout with the true label.
/// The gradient goes through the whole network below that layer, and sign(0) is 0.
/// Nothing is clipped unless --clip is given.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  attack-fgsm --model net --labels y.npy --epsilon 0.1 x.npy | accuracy --model net --labels y.npy\n\nSource: Goodfellow, Shlens and Szegedy, arXiv 1412.6572 (2015)"
)]
struct Args {
    /// Size of the change of each pixel, in pixel units (0 is black, 1 is white)
    #[arg(long, value_parser = cli::non_negative_single)]
    epsilon: f64,
    /// How the sign is computed
    #[arg(long, default_value = "exact", value_name = "NAME")]
    gradient: Sign,
    /// Seed of the random signs of --gradient random [default: 1]
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    #[command(flatten)]
    on: cli::GradientAttack,
}

/// How the sign is computed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sign {
    /// From differences of logits
    Exact,
    /// From softmax - onehot in single precision, which loses the term of the true class for
    /// confident images and so gives a wrong sign
    Float32,
    /// From softmax - onehot in double precision, which loses the same term for images that are about
    /// twice as confident
    Float64,
    /// Random signs
    Random,
}

fn run(args: Args) -> Result<()> {
    if args.seed.is_some() && args.gradient != Sign::Random {
        return Err(Error::usage("--seed has an effect with --gradient random only"));
    }
    let ball = Ball::new(args.epsilon, args.on.network.clip)?;
    let gradient = match args.gradient {
        Sign::Float32 => Gradient::Float32,
        Sign::Float64 => Gradient::Float64,
        Sign::Exact | Sign::Random => Gradient::Exact,
    };
    let random = RandomSigns::new(ball, args.seed.unwrap_or(1));
    args.on.run(gradient, |loss, x, y, first| match args.gradient {
        Sign::Random => Ok(random.attack(x, first)),
        Sign::Exact | Sign::Float32 | Sign::Float64 => Fgsm::new(loss, ball).attack(x, y, first),
    })
}

tool!(run);
