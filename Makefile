# The study: what is varied, what is done, and in which order. make's own machinery is in mk/.
#
# A file's name says how it was made: out/mnist/local/seed-1/fgsm-0.05/alpha.jsonl has the exponents of
# the network that learned by the rule `local` from seed 1, for images attacked by `fgsm` with
# strength 0.05. "Order", at the end, says how it comes about.
#
#   make quick    a miniature of the study        make all    the study        make help    everything else

include mk/shell.mk

# --- Settings: each can be set on the command line, or in own.mk -------------------------------
DATASET  := digits         # digits (drawn), mnist, fashion-mnist, kmnist (fetched), or NAME for a folder data/NAME
SEEDS    := 1 2 3 4 5    # each rule trains one network from each seed
DRAWN    := 20000 10000    # numbers of digits drawn, to train on and to test on
HIDDEN   := 200,200,200,200,200    # units of each layer
RULES    := local backprop untrained shuffled    # learning rules: section 1 of the Makefile
ATTACKS  := gauss fgsm fgsm-float32    # attacks on all networks: section 2 of the Makefile
CONTROLS := gauss-clipped gauss-repeat fgsm-clipped fgsm-float64 fgsm-random    # attacks on networks of local errors only
CHECKS   := pgd fgsm-transfer    # attacks that check FGSM, at three strengths
INSPECTED := gauss fgsm    # attacks to look into at two strengths, with instruments; empty: no instruments
SIGMAS   := 0.1 0.2 0.3 0.4 0.5 0.6 0.8 1 1.25 1.5 2 3 $(if $(filter digits,$(DATASET)),5 8)    # strengths of Gaussian noise
EPSILONS := 0.01 0.02 0.03 0.04 0.05 0.06 0.08 0.1 0.12 0.15 0.2 0.3 0.4 0.5 0.6 0.8    # strengths of the gradient attacks
SIGMAS_TO   := $(if $(filter digits,$(DATASET)),8,3) 0.8 1.5    # judge noise up to these strengths; the main results use the first
EPSILONS_TO := 0.3 0.2 0.8    # judge gradient attacks up to these strengths; the main results use the first
DRAWS    := 16             # draws of noise to average over for the spectrum of the signal: each costs two passes
RANKS    := 1-50 1-20 11-100    # ranges of ranks to fit alpha over; the main results use the first
METHODS  := ols weighted   # how to fit alpha, of ols, weighted and mle; the main results use ols
EPOCHS   :=                # epochs of training; empty: the preset of the rule
BATCH    :=                # images per step of training; empty: the preset of the rule
SAMPLES  :=                # test on the first N test images; empty: all
TRAIN_SAMPLES :=           # train on the first N training images; empty: all
SUBSETS  := $(if $(filter digits mnist fashion-mnist kmnist,$(DATASET)),1000 2000 5000)    # also measure the first N clean images
SNAPSHOTS := 1 2 3 5 10 20 40    # also measure the networks of local errors after these epochs
OUT      := out            # folder to make everything in
BIN      := target/release # folder with the tools
RUN      :=                # command to put before each training, such as scripts/slurm-run
THREADS  := $(or $(if $(RUN),$(SLURM_CPUS_PER_TASK)),1)    # threads of each tool
SCRATCH  := $(SLURM_TMPDIR)    # folder for attacked images; empty: beside the measurements
PREFIX   := /usr/local     # folder to install below
DESTDIR  :=                # folder to put before PREFIX when a package is built
PROGRAM_PREFIX :=          # start of the names of what is installed, such as le-
WIDTHS   := 50 100 200     # sweep: units of each layer
DEPTHS   := 2 5            # sweep: numbers of layers
TRAIN_SIZES :=             # sweep: numbers of training images; empty: all
DATASETS := $(DATASET)     # sweep: data sets

# --- 1. Learning rules: each writes the network $(model); it may use $(seed) -------------------
# NAME.about is its title, and the rule that it is a control of. Its networks are attacked by all ATTACKS,
# or by those in NAME.attacks. NAME.snapshots, NAME.subsets and NAME.distances are further measurements on
# clean images. NAME.probe trains readouts for the layers that have none.
local           = $(train) $(epochs) --rule local $(local.snapshots:%=--snapshots %)
local.about     = local errors;
local.attacks   = $(ATTACKS) $(CONTROLS) $(checks)
local.snapshots = $(snapshots)
local.subsets   = $(subsets)
local.distances = $(distances)

