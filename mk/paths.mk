# Variables that are read from a target's name: $(study)/RULE/seed-SEED[/epoch-N]/ATTACK-STRENGTH/FILE.
#
# Use them in a recipe, or after $$ in a prerequisite. They refer to the target that is being made.
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
# One line, the accuracy of each layer, which make prints when the network has learned.
accuracies = $(trained)/accuracies.txt
# The network of the next seed, from which an attack in TRANSFER takes its gradient.
source   = $(call up,$(trained))/$(next-$(seed))/model
# How many of the test images are used.
samples  = $(or $(patsubst subset-%,%,$(filter subset-%,$(level))),$(SAMPLES))
# Subsets have few samples on purpose: the spectrum does not warn of it.
few      = $(if $(filter subset-%,$(level)),--few-samples)

# A file appears whole: it is written under a name that only this make uses for this target, and then
# renamed.
me      := $(shell echo "$${SLURMD_NODENAME:-$$(uname -n)}-$$PPID-$$RANDOM")
scratch  = $(@D)/.$(@F).$1.$(me).part
part     = $(call scratch,whole)
whole    = mkdir -p $(@D); trap 'rm -f $(call scratch,*)' EXIT; $1 > $(part); mv $(part) $@
# Remove what a killed make or tool left behind. No file that is still being written is an hour old.
tidy     = find $(study) -depth '(' -name '.*.part' -o -name '.*.tmp' ')' -mmin +60 -exec rm -rf {} + 2> /dev/null || true

# Images of the level that is being measured. Images that all networks share are files. Images of one
# network exist only while they are measured, because `make -j` would otherwise make all of them first.
is-shared = $(filter $(SHARED),$(attack))
is-clean  = $(filter clean subset,$(attack))
stored    = $(if $(is-shared),$(study)/$(level)/x.npy,$(data)/test-images.npy)
passing   = $(if $(is-shared)$(is-clean),,$(if $(SCRATCH),$(SCRATCH)/local-errors.$(me).$$(cksum <<< $(@D) | tr -cd 0-9),$(call scratch,x)))
images    = $(or $(passing),$(stored))
# Their activations, for the instruments.
activated = $(if $(is-shared)$(is-clean),$(activations) < $(stored),$($(attack)) < $(stored) | $(activations))
# What says that the network has all its readouts.
probed    = $(if $(call own,$(rule).probe),$(trained)/clean/probe.jsonl)

# A make that is stopped may have deleted only model.json. So first remove the other files of that
# network, and no other files. Training continues from its checkpoint unless a prerequisite has changed
# since.
define clear-model
mkdir -p $(network)
rm -f $(accuracies)
[ -e $@ ] || rm -f $(model)/{,epoch-*/}{model.json,history.jsonl,[wbrc][0-9]*.npy}
[ -e $@ ] || rmdir $(model)/epoch-* $(model) 2> /dev/null || true
[ -z "$$(find $^ -newer $(checkpoint) 2>&1)" ] || rm -f $(checkpoint)
endef
# A level's files appear together at the end, and its temporary files are removed. What instruments measured
# before is of the level before.
at-the-end = trap 'rm -f $(call scratch,*) $(passing)' EXIT;
define keep
if [ -e $(call scratch,audit) ]; then mv $(call scratch,audit) $(@D)/audit.json; else rm -f $(@D)/audit.json; fi; \
rm -f $(addprefix $(@D)/,classes.jsonl displacement.npy displacement.jsonl distances.npy); \
mv $(call scratch,accuracy) $(@D)/accuracy.jsonl; \
mv $(call scratch,spectrum) $(@D)/spectrum.npy
endef
