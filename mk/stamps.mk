# What a command is: its text, and the checksums of the tools and scripts in it.
#
# No file name carries that, so each command has a stamp, a file that is rewritten only when one of
# them changes. Stamps are compared when make starts, so that `make -n` and `make -q` tell the truth.

# The stamps that the target of each stage depends on. An attack's is of the level's own.
as.rule      = $(stamps)/$$(rule)
as.measure   = $(stamps)/measure $$(if $$(passing),$(stamps)/$$(attack)) $$(lender)
as.fit       = $(stamps)/fit $$(if $$(call own,$$(attack).fit),$(stamps)/$$(attack))
as.attack    = $(stamps)/$$(attack) $$(if $$(is-shared),,$$(model)/model.json $(labels)) $$(lender)
as.pixels    = $(stamps)/pixels
as.dimension = $(stamps)/dimension
as.tabulate  = $(stamps)/tabulate
as.claims    = $(stamps)/claims
as.report    = $(stamps)/report
# The network that an attack in TRANSFER takes its gradient from.
lender       = $(if $(filter $(TRANSFER),$(attack)),$(stamps)/next-$(seed) $(source)/model.json)

# What is measured together has one stamp.
define measure
$(accuracy); $(activations) | $(spectrum)
endef
stamped := $(RULES) $(attacked) $(if $(transfers),$(seeds:%=next-%)) measure pixels fit dimension tabulate claims report import describe

# The command $1, with what takes the place of a measurement for it. Neither THREADS nor OUT changes a
# result, nor which make runs it.
command = $(strip $($1) $(call own,$1.spectrum) $(call own,$1.fit))
plainly = $(foreach THREADS,1,$(foreach OUT,out,$(foreach me,MAKE,$(call command,$1))))
# The words of a command that are tools, and those that are files: scripts of the user's.
tools   = $(foreach w,$(sort $(filter $(programs),$(command))),$(sum.$w):$w)
scripts = $(sort $(wildcard $(filter-out $(OUT)/% $(DATA_DIR)/% /dev/%,$(command))))
sums   := $(shell cksum /dev/null $(sort $(foreach s,$(stamped),$(call scripts,$s))) | tr ' ' :)
says    = $(strip $(plainly) $(tools) $(foreach s,$(scripts),$(filter %:$s,$(sums))))
define stamp
$(stamps)/$1: $(if $(call same,$(strip $(file <$(stamps)/$1)),$2),,FORCE)
	mkdir -p $$(@D); trap 'rm -f $$(part)' EXIT; printf '%s\n' $(subst $$,$$$$,$(call quote,$2)) > $$(part); mv $$(part) $$@
endef
$(foreach s,$(stamped),$(eval $(call stamp,$s,$(call says,$s))))
.PHONY: FORCE
