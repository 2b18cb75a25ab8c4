//! What all tools share: how arguments are read, what goes to stderr, how a run ends. This is
//! the only module that prints.

pub mod manual;

use std::{
    any::TypeId,
    env,
    ffi::{OsStr, OsString},
    fmt::Display,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
};

use clap::{Command, Parser, error::ErrorKind};
use indicatif::{ProgressBar, ProgressStyle};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGXFSZ},
    iterator::Signals,
    low_level::emulate_default_handler,
};

use crate::{
    Error, Kind, Result,
    io::{
        read::{Rows, Source, is_stream},
        startup, write,
    },
};

/// Run a tool: parse its arguments, do its work, turn the outcome into an exit
/// status and at most one line on stderr.
pub fn main<A: Parser>(run: impl FnOnce(A) -> Result<()>) -> ExitCode {
    let result = end_by_signals().and_then(|()| {
        let words: Vec<_> = env::args_os().skip(1).collect();
        if words.first().is_some_and(|word| word == "--generate") {
            return generate(A::command(), &words);
        }
        match parse() {
            Ok(args) => run(args),
            Err(e) if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
                show(&e)
            }
            Err(e) => Err(usage(&e)),
        }
    });
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    // Where a signal is ending the process already, this waits for that end.
    let _halted = write::halt();
    match error.kind() {
        Kind::ClosedPipe if !startup::was_ignored(SIGPIPE) => {
            // The reader, `head` say, has all it wants; end as other programs do.
            let _ = emulate_default_handler(SIGPIPE);
            ExitCode::FAILURE
        }
        Kind::Usage => {
            say(&error);
            ExitCode::from(2)
        }
        // Where SIGPIPE is ignored, a closed pipe is an error of writing like others.
        Kind::Data | Kind::ClosedPipe => {
            say(&error);
            ExitCode::FAILURE
        }
    }
}

/// The arguments. What follows an option is its value, also where it begins with `-`: whoever
/// writes `--epsilon -0.1` shall hear what is wrong with -0.1.
fn parse<A: Parser>() -> std::result::Result<A, clap::Error> {
    let command = A::command().mut_args(|arg| {
        if !arg.get_action().takes_values() || arg.is_positional() {
            return arg;
        }
        let value = arg.get_value_parser().type_id();
        if value == TypeId::of::<PathBuf>() {
            arg
        } else if value == TypeId::of::<u64>() {
            arg.allow_hyphen_values(true).value_parser(seed)
        } else {
            arg.allow_hyphen_values(true)
        }
    });
    command.try_get_matches().and_then(|matches| A::from_arg_matches(&matches))
}

fn seed(text: &str) -> std::result::Result<u64, String> {
    text.parse().map_err(|_| format!("expected a whole number from 0 to {}", u64::MAX))
}

/// The help or version that was asked for; a terminal gets it with bold titles.
fn show(text: &clap::Error) -> Result<()> {
    let mut output = write::Output::create(Path::new("-"))?;
    if io::stdout().is_terminal() {
        return text.print().map_err(|e| output.failed(&e));
    }
    output.text(&text.render().to_string())?;
    output.finish()
}

/// `--generate man`, or a shell's name: every tool has it, and what installs them uses it.
fn generate(command: Command, words: &[OsString]) -> Result<()> {
    let unknown = || Error::usage("--generate takes one word: man, bash, zsh or fish");
    let [_, form] = words else {
        return Err(unknown());
    };
    let mut output = write::Output::create(Path::new("-"))?;
    let bytes = match form.to_str() {
        Some("man") => manual::page(command).map_err(|e| output.failed(&e))?,
        other => {
            let shell = other.and_then(|name| name.parse().ok()).ok_or_else(unknown)?;
            manual::completions(shell, command)
        }
    };
    output.bytes(&bytes)?;
    output.finish()
}

/// clap's message of several lines as one.
fn usage(error: &clap::Error) -> Error {
    let text = error.render().to_string();
    let message = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<_> = message.trim_start_matches("error:").split_whitespace().collect();
    Error::usage(format!("{} (see --help)", words.join(" ")))
}

