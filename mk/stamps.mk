# Reruns a command when its text changes, or a tool or script in it.
#
# Each command has a stamp: a file with the command's text and the checksums of its tools and scripts,
# which is rewritten only when these change. Stamps are compared when make starts, so that `make -n` and
# `make -q` are right.

# The stamps that the targets of each stage depend on. A level depends on the stamp of its own attack.
as.rule      = $(stamps)/$$(rule)
as.measure   = $(stamps)/measure $$(if $$(passing),$(stamps)/$$(attack)) $$(lender)
as.fit       = $(stamps)/fit $$(if $$(call own,$$(attack).fit),$(stamps)/$$(attack))
as.attack    = $(stamps)/$$(attack) $$(if $$(is-shared),,$$(model)/model.json $(labels)) $$(lender)
as.pixels    = $(stamps)/pixels
as.probe     = $(stamps)/$$(rule).probe
as.classes   = $(stamps)/classes
as.displacement = $(stamps)/displacement
as.distances = $(stamps)/$$(rule).distances
as.tabulate  = $(stamps)/tabulate
as.claims    = $(stamps)/claims
as.report    = $(stamps)/report
as.reconstructed = $(stamps)/reconstructed
# The network that an attack in TRANSFER takes its gradient from.
lender       = $(if $(filter $(TRANSFER),$(attack)),$(stamps)/next-$(seed) $(source)/model.json $(probed:$(trained)%=$(call up,$(source))%))

# The commands that measure a level together share one stamp.
define measure
$(accuracy); $(activations) | $(spectrum)
endef
of-study := $(RULES) $(of-rules) $(attacked) $(if $(transfers),$(seeds:%=next-%)) measure pixels fit $(if $(inspected),classes displacement) tabulate claims report import describe
stamped  := $(of-study) reconstructed

# The command $1, with the measurements that it replaces. THREADS, OUT and the make that runs it do not
# change a result, so they are given fixed values.
command = $(strip $($1) $(call own,$1.activations) $(call own,$1.spectrum) $(call own,$1.fit))
plainly = $(foreach THREADS,1,$(foreach OUT,out,$(foreach me,MAKE,$(call command,$1))))
# The words of a command that are tools, and those that are files, such as the user's scripts.
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
