//! The tool `probe`: see `src/tools/probe.rs`.

local_errors::program!(local_errors::tools::probe::main);
