# The machine behind the Makefile, of which the method needs nothing. Its names, and no others, begin with _.

# --- The shell, the same for everyone -----------------------------------------------------------
# scripts/recipe.sh runs each recipe, and $(shell). -p ignores exported functions and options. If SHELL were bash,
# make would take the leading blanks away from the lines of a recipe.
override SHELL := env
override .SHELLFLAGS := -u BASH_ENV -u ENV -u CDPATH -u POSIXLY_CORRECT -u GREP_OPTIONS -u GREP_COLORS LC_ALL=C \
  bash -peu -o pipefail scripts/recipe.sh
.ONESHELL .SILENT .DELETE_ON_ERROR .SECONDARY .SECONDEXPANSION:
.DEFAULT_GOAL := all
# Of the flags of one letter, some would take settings from the environment, or what is not made as made.
_flags := $(filter-out --%,$(firstword -$(MAKEFLAGS)))
_bad   := $(firstword $(filter e i t,$(subst e, e ,$(subst i, i ,$(subst t, t ,$(_flags))))))
$(if $(_bad),$(error make -$(_bad) cannot make the study: leave it out))
_asked := $(findstring n,$(_flags))$(findstring q,$(_flags))
$(if $(filter grouped-target,$(.FEATURES)),,$(error GNU make 4.3 or later is needed (macOS: brew install make)))
MAKEFLAGS += --no-builtin-rules --no-print-directory
_comma := ,
define _newline


endef
_quote   = '$(subst ','\'',$1)'
_differs = $(subst [$(strip $1)],,[$(strip $2)])
_up      = $(patsubst %/,%,$(dir $1))
# --- What a command may use, and what may be set ------------------------------------------------
# These words are variables of the shell, so that a command has one text for all levels.
_values := strength model labels seed source from with data audit samples few threads study
$(foreach v,$(_values),$(eval $v = $$$${$v}))
scratch  = $${scratch}.$1.part
# What may follow the name of a rule or an attack. It does not come from the environment.
_parts := probe distances activations spectrum fit with
_exported-parts := $(filter $(addprefix %.,about strengths attacks snapshots subsets from $(_parts)),$(.VARIABLES))
$(foreach v,$(_exported-parts),$(if $(filter environment,$(origin $v)),$(eval undefine $v)))
# Without the % of make's own names such as %D, which would be patterns.
_before := $(subst %,,$(.VARIABLES)) _before MAKEFILE_LIST
-include own.mk
_new    := $(filter-out $(_before),$(subst %,,$(.VARIABLES)))
_typed  := $(foreach v,$(.VARIABLES),$(if $(filter command%,$(origin $v)),$v))
# activations measures the accuracy too, unless a command takes its place.
_accuracy-is-replaced := $(filter file override command,$(firstword $(origin accuracy)))
ifeq ($(_accuracy-is-replaced),)
accuracy = accuracy --model $(model) --labels $(labels) $(options)
endif
ifeq ($(origin DATA_DIR),environment)
DATA_DIR := $(if $(digits),data/digits,$(info data from DATA_DIR=$(DATA_DIR), which the environment sets)$(DATA_DIR))
endif
# A script checks all values in one go, and gives them back without what is said twice.
_settings := $(shell sed -nE 's/^([A-Z_]+) *[:?]?=.*    . [a-z ]+: .*/\1/p' Makefile)
_attacked  = $(sort $(ATTACKS) $(foreach r,$(RULES),$($r.attacks)))
_facts     = $(foreach v,$(_settings) $(_attacked:%=%.strengths),$(call _quote,set $v $($v))) \
  $(foreach n,$(RULES) $(_attacked),$(call _quote,is $n $(firstword $(origin $n)) $($n.about))) \
  $(foreach v,$(_values),$(if $(call _differs,$(value $v),$$$${$v}),'taken $v')) \
  $(_typed:%='typed %') $(_new:%='new %')
_valid  := $(shell bash -p scripts/settings '$(MAKECMDGOALS)' $(_facts))
$(if $(filter !,$(firstword $(_valid))),$(error $(wordlist 2,$(words $(_valid)),$(_valid))))
$(foreach v,$(_settings) $(_attacked:%=%.strengths),$(eval override $v := $(patsubst $v=%,%,$(filter $v=%,$(_valid)))))
# The settings of data/presets.txt that are not on the command line, as words for the shell.
_preset    = $(shell preset '$1' $(_typed))

