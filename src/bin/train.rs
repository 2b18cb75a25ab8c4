//! The tool `train`: see `src/tools/train.rs`.

local_errors::program!(local_errors::tools::train::main);
