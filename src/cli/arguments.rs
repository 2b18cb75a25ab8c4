//! The arguments that several tools share.

use std::{
    fs,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    thread,
};

use ndarray::{Array2, ArrayView2};
use serde::Serialize;

use super::{
    numbers::{count, threads},
    say,
};
use crate::{
    Error, Result,
    attack::{Audit, Clip, Gradient, Loss, by_blocks},
    error::reason,
    files::{
        read::{Labels, Rows, Source, doubt_of_pixels, is_stream},
        startup,
        write::{self, NpyOutput, Output},
    },
    network::{Network, files},
    report::{FileLink, Links, Report},
};

/// The arguments of every tool.
#[derive(Clone, clap::Args)]
pub struct Common {
    /// Show no progress and no notices; warnings and errors are still shown
    #[arg(short, long)]
    pub quiet: bool,
}

impl Common {
    /// Report a harmless change of the data, unless the tool is quiet.
    pub fn notice(&self, file: &Path, message: &str) {
        if !self.quiet {
            say(&Error::data(message).in_file(file));
        }
    }

    /// Open images, with a notice if they are bytes, or if the first block has pixels of another scale.
    pub fn images(&self, source: Source) -> Result<Rows<f32>> {
        Ok(self.noticed(Rows::images(source)?))
    }

    /// Images with the notices of [`Self::images`].
    #[must_use]
    pub fn noticed(&self, images: Rows<f32>) -> Rows<f32> {
        let (common, name) = (self.clone(), images.name().to_owned());
        if images.is_bytes() {
            common.notice(&name, "holds bytes, which are divided by 255");
        }
        let look = move |pixels: &[f32]| {
            if let Some(doubt) = doubt_of_pixels(pixels) {
                common.notice(&name, &doubt);
            }
        };
        images.with_look(look)
    }

    /// Give a notice if labels seem to be counted from 1.
    pub fn notice_labels(&self, labels: &Labels) {
        if let Some(doubt) = labels.doubt() {
            self.notice(labels.name(), &doubt);
        }
    }
}

/// The arguments of every tool that can use several threads.
#[derive(clap::Args)]
pub struct Threads {
    /// Number of threads, at most 1024; 0 means one per core. The results do not depend on it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = threads)]
    threads: usize,
}

impl Threads {
    /// Start the threads, which parallel work uses from now on.
    pub fn start(&self) -> Result<()> {
        let threads = match self.threads {
            0 => thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .use_current_thread()
            .build_global()
            .map_err(|e| Error::data(format!("cannot start {threads} threads: {e}")))
    }
}

/// The arguments of the tools that read images: the attacks, `extract-activations` and `accuracy`.
#[derive(clap::Args)]
pub struct FromImages {
    /// Images, f4, f2, f8, u1 or bool (samples, pixels); - for stdin
    #[arg(default_value = "-")]
    images: PathBuf,
    /// Use the first N images only; the rest of a file is not read [default: all]
    #[arg(long, value_name = "N", value_parser = count)]
    samples: Option<usize>,
    /// File to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    common: Common,
}

impl FromImages {
    /// Check the inputs and outputs, including the further ones of the tool, `inputs` and `output`, and
    /// start the threads.
    pub fn start(&self, inputs: &[&Path], output: Option<&Path>) -> Result<()> {
        let inputs: Vec<&Path> = inputs.iter().copied().chain([self.images.as_path()]).collect();
        check_streams(&inputs, &[Some(&self.output), output])?;
        self.threads.start()
    }

    /// Open the images and select those to be used.
    pub fn open(&self) -> Result<Rows<f32>> {
        self.common.images(Source::open(&self.images)?)?.first(self.samples)
    }

    /// Like [`Self::open`], for a network with this number of inputs.
    pub fn open_for(&self, inputs: usize) -> Result<Rows<f32>> {
        let images = self.open()?;
        images.expect_columns(inputs, "the number of inputs of the network")?;
        Ok(images)
    }

    /// Open further images that correspond to `images` one by one.
    pub fn open_beside(&self, file: &Path, images: &Rows<f32>) -> Result<Rows<f32>> {
        let others = self.common.images(Source::open(file)?)?.first(self.samples)?;
        others.expect_columns(images.columns(), "as the images")?;
        let (found, expected) = (others.samples(), images.samples());
        if found == expected {
            return Ok(others);
        }
        let of = images.name().display();
        Err(others.wrong(format!(
            "image count differs from that of {of} (found {found}, expected {expected})"
        )))
    }

