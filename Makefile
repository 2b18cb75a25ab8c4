# The study: what is varied, what is done, and in which order. make's own machinery is in mk/machine.mk.
# A file's name says how it was made: out/mnist/local/seed-1/fgsm-0.05/alpha.jsonl has the exponents of
# the network that learned by the rule `local` from seed 1, for images attacked by `fgsm` with
# strength 0.05. "Order", at the end, says how it comes about.
#
#   make quick    a miniature of the study        make all    the study        make help    everything else

# --- Settings, on the command line or in own.mk: what a value must be, and what it does ---------
digits    = $(filter digits,$(DATASET))
large-set = $(filter digits mnist fashion-mnist kmnist,$(DATASET))
DATASET  := digits    # a name: digits (drawn), mnist, fashion-mnist, kmnist (fetched), or of a folder in data/
SEEDS    := 1 2 3 4 5    # seeds: each rule trains one network from each
DRAWN    := 20000 10000    # two numbers: how many digits are drawn, to train on and to test on
HIDDEN   := 200,200,200,200,200    # layers: the units of each
RULES    := local backprop untrained shuffled    # names: learning rules, section 1 of the Makefile
ATTACKS  := gauss fgsm fgsm-float32    # names: attacks on all networks, section 2 of the Makefile
CONTROLS := gauss-clipped gauss-repeat fgsm-clipped fgsm-float64 fgsm-random    # names or none: on local errors only
CHECKS   := pgd fgsm-transfer    # names or none: attacks that check FGSM, at three strengths
SHARED   := gauss    # names or none: attacks that need no network; one set of images serves all
TRANSFER := fgsm-transfer    # names or none: attacks that use the network of the next seed
INSPECTED := gauss fgsm    # names or none: look into these at two strengths; none: no instruments
SIGMAS    = 0.1 0.2 0.3 0.4 0.5 0.6 0.8 1 1.25 1.5 2 3 $(if $(digits),5 8)    # strengths: of Gaussian noise
EPSILONS := 0.01 0.02 0.03 0.04 0.05 0.06 0.08 0.1 0.12 0.15 0.2 0.3 0.4 0.5 0.6 0.8    # strengths: along gradients
SIGMAS_TO  = $(if $(digits),8,3) 0.8 1.5    # limits: judge noise up to here; the main results use the first
EPSILONS_TO := 0.3 0.2 0.8    # limits: judge gradient attacks up to here; the main results use the first
DRAWS    := 16    # a number: draws of noise to average for the spectrum of the signal; each costs two passes
RANKS    := 1-50 1-20 11-100    # ranges: ranks to fit alpha over; the main results use the first
METHODS  := ols weighted    # methods: how to fit alpha (ols, weighted, mle); the main results use the first
EPOCHS   :=    # a number or none: epochs of training; none: the preset of the rule
BATCH    :=    # a number or none: images per step of training; none: the preset of the rule
SAMPLES  :=    # a number or none: test on the first N test images; none: all
TRAIN_SAMPLES :=    # a number or none: train on the first N training images; none: all
SUBSETS   = $(if $(large-set),1000 2000 5000)    # numbers or none: also measure the first N clean images
SNAPSHOTS := 1 2 3 5 10 20 40    # numbers or none: also measure networks of local errors after these epochs
DATA_DIR ?= data/$(DATASET)    # a folder: the files of the data set; the environment may set it, too
OUT      := out    # a folder: everything is made in it
BIN      := target/release    # a folder: the tools
SCRATCH   = $(SLURM_TMPDIR)    # a folder or none: for attacked images; none: beside the measurements
THREADS  := 1    # a count: threads of each tool; 0: all cores
PREFIX   := /usr/local    # a folder: to install below
DESTDIR  :=    # a folder or none: put before PREFIX when a package is built
PROGRAM_PREFIX :=    # a start or none: of the names of what is installed, such as le-
WIDTHS   := 50 100 200    # numbers: sweep, units of each layer
DEPTHS   := 2 5    # numbers: sweep, how many layers
TRAIN_SIZES :=    # numbers or none: sweep, training images; none: all
DATASETS  = $(DATASET)    # names: sweep, data sets
WIDE     := 1000,1000,1000,1000,1000    # layers: the units of each in wide reconstructions
STIMULUS_DIMENSION := 10    # a number: without effect, accepted for older command lines

