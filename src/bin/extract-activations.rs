//! The tool `extract-activations`: see `src/tools/extract_activations.rs`.

local_errors::program!(local_errors::tools::extract_activations::main);
