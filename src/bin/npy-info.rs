//! The tool `npy-info`: see `src/tools/npy_info.rs`.

local_errors::program!(local_errors::tools::npy_info::main);