/// SIGINT, SIGTERM and SIGHUP end the process as they do by default, once what
/// was being written is removed; a file size limit is an error of writing. What was
/// ignored when the process started stays ignored: by `nohup`, say.
fn end_by_signals() -> Result<()> {
    let failed = |e: io::Error| Error::data(format!("cannot wait for signals: {e}"));
    let heard = [SIGINT, SIGTERM, SIGHUP, SIGXFSZ];
    let heard = heard.into_iter().filter(|&signal| !startup::was_ignored(signal));
    let mut signals = Signals::new(heard).map_err(failed)?;
    thread::Builder::new()
        .spawn(move || {
            for signal in signals.forever().filter(|&signal| signal != SIGXFSZ) {
                let _halted = write::halt();
                let _ = emulate_default_handler(signal);
            }
        })
        .map(drop)
        .map_err(failed)
}

/// One line on stderr, `tool: message`.
fn say(message: &dyn Display) {
    let name = env::args_os().next().unwrap_or_default();
    let name = Path::new(&name).file_name().unwrap_or(OsStr::new("local-errors"));
    // In one call of the system, so that lines of several tools do not mix.
    let line = format!("{}: {message}\n", name.to_string_lossy());
    // A closed stderr leaves nobody to tell.
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Something the user should know although the output is complete.
pub fn warn(file: &Path, message: &str) {
    say(&format!("warning: {}", Error::data(message).in_file(file)));
}

/// What every tool has.
#[derive(clap::Args)]
pub struct Common {
    /// Show no progress and no notices; warnings and errors are still shown
    #[arg(short, long)]
    pub quiet: bool,
}

impl Common {
    /// Something harmless that was done to the data.
    pub fn notice(&self, file: &Path, message: &str) {
        if !self.quiet {
            say(&Error::data(message).in_file(file));
        }
    }

    /// Open images, and say so if they are bytes.
    pub fn images(&self, source: Source) -> Result<Rows<f32>> {
        let images = Rows::images(source)?;
        if images.is_bytes() {
            self.notice(images.name(), "is of bytes: divided by 255");
        }
        Ok(images)
    }
}

/// A progress bar for work of `len` steps; shown only when stderr is a terminal.
#[must_use]
pub fn bar(quiet: bool, len: u64, template: &str) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(len);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// More are no help, and take longer to start than the work.
const MOST_THREADS: usize = 1024;

fn threads(text: &str) -> std::result::Result<usize, String> {
    let few = text.parse().ok().filter(|&threads| threads <= MOST_THREADS);
    few.ok_or_else(|| format!("expected a whole number from 0 to {MOST_THREADS}"))
}

/// What every tool with several threads has.
#[derive(clap::Args)]
pub struct Threads {
    /// Number of threads, at most 1024; 0 means one per core. The results do not depend on it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = threads)]
    threads: usize,
}

impl Threads {
    /// From here on, divide work among these threads.
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

/// What the tools that read images have: the attacks, activations, accuracy.
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
    /// Check the streams, with those of `inputs` and `output` that the tool has
    /// besides, and start the threads.
    pub fn start(&self, inputs: &[&Path], output: Option<&Path>) -> Result<()> {
        let inputs: Vec<&Path> = inputs.iter().copied().chain([self.images.as_path()]).collect();
        check_streams(&inputs, &[Some(&self.output), output])?;
        self.threads.start()
    }

    /// Open the images used.
    pub fn open(&self) -> Result<Rows<f32>> {
        self.common.images(Source::open(&self.images)?)?.first(self.samples)
    }

    /// Open the images used, for a network with this number of inputs.
    pub fn open_for(&self, inputs: usize) -> Result<Rows<f32>> {
        let images = self.open()?;
        images.expect_columns(inputs, "the network has inputs")?;
        Ok(images)
    }
}

/// Refuse arguments that cannot be read or written together: two that are stdin,
/// stdin a terminal, two outputs that are the same file; and outputs that cannot be
/// written, before the work.
pub fn check_streams(inputs: &[&Path], outputs: &[Option<&Path>]) -> Result<()> {
    match inputs.iter().filter(|path| is_stream(path)).count() {
        0 => {}
        1 if startup::was_closed(0) => {
            return Err(Error::data("is closed").in_file(Path::new("stdin")));
        }
        1 if !io::stdin().is_terminal() => {}
        1 => return Err(Error::usage("stdin is a terminal: name a file, or pipe data in")),
        _ => return Err(Error::usage("only one argument can be -, stdin")),
    }
    let outputs: Vec<&Path> = outputs.iter().copied().flatten().collect();
    write::distinct(&outputs)?;
    outputs.iter().try_for_each(|output| write::check_not_read(output, inputs))?;
    write::check(&outputs)
}

/// Refuse to print an array on the screen.
pub fn check_binary(output: &Path) -> Result<()> {
    if write::is_terminal(output) {
        return Err(Error::usage("will not write an array to a terminal: use -o FILE, or a pipe"));
    }
    Ok(())
}

/// A finite number from 0.
pub fn non_negative(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err("expected a number of at least 0, such as 0.1".into()),
    }
}

