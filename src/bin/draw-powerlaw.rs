//! The tool `draw-powerlaw`: see `src/tools/draw_powerlaw.rs`.

local_errors::program!(local_errors::tools::draw_powerlaw::main);
