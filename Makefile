# The study, step by step. A file's name says how it was made:
#   out/digits/local/seed-1/fgsm-0.05/spectrum.npy
# `make help` lists the targets and what can be set on the command line.

# Every command of this file, $(shell) too, runs in a bash that takes nothing from the user's shell:
# -p leaves out exported functions and options, CDPATH and BASH_ENV; numbers have a decimal point.
SHELL := env
.SHELLFLAGS := -u BASH_ENV -u ENV -u CDPATH -u POSIXLY_CORRECT -u GREP_OPTIONS -u GREP_COLORS LC_ALL=C bash -peu -o pipefail -c
# Flags that would take settings from the environment, or call a target made that is not.
$(foreach f,e i t,$(if $(findstring $f,$(firstword -$(MAKEFLAGS))),$(error make -$f cannot make the study: leave it out$(if $(filter e,$f), and name settings on the command line))))
MAKEFLAGS += --no-builtin-rules --no-print-directory
$(if $(filter grouped-target,$(.FEATURES)),,$(error GNU make 4.3 or later is needed, this is $(MAKE_VERSION) (macOS: brew install make, then gmake)))
.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
V :=
$V.SILENT:

# --- Settings -----------------------------------------------------------------------
DATASET := digits# drawn; or mnist, fashion-mnist, kmnist, or a folder of yours, data/NAME
SEEDS   := $(if $(filter digits,$(DATASET)),1 2 3,1 2 3 4 5)
DRAWN   := 20000 10000# digits to train on and to test on
HIDDEN  := 200,200,200,200,200
RULES   := local backprop untrained shuffled
ATTACKS := gauss fgsm fgsm-float32
CONTROLS := gauss-clipped gauss-repeat fgsm-clipped fgsm-random# attacks of local errors alone
SIGMAS  := 0.1 0.2 0.3 0.4 0.5 0.6 0.8 1 1.25 1.5 2 3$(if $(filter digits,$(DATASET)), 5 8)
EPSILONS := 0.01 0.02 0.03 0.04 0.05 0.06 0.08 0.1 0.12 0.15 0.2 0.3
RANKS   := 1-50 1-20 11-100
EPOCHS  :=# empty: the preset of the rule
BATCH   :=# empty: the preset
SAMPLES :=# of the test images; empty: all
TRAIN_SAMPLES :=# of the training images; empty: all
SUBSETS := $(if $(filter digits mnist fashion-mnist kmnist,$(DATASET)),1000 2000 5000)# so many of them: alpha against samples
SNAPSHOTS := 1 2 3 5 10 20 40# epochs of local errors that are measured too
STIMULUS_DIMENSION :=# d of the set of images, for alpha > 1 + 2/d; empty: as `dimension` measures it
OUT     := out
BIN     := target/release
RUN     :=# stands before what learns, the one stage long enough to be a cluster's job
THREADS := $(or $(if $(RUN),$(SLURM_CPUS_PER_TASK)),1)
SCRATCH := $(SLURM_TMPDIR)# a folder on this machine's own disk for attacked images; empty: beside what is measured
# The one setting that is also taken from the environment, and then named; drawn digits need no folder.
ifneq ($(filter undefined environment,$(origin DATA_DIR)),)
exported := $(if $(filter digits,$(DATASET)),,$(DATA_DIR))
DATA_DIR := $(or $(exported),data/$(DATASET))
$(if $(exported),$(info data from DATA_DIR=$(exported), which the environment sets))
endif
PREFIX  := /usr/local# where `make install` puts the tools
DESTDIR :=# stands before PREFIX where a package is built
TASKS   := /dev/stdout
WIDTHS      := 50 100 200# of a sweep
DEPTHS      := 2 5
TRAIN_SIZES :=# as TRAIN_SAMPLES
DATASETS    := $(DATASET)

# --- Method: a line a learning rule, an attack, a measurement. Replace one, or add ---
# A rule makes the directory $(model); it may use $(seed). It meets all ATTACKS, or those in
# NAME.attacks; NAME.snapshots and NAME.subsets are measured on clean images besides.
train     = train --hidden $(HIDDEN) $(EPOCHS:%=--epochs %) $(BATCH:%=--batch-size %) \
  $(TRAIN_SAMPLES:%=--samples %) --seed $(seed) --threads $(THREADS) --checkpoint $(checkpoint) --quiet \
  --images $(data)/train-images.npy --labels $(data)/train-labels.npy \
  --test-images $(data)/test-images.npy --test-labels $(labels) -o $(model)
local     = $(train) --rule local $(local.snapshots:%=--snapshots %)
backprop  = $(train) --rule backprop
shuffled  = $(train) --rule local --shuffle-labels
untrained = $(foreach EPOCHS,0,$(train)) --rule local
local.attacks   = $(ATTACKS) $(CONTROLS)
local.snapshots = $(snapshots)
local.subsets   = $(subsets)