/// A finite number above 0.
pub fn positive(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("expected a number above 0, such as 0.1".into()),
    }
}

/// A finite number from 0 that single precision holds: neither infinite in it nor rounded to 0.
pub fn non_negative_single(text: &str) -> std::result::Result<f64, String> {
    non_negative(text).and_then(single)
}

/// A finite number above 0 that single precision holds.
pub fn positive_single(text: &str) -> std::result::Result<f64, String> {
    positive(text).and_then(single)
}

fn single(number: f64) -> std::result::Result<f64, String> {
    let rounded = number as f32;
    if rounded.is_finite() && (rounded > 0.0 || number <= 0.0) {
        return Ok(number);
    }
    Err(format!(
        "it is {rounded} in single precision, which the arrays have (expected 0, or {:?} to {:?})",
        f32::from_bits(1),
        f32::MAX
    ))
}

/// A whole number from 1.
pub fn count(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(format!("expected a whole number from 1 to {}", usize::MAX)),
    }
}

/// A whole number from 1 to MOST, where work or memory for more would find no end.
pub fn count_to<const MOST: usize>(text: &str) -> std::result::Result<usize, String> {
    match count(text) {
        Ok(count) if count <= MOST => Ok(count),
        _ => Err(format!("expected a whole number from 1 to {MOST}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_single_precision_does_not_hold_are_refused() {
        for text in ["1e39", "1e-46", "3.5e38", "1e300", "5e-324"] {
            let message = non_negative_single(text).unwrap_err();
            assert!(message.contains("in single precision"), "{message}");
            assert!(positive_single(text).is_err());
        }
        assert_eq!(non_negative_single("0"), Ok(0.0));
        assert_eq!(positive_single("0.1"), Ok(0.1));
        assert_eq!(non_negative_single("3.4e38"), Ok(3.4e38));
        assert_eq!(non_negative_single("1e-45"), Ok(1e-45));
        assert_eq!(count_to::<7>("7"), Ok(7));
        assert!(count_to::<7>("8").is_err() && count_to::<7>("0").is_err());
    }

    #[test]
    fn numbers_that_mean_nothing_are_refused() {
        for text in ["-1", "nan", "inf", "1e999", "0,1", "", "one"] {
            assert!(non_negative(text).is_err() && positive(text).is_err(), "{text}");
        }
        assert!(positive("0").is_err());
        assert_eq!(non_negative("0"), Ok(0.0));
        assert_eq!(non_negative("1e-3"), Ok(1e-3));
        for text in ["0", "-1", "1.5", "", "99999999999999999999"] {
            assert!(count(text).is_err(), "{text}");
        }
        for text in ["-1", "1.5", "", "1025", "18446744073709551615"] {
            assert!(threads(text).is_err(), "{text}");
        }
        assert_eq!((threads("0"), threads("1024")), (Ok(0), Ok(1024)));
    }
}
