# Installs below PREFIX, after DESTDIR if a package is being built: the tools, the man page and the shell
# completions that each tool generates, and the man page local-errors(1), which lists the tools. All names
# begin with PROGRAM_PREFIX.
pages     := man:man/man1/%.1 bash:bash-completion/completions/% zsh:zsh/site-functions/_% fish:fish/vendor_completions.d/%.fish
page       = $(patsubst %,$(PREFIX)/share/$(lastword $(subst :, ,$1)),$2)
prefixed  := $(programs:%=$(PROGRAM_PREFIX)%)
installed := $(PREFIX)/share/local-errors/$(PROGRAM_PREFIX)installed
overview  := $(PREFIX)/share/man/man1/$(PROGRAM_PREFIX)local-errors.1
ours      := $(prefixed:%=$(PREFIX)/bin/%) $(foreach p,$(pages),$(call page,$p,$(prefixed))) $(overview)

## install: install the tools, their man pages and their completions below PREFIX
install:
	for f in $(ours); do [ ! -e $(DESTDIR)$$f ] || grep -Fqsx "$$f" $(DESTDIR)$(installed) || \
	  { echo "$(DESTDIR)$$f is there and not ours: choose another PREFIX, or a PROGRAM_PREFIX" >&2; exit 1; }; done
	install -d -m 755 $(addprefix $(DESTDIR),$(sort $(dir $(ours) $(installed))))
	trap 'rm -f $(part)' EXIT; printf '%s\n' $(ours) > $(part); install -m 644 $(part) $(DESTDIR)$(installed)
	$(foreach t,$(programs),install -m 755 $(BIN)/$t $(DESTDIR)$(PREFIX)/bin/$(PROGRAM_PREFIX)$t;)
	trap 'rm -f $(part)' EXIT; $(foreach p,$(pages),$(foreach t,$(prefixed),\
	  $(DESTDIR)$(PREFIX)/bin/$t --generate $(firstword $(subst :, ,$p)) > $(part); install -m 644 $(part) $(DESTDIR)$(call page,$p,$t);)) \
	  PATH="$(DESTDIR)$(PREFIX)/bin:$$PATH" scripts/list-tools man $(PROGRAM_PREFIX) > $(part); install -m 644 $(part) $(DESTDIR)$(overview)
	echo "$(words $(programs)) tools in $(DESTDIR)$(PREFIX)/bin, their man pages and completions in $(DESTDIR)$(PREFIX)/share"
## uninstall: remove what `make install` installed below PREFIX
uninstall:
	[ -e $(DESTDIR)$(installed) ] || { echo 'nothing of ours in $(DESTDIR)$(PREFIX)' >&2; exit 1; }
	while read -r f; do rm -f "$(DESTDIR)$$f"; done < $(DESTDIR)$(installed)
	rm $(DESTDIR)$(installed); rmdir $(DESTDIR)$(dir $(installed)) 2> /dev/null || true # another prefix may have its list there
## wheel: a Python wheel of the tools and of the module local_errors, in target/wheels
wheel:
	scripts/make-wheel
## clean: remove what make made in OUT, and nothing else
clean:
	scripts/clean $(OUT)
.PHONY: install uninstall wheel clean