# --- 1. Learning rules: each writes the network $(model); it may use $(seed) -------------------
# NAME.about is its title, and the rule that it is a control of. Its networks are attacked by all ATTACKS,
# or by those in NAME.attacks. NAME.snapshots, NAME.subsets and NAME.distances are further measurements on
# clean images. NAME.probe trains readouts for the layers that have none. NAME.from is the rule from whose
# networks, $(from), it makes its own. NAME.with are words before each tool that reads one of its networks.
local           = $(taught) --rule local $(local.snapshots:%=--snapshots %)
local.about     = local errors;
local.attacks   = $(ATTACKS) $(CONTROLS) $(of-checks)
local.snapshots = $(SNAPSHOTS)
local.subsets   = $(SUBSETS)
local.distances = $(distances)
backprop           = $(taught) --rule backprop
backprop.about     = backpropagation; local
backprop.attacks   = $(ATTACKS) $(of-checks)
backprop.distances = $(distances)
backprop.probe     = $(probe)
untrained         = $(train) --epochs 0 --rule local
untrained.about   = untrained; local
untrained.attacks = $(at-chance)
untrained.probe   = $(probe) --replace
shuffled         = $(taught) --rule local --shuffle-labels
shuffled.about   = shuffled labels; local
shuffled.attacks = $(at-chance)
# Networks at chance show only what noise and FGSM do to a spectrum.
at-chance = $(filter gauss fgsm,$(ATTACKS))
taught = $(train) $(EPOCHS:%=--epochs %)
train  = train --hidden $(HIDDEN) $(BATCH:%=--batch-size %) $(TRAIN_SAMPLES:%=--samples %) --seed $(seed) \
  --threads $(threads) --checkpoint $(model).checkpoint --quiet \
  --images $(data)/train-images.npy --labels $(data)/train-labels.npy \
  --test-images $(data)/test-images.npy --test-labels $(labels) --accuracies $${model%/model}/accuracies.txt -o $(model)

# --- 2. Attacks: images on stdin, images on stdout; CONTROLS and CHECKS are in mk/attack.mk -------
# An attack may use $(strength) $(model) $(labels) $(seed), and write $(call scratch,audit).
# NAME.about is what it is; its title; and the unit of its strength, the symbol first. What it is begins with
# its family (noise, gradient or other); "clipped ATTACK" is that attack with pixels cut off outside [0, 1],
# "control of ATTACK" a control, and "up to STRENGTHS" where the curves end on which claims are judged.
gauss           = attack-gauss --sigma $(strength) --seed 1 $(options)
gauss.strengths = $(SIGMAS)
gauss.about     = noise, up to $(SIGMAS_TO); Gaussian noise; σ (pixel units)
fgsm            = attack-fgsm --epsilon $(strength) --model $(model) $(audited)
fgsm.strengths  = $(EPSILONS)
fgsm.about      = gradient, up to $(EPSILONS_TO); FGSM, exact gradient; ε (pixel units)
fgsm-float32           = $(fgsm) --gradient float32
fgsm-float32.strengths = $(EPSILONS)
fgsm-float32.about     = gradient, up to $(EPSILONS_TO); FGSM, float32 gradient; ε (pixel units)
audited = --labels $(labels) --audit $(call scratch,audit) $(options)
options = $(first-samples) --threads $(threads) --quiet
first-samples = $${samples:+--samples $(samples)}

# --- 3. Measurements: images | activations | spectrum | fit, all on stdin and stdout ----------
# activations also measures the accuracy, unless a command `accuracy` is given in its place.
activations = $(extract) $(first-samples) $${accuracies:+--labels $(labels) --accuracy $${accuracies}}
extract     = extract-activations --model $(model) --threads $(threads) --quiet
spectrum    = spectrum --quiet $(few)
fit         = fit-powerlaw --compare $(RANKS:%=--ranks %) $(METHODS:%=--method %)
# The images themselves, as layer 0.
pixels      = $(spectrum) $(first-samples)
# Instruments: the geometry of classes, what an attack displaces, how far images are from a boundary.
classes      = class-geometry --labels $(labels) $(first-samples) --quiet
displacement = displacement --summary $(call scratch,displacement.jsonl) $(call scratch,clean) - --quiet
distances    = $(if $(INSPECTED),attack-deepfool --line-search --steps 1000 --model $(model) --labels $(labels) \
  $(options) --distances /dev/stdout -o /dev/null)
# Readouts that are trained on the activations of a network.
probe        = $(extract) < $(data)/train-images.npy > $(call scratch,train); \
  $(extract) < $(data)/test-images.npy > $(call scratch,test); \
  probe --activations $(call scratch,train) --labels $(data)/train-labels.npy --tolerance 1e-3 \
  --test-activations $(call scratch,test) --test-labels $(labels) --into $(model) --threads $(threads) --quiet
predictions  = accuracy --model $(model) --labels $(labels) $(options) --predictions $(call scratch,predictions.npy)
# All levels in one table; the claims judged on it; the pages.
tabulate = tabulate --runs $(study)/.stamps/runs --summary $(study)/summary.csv -o $(study)/table.csv
claims   = claims --study $(study)/study.json $(study)/table.csv -o $(study)/claims.jsonl \
  --choices $(study)/choices.jsonl --checks $(study)/checks.jsonl --verdicts $(study)/verdicts.txt
