# Installs below PREFIX, after DESTDIR if a package is being built: the tools, the man page and the shell
# completions that each tool generates, and the man page local-errors(1), which lists the tools.
pages     := man:man/man1/%.1 bash:bash-completion/completions/% zsh:zsh/site-functions/_% fish:fish/vendor_completions.d/%.fish
page       = $(patsubst %,$(PREFIX)/share/$(lastword $(subst :, ,$1)),$2)
installed := $(PREFIX)/share/local-errors/installed
overview  := $(PREFIX)/share/man/man1/local-errors.1
ours      := $(programs:%=$(PREFIX)/bin/%) $(foreach p,$(pages),$(call page,$p,$(programs))) $(overview)

## install: install the tools, their man pages and their completions below PREFIX
install:
	for f in $(ours); do [ ! -e $(DESTDIR)$$f ] || grep -Fqsx "$$f" $(DESTDIR)$(installed) || \
	  { echo "$(DESTDIR)$$f is there and not ours: choose another PREFIX" >&2; exit 1; }; done
	install -d -m 755 $(addprefix $(DESTDIR),$(sort $(dir $(ours) $(installed))))
	trap 'rm -f $(part)' EXIT; printf '%s\n' $(ours) > $(part); install -m 644 $(part) $(DESTDIR)$(installed)
	install -m 755 $(programs:%=$(BIN)/%) $(DESTDIR)$(PREFIX)/bin
	trap 'rm -f $(part)' EXIT; $(foreach p,$(pages),$(foreach t,$(programs),\
	  $(BIN)/$t --generate $(firstword $(subst :, ,$p)) > $(part); install -m 644 $(part) $(DESTDIR)$(call page,$p,$t);)) \
	  scripts/list-tools man > $(part); install -m 644 $(part) $(DESTDIR)$(overview)
	echo "$(words $(programs)) tools in $(DESTDIR)$(PREFIX)/bin, their man pages and completions in $(DESTDIR)$(PREFIX)/share"
## uninstall: remove what `make install` installed below PREFIX
uninstall:
	[ -e $(DESTDIR)$(installed) ] || { echo 'nothing of ours in $(DESTDIR)$(PREFIX)' >&2; exit 1; }
	while read -r f; do rm -f "$(DESTDIR)$$f"; done < $(DESTDIR)$(installed)
	rm -r $(DESTDIR)$(dir $(installed))
## clean: remove what make made in OUT, and nothing else
clean:
	scripts/clean $(OUT)
.PHONY: install uninstall clean
