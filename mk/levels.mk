# Lists what there is to make: the seeds, the strengths, and the levels at which each network is measured.

seeds  := $(shell printf '%s\n' $(SEEDS) | sed 's/^0*\(.\)/\1/' | sort -nu)
# next-1 is seed-2; after the last seed comes the first.
$(foreach n,$(join $(seeds:%=next-%:=seed-),$(wordlist 2,$(words $(seeds)),$(seeds)) $(firstword $(seeds))),$(eval $n))
transfers := $(filter $(TRANSFER),$(attacked))
$(if $(transfers),$(if $(word 2,$(seeds)),,$(error $(firstword $(transfers)) needs the network of another seed: SEEDS must be two or more, found $(seeds))))

# 0.10 and 0.1 are the same strength. Each word is the name of a list and a number, such as gauss:0.10.
plain  = $(shell printf '%s\n' $1 | sed -E 's/:0*([0-9])/:\1/; s/:\./:0./; /\./s/\.?0*$$//' | sort -t : -k 1,1 -k 2,2g -u)
list   = $(patsubst $1:%,%,$(filter $1:%,$2))
plains := $(call plain,$(SIGMAS:%=SIGMAS:%) $(EPSILONS:%=EPSILONS:%) $(foreach a,$(attacked),$(addprefix $a:,$($a.strengths))))
$(foreach a,$(attacked),$(eval levels.$a := $(addprefix $a-,$(call list,$a,$(plains)))))

# Leave out snapshots after the last epoch (40 by default), and subsets that are not smaller than the
# whole set.
below     = $(if $2,$(shell printf '%s\n' $1 | awk '$$1 < $2'),$1)
snapshots := $(if $(SNAPSHOTS),$(call below,$(SNAPSHOTS),$(or $(EPOCHS),40) + 1))
subsets   := $(if $(SUBSETS),$(call below,$(SUBSETS),$(or $(SAMPLES),$(if $(filter digits,$(DATASET)),$(word 2,$(DRAWN))))))

levels-of  = clean $(patsubst %,subset-%,$(call own,$1.subsets)) $(patsubst %,epoch-%/clean,$(call own,$1.snapshots)) \
  $(foreach a,$(sort $(or $(call own,$1.attacks),$(ATTACKS))),$(levels.$a))
$(foreach r,$(RULES),$(eval runs.$r := $(call levels-of,$r)))
# The images themselves are layer 0.
layer0   := clean $(foreach a,$(filter $(SHARED),$(attacked)),$(levels.$a))
networks := $(foreach r,$(RULES),$(foreach s,$(seeds),$(runs.$r:%=$(study)/$r/seed-$s/%)))
runs     := $(layer0:%=$(study)/%) $(networks)
arrays   := $(foreach s,train test,$(data)/$s-images.npy $(data)/$s-labels.npy)
# What is measured of the networks of some rules only.
of-rules := $(foreach r,$(RULES),$(foreach s,probe distances,$(if $(call own,$r.$s),$r.$s)))

# What stands in NAME.about, or else $2.
about    = $(or $(call own,$1.about),$2)

# The network whose spectra and samples the report shows, of the first rule that is no control, and the
# levels of these samples: clean, and two strengths of each attack.
studied := $(foreach r,$(RULES),$(if $(filter %;,$(lastword $(call about,$r,$r;))),$r))
first    := $(firstword $(studied) $(filter local,$(RULES)) $(sort $(RULES)))
shows    := $(first)/seed-$(firstword $(seeds))
two-of   = $(sort $(shell printf '%s\n' $(foreach a,$(sort $1),'$(levels.$a)') | \
  awk '{ print $$(int((NF + 2) / 3)), $$(int((2 * NF + 2) / 3)) }'))
shown    := clean $(call two-of,$(ATTACKS))
samples-shown := $(shown:%=$(study)/samples/%/predictions.npy)
# The levels into which the instruments look, of the networks of the same rule; and what they measure.
inspected := $(call two-of,$(filter $(or $(call own,$(first).attacks),$(ATTACKS)),$(INSPECTED)))
looks     := $(if $(inspected),clean/classes.jsonl $(foreach l,$(inspected),$l/classes.jsonl $l/displacement.npy))
insides   := $(foreach s,$(seeds),$(looks:%=$(study)/$(first)/seed-$s/%)) \
  $(foreach r,$(patsubst %.distances,%,$(filter %.distances,$(of-rules))),$(seeds:%=$(study)/$r/seed-%/clean/distances.npy))
measured  := $(runs:%=%/alpha.jsonl) $(networks:%=%/accuracy.jsonl) $(insides)

# These targets appear whole, so a make that is stopped need not delete them. It must not delete them if
# another make has made them meanwhile, for example on a cluster, where a node that was given up may
# answer again.
.PRECIOUS: $(study)/%/alpha.jsonl $(study)/%/accuracy.jsonl $(study)/%/spectrum.npy \
  $(foreach r,$(RULES),$(if $(filter train,$(firstword $($r))),$(seeds:%=$(study)/$r/seed-%/model/model.json)))

# Settings of `make quick`; those on the command line take precedence.
quick.DRAWN         = 4000 1000
quick.TRAIN_SAMPLES = $(if $(filter-out digits,$(DATASET)),4000)
quick.SAMPLES       = $(if $(filter-out digits,$(DATASET)),1000)
quick.HIDDEN        = 50,50,50
quick.EPOCHS        = 6
quick.SUBSETS       = 250 500
quick.SIGMAS        = 0.25 0.5 1 2
quick.EPSILONS      = 0.02 0.05 0.1 0.2
quick.RANKS         = 1-40 1-20
quick.DRAWS         = 4
quick.few           = --few-samples
settings-of = $(foreach v,$(patsubst $1.%,%,$(filter $1.%,$(.VARIABLES))),$(if $(filter $v,$(typed)),,$v='$($1.$v)'))
