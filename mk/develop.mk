# The tools, their installation, and what developers of this project need. No study is made here.
ifneq ($(_old-tools),)
# The tools are built first. The make that is then called sees what has changed in them.
.PHONY: $(_goals) _tools
$(_goals) &: _tools
	$(MAKE) BIN=$(BIN) $(_goals)
_tools:
	build-tools $(BIN)
else
## install: install the tools, their man pages and their completions below PREFIX
## uninstall: remove what `make install` installed below PREFIX
install uninstall:
	scripts/install $@ $(DESTDIR:%=%/)$(PREFIX) '$(PROGRAM_PREFIX)' $(BIN) $(_programs)
## wheel: a Python wheel of the tools and of the module local_errors, in target/wheels
wheel:
	scripts/make-wheel
## clean: remove what make made in OUT, and nothing else
clean:
	scripts/clean $(OUT)
# --- For developers: scripts/develop does these ------------------------------------------------------
test test-slurm check-mnist check-digits validate campaign bench figure splice:
	scripts/develop $@ $(OUT)
## results: MNIST with twenty seeds, and the reconstructions on it; their figure and numbers in README.md and doc/
results:
	$(MAKE) all DATASET=mnist $(call _preset,results)
	$(MAKE) reconstructions DATASET=mnist
	$(MAKE) figure splice
## help: this list
help:
	printf '%s\t%s\n' $(foreach v,$(_settings),$v $(call _quote,$($v))) | bash -p scripts/help
.PHONY: install uninstall wheel clean help test test-slurm check-mnist check-digits validate campaign bench \
  figure results splice
endif