# An attack reads images on stdin and writes images on stdout; it may use $(strength) $(model)
# $(labels) $(seed), and write $(call scratch,audit). NAME.strengths are its strengths;
# NAME.spectrum takes the place of spectrum; SHARED are the attacks that need no network, of
# which one set of images serves all, TRANSFER those that use $(source), the network of the next
# of SEEDS by the same rule, where that of $(model) is measured.
gauss         = attack-gauss --sigma $(strength) --seed 1 $(options)
gauss-clipped = $(gauss) --clip 0,1
# Its spectrum is the signal's alone, from two draws of the noise.
gauss-repeat  = $(gauss)
gauss-repeat.spectrum = { $(subst --seed 1,--seed 2,$(gauss)) < $(data)/test-images.npy | \
  extract-activations --model $(model) $(options) > $(call scratch,second); spectrum --quiet --repeat - $(call scratch,second); }
fgsm          = attack-fgsm --epsilon $(strength) --model $(model) --labels $(labels) \
  --audit $(call scratch,audit) $(options)
fgsm-float32  = $(fgsm) --gradient float32
fgsm-random   = $(fgsm) --gradient random
fgsm-clipped  = $(fgsm) --clip 0,1
fgsm-transfer = $(foreach model,$(source),$(fgsm))
bim           = attack-pgd --epsilon $(strength) --model $(model) --labels $(labels) \
  --audit $(call scratch,audit) $(options)
pgd           = $(bim) --random-start --seed 1
SHARED   := gauss
TRANSFER := fgsm-transfer
gauss.strengths         = $(SIGMAS)
gauss-clipped.strengths = $(SIGMAS)
gauss-repeat.strengths  = $(SIGMAS)
fgsm.strengths          = $(EPSILONS)
fgsm-float32.strengths  = $(EPSILONS)
fgsm-random.strengths   = $(EPSILONS)
fgsm-clipped.strengths  = $(EPSILONS)
fgsm-transfer.strengths = $(EPSILONS)
bim.strengths           = $(EPSILONS)
pgd.strengths           = $(EPSILONS)

# Measurements read stdin and write stdout: images | activations | spectrum | fit.
accuracy    = accuracy --model $(model) --labels $(labels) $(options)
activations = extract-activations --model $(model) $(options) $(beside)
spectrum    = spectrum --quiet
fit         = fit-powerlaw $(RANKS:%=--ranks %) $(if $(filter %-repeat,$(attack)),--as-ranked)
dimension   = dimension --threads $(THREADS) --quiet $(SAMPLES:%=--samples %)
claims      = claims $(if $(STIMULUS_DIMENSION),--stimulus-dimension $(STIMULUS_DIMENSION),--dimension $(study)/dimension.jsonl)
options     = $(samples:%=--samples %) --threads $(THREADS) --quiet
# One pass through the network gives both, unless another command measures accuracy.
beside      = $(if $(call same,$(strip $(accuracy)),accuracy --model $(model) --labels $(labels) $(strip $(options))),--labels $(labels) --accuracy $(call scratch,accuracy))

# Lines of one's own, out of git's sight: ATTACKS += mine
-include own.mk

# --- What a target's name says: $(study)/RULE/seed-SEED[/epoch-N]/ATTACK-STRENGTH/FILE -------
study    = $(OUT)/$(DATASET)
data     = $(study)/data
labels   = $(data)/test-labels.npy
stamps   = $(study)/.stamps
up       = $(patsubst %/,%,$(dir $1))
level    = $(notdir $(@D))
strength = $(lastword $(subst -, ,$(level)))
attack   = $(patsubst %-$(strength),%,$(level))
network  = $(call up,$(@D))
epoch    = $(filter epoch-%,$(notdir $(network)))
trained  = $(if $(epoch),$(call up,$(network)),$(network))
seed     = $(patsubst seed-%,%,$(notdir $(trained)))
rule     = $(notdir $(call up,$(trained)))
model    = $(trained)/model$(epoch:%=/%)
source   = $(call up,$(trained))/$(next-$(seed))/model
lender   = $(if $(filter $(TRANSFER),$(attack)),$(stamps)/next-$(seed) $(source)/model.json)
samples  = $(or $(patsubst subset-%,%,$(filter subset-%,$(level))),$(SAMPLES))
shared   = $(filter $(SHARED),$(attack))
stored   = $(if $(shared),$(study)/$(level)/x.npy,$(data)/test-images.npy)
passing  = $(if $(shared)$(filter clean subset,$(attack)),,$(if $(SCRATCH),$(SCRATCH)/local-errors.$(me).$$(cksum <<< $(@D) | tr -cd 0-9),$(call scratch,x)))
images   = $(or $(passing),$(stored))
checkpoint = $(model).checkpoint
# Files appear whole: written under a name that is this make's alone, then renamed.
me      := $(shell echo "$${SLURMD_NODENAME:-$$(uname -n)}-$$PPID-$$RANDOM")
scratch  = $(@D)/.$1.$(me).part
part     = $(call scratch,$(@F))
whole    = trap 'rm -f $(part)' EXIT; $1 > $(part); mv $(part) $@
# What a make or a tool that was killed left; nothing that is being written is an hour old.
tidy     = find $(study) -depth '(' -name '.*.part' -o -name '.*.tmp' ')' -mmin +60 -exec rm -rf {} + 2> /dev/null || true

