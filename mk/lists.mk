# What there is to make: the levels at which each network is measured, and the scripts of all commands.
_attacked-by = $(foreach a,$(sort $1),$(addprefix $a-,$($a.strengths)))
_levels-of = clean $($1.subsets:%=subset-%) $($1.snapshots:%=epoch-%/clean) \
  $(call _attacked-by,$(or $($1.attacks),$(ATTACKS)))
_networks := $(foreach r,$(RULES),$(foreach s,$(SEEDS),$(addprefix $(_study)/$r/seed-$s/,$(call _levels-of,$r))))
_layer0   := clean $(call _attacked-by,$(filter $(SHARED),$(_attacked)))
_runs     := $(_layer0:%=$(_study)/%) $(_networks)
# The network that the report shows, of the first rule that is no control; and two strengths of each attack.
_first    := $(firstword $(foreach r,$(RULES),$(if $(filter %;,$(lastword $(or $($r.about),;))),$r)) \
  $(filter local,$(RULES)) $(sort $(RULES)))
_shown-network := $(_first)/seed-$(firstword $(SEEDS))
_two      := $(shell two-of-each $(call _attacked-by,$(_attacked)))
_two-of    = $(sort $(notdir $(filter $(1:%=%/%),$(_two))))
_shown    := $(patsubst %,$(_study)/samples/%/predictions.npy,clean $(call _two-of,$(ATTACKS)))
# Into these the instruments look, of all networks of that rule.
_inspected := $(call _two-of,$(filter $(or $($(_first).attacks),$(ATTACKS)),$(INSPECTED)))
_looks    := $(if $(_inspected),clean/classes.jsonl $(_inspected:%=%/classes.jsonl) $(_inspected:%=%/displacement.npy))
# --- Scripts: $(_as)/NAME is the command NAME, and changes with it or with a tool or a file in it --
_rules    := $(sort $(RULES) $(foreach r,$(RULES),$($r.from) $($($r.from).from)))
_of-rules := $(foreach n,$(_rules) $(_attacked),$(foreach p,$(_parts),$(if $($n.$p),$n.$p)))
_measured := $(_runs:%=%/alpha.jsonl) $(_networks:%=%/accuracy.jsonl) $(foreach s,$(SEEDS), \
  $(_looks:%=$(_study)/$(_first)/seed-$s/%) \
  $(patsubst %.distances,$(_study)/%/seed-$s/clean/distances.npy,$(filter $(RULES:%=%.distances),$(_of-rules))))
_judged   := $(addprefix $(_study)/,claims.jsonl choices.jsonl checks.jsonl verdicts.txt)
_stages   := accuracy activations spectrum fit pixels predictions $(if $(_inspected),classes displacement) \
  tabulate claims report
# study.json records how a study is made: the settings as they are used, and the script of each command.
_recorded := DATASET SEEDS HIDDEN RULES ATTACKS CONTROLS CHECKS INSPECTED SIGMAS EPSILONS SIGMAS_TO EPSILONS_TO DRAWS \
  RANKS METHODS EPOCHS BATCH SAMPLES TRAIN_SAMPLES SUBSETS SNAPSHOTS DRAWN
_about     = $(if $(filter stage,$1),, $(or $($2.about),$(if $(filter attack,$1),other;;strength,;));)
_described = --$1 $(call _quote,$2;$(call _about,$1,$2))" $$(sed 1d $(study)/.stamps/$2)"
describe   = describe-study --command $(call _quote,make all $(foreach v,$(_recorded),$v='$($v)')) \
  $(RANKS:%=--ranks %) $(foreach e,$(RULES:%=rule:%) $(_attacked:%=attack:%) \
  $(patsubst %,stage:%,$(filter-out report,$(_stages)) $(_of-rules)), \
  $(call _described,$(firstword $(subst :, ,$e)),$(lastword $(subst :, ,$e))))
_commands := $(_rules) $(_attacked) $(_of-rules) $(_stages) import describe
# Of each script that is to be written: NAME=SUMS, the checksums of what it names.
_changed  := $(shell bash -p scripts/changed $(_as) '$(OUT)' '$(DATA_DIR)' '$(_bin)' '$(_programs)' \
  $(foreach c,$(_commands) reconstructed,$(call _quote,$c $($c))))
# The command NAME of a level: that of its attack, of its rule, or of all.
_of        = $(call _replaced,$1,$(_attack),$(_rule))
_replaced  = $(firstword $(filter $2.$1,$(_of-rules)) $(filter $3.$1,$(_of-rules)) $1)
# The scripts with which a level is measured, of the attack $1 and the rule $2, which are expanded once.
_as-measured = $(call _as-measured-by,$(_attack),$(_rule)) $(_lender)
_as-measured-by = $(addprefix $(_as)/,$(call _replaced,activations,$1,$2) $(call _replaced,spectrum,$1,$2) accuracy \
  $(filter $2.with,$(_of-rules)) $(filter-out clean subset $(SHARED),$1))
_as-attacked = $(_as)/$(_attack) $(if $(_is-shared),,$(_network) $(_labels)) $(_lender)
# In one line, because make takes a tab away from the beginning of a line.
$(addprefix $(_as)/,$(_commands) reconstructed): $(_as)/%:
	write $@ '# $(patsubst $*=%,%,$(filter $*=%,$(_changed)))' $(subst $(_newline),'$$'\n'',$(call _quote,$($*)))
$(addprefix $(_as)/,$(filter $(_commands) reconstructed,$(subst =, ,$(_changed)))): _force
_pair      = $(filter $1:%,$(_pairs))
_next-differs = $(if $(call _differs,$(file <$1),$(call _pair,$2)),_force)
$(SEEDS:%=$(_as)/next-%): $(_as)/next-%: $$(call _next-differs,$$@,$$*)
	write $@ $(call _pair,$*)
.PHONY: _force
# These appear whole. A make that is stopped must not delete what another make has made meanwhile.
.PRECIOUS: $(_study)/%/alpha.jsonl $(_study)/%/accuracy.jsonl $(_study)/%/spectrum.npy \
  $(foreach r,$(RULES),$(if $(filter train,$(firstword $($r))),$(SEEDS:%=$(_study)/$r/seed-%/model/model.json)))
# make follows a pattern twice in a chain only if the files between are named: networks made from networks.
_networks-by-name: $(foreach r,$(_rules),$(SEEDS:%=$(_study)/$r/seed-%/model/model.json))
