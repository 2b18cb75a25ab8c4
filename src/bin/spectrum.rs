//! The tool `spectrum`: see `src/tools/spectrum.rs`.

local_errors::program!(local_errors::tools::spectrum::main);
