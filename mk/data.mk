# Makes the four arrays of the data set: from arrays in a folder, by drawing digits, or from IDX files,
# which are fetched if necessary.
#
# $(call given,train,images) is a file of the data set; `import` is the command that converts it to an array.
# `lacking` are files that are missing and cannot be made.
array     = $(DATA_DIR)/$1-$2.npy
four      = $(foreach s,train test,$(foreach k,images labels,$(call $1,$s,$k)))
absent    = $(strip $(foreach f,$(call four,$1),$(if $(wildcard $f),,$f)))
ifneq ($(wildcard $(DATA_DIR)/train-images.npy),)
given     = $(array)
lacking   = $(call absent,array)
# Converts images of any dtype and shape to f4 (samples, pixels).
import    = attack-gauss --sigma 0 --quiet
images-of = $(import) $(call given,$1,images)
labels-of = cat $(call given,$1,labels)
else ifeq ($(DATASET),digits)
lacking   =
draw.train = draw-digits --quiet --count $(word 1,$(DRAWN)) --seed 1
draw.test  = draw-digits --quiet --count $(word 2,$(DRAWN)) --seed 2
import    = $(draw.train); $(draw.test)
images-of = $(draw.$1)
labels-of = $(draw.$1) --labels
else
# Names of the files as fetched, as unpacked, and with the dot that some copies have.
stem      = $(DATA_DIR)/$(patsubst test,t10k,$1)-$2
names     = $(foreach e,$(if $(filter images,$2),idx3,idx1)-ubyte,$(stem)-$e.gz $(stem)-$e $(stem).$e $(stem).$e.gz)
given     = $(firstword $(wildcard $(names)) $(names))
fetchable = $(findstring file $(DATASET) ,$(file <data/sources.txt))
# In a folder without any IDX file, arrays are expected.
lacking   = $(if $(fetchable),$(if $(filter data/$(DATASET),$(DATA_DIR)),,$(call absent,given)),$(call absent,$(if $(word 4,$(call absent,given)),array,given)))
import    = import-idx --quiet
images-of = $(import) $(call given,$1,images)
labels-of = $(import) $(call given,$1,labels)
$(DATA_DIR)/%.gz:
	$(if $(filter data/$(DATASET),$(DATA_DIR)),scripts/fetch-data $(DATASET) $(@F),\
	  echo "$@ is missing: DATA_DIR must hold the four files of $(DATASET)" >&2; exit 1)
endif

# All of them are named before anything is made. A make -n may be ahead of what would make them.
$(if $(and $(filter all quick plan data inputs seed-% reconstructions% $(OUT)/%,$(or $(MAKECMDGOALS),all)),$(lacking)),$(if $(findstring n,$(filter-out --%,$(firstword $(MAKEFLAGS)))),,\
  $(error $(DATA_DIR) lacks $(notdir $(lacking)) (expected four arrays or four IDX files, or a DATASET that is drawn or fetched: doc/own-data.md))))

as.import := $(stamps)/import $(stamps)/content
$(data)/%-images.npy: $(as.import)
	$(call whole,$(call images-of,$*))
$(data)/%-labels.npy: $(as.import)
	$(call whole,$(call labels-of,$*))

# Files count as changed when their content changes. Times are unreliable after copying or restoring.
files     := $(if $(call known,given),$(call four,given))
contents  := for f in $(files); do { cksum < $$f; } 2> /dev/null || echo missing; done | tr ' \n' ': '
$(stamps)/content: $(if $(call same,$(strip $(file <$(stamps)/content)),$(strip $(if $(files),$(shell $(contents))))),,FORCE) | $(files)
	mkdir -p $(@D)
	trap 'rm -f $(part)' EXIT; { $(contents); } > $(part); mv $(part) $@
