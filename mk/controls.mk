# Attacks beside those of the study: CONTROLS show what causes an effect, and CHECKS whether FGSM is a strong
# attack. Each can be one of ATTACKS too.

# A check that is not one of ATTACKS has three strengths, and is a control of FGSM.
checks     = $(if $(word 2,$(call uniq,$(SEEDS))),$(CHECKS),$(filter-out $(TRANSFER),$(CHECKS)))
check-of   = $(if $(filter $1,$(ATTACKS)),,$(comma) control of fgsm)
check-at   = $(if $(filter $1,$(ATTACKS)),$(EPSILONS),$(or $(filter 0.05 0.1 0.2,$(EPSILONS)),$(EPSILONS)))

# Basic iterative method; PGD is the same from a random start.
bim             = attack-pgd --epsilon $(strength) $(of-network)
bim.strengths   = $(call check-at,bim)
bim.about       = gradient$(call check-of,bim); BIM, exact gradient; ε (pixel units)

pgd             = $(bim) --random-start --seed 1
pgd.strengths   = $(call check-at,pgd)
pgd.about       = gradient$(call check-of,pgd); PGD, exact gradient; ε (pixel units)

# Takes its gradient from the network of the next seed.
fgsm-transfer           = attack-fgsm --epsilon $(strength) --model $(source) $(audited)
fgsm-transfer.strengths = $(call check-at,fgsm-transfer)
fgsm-transfer.about     = gradient$(call check-of,fgsm-transfer); FGSM on another seed's network; ε (pixel units)

fgsm-random           = $(fgsm) --gradient random
fgsm-random.strengths = $(EPSILONS)
fgsm-random.about     = gradient, control of fgsm; random signs; ε (pixel units)

fgsm-clipped           = $(fgsm) --clip 0,1
fgsm-clipped.strengths = $(EPSILONS)
fgsm-clipped.about     = gradient, control of fgsm; FGSM, exact, clipped; ε (pixel units)

fgsm-float32-clipped           = $(fgsm-float32) --clip 0,1
fgsm-float32-clipped.strengths = $(EPSILONS)
fgsm-float32-clipped.about     = gradient, control of fgsm-float32; FGSM, float32, clipped; ε (pixel units)

gauss-clipped           = $(gauss) --clip 0,1
gauss-clipped.strengths = $(SIGMAS)
gauss-clipped.about     = noise, control of gauss; Gaussian noise, clipped; σ (pixel units)

# The spectrum of the signal alone, from two draws of the noise. NAME.spectrum and NAME.fit replace the
# measurements of section 3 for one attack.
gauss-repeat           = $(gauss)
gauss-repeat.strengths = $(SIGMAS)
gauss-repeat.about     = noise, control of gauss; Gaussian noise, the signal alone; σ (pixel units)
gauss-repeat.spectrum  = { $(subst --seed 1,--seed 2,$(gauss)) < $(data)/test-images.npy | \
  $(extract) $(samples:%=--samples %) > $(call scratch,second); \
  spectrum --quiet $(few) --repeat - $(call scratch,second); }
gauss-repeat.fit       = $(fit) --as-ranked
