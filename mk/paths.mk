# What a target's name says: $(study)/RULE/seed-SEED[/epoch-N]/ATTACK-STRENGTH/FILE.
#
# These are read in a recipe, or in a prerequisite behind $$, of the target that is being made.
study    = $(OUT)/$(DATASET)
data     = $(study)/data
labels   = $(data)/test-labels.npy
stamps   = $(study)/.stamps
level    = $(notdir $(@D))
strength = $(lastword $(subst -, ,$(level)))
attack   = $(patsubst %-$(strength),%,$(level))
network  = $(call up,$(@D))
epoch    = $(filter epoch-%,$(notdir $(network)))
trained  = $(if $(epoch),$(call up,$(network)),$(network))
seed     = $(patsubst seed-%,%,$(notdir $(trained)))
rule     = $(notdir $(call up,$(trained)))
model    = $(trained)/model$(epoch:%=/%)
checkpoint = $(model).checkpoint
# The network of the next seed, from which an attack in TRANSFER takes its gradient.
source   = $(call up,$(trained))/$(next-$(seed))/model
# How many of the test images are used.
samples  = $(or $(patsubst subset-%,%,$(filter subset-%,$(level))),$(SAMPLES))

# Files appear whole: written under a name that is this make's alone, then renamed.
me      := $(shell echo "$${SLURMD_NODENAME:-$$(uname -n)}-$$PPID-$$RANDOM")
scratch  = $(@D)/.$1.$(me).part
part     = $(call scratch,$(@F))
whole    = mkdir -p $(@D); trap 'rm -f $(part)' EXIT; $1 > $(part); mv $(part) $@
# What a make or a tool that was killed left; nothing that is being written is an hour old.
tidy     = find $(study) -depth '(' -name '.*.part' -o -name '.*.tmp' ')' -mmin +60 -exec rm -rf {} + 2> /dev/null || true

# Of the level being measured: images that all networks share are files of their own, those of one
# network exist only while they are measured, since `make -j` would make all of them first.
is-shared = $(filter $(SHARED),$(attack))
is-clean  = $(filter clean subset,$(attack))
stored    = $(if $(is-shared),$(study)/$(level)/x.npy,$(data)/test-images.npy)
passing   = $(if $(is-shared)$(is-clean),,$(if $(SCRATCH),$(SCRATCH)/local-errors.$(me).$$(cksum <<< $(@D) | tr -cd 0-9),$(call scratch,x)))
images    = $(or $(passing),$(stored))

# A make that is stopped may delete model.json alone: what else is left of the network goes first, and
# nothing that is not a network's. Training goes on from its checkpoint, unless what it was made from
# has changed since.
define clear-model
mkdir -p $(network)
[ -e $@ ] || rm -f $(model)/{,epoch-*/}{model.json,history.jsonl,[wbrc][0-9]*.npy}
[ -e $@ ] || rmdir $(model)/epoch-* $(model) 2> /dev/null || true
[ -z "$$(find $^ -newer $(checkpoint) 2>&1)" ] || rm -f $(checkpoint)
endef
# A level's files appear together, at its end; what it passed through goes.
at-the-end = trap 'rm -f $(call scratch,*) $(passing)' EXIT;
define keep
if [ -e $(call scratch,audit) ]; then mv $(call scratch,audit) $(@D)/audit.json; else rm -f $(@D)/audit.json; fi; \
mv $(call scratch,accuracy) $(@D)/accuracy.jsonl; \
mv $(call scratch,spectrum) $(@D)/spectrum.npy
endef
