//! The tool `describe-study`: see `src/tools/describe_study.rs`.

local_errors::program!(local_errors::tools::describe_study::main);
