//! The tool `report-sweep`: see `src/tools/report_sweep.rs`.

local_errors::program!(local_errors::tools::report_sweep::main);
