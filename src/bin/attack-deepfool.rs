//! The tool `attack-deepfool`: see `src/tools/attack_deepfool.rs`.

local_errors::program!(local_errors::tools::attack_deepfool::main);
