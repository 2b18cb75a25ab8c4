# The tools: cargo builds them, and sums.mk has the checksum of each, which says what it computes.
#
# The release profile strips what changes without the code (symbols, build id), so that a tool's
# bytes change with its own code alone. With a BIN of the user's, the tools there are taken as they are.
programs := $(sort $(basename $(notdir $(wildcard src/bin/*.rs))))
bin      := $(if $(filter /%,$(BIN)),,$(CURDIR)/)$(BIN)
export PATH := $(bin):$(PATH)
# Goals that need no tool.
toolless := help clean uninstall test check-mnist check-digits bench figure
needed   := $(filter-out $(toolless),$(or $(MAKECMDGOALS),all))

ifeq ($(BIN),target/release)
# What cargo builds from: a change of any makes it look.
sources  := $(shell find src data/digits.json Cargo.toml Cargo.lock build.rs -type f)
$(if $(needed),$(eval include $(BIN)/sums.mk))
$(BIN)/sums.mk: $(sources) $(wildcard $(programs:%=$(BIN)/%)) $(if $(filter-out $(wildcard $(programs:%=$(BIN)/%)),$(programs:%=$(BIN)/%)),FORCE)
	command -v cargo > /dev/null || { echo 'cargo is missing: https://rustup.rs installs it' >&2; exit 1; }
	[ -e $@ ] || echo 'compiling the tools: two to four minutes, once'
	cargo build --release --locked $(if $(wildcard $@),--quiet)
	cd $(BIN); cksum $(programs) | awk '{ print "sum." $$3 " := " $$1 ":" $$2 }' > .sums.$$$$; mv .sums.$$$$ sums.mk
else ifneq ($(needed),)
missing  := $(filter-out $(wildcard $(programs:%=$(BIN)/%)),$(programs:%=$(BIN)/%))
$(if $(missing),$(error $(firstword $(missing)) is missing: BIN must be a folder with the tools))
$(foreach s,$(shell cd $(BIN); cksum $(programs) | awk '{ print "sum." $$3 ":=" $$1 ":" $$2 }'),$(eval $s))
endif