# --- Malformed settings are refused here, before anything is made -----------------------
quote  = '$(subst ','\'',$1)'
grep   = $(if $2,$(shell printf '%s\n' $(foreach v,$2,$(call quote,$v)) | grep -Evx -m1 -- $(call quote,$1) || true))
refuse = $(if $2,$(error $1 has a bad value: $2 (expected $3)))
each   = $(if $(strip $($1)),,$(error $1 is empty (expected $3)))$(call refuse,$1,$(call grep,$2,$($1)),$3)
maybe  = $(call refuse,$1,$(call grep,[1-9][0-9]*,$($1)),a whole number or nothing)
comma  := ,
space  := $(subst ,, )
name   = [A-Za-z][A-Za-z0-9_.-]*
number = ([0-9]+\.?[0-9]*|\.[0-9]+)
widths = ([1-9][0-9]*)(,\1)*
$(if $(word 2,[$(DATASET)])$(call grep,$(name),$(or $(DATASET),-)),$(error DATASET must be a name such as mnist, found $(or $(DATASET),nothing)))
# A folder's name is one word to make, the shell and the tools; [^ -~[:cntrl:]] are letters beyond ASCII.
place := ([A-Za-z0-9_./+@]|[^ -~[:cntrl:]])([A-Za-z0-9_./+@-]|[^ -~[:cntrl:]])*
bad   := $(shell printf '%s\n' $(foreach v,OUT BIN PREFIX DATA_DIR SCRATCH DESTDIR,$(call quote,$v=$($v))) | \
  grep -Evx -m1 -- '(OUT|BIN|PREFIX|DATA_DIR)=$(place)|(SCRATCH|DESTDIR)=($(place))?' || true)
$(if $(bad),$(error $(firstword $(subst =, ,$(bad))) must be a folder$(comma) its name of letters$(comma) digits and . _ - + @ / (found $(bad))))
# What is named twice counts once, seeds and numbers of samples as the numbers they are.
uniq   = $(if $1,$(firstword $1) $(call uniq,$(filter-out $(firstword $1),$1)))
$(foreach v,RULES ATTACKS CONTROLS RANKS SUBSETS SNAPSHOTS WIDTHS DEPTHS TRAIN_SIZES DATASETS,$(eval override $v := $$(strip $$(call uniq,$$($v)))))
$(call each,SEEDS,[0-9]+,whole numbers such as 1 2 3)
$(call each,RULES,$(name),names of rules such as local)
$(call each,ATTACKS,$(name),names of attacks such as gauss)
$(call refuse,CONTROLS,$(call grep,$(name),$(CONTROLS)),names of attacks or nothing)
$(call each,SIGMAS,$(number),numbers such as 0.1 0.5)
$(call each,EPSILONS,$(number),numbers such as 0.01 0.1)
$(call each,RANKS,[1-9][0-9]*-[1-9][0-9]*,ranges such as 1-50)
$(call each,HIDDEN,$(widths),layers of one width such as 200$(comma)200)
$(call each,THREADS,[0-9]+,a whole number)
$(call each,DRAWN,[1-9][0-9]*,two numbers such as 20000 10000)
$(if $(filter 2,$(words $(DRAWN))),,$(error DRAWN must be two numbers such as 20000 10000))
$(foreach v,EPOCHS BATCH SAMPLES TRAIN_SAMPLES,$(call maybe,$v))
$(foreach v,SUBSETS SNAPSHOTS,$(call refuse,$v,$(call grep,[1-9][0-9]*,$($v)),whole numbers or nothing))
# What this file, own.mk or the command line says; never what the environment happens to name so.
known  = $(filter file command override,$(firstword $(origin $1)))
own    = $(if $(call known,$1),$($1))
# All that are attacked with: those of all rules, and those of one.
attacked := $(sort $(ATTACKS) $(foreach r,$(RULES),$(call own,$r.attacks)))
$(call refuse,ATTACKS,$(filter clean data epoch subset subset-%,$(attacked)),a name that is not taken)
$(foreach c,$(RULES) $(attacked),$(if $(call known,$c),,$(error $c is named but no variable $c holds its command)))
$(foreach a,$(attacked),$(if $(call known,$a.strengths),,$(error $a has no strengths: set $a.strengths)))

# 0.10 and 0.1 are one strength. Words are names of lists and numbers, such as gauss:0.10.
plain = $(shell printf '%s\n' $1 | sed -E 's/:0*([0-9])/:\1/; s/:\./:0./; /\./s/\.?0*$$//' | sort -t : -k 1,1 -k 2,2g -u)
list  = $(patsubst $1:%,%,$(filter $1:%,$2))
$(foreach a,$(attacked),$(call refuse,$a.strengths,$(call grep,$(number),$($a.strengths)),numbers))
plains := $(call plain,$(SIGMAS:%=SIGMAS:%) $(EPSILONS:%=EPSILONS:%) $(foreach a,$(attacked),$(addprefix $a:,$($a.strengths))))
$(foreach a,$(attacked),$(eval levels.$a := $(addprefix $a-,$(call list,$a,$(plains)))))

