# CONTROLS, clipped attacks or such that show what causes an effect; CHECKS of FGSM. Each can be one of ATTACKS.
# These need only a few strengths. A check that is one of ATTACKS has all, and is no control.
few-of     = $(or $(filter $1,$2),$2)
of-checks  = $(if $(word 2,$(sort $(SEEDS))),$(CHECKS),$(filter-out $(TRANSFER),$(CHECKS)))
check-of   = $(if $(filter $1,$(ATTACKS)),,$(_comma) control of fgsm)
check-at   = $(if $(filter $1,$(ATTACKS)),$(EPSILONS),$(call few-of,0.05 0.1 0.2,$(EPSILONS)))
# Basic iterative method; PGD is the same from a random start.
bim             = attack-pgd --epsilon $(strength) --model $(model) $(audited)
bim.strengths   = $(call check-at,bim)
bim.about       = gradient$(call check-of,bim); BIM, exact gradient; ε (pixel units)
pgd             = $(bim) --random-start --seed 1
pgd.strengths   = $(call check-at,pgd)
pgd.about       = gradient$(call check-of,pgd); PGD, exact gradient; ε (pixel units)
fgsm-transfer           = attack-fgsm --epsilon $(strength) --model $(source) $(audited)
fgsm-transfer.strengths = $(call check-at,fgsm-transfer)
fgsm-transfer.about     = gradient$(call check-of,fgsm-transfer); FGSM on another seed's network; ε (pixel units)
fgsm-random           = $(fgsm) --gradient random
fgsm-random.strengths = $(call few-of,0.05 0.1 0.2 0.3,$(EPSILONS))
fgsm-random.about     = gradient, control of fgsm; random signs; ε (pixel units)
# Clipping is one of the choices of the analysis.
gauss-clipped           = $(gauss) --clip 0,1
gauss-clipped.strengths = $(SIGMAS)
gauss-clipped.about     = noise, clipped gauss, up to $(SIGMAS_TO); Gaussian noise, clipped; σ (pixel units)
fgsm-clipped           = $(fgsm) --clip 0,1
fgsm-clipped.strengths = $(EPSILONS)
fgsm-clipped.about     = gradient, clipped fgsm, up to $(EPSILONS_TO); FGSM, exact, clipped; ε (pixel units)
fgsm-float32-clipped           = $(fgsm-float32) --clip 0,1
fgsm-float32-clipped.strengths = $(EPSILONS)
fgsm-float32-clipped.about     = gradient, clipped fgsm-float32, up to $(EPSILONS_TO); FGSM, float32, clipped; \
  ε (pixel units)
# Double precision does not cure what single precision loses.
fgsm-float64           = $(fgsm) --gradient float64
fgsm-float64.strengths = $(call few-of,0.05 0.1 0.2 0.3,$(EPSILONS))
fgsm-float64.about     = gradient, control of fgsm-float32; FGSM, float64 gradient; ε (pixel units)
# The spectrum of the signal alone: activations averaged over DRAWS draws of the noise, and over as many
# others. NAME.spectrum and NAME.fit replace the measurements of section 3 for one attack.
gauss-repeat           = $(gauss)
gauss-repeat.strengths = $(call few-of,0.4 1 2 3,$(SIGMAS))
gauss-repeat.about     = noise, control of gauss; Gaussian noise, the signal alone; σ (pixel units)
gauss-repeat.spectrum  = cat > /dev/null; $(call averaged,2) > $(call scratch,second); \
  $(call averaged,1) | spectrum --quiet $(few) --repeat - $(call scratch,second)
gauss-repeat.fit       = $(fit) --as-ranked
averaged = $(subst --seed 1,--seed $1,$(gauss)) --draws $(DRAWS) < $(data)/test-images.npy | \
  $(extract) --average $(DRAWS)
