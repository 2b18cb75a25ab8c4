//! The tool `report-reconstructions`: see `src/tools/report_reconstructions.rs`.

local_errors::program!(local_errors::tools::report_reconstructions::main);
