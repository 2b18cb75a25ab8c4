//! The tool `draw-digits`: see `src/tools/draw_digits.rs`.

local_errors::program!(local_errors::tools::draw_digits::main);