# --- The tools: built by cargo where a source is newer, and then make is called again -------------
# With BIN on the command line, or elsewhere, the tools there are used as they are.
_programs := $(sort $(basename $(notdir $(wildcard src/bin/*.rs))))
_bin      := $(if $(filter /%,$(BIN)),,$(CURDIR)/)$(BIN)
_toolless := help clean uninstall wheel test check-mnist check-digits bench figure
_goals    := $(or $(MAKECMDGOALS),all)
_is-ours  := $(filter-out $(_typed:BIN=%),$(filter target/release,$(BIN)))
_lacking  := $(filter-out $(wildcard $(_programs:%=$(BIN)/%)),$(_programs:%=$(BIN)/%))
export _make = $(_as) $(MAKE) -n $(_goals)
export PATH := $(_bin):$(PATH)
_needed   := $(filter-out $(_toolless),$(_goals))
_newer     = $(shell find src data/digits.json Cargo.toml Cargo.lock build.rs -type f -newer $(BIN)/.built 2>&1)
_old-tools := $(if $(and $(_needed),$(_is-ours)),$(strip $(_lacking) $(_newer)))
$(if $(and $(_needed),$(_lacking)),$(if $(_is-ours)$(_asked),,$(error $(firstword $(_lacking)) is missing: BIN must \
  be a folder with the tools)))
$(if $(and $(_needed),$(findstring :,$(_bin))),$(error $(_bin) has a colon in its name, which PATH cannot hold))
# --- Names: $(_study)/RULE/seed-SEED[/epoch-N]/ATTACK-STRENGTH/FILE ------------------------------
# Use these in a recipe, or after $$ in a prerequisite. They refer to the target that is being made.
_study    := $(OUT)/$(DATASET)
_data     := $(_study)/data
_labels   := $(_data)/test-labels.npy
_as       := $(_study)/.stamps
_arrays   := $(addprefix $(_data)/,train-images.npy train-labels.npy test-images.npy test-labels.npy)
_at        = $(notdir $(@D))
_strength  = $(lastword $(subst -, ,$(_at)))
_attack    = $(patsubst %-$(_strength),%,$(_at))
_measured-network = $(call _up,$(@D))
_epoch     = $(filter epoch-%,$(notdir $(_measured-network)))
_trained   = $(if $(_epoch),$(call _up,$(_measured-network)),$(_measured-network))
_seed      = $(patsubst seed-%,%,$(notdir $(_trained)))
_rule      = $(notdir $(call _up,$(_trained)))
_model     = $(_trained)/model$(_epoch:%=/%)
_probed    = $(if $($(_rule).probe),$(_trained)/clean/probe.jsonl)
_network   = $(_trained)/model/model.json $(_probed)
_from      = $(if $($(_rule).from),$(_study)/$($(_rule).from)/seed-$(_seed)/model)
# After the last seed comes the first.
_pairs    := $(join $(SEEDS:%=%:),$(wordlist 2,$(words $(SEEDS)),$(SEEDS)) $(firstword $(SEEDS)))
_source    = $(call _up,$(_trained))/seed-$(patsubst $(_seed):%,%,$(filter $(_seed):%,$(_pairs)))/model
_lender    = $(if $(filter $(TRANSFER),$(_attack)),$(_as)/next-$(_seed) $(_source)/model.json \
  $(_probed:$(_trained)/%=$(call _up,$(_source))/%))
# Images that all networks share are files. Those of one network exist only while they are measured.
_is-shared = $(filter $(SHARED),$(_attack))
_of-one-network = $(if $(_is-shared),,$(filter-out clean subset,$(_attack)))
_stored    = $(if $(_is-shared),$(_study)/$(_at)/x.npy,$(_data)/test-images.npy)
_subset    = $(patsubst subset-%,%,$(filter subset-%,$(_at)))
# What $(call _level,KIND) gives to a recipe.
_level = level kind=$1 target=$@ rule=$(_rule) attack=$(_attack) strength=$(_strength) seed=$(_seed) model=$(_model) \
  source=$(_source) from=$(_from) with=$(call _quote,$($(_rule).with)) samples=$(or $(_subset),$(SAMPLES)) \
  few=$(if $(_subset)$(filter %/quick,$(OUT)),--few-samples) study=$(_study) data=$(_data) labels=$(_labels) \
  threads=$(THREADS) stored=$(_stored) of_one_network=$(_of-one-network) disk=$(if $(_of-one-network),$(SCRATCH))
