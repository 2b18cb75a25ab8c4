//! The tool `accuracy`: see `src/tools/accuracy.rs`.

local_errors::program!(local_errors::tools::accuracy::main);
