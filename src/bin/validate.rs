//! The tool `validate`: see `src/tools/validate.rs`.

local_errors::program!(local_errors::tools::validate::main);
