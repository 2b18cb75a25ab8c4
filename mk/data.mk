# Makes the four arrays of the data set: from arrays in a folder, by drawing digits, or from IDX files,
# which are fetched if necessary.
#
# $(call given,train,images) is a file of the data set; `import` is the command that converts it to an array.
ifneq ($(wildcard $(DATA_DIR)/train-images.npy),)
given     = $(DATA_DIR)/$1-$2.npy
# Converts images of any dtype and shape to f4 (samples, pixels).
import    = attack-gauss --sigma 0 --quiet
images-of = $(import) $(call given,$1,images)
labels-of = cat $(call given,$1,labels)
else ifeq ($(DATASET),digits)
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
import    = import-idx --quiet
images-of = $(import) $(call given,$1,images)
labels-of = $(import) $(call given,$1,labels)
$(DATA_DIR)/%.gz:
	$(if $(filter data/$(DATASET),$(DATA_DIR)),scripts/fetch-data $(DATASET) $(@F),\
	  echo "$@ is missing: DATA_DIR must hold the four files of $(DATASET)" >&2; exit 1)
endif

as.import := $(stamps)/import $(stamps)/content
$(data)/%-images.npy: $(as.import)
	$(call whole,$(call images-of,$*))
$(data)/%-labels.npy: $(as.import)
	$(call whole,$(call labels-of,$*))

# Files count as changed when their content changes. Times are unreliable after copying or restoring.
files     := $(if $(call known,given),$(foreach s,train test,$(foreach k,images labels,$(call given,$s,$k))))
contents  := for f in $(files); do { cksum < $$f; } 2> /dev/null || echo missing; done | tr ' \n' ': '
$(stamps)/content: $(if $(call same,$(strip $(file <$(stamps)/content)),$(strip $(if $(files),$(shell $(contents))))),,FORCE) | $(files)
	mkdir -p $(@D)
	trap 'rm -f $(part)' EXIT; { $(contents); } > $(part); mv $(part) $@