# No snapshot after the last epoch, of which 40 is the preset; no subset that is the whole.
below     = $(if $2,$(shell printf '%s\n' $1 | awk '$$1 < $2'),$1)
snapshots := $(if $(SNAPSHOTS),$(call below,$(SNAPSHOTS),$(or $(EPOCHS),40) + 1))
subsets   := $(if $(SUBSETS),$(call below,$(SUBSETS),$(or $(SAMPLES),$(if $(filter digits,$(DATASET)),$(word 2,$(DRAWN))))))

seeds    := $(shell printf '%s\n' $(SEEDS) | sed 's/^0*\(.\)/\1/' | sort -nu)
# next-1 is seed-2; after the last seed comes the first.
$(foreach n,$(join $(seeds:%=next-%:=seed-),$(wordlist 2,$(words $(seeds)),$(seeds)) $(firstword $(seeds))),$(eval $n))
transfers := $(filter $(TRANSFER),$(attacked))
$(if $(transfers),$(if $(word 2,$(seeds)),,$(error $(firstword $(transfers)) needs the network of another seed: SEEDS must be two or more, found $(seeds))))
# The one that the report shows.
first    := $(firstword $(filter local,$(RULES)) $(sort $(RULES)))
shows    := $(first)/seed-$(firstword $(seeds))
levels    = clean $(patsubst %,subset-%,$(call own,$1.subsets)) $(patsubst %,epoch-%/clean,$(call own,$1.snapshots)) $(foreach a,$(sort $(or $(call own,$1.attacks),$(ATTACKS))),$(levels.$a))
$(foreach r,$(RULES),$(eval runs.$r := $(call levels,$r)))
layer0   := clean $(foreach a,$(filter $(SHARED),$(attacked)),$(levels.$a))
networks := $(foreach r,$(RULES),$(foreach s,$(seeds),$(runs.$r:%=$(study)/$r/seed-$s/%)))
runs     := $(layer0:%=$(study)/%) $(networks)
arrays   := $(foreach s,train test,$(data)/$s-images.npy $(data)/$s-labels.npy)
bin      := $(if $(filter /%,$(BIN)),,$(CURDIR)/)$(BIN)
export PATH := $(bin):$(PATH)

built    := $(if $(filter file,$(origin BIN)),$(BIN)/.built)# a BIN of the user's is theirs to build

.DEFAULT_GOAL := all
.PHONY: all quick data inputs tasks sweep sweep-inputs sweep-tasks test test-slurm check-mnist check-digits validate campaign bench \
  figure install uninstall clean help FORCE $(seeds:%=seed-%)
## all: the study, to its tables and its report
all: $(study)/summary.csv $(study)/report.html
## quick: a miniature of everything in a minute, in $(OUT)/quick
quick:
	$(MAKE) all OUT=$(OUT)/quick DATASET=digits DRAWN='4000 1000' SEEDS='1 2 3' HIDDEN=50,50,50 EPOCHS=6 SUBSETS='250 500' \
	  SIGMAS='0.25 0.5 1 2' EPSILONS='0.02 0.05 0.1 0.2' RANKS='1-40 1-20'
## data: the data set as arrays
data: $(arrays)
## inputs: what all seeds share; after it, several makes may run at once, one a seed
inputs: data $(built) $$(addprefix $$(stamps)/,$$(stamped)) $(layer0:%=$(study)/%/alpha.jsonl) $$(measured-d)
	$(tidy)
## seed-1, seed-2 ...: all of one seed
# With an attack in TRANSFER that includes the next seed's network. Makes that run at once would both train it, to the same bytes,
# and what is older than the second is measured again: make the study without the attack first.
$(foreach s,$(seeds),$(eval seed-$s: $(filter $(RULES:%=$(study)/%/seed-$s/%),$(runs:%=%/alpha.jsonl) $(runs:%=%/accuracy.jsonl))))
seed-$(firstword $(seeds)): $$(foreach l,$$(shown),$$(study)/samples/$$l/predictions.npy)
# ... as a list for a cluster, which scripts/slurm-array reads
tasks:
	printf '%s\n' $(seeds:%=seed-%) > '$(TASKS)'

# --- Stages --------------------------------------------------------------------------------
todo  := $(filter-out $(wildcard $(runs:%=%/alpha.jsonl)),$(runs:%=%/alpha.jsonl))
total := $(words $(or $(todo),$(runs)))
made  :=
count  = $(eval made += x)($(words $(made))/$(total))
say    = echo "$1 $(patsubst $(study)/%,%,$(@D))"

# What these recipes make appears whole. A make that is stopped need not delete it, and must not where
# another has made it meanwhile, as on a cluster whose node was given up and then answers.
.PRECIOUS: %/alpha.jsonl $(study)/%/accuracy.jsonl $(study)/%/spectrum.npy \
  $(foreach r,$(RULES),$(if $(filter train,$(firstword $($r))),$(seeds:%=$(study)/$r/seed-%/model/model.json)))

