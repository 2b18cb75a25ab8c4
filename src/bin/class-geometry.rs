//! The tool `class-geometry`: see `src/tools/class_geometry.rs`.

local_errors::program!(local_errors::tools::class_geometry::main);