    /// The labels in a file, of images for this network.
    pub fn labels(&self, file: &Path, images: &Rows<f32>, network: &Network) -> Result<Vec<u8>> {
        let labels = Labels::read_for(Source::open(file)?, images)?.within(network.classes)?;
        self.common.notice_labels(&labels);
        Ok(labels.values)
    }
}

/// The argument of the tools that write measurements.
#[derive(clap::Args)]
pub struct Table {
    /// Write a table for people, with four digits, instead of JSON lines [default on a terminal]
    #[arg(long)]
    table: bool,
}

impl Table {
    /// Write measurements, one per line of JSON or in a table. The output must be finished by the
    /// caller.
    pub fn write<T: Serialize>(&self, output: &Path, records: &[T]) -> Result<Output> {
        if self.table || write::is_terminal(output) {
            write::table(output, records)
        } else {
            write::json_lines(output, records)
        }
    }
}

/// The arguments of the tools that write a page.
#[derive(clap::Args)]
pub struct Page {
    /// Also write the figures to this folder, as NAME.svg; the folder is created if necessary
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
    /// HTML page to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
}

impl Page {
    /// Links from the page to the files of its figures, if these are written.
    pub fn links(&self) -> Result<Option<Links>> {
        Links::optional(&self.output, self.figures.as_deref())
    }

    /// Links from the page to the files from which it is made, without streams.
    pub fn links_to(&self, files: &[&Path]) -> Result<Vec<FileLink>> {
        let links = files.iter().map(|file| FileLink::new(&self.output, file));
        links.filter_map(Result::transpose).collect()
    }

    /// Write the page and its figures, together with other outputs.
    pub fn write(&self, report: &Report, others: impl IntoIterator<Item = Output>) -> Result<()> {
        let mut outputs = report.outputs(&self.output, self.figures.as_deref())?;
        outputs.extend(others);
        write::finish_all(outputs)
    }
}

/// The arguments of the tools that attack a network.
#[derive(clap::Args)]
pub struct NetworkAttack {
    /// Directory of the network to attack
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Attack the readout of this layer, counted from 1 [default: the last layer]
    #[arg(long, value_name = "N", value_parser = count)]
    layer: Option<usize>,
    /// Clip the attacked pixels to this interval, at each step [default: no clipping]
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    pub clip: Option<Clip>,
    #[command(flatten)]
    from: FromImages,
}

/// Images after an attack.
pub struct Attacked<R> {
    /// The attacked images, complete but not yet finished.
    pub output: Output,
    /// What the attack told of each block of images.
    pub results: Vec<R>,
    /// The name of the images in messages.
    pub images: PathBuf,
}

impl NetworkAttack {
    /// Check the inputs and outputs, including the tool's `labels` and its further `output`, and read the
    /// network.
    pub fn start(&self, labels: Option<&Path>, output: Option<&Path>) -> Result<Network> {
        let inputs: Vec<&Path> = labels.into_iter().chain([self.model.as_path()]).collect();
        self.from.start(&inputs, output)?;
        check_binary(&self.from.output)?;
        files::read(&self.model)
    }

    /// What `make` makes of the layer to attack; its errors name the network.
    pub fn layer<T>(&self, make: impl FnOnce(Option<usize>) -> Result<T>) -> Result<T> {
        make(self.layer).map_err(|e| e.in_file(&self.model))
    }