backprop           = $(train) $(epochs) --rule backprop
backprop.about     = backpropagation; local
backprop.attacks   = $(ATTACKS) $(checks)
backprop.distances = $(distances)
backprop.probe     = $(probe)

untrained       = $(train) --epochs 0 --rule local
untrained.about = untrained; local
untrained.attacks = $(at-chance)
untrained.probe = $(probe) --replace

shuffled        = $(train) $(epochs) --rule local --shuffle-labels
shuffled.about  = shuffled labels; local
shuffled.attacks = $(at-chance)

# Networks at chance show only what noise and FGSM do to a spectrum.
at-chance = $(filter gauss fgsm,$(ATTACKS))

epochs = $(EPOCHS:%=--epochs %)
train  = train --hidden $(HIDDEN) $(BATCH:%=--batch-size %) $(TRAIN_SAMPLES:%=--samples %) --seed $(seed) \
  --threads $(THREADS) --checkpoint $(checkpoint) --quiet \
  --images $(data)/train-images.npy --labels $(data)/train-labels.npy \
  --test-images $(data)/test-images.npy --test-labels $(labels) --accuracies $(accuracies) -o $(model)

# --- 2. Attacks: images on stdin, images on stdout; CONTROLS and CHECKS are in mk/controls.mk ----
# An attack may use $(strength) $(model) $(labels) $(seed), and write $(call scratch,audit).
# NAME.about is what it is; its title; and the unit of its strength, the symbol first. What it is begins with
# its family (noise, gradient or other); "clipped ATTACK" is that attack with pixels cut off outside [0, 1],
# "control of ATTACK" a control, and "up to STRENGTHS" where the curves end on which claims are judged.
gauss           = attack-gauss --sigma $(strength) --seed 1 $(options)
gauss.strengths = $(SIGMAS)
gauss.about     = noise, up to $(SIGMAS_TO); Gaussian noise; σ (pixel units)

fgsm            = attack-fgsm --epsilon $(strength) $(of-network)
fgsm.strengths  = $(EPSILONS)
fgsm.about      = gradient, up to $(EPSILONS_TO); FGSM, exact gradient; ε (pixel units)

fgsm-float32           = $(fgsm) --gradient float32
fgsm-float32.strengths = $(EPSILONS)
fgsm-float32.about     = gradient, up to $(EPSILONS_TO); FGSM, float32 gradient; ε (pixel units)

of-network = --model $(model) $(audited)
audited    = --labels $(labels) --audit $(call scratch,audit) $(options)
SHARED   := gauss           # attacks that need no network: one set of images serves all
TRANSFER := fgsm-transfer   # attacks that use the network of the next seed, $(source)

# --- 3. Measurements: images | activations | spectrum | fit, all on stdin and stdout ----------
accuracy    = accuracy --model $(model) --labels $(labels) $(options)
activations = $(extract) $(samples:%=--samples %) $(beside)
extract     = extract-activations --model $(model) --threads $(THREADS) --quiet
spectrum    = spectrum --quiet $(few)
fit         = fit-powerlaw --compare $(RANKS:%=--ranks %) $(METHODS:%=--method %)
options     = $(samples:%=--samples %) --threads $(THREADS) --quiet
# The images themselves, as layer 0.
pixels      = $(spectrum) $(SAMPLES:%=--samples %)
# Instruments: the geometry of classes, what an attack displaces, how far images are from a boundary.
classes      = class-geometry --labels $(labels) $(samples:%=--samples %) --quiet
displacement = displacement --summary $(call scratch,summary) $(call scratch,clean) - --quiet
distances    = $(if $(INSPECTED),attack-deepfool --line-search --steps 1000 --model $(model) --labels $(labels) $(options) \
  --distances /dev/stdout -o /dev/null)
# Readouts that are trained on the activations of a network.
probe       = probe --activations $(call scratch,train) --labels $(data)/train-labels.npy --tolerance 1e-3 \
  --test-activations $(call scratch,test) --test-labels $(labels) --into $(model) --threads $(THREADS) --quiet
tabulate    = tabulate
claims      = claims --study $(study)/study.json
report      = report --figures $(study)/figures
reconstructed = report-reconstructions --figures $(study)/figures
# The pass that extracts the activations measures the accuracy too, unless the command accuracy is replaced.
beside      = $(if $(call same,$(strip $(accuracy)),accuracy --model $(model) --labels $(labels) $(strip $(options))),--labels $(labels) --accuracy $(call scratch,accuracy))

include mk/controls.mk mk/reconstructions.mk
-include own.mk
include mk/check.mk mk/paths.mk mk/levels.mk mk/tools.mk mk/data.mk mk/record.mk mk/stamps.mk mk/progress.mk