# A make that is stopped may delete model.json alone: what else is left of the network goes first, and
# nothing that is not a network's. Training goes on from its checkpoint, unless what it was made from
# has changed since.
$(study)/%/model/model.json: $(arrays) $(stamps)/$$(rule) | $(built)
	mkdir -p $(network)
	[ -e $@ ] || rm -f $(model)/{,epoch-*/}{model.json,history.jsonl,[wbrc][0-9]*.npy}
	[ -e $@ ] || rmdir $(model)/epoch-* $(model) 2> /dev/null || true
	[ -z "$$(find $^ -newer $(checkpoint) 2>&1)" ] || rm -f $(checkpoint)
	$(RUN) $($(rule))
	$(call say,trained)

# Attacked images of one network are made, measured and removed in one recipe: as targets of
# their own, `make -j` would make all of them, 30 MB each, before it measured the first.
$(study)/%/accuracy.jsonl $(study)/%/spectrum.npy: $$(trained)/model/model.json $$(stored) $(labels) \
  $(stamps)/measure $$(if $$(passing),$(stamps)/$$(attack)) $$(lender) | $(built)
	mkdir -p $(@D)
	trap 'rm -f $(call scratch,*) $(passing)' EXIT; \
	$(if $(passing),$($(attack)) < $(stored) > $(passing);) \
	$(activations) < $(images) | $(or $(call own,$(attack).spectrum),$(spectrum)) > $(call scratch,spectrum); \
	[ -e $(call scratch,accuracy) ] || $(accuracy) < $(images) > $(call scratch,accuracy); \
	if [ -e $(call scratch,audit) ]; then mv $(call scratch,audit) $(@D)/audit.json; else rm -f $(@D)/audit.json; fi; \
	mv $(call scratch,accuracy) $(@D)/accuracy.jsonl; \
	mv $(call scratch,spectrum) $(@D)/spectrum.npy

# The images themselves are layer 0.
$(layer0:%=$(study)/%/spectrum.npy): $$(stored) $(stamps)/pixels | $(built)
	mkdir -p $(@D)
	$(call whole,$(pixels) < $(stored))

# Attacked images by name: those that all networks share, or one set to look at.
$(study)/%/x.npy: $(data)/test-images.npy $(stamps)/$$(attack) \
  $$(if $$(shared),,$$(model)/model.json $(labels)) $$(lender) | $(built)
	mkdir -p $(@D)
	trap 'rm -f $(call scratch,*)' EXIT; $($(attack)) < $< > $(part); mv $(part) $@

%/alpha.jsonl: %/spectrum.npy $(stamps)/fit | $(built)
	$(call whole,$(fit) < $<)
	$(call say,$(count))

measured := $(runs:%=%/alpha.jsonl) $(networks:%=%/accuracy.jsonl)
$(study)/table.csv: $(measured) $(stamps)/runs $(stamps)/tabulate | $(built)
	$(tabulate) --runs $(stamps)/runs -o $@
	echo "$(words $(runs)) levels in $@, their mean and spread over seeds in summary.csv"
$(study)/summary.csv: $(measured) $(stamps)/runs $(stamps)/tabulate | $(built)
	$(tabulate) --runs $(stamps)/runs --summary $@ -o /dev/null

measured-d := $(if $(STIMULUS_DIMENSION),,$(study)/dimension.jsonl)
$(study)/dimension.jsonl: $(data)/test-images.npy $(stamps)/dimension | $(built)
	$(call whole,$(dimension) < $<)

$(study)/claims.jsonl: $(study)/table.csv $(measured-d) $(stamps)/claims | $(built)
	$(call whole,$(claims) < $<)

# Ten images, clean and attacked at two strengths an attack, and what the network shown makes of them.
third  = $(word $(shell echo $$(( ($1 * $(words $2) + 2) / 3 ))),$2)
shown := clean $(sort $(foreach a,$(sort $(ATTACKS)),$(call third,1,$(levels.$a)) $(call third,2,$(levels.$a))))
$(study)/samples/%: private network = $(study)/$(shows)# not that of the networks made for it
$(study)/samples/%/predictions.npy: $(study)/$(shows)/model/model.json $(data)/test-images.npy \
  $(labels) $(stamps)/measure $$(if $$(filter clean,$$(attack)),,$(stamps)/$$(attack)) $$(lender) | $(built)
	mkdir -p $(@D)
	$(if $(filter clean,$(attack)),ln -sf ../../data/test-images.npy $(@D)/x.npy,\
	  $(foreach samples,10,$($(attack))) < $(data)/test-images.npy > $(part) && mv $(part) $(@D)/x.npy)
	$(foreach samples,10,$(accuracy)) --predictions $@ < $(@D)/x.npy > /dev/null
	rm -f $(call scratch,audit)

# At the end, the verdicts on the paper's three claims at the first range of ranks, without controls.
headline = $(subst -,$(comma)"last":,$(firstword $(RANKS)))
$(study)/report.html: $(study)/table.csv $(study)/claims.jsonl $(study)/study.json \
  $(shown:%=$(study)/samples/%/predictions.npy) $(stamps)/report | $(built)
	report --table $< --claims $(word 2,$^) --figures $(study)/figures $(study) -o $@
	grep -Ev '"attack":"[^"]*-(clipped|random|repeat)"' $(study)/claims.jsonl | \
	  sed -nE 's/^.*"claim":"(C[123])","statement":"([^"]*)","rule":"($(first))".*"first":$(headline),.*"verdict":"([^"]*)".*/\1 \3: \2: \4/p'
	$(tidy)
	echo "the report: $@"

