# Records how a study is made: the list of its runs, and study.json.

define newline


endef
$(stamps)/runs: $(if $(call same,$(strip $(subst $(newline), ,$(file <$(stamps)/runs))),$(runs)),,FORCE)
	mkdir -p $(@D)
	printf '%s\n' $(layer0:%=$(study)/%) > $(part)
	$(foreach r,$(RULES),for s in $(seeds); do printf "$(study)/$r/seed-$$s/%s\n" $(runs.$r); done >> $(part);)
	mv $(part) $@

# The list of all figures that this and earlier versions of the page show, which `make clean` removes.
$(stamps)/figures: $(study)/report.html
	{ cat $@ 2> /dev/null || true; grep -oE 'figures/[A-Za-z0-9._-]+\.svg' $< || true; } | sort -u > $(part); mv $(part) $@

recorded := DATASET SEEDS HIDDEN RULES ATTACKS CONTROLS CHECKS INSPECTED SIGMAS EPSILONS SIGMAS_TO EPSILONS_TO DRAWS RANKS METHODS EPOCHS BATCH SAMPLES TRAIN_SAMPLES SUBSETS SNAPSHOTS DRAWN
# Settings are recorded as they are used: 0.10 as 0.1.
value.SEEDS    = $(seeds)
value.SIGMAS   = $(call list,SIGMAS,$(plains))
value.EPSILONS = $(call list,EPSILONS,$(plains))
setting  = $1='$(or $(value.$1),$($1))'
# A command, with words such as SEED and STRENGTH in place of the values from a target's name.
example  = $(foreach @D,LEVEL,$(foreach @F,FILE,$(foreach seed,SEED,$(foreach strength,STRENGTH,$(foreach model,MODEL,$(foreach source,SOURCE,$(foreach THREADS,1,$(foreach OUT,out,$(foreach me,MAKE,$(strip $($1)))))))))))
stages  := accuracy activations spectrum fit pixels $(if $(inspected),classes displacement) $(of-rules) tabulate claims $(foreach a,$(attacked) $(RULES),$(foreach s,activations spectrum fit,$(if $(call known,$a.$s),$a.$s)))
describe = describe-study --command $(call quote,make all $(foreach v,$(recorded),$(call setting,$v))) $(RANKS:%=--ranks %) \
  $(foreach r,$(RULES),--rule $(call quote,$r; $(call about,$r,$r;); $(call example,$r))) \
  $(foreach a,$(attacked),--attack $(call quote,$a; $(call about,$a,other; $a; strength); $(call example,$a))) \
  $(foreach s,$(stages),--stage $(call quote,$s; $(call example,$s))) $(wildcard own.mk)
$(study)/study.json: $(stamps)/describe $(arrays)
	$(describe) $(arrays) -o $@
