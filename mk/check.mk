# Checks all settings before anything is made, and refuses bad ones with a message.
#
# DATA_DIR is the only setting that is also taken from the environment; make then says so. Drawn digits
# need no folder.
ifneq ($(filter undefined environment,$(origin DATA_DIR)),)
exported := $(if $(filter digits,$(DATASET)),,$(DATA_DIR))
DATA_DIR := $(or $(exported),data/$(strip $(DATASET)))    # folder with the files of the data set
$(if $(exported),$(info data from DATA_DIR=$(exported), which the environment sets))
endif

# accepts.NAME: the pattern that each word of a setting must match, and a description of it. Below:
# the settings that may be empty, those of a single word, and lists in which repeated values count once.
name   := [A-Za-z][A-Za-z0-9_.-]*
number := ([0-9]+\.?[0-9]*|\.[0-9]+)
whole  := [1-9][0-9]*
# A name that make, the shell and the tools all read as one word. [^!-~[:cntrl:][:space:]] matches
# letters outside ASCII.
folder := ([A-Za-z0-9_./+@]|[^!-~[:cntrl:][:space:]])([A-Za-z0-9_./+@-]|[^!-~[:cntrl:][:space:]])* a folder, its name of letters, digits and . _ - + @ /
accepts.DATASET       := $(name) a name such as mnist
accepts.DATASETS      := $(name) names such as digits mnist
accepts.SEEDS         := [0-9]+ whole numbers such as 1 2 3
accepts.DRAWN         := $(whole) two numbers such as 20000 10000
accepts.HIDDEN        := $(whole)(,$(whole))* layers of one width such as 200,200
accepts.RULES         := $(name) names of rules such as local
accepts.ATTACKS       := $(name) names of attacks such as gauss
accepts.CONTROLS      := $(name) names of attacks such as fgsm-random
accepts.CHECKS        := $(name) names of attacks such as pgd
accepts.INSPECTED     := $(name) names of attacks such as gauss
accepts.SIGMAS        := $(number) numbers such as 0.1 0.5
accepts.EPSILONS      := $(number) numbers such as 0.01 0.1
accepts.SIGMAS_TO     := $(number) numbers such as 3 0.8
accepts.EPSILONS_TO   := $(number) numbers such as 0.3 0.8
accepts.DRAWS         := $(whole) a whole number
accepts.METHODS       := (ols|weighted|mle) names of methods: ols, weighted, mle
accepts.RANKS         := $(whole)-$(whole) ranges such as 1-50
accepts.EPOCHS        := $(whole) a whole number or nothing
accepts.BATCH         := $(whole) a whole number or nothing
accepts.SAMPLES       := $(whole) a whole number or nothing
accepts.TRAIN_SAMPLES := $(whole) a whole number or nothing
accepts.SUBSETS       := $(whole) whole numbers or nothing
accepts.SNAPSHOTS     := $(whole) whole numbers or nothing
accepts.THREADS       := [0-9]+ a whole number
accepts.PROGRAM_PREFIX := [A-Za-z0-9][A-Za-z0-9_.-]* the start of a name such as le-
accepts.WIDTHS        := $(whole) whole numbers such as 50 100
accepts.DEPTHS        := $(whole) whole numbers such as 2 5
accepts.TRAIN_SIZES   := $(whole) whole numbers or nothing
folders := OUT BIN DATA_DIR PREFIX SCRATCH DESTDIR
$(foreach v,$(folders),$(eval accepts.$v := $$(folder)))
checked  := $(patsubst accepts.%,%,$(filter accepts.%,$(.VARIABLES)))
optional := CONTROLS CHECKS INSPECTED EPOCHS BATCH SAMPLES TRAIN_SAMPLES SUBSETS SNAPSHOTS TRAIN_SIZES SCRATCH DESTDIR PROGRAM_PREFIX
single   := DATASET HIDDEN DRAWS EPOCHS BATCH SAMPLES TRAIN_SAMPLES THREADS OUT BIN DATA_DIR PREFIX SCRATCH DESTDIR PROGRAM_PREFIX
lists    := DATASETS RULES ATTACKS CONTROLS CHECKS INSPECTED RANKS METHODS SUBSETS SNAPSHOTS WIDTHS DEPTHS TRAIN_SIZES

