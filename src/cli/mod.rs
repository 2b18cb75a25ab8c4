//! What all tools share: how arguments are read, what goes to stderr, how a run ends. This is
//! the only module that prints.

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
    io::{startup, write},
};
pub use arguments::{Common, FromImages, GradientAttack, Threads, check_binary, check_streams};
pub use mimalloc::MiMalloc as Allocator;
pub use numbers::{
    count, count_to, non_negative, non_negative_single, non_zero, positive, positive_single,
};

/// The `main` of a tool that does its work in `$run`, and its allocator.
///
/// The allocator keeps the memory of one block of rows for the next. The system's returned it, and
/// `spectrum` spent half its time on page faults.
#[macro_export]
macro_rules! tool {
    ($run:expr) => {
        #[global_allocator]
        static ALLOCATOR: $crate::cli::Allocator = $crate::cli::Allocator;

        fn main() -> std::process::ExitCode {
            $crate::cli::main($run)
        }
    };
}

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
        return text.print().map_err(|e| output.failed(e));
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
        Some("man") => manual::page(command).map_err(|e| output.failed(e))?,
        other => {
            let shell = other.and_then(|name| name.parse().ok()).ok_or_else(unknown)?;
            manual::completions(shell, command)
        }
    };
    output.bytes(&bytes)?;
    output.finish()
}

/// clap's message of several lines as one, with what a mistyped word is similar to.
fn usage(error: &clap::Error) -> Error {
    let text = error.render().to_string();
    let mut parts = text.split("\n\n");
    let message = parts.next().unwrap_or_default().trim_start_matches("error:");
    let tip = parts.find_map(|part| part.trim().strip_prefix("tip: a similar"));
    let tip = tip.map(|tip| format!("; a similar{tip}")).unwrap_or_default();
    let words: Vec<_> = message.split_whitespace().collect();
    Error::usage(format!("{}{tip} (see --help)", words.join(" ")))
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
