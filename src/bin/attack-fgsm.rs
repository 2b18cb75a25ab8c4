//! The tool `attack-fgsm`: see `src/tools/attack_fgsm.rs`.

local_errors::program!(local_errors::tools::attack_fgsm::main);
