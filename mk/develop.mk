# Targets for developers of this project.

## test: run the tests of the library, the tools and the Makefile
test:
	cargo test --locked --quiet --lib --test tests
	cargo test --locked --quiet --doc
## test-slurm: test the launchers for clusters, on a temporary Slurm of three nodes on this machine
test-slurm:
	BIN='$(bin)' cargo test --locked --quiet --test tests slurm:: -- --ignored --nocapture
## check-mnist: compare the tables of DATASET=mnist with an independent computation
check-mnist:
	STUDY=$(OUT)/mnist cargo test --locked --quiet --test tests mnist:: -- --ignored --nocapture
## check-digits: check the statistics of the drawn digits, and compare with MNIST if DATA_DIR has it
check-digits:
	cargo test --release --locked --quiet --test tests digits:: -- --ignored --nocapture
## validate: measure the estimators of alpha on known spectra: a table and a figure in OUT/validate
validate:
	mkdir -p $(OUT)/validate
	validate --figure $(OUT)/validate/estimators.svg -o $(OUT)/validate/estimators.csv
	echo "bias and spread: $(OUT)/validate/estimators.csv, estimators.svg"
## campaign: test with hundreds of kills, failing system calls and bad inputs, and millions of random headers; CAMPAIGN=short for fewer
campaign:
	BIN='$(bin)' cargo test --locked --quiet --test tests campaign:: -- --ignored --nocapture
## bench: time the kernels and tools beside the machine's limit, and how the time grows
bench:
	cargo bench --locked --quiet --bench kernels
	scripts/bench-tools
## figure: copy the README's figure from the study on MNIST
figure:
	sed 's|<svg [^>]*>|&<rect width="100%" height="100%" fill="white"/>|' $(OUT)/mnist/figures/accuracy-alpha-local.svg > doc/accuracy-alpha.svg
results.SEEDS = $(shell seq -s ' ' 20)
## results: MNIST with twenty seeds, and the reconstructions on it; their figure and numbers in README.md and doc/
results:
	$(MAKE) all DATASET=mnist $(call settings-of,results)
	$(MAKE) reconstructions DATASET=mnist
	$(MAKE) figure splice
## splice: put the list of tools, and tables of results and speed, into README.md and doc/, from OUT and target/peers
splice:
	scripts/splice $(OUT)
.PHONY: test test-slurm check-mnist check-digits validate campaign bench figure results splice

## help: this list
help:
	printf '%s\t%s\n' $(foreach v,$(checked) RUN SHARED TRANSFER,$v $(call quote,$(strip $($v)))) | scripts/help
.PHONY: all quick plan data inputs tasks sweep sweep-inputs sweep-tasks help

# What the environment names as these files do reaches no command, and no helper is expanded for it.
$(eval unexport $(foreach v,$(filter-out PATH SHELL MAKE% .%,$(.VARIABLES)),$(if $(filter file override,$(origin $v)),$v)))
