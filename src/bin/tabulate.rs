//! The tool `tabulate`: see `src/tools/tabulate.rs`.

local_errors::program!(local_errors::tools::tabulate::main);