# --- Data: arrays of a folder; or drawn; or IDX files, fetched if need be ---------------------
# $(call given,train,images) is a file of the data set, `import` the command that makes an array of it.
ifneq ($(wildcard $(DATA_DIR)/train-images.npy),)
given     = $(DATA_DIR)/$1-$2.npy
# Images as f4 (samples, pixels), whatever they were.
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
# Files as they are fetched, as unpacked, and with the dot that some copies have.
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
files   := $(if $(call known,given),$(foreach s,train test,$(foreach k,images labels,$(call given,$s,$k))))
$(data)/%-images.npy: $(stamps)/import $(stamps)/content | $(built)
	mkdir -p $(data)
	$(call whole,$(call images-of,$*))
	$(call say,$*:)
$(data)/%-labels.npy: $(stamps)/import $(stamps)/content | $(built)
	mkdir -p $(data)
	$(call whole,$(call labels-of,$*))

# --- Sweep: a study a point, each in an OUT of its own, on data that all share ----------------
swept  := $(OUT)/sweep
points := $(foreach n,$(or $(TRAIN_SIZES),all),$(foreach w,$(WIDTHS),$(foreach k,$(DEPTHS),$(DATASETS:%=$(swept)/train-$n/width-$w/depth-$k/%))))
$(foreach v,WIDTHS DEPTHS,$(call each,$v,[1-9][0-9]*,whole numbers such as 50 100))
$(call each,DATASETS,$(name),names such as digits mnist)
$(call refuse,TRAIN_SIZES,$(call grep,[1-9][0-9]*,$(TRAIN_SIZES)),whole numbers or nothing)
.PHONY: $(points) $(DATASETS:%=$(swept)/%)
# What a point's name says of it.
said   = $(lastword $(patsubst $1-%,%,$(filter $1-%,$(subst /, ,$@))))
hidden = $(subst $(space),$(comma),$(foreach k,$(shell seq $(call said,depth)),$(call said,width)))
## sweep: a study for each of WIDTHS, DEPTHS, TRAIN_SIZES and DATASETS, then all in one report
sweep: $(points) | $(built)
	cat $(points:%=%/.stamps/runs) | tabulate --sweep -o $(swept)/table.csv
	report-sweep $(swept)/table.csv --figures $(swept)/figures -o $(swept)/report.html
	echo "the report: $(swept)/report.html"
## sweep-inputs: what all its points share; after it they may be made apart
sweep-inputs: $(DATASETS:%=$(swept)/%)
sweep-tasks:
	printf '%s\n' $(points) > '$(TASKS)'
$(DATASETS:%=$(swept)/%): | $(built)
	$(MAKE) data OUT=$(swept) DATASET=$(@F)
$(points): | $$(swept)/$$(@F)
	mkdir -p $@
	$(MAKE) all OUT=$(call up,$@) DATASET=$(@F) DATA_DIR=$(swept)/$(@F)/data HIDDEN=$(hidden) \
	  TRAIN_SAMPLES=$(filter-out all,$(call said,train)) > $@/log || { tail -n 5 $@/log >&2; exit 1; }
	echo "made $(@:$(swept)/%=%)"

# --- Programs: cargo decides what to compile, the stamps what to run again -------------------
$(BIN)/.built: Cargo.toml Cargo.lock data/digits.json $(shell find src -type f)
	command -v cargo > /dev/null || { echo 'cargo is missing: https://rustup.rs installs it' >&2; exit 1; }
	cargo build --release --locked --quiet
	touch $@

