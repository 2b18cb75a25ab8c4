//! All tools in one program, `local-errors TOOL ARGUMENTS`, which is an eighth of the size of the tools one
//! by one. The Python wheel holds it, and in place of each tool a script that calls it (python/programs).

use std::process::ExitCode;

use clap::Parser;
use local_errors::{Error, cli, tools};

local_errors::program!(one_of_all);

/// All tools of local-errors in one program
///
/// The first word is the name of a tool; local-errors TOOL --help describes it.
#[derive(Parser)]
#[command(version, override_usage = "local-errors TOOL [ARGUMENTS]")]
struct NoTool {}

fn one_of_all() -> ExitCode {
    let words = cli::words();
    let called = words.first().and_then(|word| word.to_str());
    match called.and_then(tools::main_of) {
        Some(main) => main(),
        None => cli::main(|NoTool {}| {
            let names = tools::names().join(", ");
            Err(Error::usage(format!("is no tool (expected one of {names})")))
        }),
    }
}