# Names on the command line that are not settings, such as SEED=1 or ATTACK=gauss.
typed   := $(foreach v,$(.VARIABLES),$(if $(filter command%,$(origin $v)),$v))
unknown := $(if $(typed),$(filter-out $(shell sed -nE 's/^([A-Za-z][A-Za-z0-9_.-]*) *[:+?]?=.*/\1/p' Makefile mk/*.mk $(wildcard own.mk)) \
  $(foreach w,$(RULES) $(ATTACKS) $(CONTROLS),$w $w.%),$(typed)))
$(if $(unknown),$(error $(firstword $(unknown)) is no setting: did you mean $(shell scripts/nearest $(call quote,$(firstword $(unknown))) $(checked) RUN)? (see make help)))

# A comment after a value leaves blanks at its end: remove them.
$(foreach v,$(checked),$(eval override $v := $$(strip $$($v))))
$(foreach v,$(lists),$(eval override $v := $$(strip $$(call uniq,$$($v)))))
expected = $(wordlist 2,99,$(accepts.$1))
refuse = $(error $(if $(filter $(folders),$1),$1 must be $(expected)$(comma) found $(or $2,nothing),$1 has a bad value: $2 (expected $(expected))))
$(foreach v,$(filter-out $(optional),$(checked)),$(if $($v),,$(if $(filter $(folders),$v),$(call refuse,$v),$(error $v is empty (expected $(call expected,$v))))))
$(foreach v,$(single),$(if $(word 2,$($v)),$(call refuse,$v,$($v))))
$(if $(word 2,$(sort $(subst $(comma), ,$(HIDDEN)))),$(call refuse,HIDDEN,$(HIDDEN)))
$(if $(filter 2,$(words $(DRAWN))),,$(call refuse,DRAWN,$(DRAWN)))

# All attacks that any rule meets.
attacked := $(sort $(ATTACKS) $(foreach r,$(RULES),$(call own,$r.attacks)))
attacks  := $(sort $(patsubst %.strengths,%,$(filter %.strengths,$(.VARIABLES))))
rules    := $(filter-out $(attacks) $(reconstructions.RULES),$(sort $(patsubst %.about,%,$(filter %.about,$(.VARIABLES)))))
none     = $(error no $1 $2: there are $3, or a line $2 = COMMAND adds it)
$(foreach r,$(RULES),$(if $(call known,$r),,$(call none,rule,$r,$(rules))))
$(foreach a,$(attacked),$(if $(call known,$a),,$(call none,attack,$a,$(attacks))))
$(foreach a,$(attacked),$(if $(call known,$a.strengths),,$(error $a has no strengths: set $a.strengths)))
$(foreach a,$(filter clean data describe epoch figures import log runs samples subset subset-%,$(attacked)),$(error the attack $a needs another name: that of $a is taken))

# Check all words in one call of grep, because a call for each would be slow.
accepts.strengths := $(number) numbers such as 0.1 0.5
words-of = $(foreach w,$($1),$(call quote,$2=$w))
wrong   := $(shell printf '%s\n' $(foreach v,$(checked),$(call words-of,$v,$v)) $(foreach a,$(attacked),$(call words-of,$a.strengths,strengths)) | \
  grep -Evx -m1 -- '$(subst $(space),|,$(foreach v,$(checked) strengths,($v=$(firstword $(accepts.$v)))))' || true)
$(if $(wrong),$(call refuse,$(firstword $(subst =, ,$(wrong))),$(patsubst $(firstword $(subst =, ,$(wrong)))=%,%,$(wrong))))