# --- 4. Order: what is made from what ----------------------------------------------------------
# Prerequisites with $$ are expanded when the target is known. $(as.X) is a file that changes when the
# command X, or a tool in it, changes.

# A network learns.
$(study)/%/model/model.json: $(arrays) $(as.rule)
	$(clear-model)
	$(RUN) $($(rule))
	$(call done,network,network $(rule)/seed-$(seed),$(accuracies))

# Layers get readouts that the network did not learn.
$(study)/%/clean/probe.jsonl: $(study)/%/model/model.json $(as.probe)
	$(call whole,$(extract) < $(data)/train-images.npy > $(call scratch,train); \
	$(extract) < $(data)/test-images.npy > $(call scratch,test); $($(rule).probe))

# Images are attacked, and pass through the network: its accuracy, and the spectra of its layers.
$(study)/%/accuracy.jsonl $(study)/%/spectrum.npy: $$(trained)/model/model.json $$(probed) $$(stored) $(labels) $(as.measure)
	mkdir -p $(@D); $(at-the-end) \
	$(if $(passing),$($(attack)) < $(stored) > $(passing);) \
	$(or $(call own,$(rule).activations),$(activations)) < $(images) | \
	$(or $(call own,$(attack).spectrum),$(call own,$(rule).spectrum),$(spectrum)) > $(call scratch,spectrum); \
	[ -e $(call scratch,accuracy) ] || $(accuracy) < $(images) > $(call scratch,accuracy); \
	$(keep)

# The exponents of the spectra.
$(study)/%/alpha.jsonl: $(study)/%/spectrum.npy $(as.fit)
	$(call whole,$(or $(call own,$(attack).fit),$(fit)) < $<)
	$(call done,level,$(@D:$(study)/%=%))

# Instruments look into what was measured: the classes, what an attack displaces, the distances to a boundary.
$(study)/%/classes.jsonl: $(study)/%/spectrum.npy $(as.classes)
	$(call whole,$(activated) | $(classes))
$(study)/%/displacement.npy: $(study)/%/spectrum.npy $(as.displacement)
	$(call whole,{ $(activations) < $(data)/test-images.npy > $(call scratch,clean); $(activated) | $(displacement); \
	mv $(call scratch,summary) $(@D)/displacement.jsonl; })
$(study)/%/distances.npy: $(study)/%/spectrum.npy $(as.distances)
	$(call whole,$($(rule).distances) < $(data)/test-images.npy)

# The images themselves are layer 0.
$(layer0:%=$(study)/%/spectrum.npy): $$(stored) $(as.pixels)
	$(call whole,$(pixels) < $(stored))

# Attacked images: those that all networks share, or by name one set to look at.
$(study)/%/x.npy: $(data)/test-images.npy $(as.attack)
	$(call whole,$($(attack)) < $<)

# All levels in one table, the claims judged on it, one page.
$(study)/table.csv: $(measured) $(stamps)/runs $(as.tabulate)
	$(tabulate) --runs $(stamps)/runs -o $@
$(study)/summary.csv: $(measured) $(stamps)/runs $(as.tabulate)
	$(tabulate) --runs $(stamps)/runs --summary $@ -o /dev/null
judged := $(addprefix $(study)/,claims.jsonl choices.jsonl checks.jsonl verdicts.txt)
$(judged) &: $(study)/table.csv $(study)/study.json $(as.claims)
	$(claims) $< -o $(study)/claims.jsonl --choices $(study)/choices.jsonl --checks $(study)/checks.jsonl --verdicts $(study)/verdicts.txt
$(study)/report.html: $(addprefix $(study)/,table.csv summary.csv study.json) $(judged) $(samples-shown) $(as.report)
	$(report) --table $< --claims $(study)/claims.jsonl --choices $(study)/choices.jsonl --checks $(study)/checks.jsonl \
	  --summary $(study)/summary.csv $(study) -o $@
	$(say-verdicts)

## all: the study, with its tables and its report; the default
all: $(study)/summary.csv $(study)/report.html $(stamps)/figures
	$(say-end)
## quick: a miniature of the study in less than a minute, in OUT/quick
quick:
	$(MAKE) all OUT=$(OUT)/quick $(call settings-of,quick)
## plan: print how many networks `make all` would train, and what it would measure
plan:
	$(dry) all | $(say-plan)

include mk/samples.mk mk/sweep.mk mk/install.mk mk/develop.mk
