//! The tool `dimension`: see `src/tools/dimension.rs`.

local_errors::program!(local_errors::tools::dimension::main);
