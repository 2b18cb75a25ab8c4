//! The tool `attack-gauss`: see `src/tools/attack_gauss.rs`.

local_errors::program!(local_errors::tools::attack_gauss::main);
