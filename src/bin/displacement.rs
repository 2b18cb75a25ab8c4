//! The tool `displacement`: see `src/tools/displacement.rs`.

local_errors::program!(local_errors::tools::displacement::main);
