# Parts of a study that can be made apart, and many studies: sweeps and reconstructions.
## data: the arrays of the data set
data: $(_arrays)
## inputs: what all seeds share; after it, makes of different seeds may run at the same time
inputs: data $(_commands:%=$(_as)/%) $(_layer0:%=$(_study)/%/alpha.jsonl)
	tidy $(_study)
## seed-1, seed-2 ...: everything of one seed, but for attacks in TRANSFER, which need the network of another
_lent     := $(call _attacked-by,$(filter $(TRANSFER),$(_attacked)))
_lent     := $(addprefix %/,$(_lent:%=%/alpha.jsonl) $(_lent:%=%/accuracy.jsonl) $(_lent:%=%/predictions.npy))
_of-seed   = $(filter-out $(_lent),$(filter $(RULES:%=$(_study)/%/seed-$1/%),$(_measured)) \
  $(if $(filter $1,$(firstword $(SEEDS))),$(_shown)))
$(SEEDS:%=seed-%): seed-%: $$(call _of-seed,$$*)
# A sweep makes each study in its own OUT, with shared data, which for -n need not be there.
_swept   := $(OUT)/sweep
_points  := $(if $(filter sweep% $(OUT)/sweep%,$(_goals)),$(shell \
  points $(_swept) '$(or $(TRAIN_SIZES),all)' '$(WIDTHS)' '$(DEPTHS)' '$(DATASETS)'))
_named    = $(lastword $(patsubst $1-%,%,$(filter $1-%,$(subst /, ,$@))))
_shared-data = $(if $(or $(if $(_asked),,made),$(wildcard $(_swept)/$(@F)/data)),DATA_DIR=$(_swept)/$(@F)/data)
## sweep: one study for each combination of WIDTHS, DEPTHS, TRAIN_SIZES and DATASETS, and one report of all
sweep: $(_points)
	$(MAKE) $(_swept)/report.html
$(_swept)/report.html: $(_points:%=%/table.csv) $(_swept)/.stamps/points $(BIN)/tabulate $(BIN)/report-sweep
	cat $(_points:%=%/.stamps/runs) | tabulate --sweep -o $(_swept)/table.csv
	report-sweep $(_swept)/table.csv --figures $(_swept)/figures -o $@
	say 'the report: $@'
$(_swept)/.stamps/points: $(if $(call _differs,$(file <$(_swept)/.stamps/points),$(_points)),_force)
	write $@ '$(_points)'
$(_points:%=%/table.csv): ;
$(_points): | $$(_swept)/$$(@F)
	$(if $(_asked),,mkdir -p $@)
	$(MAKE) all OUT=$(call _up,$@) DATASET=$(@F) $(_shared-data) TRAIN_SAMPLES=$(filter-out all,$(call _named,train)) \
	  HIDDEN=$(shell layers $(call _named,width) $(call _named,depth)) \
	  $(if $(_asked),,> $@/log || { tail -n 5 $@/log >&2; exit 1; }; echo "made $(@:$(_swept)/%=%)")
$(DATASETS:%=$(_swept)/%):
	$(MAKE) data OUT=$(_swept) DATASET=$(@F)
# The reconstructions are one study, with the rules in reconstructions.mk and a page of its own.
_reconstructing = OUT=$(OUT)/reconstructions $(call _preset,reconstructions)
## reconstructions: which claims survive the choices that the paper leaves open, in OUT/reconstructions
reconstructions:
	$(MAKE) all $(OUT)/reconstructions/$(DATASET)/reconstructions.html $(_reconstructing)
$(_study)/reconstructions.html $(_study)/survival.csv &: $(_study)/report.html $(_as)/reconstructed
	$(call _level)
	run reconstructed
	say "which claims hold whatever one chooses: $(_study)/reconstructions.html"
# For scripts/slurm-array: what all tasks share, and then the target of each task, a line each.
sweep-inputs: $(DATASETS:%=$(_swept)/%)
reconstructions-inputs:
	$(MAKE) inputs $(_reconstructing)
reconstructions-seed-%:
	$(MAKE) seed-$* $(_reconstructing)
tasks sweep-tasks reconstructions-tasks:
	printf '%s\n' $(if $(filter sweep-%,$@),$(_points),$(SEEDS:%=$(@:tasks=)seed-%))
.PHONY: all quick plan data inputs tasks $(SEEDS:%=seed-%) sweep sweep-inputs sweep-tasks $(_points) \
  $(DATASETS:%=$(_swept)/%) reconstructions reconstructions-inputs reconstructions-tasks
