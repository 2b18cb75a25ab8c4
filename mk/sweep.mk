# Many studies: those of a sweep, each in an OUT of its own on data that all share; and the parts that
# a cluster makes apart, of which scripts/slurm-array reads the lists.
TASKS   := /dev/stdout
swept   := $(OUT)/sweep
points  := $(foreach n,$(or $(TRAIN_SIZES),all),$(foreach w,$(WIDTHS),$(foreach k,$(DEPTHS),$(DATASETS:%=$(swept)/train-$n/width-$w/depth-$k/%))))
# What a point's name says of it.
named    = $(lastword $(patsubst $1-%,%,$(filter $1-%,$(subst /, ,$@))))
hidden   = $(subst $(space),$(comma),$(foreach k,$(shell seq $(call named,depth)),$(call named,width)))
.PHONY: $(points) $(DATASETS:%=$(swept)/%) $(seeds:%=seed-%)

## sweep: a study for each of WIDTHS, DEPTHS, TRAIN_SIZES and DATASETS, then all in one report
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

## data: the data set as arrays
data: $(arrays)
## inputs: what all seeds share; after it several makes may run at once, one for each seed
inputs: data $(addprefix $(stamps)/,$(stamped)) $(layer0:%=$(study)/%/alpha.jsonl) $(measured-d)
	$(tidy)
## sweep-inputs: what all points of a sweep share
sweep-inputs: $(DATASETS:%=$(swept)/%)
## seed-1, seed-2 ...: all of one seed
# With an attack in TRANSFER that includes the next seed's network. Two makes at once would both train
# it, to the same bytes, and measure again what is older: make the study without the attack first.
$(foreach s,$(seeds),$(eval seed-$s: $(filter $(RULES:%=$(study)/%/seed-$s/%),$(measured))))
seed-$(firstword $(seeds)): $(samples-shown)
tasks:
	printf '%s\n' $(seeds:%=seed-%) > '$(TASKS)'
sweep-tasks:
	printf '%s\n' $(points) > '$(TASKS)'
