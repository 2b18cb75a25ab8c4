//! The tool `import-idx`: see `src/tools/import_idx.rs`.

local_errors::program!(local_errors::tools::import_idx::main);
