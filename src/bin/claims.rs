//! The tool `claims`: see `src/tools/claims.rs`.

local_errors::program!(local_errors::tools::claims::main);