# --- Stamps: what no file name carries (a command, its settings, its sources) is kept in a
# file that is rewritten only when it changes. ------------------------------------------------
io              := Cargo.lock src/error.rs src/cli.rs src/manual.rs src/write.rs $(sort $(wildcard src/read/*.rs))
net             := $(io) src/network.rs src/elementwise.rs src/linalg.rs src/model.rs
lib.import-idx          := $(io)
lib.draw-digits         := $(io) src/rng.rs src/digits.rs data/digits.json
lib.train               := $(net) src/sparse.rs src/accuracy.rs src/rng.rs $(sort $(wildcard src/train/*.rs))
lib.attack-gauss        := $(io) src/rng.rs src/attack/mod.rs src/attack/gauss.rs
lib.attack-fgsm         := $(net) src/rng.rs src/attack/mod.rs src/attack/fgsm.rs
lib.attack-pgd          := $(lib.attack-fgsm) src/attack/pgd.rs
lib.extract-activations := $(net) src/accuracy.rs
lib.accuracy            := $(lib.extract-activations)
lib.spectrum            := $(io) src/rng.rs src/elementwise.rs src/linalg.rs $(sort $(wildcard src/spectrum/*.rs))
lib.fit-powerlaw        := $(io) src/mean.rs $(sort $(wildcard src/powerlaw/*.rs))
lib.dimension           := $(io) src/linalg.rs src/dimension.rs
lib.draw-powerlaw       := $(io) src/rng.rs src/synthetic.rs
lib.tabulate            := $(lib.fit-powerlaw) src/network.rs src/elementwise.rs src/linalg.rs src/accuracy.rs src/table.rs src/sweep.rs
lib.claims              := $(filter-out %/sweep.rs,$(lib.tabulate)) src/dimension.rs $(sort $(wildcard src/claims/*.rs))
lib.report              := $(filter-out src/dimension.rs,$(lib.claims)) $(lib.spectrum) src/sweep.rs src/synthetic.rs src/validate.rs src/marchenko_pastur.rs src/model.rs src/rng.rs src/sparse.rs src/report/style.css src/report/methods.html src/report/distrust.html \
  $(sort $(filter-out %/tests.rs,$(wildcard src/train/*.rs src/figures/*.rs src/report/*.rs)))
lib.report-sweep        := $(lib.report)
lib.validate            := $(lib.spectrum) $(lib.fit-powerlaw) src/synthetic.rs src/validate.rs \
  $(sort $(filter-out %/tests.rs,$(wildcard src/figures/*.rs)))
lib.npy-info            := $(io) src/info.rs

define measure
$(accuracy); $(activations) | $(spectrum)
endef
pixels   = $(spectrum) $(SAMPLES:%=--samples %)
report   = report
tabulate = tabulate
stamped := $(RULES) $(attacked) $(if $(transfers),$(seeds:%=next-%)) measure pixels fit dimension tabulate claims report import

# A command's sources: the words in it that are files (a script of one's own) or tools of ours.
tools   = $(foreach w,$1,$(if $(call known,lib.$w),src/bin/$w.rs $(lib.$w) $(if $(built),,$(BIN)/$w)))
sources = $(sort $(wildcard $(filter-out $(OUT)/%,$1)) $(call tools,$1))
# The command $1, of which neither THREADS nor OUT changes a result, nor which make runs it.
plainly = $(foreach THREADS,1,$(foreach OUT,out,$(foreach me,MAKE,$(strip $($1)))))
used    = $(call sources,$($1) $(call own,$1.spectrum))
sums   := $(shell cksum /dev/null $(sort $(foreach s,$(stamped),$(call used,$s))) | tr ' ' :)
says    = $(strip $(plainly) $(if $(call known,$1.spectrum),$(call plainly,$1.spectrum)) $(foreach s,$(used),$(filter %:$s,$(sums))))
same    = $(and $(findstring [$1],[$2]),$(findstring [$2],[$1]))
define stamp
$(stamps)/$1: $(if $(call same,$(strip $(file <$(stamps)/$1)),$2),,FORCE)
	mkdir -p $$(@D); trap 'rm -f $$(part)' EXIT; printf '%s\n' $(subst $$,$$$$,$(call quote,$2)) > $$(part); mv $$(part) $$@
endef
$(foreach s,$(stamped),$(eval $(call stamp,$s,$(call says,$s))))

# Files are known by what is in them: their times say little where they were copied or restored.
contents := for f in $(files); do { cksum < $$f; } 2> /dev/null || echo missing; done | tr ' \n' ': '
$(stamps)/content: $(if $(call same,$(strip $(file <$(stamps)/content)),$(strip $(shell $(contents)))),,FORCE) | $(files)
	mkdir -p $(@D)
	trap 'rm -f $(part)' EXIT; { $(contents); } > $(part); mv $(part) $@

# How the study was made, as JSON.
settings := DATASET SEEDS HIDDEN RULES ATTACKS CONTROLS SIGMAS EPSILONS RANKS EPOCHS BATCH SAMPLES TRAIN_SAMPLES SUBSETS SNAPSHOTS DRAWN STIMULUS_DIMENSION
json   = "$(subst ",\",$(subst \,\\,$(strip $1)))"
example = $(foreach @D,LEVEL,$(foreach seed,SEED,$(foreach strength,STRENGTH,$(foreach model,MODEL,$(foreach source,SOURCE,$(call json,$(call plainly,$1)))))))
record := {"command":$(call json,make all $(foreach v,$(settings),$v='$(strip $(if $(filter SIGMAS EPSILONS,$v),$(call list,$v,$(plains)),$(if $(filter SEEDS,$v),$(seeds),$($v))))')),"commands":{$(foreach \
  c,$(RULES) $(attacked) $(foreach a,$(attacked),$(if $(call own,$a.spectrum),$a.spectrum)) accuracy activations spectrum fit dimension,$(call json,$c):$(call example,$c)$(comma))"tabulate":"tabulate"},"ranks":[$(subst $(space),$(comma),$(foreach r,$(RANKS),"$r"))]$(if $(wildcard own.mk),$(comma)"own.mk":$(call json,$(shell cksum < own.mk)))}
$(eval $(call stamp,record,$(strip $(record))))
$(study)/study.json: $(stamps)/record $(arrays) | $(built)
	{ sed 's/}$$/,/' $<; printf '"version":"%s","sha256":{' "$$(train --version | cut -d ' ' -f 2)"; \
	  { sha256sum $(arrays) 2> /dev/null || shasum -a 256 $(arrays); } | \
	  sed -E 's|^([0-9a-f]+).*/|"\1":"|; s|"(.*)":"(.*)|"\2":"\1"|' | paste -sd, -; echo '}}'; } > $(part)
	mv $(part) $@

