# Data: the four arrays, from arrays or IDX files in DATA_DIR (which are fetched if necessary), or drawn.
$(if $(filter $(abspath $(_data)),$(abspath $(DATA_DIR))),$(error DATA_DIR is $(DATA_DIR), where make makes the data))
_found    := $(if $(and $(digits),$(if $(wildcard $(DATA_DIR)/train-images.npy),,drawn)),,$(shell bash -p \
  scripts/data-files $(DATASET) $(DATA_DIR)))
_files    := $(filter $(DATA_DIR)/%,$(subst =, ,$(_found)))
$(if $(filter all quick plan data inputs seed-% reconstructions% $(OUT)/%,$(_goals)),$(if $(filter !,$(_found)), \
  $(error $(filter-out !,$(_found)))))
_drawn     = --count $(word $1,$(DRAWN)) --seed $1
import     = $(if $(_files),import-idx --quiet $${file},$(_draw))
_draw      = case $$array in train-*) set -- $(call _drawn,1) ;; *) set -- $(call _drawn,2) ;; esac; \
  case $$array in *-labels) set -- "$$@" --labels ;; esac; draw-digits --quiet "$$@"
$(_arrays): $(_data)/%.npy: $(_as)/import $(_as)/content
	$(call _level)
	export array=$* file=$(patsubst $*=%,%,$(filter $*=%,$(_found)))
	whole run import
$(DATA_DIR)/%.gz:
	scripts/fetch-data $(DATASET) $(@F)
# Files count as changed when their content changes. Times are unreliable after copying or restoring.
_checksums := $(if $(_files),cksum $(_files) 2> /dev/null | cut -d ' ' -f 1-2 | tr ' \n' ': ',true)
$(_as)/content: $(if $(call _differs,$(file <$(_as)/content),$(if $(_files),$(shell $(_checksums)))),_force) | $(_files)
	write $@ "$$($(_checksums))"
