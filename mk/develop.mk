# For who changes the project.

## test: the tests of the library, the tools and the Makefile
test:
	cargo test --locked --quiet
## test-slurm: the launchers for clusters, on a Slurm of three nodes that is started here and taken down
test-slurm:
	BIN='$(bin)' cargo test --locked --quiet --test slurm -- --ignored --nocapture
## check-mnist: compare the tables of DATASET=mnist with what is expected of them
check-mnist:
	STUDY=$(OUT)/mnist cargo test --locked --quiet --test mnist -- --ignored --nocapture
## check-digits: measure the drawn digits against what they must be, beside MNIST where DATA_DIR has it
check-digits:
	cargo test --release --locked --quiet --test digits -- --ignored --nocapture
## validate: the estimators of alpha on known spectra: a table and a figure in $(OUT)/validate
validate:
	mkdir -p $(OUT)/validate
	validate --figure $(OUT)/validate/estimators.svg -o $(OUT)/validate/estimators.csv
	echo "bias and spread: $(OUT)/validate/estimators.csv, estimators.svg"
## campaign: kills, failing calls and bad inputs by the hundred, made-up headers by the million; CAMPAIGN=short for fewer
campaign:
	BIN='$(bin)' cargo test --locked --quiet --test campaign -- --ignored --nocapture
## bench: kernels and tools beside the machine's limit, and how the time grows
bench:
	cargo bench --locked --quiet --bench kernels
	scripts/bench-tools
## figure: the README's figure, from the study on MNIST
figure:
	sed 's|<svg [^>]*>|&<rect width="100%" height="100%" fill="white"/>|' $(OUT)/mnist/figures/accuracy-alpha-local.svg > doc/accuracy-alpha.svg
.PHONY: test test-slurm check-mnist check-digits validate campaign bench figure

## help: this list
help:
	echo 'Targets:'; sed -n 's/^## /  /p' Makefile mk/sweep.mk mk/install.mk
	echo 'Settings, with their defaults:'; sed -nE 's/^([A-Z_]+) *:= *(.*)/  \1 = \2/p' Makefile
	echo 'For who changes the project:'; sed -n 's/^## /  /p' mk/develop.mk
.PHONY: all quick plan data inputs tasks sweep sweep-inputs sweep-tasks help

# What the environment names as these files do reaches no command, and no helper is expanded for it.
$(eval unexport $(foreach v,$(filter-out PATH SHELL MAKE% .%,$(.VARIABLES)),$(if $(filter file override,$(origin $v)),$v)))