define newline


endef
$(stamps)/runs: $(if $(call same,$(strip $(subst $(newline), ,$(file <$(stamps)/runs))),$(runs)),,FORCE)
	mkdir -p $(@D)
	printf '%s\n' $(layer0:%=$(study)/%) > $(part)
	$(foreach r,$(RULES),for s in $(seeds); do printf "$(study)/$r/seed-$$s/%s\n" $(runs.$r); done >> $(part);)
	mv $(part) $@

# --- Development ------------------------------------------------------------------------------
## test: the tests of the library, the tools and this file
test:
	cargo test --locked --quiet
## test-slurm: the cluster's launchers, on a Slurm of three nodes that is started here and taken down
test-slurm: $(built)
	BIN='$(bin)' cargo test --locked --quiet --test slurm -- --ignored --nocapture
## check-mnist: compare the tables of DATASET=mnist with what is expected of them
check-mnist:
	STUDY=$(OUT)/mnist cargo test --locked --quiet --test mnist -- --ignored --nocapture
## check-digits: measure the drawn digits against what they must be, beside MNIST where DATA_DIR has it
check-digits:
	cargo test --release --locked --quiet --test digits -- --ignored --nocapture
## validate: the estimators of alpha on spectra that are known: a table and a figure in $(OUT)/validate
validate: $(built)
	mkdir -p $(OUT)/validate
	validate --figure $(OUT)/validate/estimators.svg -o $(OUT)/validate/estimators.csv
	echo "bias and spread: $(OUT)/validate/estimators.csv, estimators.svg"
## campaign: kills, failing calls and bad inputs by the hundred, made-up headers by the million; CAMPAIGN=short for fewer
campaign: $(built)
	BIN='$(bin)' cargo test --locked --quiet --test campaign -- --ignored --nocapture
## bench: kernels and tools beside the machine's limit, and how the time grows
bench:
	cargo bench --locked --quiet --bench kernels
	scripts/bench-tools
## figure: the README's figure, from the study on MNIST
figure:
	mkdir -p doc
	sed 's|<svg [^>]*>|&<rect width="100%" height="100%" fill="white"/>|' $(OUT)/mnist/figures/accuracy-alpha-local.svg > doc/accuracy-alpha.svg
## install: the tools, their man pages and completions, into PREFIX; uninstall: remove them
programs  := $(sort $(basename $(notdir $(wildcard src/bin/*.rs))))
# What a tool writes for man and for shells, and where below PREFIX/share they look for it.
pages     := man:man/man1/%.1 bash:bash-completion/completions/% zsh:zsh/site-functions/_% fish:fish/vendor_completions.d/%.fish
page      = $(patsubst %,$(PREFIX)/share/$(lastword $(subst :, ,$1)),$2)
installed := $(PREFIX)/share/local-errors/installed
ours      := $(programs:%=$(PREFIX)/bin/%) $(foreach p,$(pages),$(call page,$p,$(programs)))
install: $(built)
	for f in $(ours); do [ ! -e $(DESTDIR)$$f ] || grep -Fqsx "$$f" $(DESTDIR)$(installed) || \
	  { echo "$(DESTDIR)$$f is there and not ours: choose another PREFIX" >&2; exit 1; }; done
	install -d -m 755 $(addprefix $(DESTDIR),$(sort $(dir $(ours) $(installed))))
	trap 'rm -f $(part)' EXIT; printf '%s\n' $(ours) > $(part); install -m 644 $(part) $(DESTDIR)$(installed)
	install -m 755 $(programs:%=$(BIN)/%) $(DESTDIR)$(PREFIX)/bin
	trap 'rm -f $(part)' EXIT; $(foreach p,$(pages),$(foreach t,$(programs),\
	  $(BIN)/$t --generate $(firstword $(subst :, ,$p)) > $(part); install -m 644 $(part) $(DESTDIR)$(call page,$p,$t);))
	echo "$(words $(programs)) tools in $(DESTDIR)$(PREFIX)/bin, their man pages and completions in $(DESTDIR)$(PREFIX)/share"
uninstall:
	[ -e $(DESTDIR)$(installed) ] || { echo 'nothing of ours in $(DESTDIR)$(PREFIX)' >&2; exit 1; }
	while read -r f; do rm -f "$(DESTDIR)$$f"; done < $(DESTDIR)$(installed)
	rm -r $(DESTDIR)$(dir $(installed))
## clean: remove what make made; never data/
clean:
	scripts/clean $(OUT)
## help: this list
help:
	sed -n 's/^## /  /p' Makefile

# What the environment names as this file does reaches no command, and no helper is expanded for it.
$(eval unexport $(foreach v,$(filter-out PATH SHELL MAKE% .%,$(.VARIABLES)),$(if $(filter file override,$(origin $v)),$v)))
