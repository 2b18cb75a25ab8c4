//! The tool `attack-pgd`: see `src/tools/attack_pgd.rs`.

local_errors::program!(local_errors::tools::attack_pgd::main);