judged   = --table $(study)/table.csv --claims $(study)/claims.jsonl --choices $(study)/choices.jsonl \
  --figures $(study)/figures $(study)
report   = report $(judged) --checks $(study)/checks.jsonl --summary $(study)/summary.csv -o $(study)/report.html
reconstructed = report-reconstructions $(judged) --survival $(study)/survival.csv -o $(study)/reconstructions.html

include mk/attack.mk mk/reconstructions.mk mk/machine.mk
ifeq ($(_old-tools),)
include mk/data.mk mk/lists.mk
# --- 4. Order: what is made from what ----------------------------------------------------------
# Prerequisites with $$ are expanded when the target is known. $(_as)/NAME is the script of the command NAME,
# which changes when the command, a tool or a file in it changes. $(call _level,KIND) begins a recipe: it gives
# the scripts the values in the target's name, and says at the end that a KIND is made. scripts/recipe.sh has the
# functions that recipes use, such as run and keep.

# A network learns.
$(_study)/%/model/model.json: $(_arrays) $(_as)/$$(_rule) $$(addsuffix /model.json,$$(_from))
	$(call _level,network)
	clear-network $^
	run $(_rule)
# Layers get readouts that the network did not learn.
$(_study)/%/clean/probe.jsonl: $(_study)/%/model/model.json $(_as)/$$(_rule).probe
	$(call _level,probe)
	whole run $(_rule).probe
# Images are attacked, and pass through the network: its accuracy, and the spectra of its layers.
$(_study)/%/accuracy.jsonl $(_study)/%/spectrum.npy: $$(_network) $$(_stored) $(_labels) $$(_as-measured)
	$(call _level,level)
	images=$(if $(_of-one-network),$$passing,$(_stored))
	$(if $(_of-one-network),run $(_attack) < $(_stored) > $$images)
	$(if $(_accuracy-is-replaced),,accuracies=$$scratch.accuracy.jsonl.part)
	run $(call _of,activations) < $$images | run $(call _of,spectrum) > $$scratch.spectrum.npy.part
	[ -e $$scratch.accuracy.jsonl.part ] || run accuracy < $$images > $$scratch.accuracy.jsonl.part
	clear-level
	keep accuracy.jsonl spectrum.npy
# The images themselves are layer 0.
$(_layer0:%=$(_study)/%/spectrum.npy): $$(_stored) $(_as)/pixels
	$(call _level,level)
	whole run pixels < $(_stored)
# Attacked images: those that all networks share, or by name one set to look at.
$(_study)/%/x.npy: $(_data)/test-images.npy $$(_as-attacked)
	$(call _level)
	whole run $(_attack) < $<
# The exponents of the spectra.
$(_study)/%/alpha.jsonl: $(_study)/%/spectrum.npy $(_as)/$$(call _of,fit)
	$(call _level,fit)
	whole run $(call _of,fit) < $<
# Instruments look into what was measured: the classes, what an attack displaces, the distances to a boundary.
$(_study)/%/classes.jsonl: $(_study)/%/spectrum.npy $(_as)/classes
	$(call _level,instrument)
	level-images | run activations | whole run classes
$(_study)/%/displacement.npy: $(_study)/%/spectrum.npy $(_as)/displacement
	$(call _level,instrument)
	run activations < $(_data)/test-images.npy > $$scratch.clean.part
	level-images | run activations | run displacement > $$scratch.displacement.npy.part
	keep displacement.jsonl displacement.npy
$(_study)/%/distances.npy: $(_study)/%/spectrum.npy $(_as)/$$(_rule).distances
	$(call _level,instrument)
	whole run $(_rule).distances < $(_data)/test-images.npy
# All levels in one table, the claims judged on it, one page.
$(_study)/table.csv $(_study)/summary.csv &: $(_measured) $(_as)/runs $(_as)/tabulate
	$(call _level,page)
	run tabulate
$(_judged) &: $(_study)/table.csv $(_study)/study.json $(_as)/claims
	$(call _level,page)
	run claims
$(_study)/report.html: $(_study)/summary.csv $(_judged) $(_shown) $(_as)/report
	$(call _level,page)
	run report

## all: the study, with its tables and its report; the default
all: $(_study)/report.html $(_as)/figures
	$(if $(findstring q,$(_flags)),,ended $(_study) $(words $(_runs)))
## quick: a miniature of the study in less than a minute, in OUT/quick
quick:
	$(MAKE) all OUT=$(OUT)/quick $(call _preset,quick $(if $(digits),,quick-of-data))
## plan: print how many networks `make all` would train, and what it would measure
plan:
	$(MAKE) -n all | plan
include mk/judge.mk mk/parts.mk
endif
include mk/develop.mk