    /// Attack the images one block at a time. `attack` is called with the images of a block, their true
    /// labels if there is a file of them, and the index of the first of them among all images.
    pub fn run<R>(
        &self,
        network: &Network,
        labels: Option<&Path>,
        attack: impl Fn(ArrayView2<'_, f32>, Option<&[u8]>, usize) -> Result<(Array2<f32>, R)>,
    ) -> Result<Attacked<R>> {
        let images = self.from.open_for(network.inputs())?;
        let labels = labels.map(|file| self.from.labels(file, &images, network)).transpose()?;
        let name = images.name().to_owned();
        let shape = [images.samples(), images.columns()];
        let mut output = NpyOutput::create(&self.from.output, &shape)?;
        let results = by_blocks(images, &mut output, |x, first| {
            attack(x, labels.as_deref().map(|y| &y[first..first + x.nrows()]), first)
        })?;
        Ok(Attacked { output: output.filled()?, results, images: name })
    }
}

/// The arguments of the tools that attack along the gradient of a loss.
#[derive(clap::Args)]
pub struct GradientAttack {
    /// True classes of the images, u1, i4, i8, u4 or u8 (samples,)
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Write an audit to this file, as JSON: samples; lost_label_images (images for which p_y - 1, the
    /// gradient's term of their own class, is 0 in the arithmetic used, so that the sign is wrong);
    /// zero_gradient_images (images whose gradient is 0 in all pixels); zero_sign_pixels (pixels
    /// whose gradient is 0); max_change (the largest change of a pixel). If the attack takes several
    /// steps, the counts are of the first step, and the change is from the image to the last step
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    #[command(flatten)]
    /// The network, the images, and how they are attacked.
    pub network: NetworkAttack,
}

impl GradientAttack {
    /// Attack the images one block at a time. `attack` is called with the loss to increase, the images
    /// of a block, their labels, and the index of the first of them among all images.
    pub fn run(
        self,
        gradient: Gradient,
        attack: impl Fn(Loss<'_>, ArrayView2<'_, f32>, &[u8], usize) -> Result<(Array2<f32>, Audit)>,
    ) -> Result<()> {
        let network = self.network.start(Some(&self.labels), self.audit.as_deref())?;
        let loss = self.network.layer(|layer| Loss::new(&network, layer, gradient))?;
        let attacked = self.network.run(&network, Some(&self.labels), |x, y, first| {
            attack(loss, x, y.expect("labels are given"), first)
        })?;
        let mut outputs = vec![attacked.output];
        if let Some(file) = &self.audit {
            outputs.push(write::json_lines(file, &[Audit::total(attacked.results)])?);
        }
        write::finish_all(outputs)
    }
}

/// Check the inputs and outputs of a tool before it starts its work.
///
/// # Errors
/// If two inputs are stdin, stdin is closed or a terminal, two outputs are the same file, an output is
/// redirected to an input, an output cannot be written, or several inputs are missing.
pub fn check_streams(inputs: &[&Path], outputs: &[Option<&Path>]) -> Result<()> {
    match inputs.iter().filter(|path| is_stream(path)).count() {
        0 => {}
        1 if startup::was_closed(0) => {
            return Err(Error::data("is closed").in_file(Path::new("stdin")));
        }
        1 if !io::stdin().is_terminal() => {}
        1 => return Err(Error::usage("stdin is a terminal: name a file, or pipe data in")),
        _ => return Err(Error::usage("only one argument can be - (stdin)")),
    }
    let outputs: Vec<&Path> = outputs.iter().copied().flatten().collect();
    write::distinct(&outputs)?;
    outputs.iter().try_for_each(|output| write::check_not_read(output, inputs))?;
    write::check(&outputs)?;
    check_present(inputs)
}

/// Name all missing inputs if there are several. Opening them would name only the first.
fn check_present(inputs: &[&Path]) -> Result<()> {
    let absent = |path: &&Path| match fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound && !is_stream(path) => {
            Some((path.display().to_string(), e))
        }
        _ => None,
    };
    let (names, errors): (Vec<_>, Vec<_>) = inputs.iter().filter_map(absent).unzip();
    match errors.as_slice() {
        [first, _, ..] => Err(Error::data(format!("{}: {}", names.join(", "), reason(first)))),
        _ => Ok(()),
    }
}

/// Refuse the file of an option if it is in the directory of a network that the tool replaces.
pub fn check_outside(file: &Path, network: &Path, option: &str) -> Result<()> {
    write::distinct(&[network, file])?;
    if write::is_inside(file, network) {
        let message =
            format!("is in the directory that the network replaces: name another {option}");
        return Err(Error::usage(message).in_file(file));
    }
    Ok(())
}

/// Refuse to write an array to a terminal.
pub fn check_binary(output: &Path) -> Result<()> {
    if write::is_terminal(output) {
        return Err(Error::usage("will not write an array to a terminal: use -o FILE, or a pipe"));
    }
    Ok(())
}
