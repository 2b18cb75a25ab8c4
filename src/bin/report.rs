//! The tool `report`: see `src/tools/report.rs`.

local_errors::program!(local_errors::tools::report::main);
