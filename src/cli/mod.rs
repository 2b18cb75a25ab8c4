//! The code that all tools share: parsing of arguments, messages on stderr, progress bars, signals and
//! exit statuses. This is the only module that prints.

mod arguments;
pub mod manual;
mod numbers;

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
    files::{startup, write},
};
pub use arguments::{
    Common, FromImages, GradientAttack, NetworkAttack, Page, Table, Threads, check_binary,
    check_outside, check_streams,
};
pub use mimalloc::MiMalloc as Allocator;
pub use numbers::{
    count, count_to, non_negative, non_negative_single, non_zero, positive, positive_single,
};

/// Makes a program of the `main` of a tool, with the allocator that the tools need.
///
/// The allocator, mimalloc, reuses the memory of one block of rows for the next. The system's allocator
/// returns it to the kernel, and `spectrum` then spends half of its time on page faults.
#[macro_export]
macro_rules! program {
    ($main:path) => {
        #[global_allocator]
        static ALLOCATOR: $crate::cli::Allocator = $crate::cli::Allocator;

        fn main() -> std::process::ExitCode {
            $main()
        }
    };
}

/// The name by which the tool was called, and its arguments. The program that holds all tools gets them
/// after its own name: `local-errors train ...`.
#[must_use]
pub fn words() -> Vec<OsString> {
    let mut words: Vec<_> = env::args_os().collect();
    if let [own, tool, ..] = words.as_slice()
        && Path::new(own).file_name() == Some(OsStr::new(PROGRAM))
        && !tool.to_string_lossy().starts_with('-')
    {
        words.remove(0);
    }
    words
}

/// The name of the tool, as it was called.
fn name() -> String {
    let words = words();
    let called = words.first().and_then(|word| Path::new(word).file_name());
    called.unwrap_or(OsStr::new(PROGRAM)).to_string_lossy().into_owned()
}

/// The program that holds all tools.
const PROGRAM: &str = env!("CARGO_PKG_NAME");

/// Run a tool: parse its arguments, call `run`, and convert the result to an exit status and at most
/// one line on stderr.
pub fn main<A: Parser>(run: impl FnOnce(A) -> Result<()>) -> ExitCode {
    let result = end_by_signals().and_then(|()| {
        let words = words();
        let command = A::command().name(name());
        if let [_, option, forms @ ..] = words.as_slice()
            && option == "--generate"
        {
            return generate(command, forms);
        }
        match parse(command, words) {
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
    // If a signal is already ending the process, this waits until it has ended.
    let _halted = write::halt();
    match error.kind() {
        Kind::ClosedPipe if !startup::was_ignored(SIGPIPE) => {
            // The reader, such as `head`, needs no more. End by SIGPIPE like other programs.
            let _ = emulate_default_handler(SIGPIPE);
            ExitCode::FAILURE
        }
        Kind::Usage => {
            say(&error);
            ExitCode::from(2)
        }
        // If SIGPIPE was ignored, a closed pipe is an error like any other.
        Kind::Data | Kind::ClosedPipe => {
            say(&error);
            ExitCode::FAILURE
        }
    }
}

/// Parse the arguments. The word after an option is its value even if it begins with `-`, so that
/// `--epsilon -0.1` gives an error about -0.1 and not about an unknown option.
fn parse<A: Parser>(command: Command, words: Vec<OsString>) -> std::result::Result<A, clap::Error> {
    let command = command.mut_args(|arg| {
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
    command.try_get_matches_from(words).and_then(|matches| A::from_arg_matches(&matches))
}

fn seed(text: &str) -> std::result::Result<u64, String> {
    text.parse().map_err(|_| "expected a whole number from 0, below 2^64".into())
}

/// Print the requested help or version, with bold titles on a terminal.
fn show(text: &clap::Error) -> Result<()> {
    let mut output = write::Output::create(Path::new("-"))?;
    if io::stdout().is_terminal() {
        return text.print().map_err(|e| output.failed(e));
    }
    output.text(&text.render().to_string())?;
    output.finish()
}

/// Handle the hidden option `--generate` of every tool, which prints the man page for `man`, or the
/// completion script for the name of a shell. The installation uses it.
fn generate(command: Command, forms: &[OsString]) -> Result<()> {
    let unknown = || Error::usage("--generate takes one word: man, bash, zsh or fish");
    let [form] = forms else {
        return Err(unknown());
    };
    let mut output = write::Output::create(Path::new("-"))?;
    let bytes = match form.to_str() {
        Some("man") => manual::page(command).map_err(|e| output.failed(e))?,
        other => {
            let shell = other.and_then(|name| name.parse().ok()).ok_or_else(unknown)?;
            manual::completions(shell, command)
        }
    };
    output.bytes(&bytes)?;
    output.finish()
}

/// clap's message as a single line, with its suggestion for a mistyped word.
fn usage(error: &clap::Error) -> Error {
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let message = paragraphs.next().unwrap_or_default().trim_start_matches("error:");
    let tip = paragraphs.find_map(|text| text.trim().strip_prefix("tip: a similar"));
    let tip = tip.map(|tip| format!("; a similar{tip}")).unwrap_or_default();
    let words: Vec<_> = message.split_whitespace().collect();
    Error::usage(format!("{}{tip} (see --help)", words.join(" ")))
}

/// Remove all temporaries when SIGINT, SIGTERM or SIGHUP ends the process. SIGXFSZ, for files that
/// exceed the size limit, does not end it, so that the write fails with an error message. Signals that
/// were ignored when the process started, by `nohup` for example, stay ignored.
fn end_by_signals() -> Result<()> {
    let failed = |e: io::Error| Error::data(format!("cannot wait for signals: {e}"));
    let handled = [SIGINT, SIGTERM, SIGHUP, SIGXFSZ];
    let handled = handled.into_iter().filter(|&signal| !startup::was_ignored(signal));
    let mut signals = Signals::new(handled).map_err(failed)?;
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

/// Print the line `tool: message` on stderr.
fn say(message: &dyn Display) {
    // A single write, so that the lines of several tools do not interleave.
    let line = format!("{}: {message}\n", name());
    // If stderr is closed, the error cannot be reported.
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Warn the user about data for which the output is complete but may be misleading.
pub fn warn(file: &Path, message: &str) {
    say(&format!("warning: {}", Error::data(message).in_file(file)));
}

/// A progress bar of `len` steps, which is shown only if stderr is a terminal and the tool is not quiet.
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
