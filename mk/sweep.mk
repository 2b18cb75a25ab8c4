# Many studies: a sweep makes each study in its own OUT, with shared data; the reconstructions are one
# more. Also the parts that a cluster makes separately; scripts/slurm-array reads their lists.
TASKS   := /dev/stdout
swept   := $(OUT)/sweep
points  := $(foreach n,$(or $(TRAIN_SIZES),all),$(foreach w,$(WIDTHS),$(foreach k,$(DEPTHS),$(DATASETS:%=$(swept)/train-$n/width-$w/depth-$k/%))))
# Read the settings of a point from its name.
named    = $(lastword $(patsubst $1-%,%,$(filter $1-%,$(subst /, ,$@))))
hidden   = $(subst $(space),$(comma),$(foreach k,$(shell seq $(call named,depth)),$(call named,width)))
.PHONY: $(points) $(DATASETS:%=$(swept)/%) $(seeds:%=seed-%)

## sweep: one study for each combination of WIDTHS, DEPTHS, TRAIN_SIZES and DATASETS, and one report of all
sweep: $(points)
	cat $(points:%=%/.stamps/runs) | tabulate --sweep -o $(swept)/table.csv
	report-sweep $(swept)/table.csv --figures $(swept)/figures -o $(swept)/report.html
	echo "the report: $(swept)/report.html"
$(points): | $$(swept)/$$(@F)
	mkdir -p $@
	$(MAKE) all OUT=$(call up,$@) DATASET=$(@F) DATA_DIR=$(swept)/$(@F)/data HIDDEN=$(hidden) \
	  TRAIN_SAMPLES=$(filter-out all,$(call named,train)) > $@/log || { tail -n 5 $@/log >&2; exit 1; }
	echo "made $(@:$(swept)/%=%)"
$(DATASETS:%=$(swept)/%):
	$(MAKE) data OUT=$(swept) DATASET=$(@F)

# The reconstructions are one study, with the rules in reconstructions.mk and a page of its own.
reconstructing = OUT=$(OUT)/reconstructions $(call settings-of,reconstructions)
$(study)/reconstructions.html $(study)/survival.csv &: $(addprefix $(study)/,table.csv claims.jsonl choices.jsonl study.json) $(as.reconstructed)
	$(reconstructed) --table $< --claims $(word 2,$^) --choices $(word 3,$^) --survival $(study)/survival.csv $(study) -o $(study)/reconstructions.html
	echo "which claims hold whatever one chooses: $(study)/reconstructions.html"
## reconstructions: which claims survive the choices that the paper leaves open, in OUT/reconstructions
reconstructions:
	$(MAKE) all $(OUT)/reconstructions/$(DATASET)/reconstructions.html $(reconstructing)

## data: the arrays of the data set
data: $(arrays)
## inputs: what all seeds share; after it, makes of different seeds may run at the same time
inputs: data $(addprefix $(stamps)/,$(of-study)) $(layer0:%=$(study)/%/alpha.jsonl)
	$(tidy)
## sweep-inputs: what all studies of a sweep share
sweep-inputs: $(DATASETS:%=$(swept)/%)
## seed-1, seed-2 ...: everything of one seed, but for attacks in TRANSFER, which need the network of another
lent := $(foreach a,$(transfers),$(foreach l,$(levels.$a),%/$l/alpha.jsonl %/$l/accuracy.jsonl %/$l/predictions.npy))
$(foreach s,$(seeds),$(eval seed-$s: $(filter-out $(lent),$(filter $(RULES:%=$(study)/%/seed-$s/%),$(measured)))))
seed-$(firstword $(seeds)): $(filter-out $(lent),$(samples-shown))
tasks:
	printf '%s\n' $(seeds:%=seed-%) > '$(TASKS)'
sweep-tasks:
	printf '%s\n' $(points) > '$(TASKS)'
reconstructions-inputs:
	$(MAKE) inputs $(reconstructing)
reconstructions-seed-%:
	$(MAKE) seed-$* $(reconstructing)
reconstructions-tasks:
	printf '%s\n' $(seeds:%=reconstructions-seed-%) > '$(TASKS)'
.PHONY: reconstructions reconstructions-inputs reconstructions-tasks
