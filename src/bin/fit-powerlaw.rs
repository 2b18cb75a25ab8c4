//! The tool `fit-powerlaw`: see `src/tools/fit_powerlaw.rs`.

local_errors::program!(local_errors::tools::fit_powerlaw::main);
