//! Our side of `scripts/bench-peers` and `scripts/bench-tools`: makes ready for the task of its
//! arguments and says so, then does it once for each line on stdin and answers with the seconds taken.

#![allow(clippy::print_stdout)] // the answers

mod limit;

use std::{
    hint::black_box,
    io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use clap::{Parser, Subcommand, ValueEnum};
use local_errors::{
    Error, Result,
    files::{
        read::{Labels, Rows, Source},
        write,
    },
    network::{Activation, Network},
    spectrum::{Matrix, Spectrum},
    train::{Images, LayerInputs, Rule, Settings, Training, TrainingSet, init},
};
use ndarray::{Array2, Axis, s};

/// That of the tools.
#[global_allocator]
static ALLOCATOR: local_errors::cli::Allocator = local_errors::cli::Allocator;

const CLASSES: usize = 10;

#[derive(Parser)]
struct Args {
    #[arg(long)]
    threads: usize,
    /// Where the data set's arrays are.
    #[arg(long)]
    data: PathBuf,
    #[command(subcommand)]
    task: Task,
    /// What cargo calls every benchmark with.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Task {
    Epoch {
        width: usize,
        batch: NonZeroUsize,
        samples: usize,
        form: String,
    },
    Forward {
        width: usize,
        activation: String,
    },
    Spectrum {
        units: usize,
    },
    Read {
        file: PathBuf,
    },
    Write {
        file: PathBuf,
    },
    /// 10^10 multiplications and additions of f32 or f64.
    Limit {
        precision: String,
    },
}

type Run = Box<dyn FnMut() -> Result<()>>;

fn images(path: &Path) -> Result<Array2<f32>> {
    Ok(Rows::images(Source::open(path)?)?.read()?.0)
}

fn network(pixels: usize, width: usize) -> Result<Network> {
    let settings = Settings::preset(Rule::Local);
    init(&[pixels, width, width, width, width, width], CLASSES, &settings)
}

fn ready(task: Task, data: &Path) -> Result<Run> {
    let train_images = data.join("train-images.npy");
    Ok(match task {
        Task::Epoch { width, batch, samples, form } => epoch(data, width, batch, samples, &form)?,
        Task::Forward { width, activation } => {
            let images = images(&data.join("test-images.npy"))?;
            let activation = Activation::from_str(&activation, false).map_err(Error::usage)?;
            let network = Network { activation, ..network(images.ncols(), width)? };
            Box::new(move || {
                let layers = network.layers.len();
                let h = Network::chunks(images.view(), |_, x| network.activations(x, layers));
                h.into_iter().try_for_each(|h| h.map(|h| drop(black_box(h))))
            })
        }
        Task::Spectrum { units } => {
            let images = images(&train_images)?;
            let images = images.slice(s![..10_000, ..]);
            let h = network(images.ncols(), units)?.activations(images, 1)?.swap_remove(0);
            Box::new(move || {
                let mut spectrum = Spectrum::new(h.nrows(), units, Matrix::Covariance)?;
                for rows in h.axis_chunks_iter(Axis(0), 256) {
                    spectrum.add(rows.mapv(f64::from));
                }
                spectrum.eigenvalues().map(drop)
            })
        }
        Task::Read { file } => Box::new(move || images(&file).map(drop)),
        Task::Write { file } => {
            let images = images(&train_images)?;
            Box::new(move || write::npy(&file, &images)?.finish())
        }
        Task::Limit { precision } => Box::new(move || {
            const OPERATIONS: usize = 10_000_000_000;
            match precision.as_str() {
                "f32" => black_box(limit::multiply_add(OPERATIONS).into()),
                "f64" => black_box(limit::multiply_add_f64(OPERATIONS)),
                other => return Err(Error::usage(format!("{other} is neither f32 nor f64"))),
            };
            Ok(())
        }),
    })
}

fn epoch(
    data: &Path,
    width: usize,
    batch_size: NonZeroUsize,
    samples: usize,
    form: &str,
) -> Result<Run> {
    let images = images(&data.join("train-images.npy"))?.slice(s![..samples, ..]).to_owned();
    let first = Rows::<f32>::images(Source::open(&data.join("train-images.npy"))?)?;
    let labels = Labels::read(Source::open(&data.join("train-labels.npy"))?)?;
    let labels = labels.of(&first.first(Some(samples))?)?.values;
    let pixels = images.ncols();
    let images = if form == "dense" { Images::Dense(images) } else { Images::new(images) };
    let train = TrainingSet { images, labels };
    let settings = Settings { batch_size, ..Settings::preset(Rule::Local) };
    let mut training = Training::new(network(pixels, width)?, &settings);
    Ok(Box::new(move || {
        training.run_epoch(&settings, &mut LayerInputs::new(&train, None), |_, _| ())
    }))
}

fn serve(args: Args) -> Result<()> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads)
        .build_global()
        .map_err(|e| Error::usage(e.to_string()))?;
    let mut run = ready(args.task, &args.data)?;
    run()?; // to warm up
    println!("ready");
    for _ in io::stdin().lines() {
        let began = Instant::now();
        run()?;
        println!("{}", began.elapsed().as_secs_f64());
    }
    Ok(())
}

fn main() -> ExitCode {
    match serve(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}
