# Builds the tools with cargo, and keeps a checksum of each tool in sums.mk to tell when it changes.
#
# The release profile removes what changes without the code (symbols, the build id), so a comment in
# another file changes no tool. A change of the library's code may change the bytes of every tool. If the
# user sets BIN, the tools there are used as they are.
programs := $(sort $(basename $(notdir $(wildcard src/bin/*.rs))))
bin      := $(if $(filter /%,$(BIN)),,$(CURDIR)/)$(BIN)
export PATH := $(bin):$(PATH)
# Goals that need none of the tools.
toolless := help clean uninstall wheel test check-mnist check-digits bench figure
needed   := $(filter-out $(toolless),$(or $(MAKECMDGOALS),all))

ifeq ($(BIN),target/release)
# The files that cargo builds from: if one of them changes, cargo runs.
sources  := $(shell find src data/digits.json Cargo.toml Cargo.lock build.rs -type f)
$(if $(needed),$(eval include $(BIN)/sums.mk))
$(BIN)/sums.mk: $(sources) $(wildcard $(programs:%=$(BIN)/%)) $(if $(filter-out $(wildcard $(programs:%=$(BIN)/%)),$(programs:%=$(BIN)/%)),FORCE)
	command -v cargo > /dev/null || { echo 'cargo is missing: https://rustup.rs installs it' >&2; exit 1; }
	echo '$(if $(wildcard $@),a source file is newer than the tools: compiling takes up to two minutes,compiling the tools: two to four minutes$(comma) once)'
	cargo build --release --locked
	cd $(BIN); cksum $(programs) | awk '{ print "sum." $$3 " := " $$1 ":" $$2 }' > .sums.$$$$; mv .sums.$$$$ sums.mk
else ifneq ($(needed),)
missing  := $(filter-out $(wildcard $(programs:%=$(BIN)/%)),$(programs:%=$(BIN)/%))
$(if $(missing),$(error $(firstword $(missing)) is missing: BIN must be a folder with the tools))
$(foreach s,$(shell cd $(BIN); cksum $(programs) | awk '{ print "sum." $$3 ":=" $$1 ":" $$2 }'),$(eval $s))
endif
