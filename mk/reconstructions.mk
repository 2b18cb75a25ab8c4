# Reconstructions: ways to make the choices that the paper leaves open, each a learning rule, in one study.
# With these epochs, rates and scales every layer reaches at least 90 % on MNIST. Sequential epochs are for
# each layer; wide joint networks get 6 too, because they learn faster and take twenty times as long.
joint      = --schedule joint --epochs $(or $(EPOCHS),15)
sequential = --schedule sequential --epochs $(or $(EPOCHS),6)
adam       = --optimizer adam
sgd        = --optimizer sgd --lr-decay 0.8 --lr-decay-every 3
small      = --readout-scale 0.01
wide-train = $(subst --hidden $(HIDDEN),--hidden $(WIDE),$(train))
wide-joint = --schedule joint --epochs $(or $(EPOCHS),6)
relu-sgd-joint        = $(train) --activation relu $(sgd) --learning-rate 0.5 $(joint)
relu-sgd-joint.about  = ReLU, sgd, joint;
relu-sgd-sequential       = $(train) --activation relu $(sgd) --learning-rate 0.1 $(sequential)
relu-sgd-sequential.about = ReLU, sgd, sequential;
relu-adam-joint       = $(train) --activation relu $(adam) $(joint)
relu-adam-joint.about = ReLU, Adam, joint;
relu-adam-sequential       = $(train) --activation relu $(adam) $(sequential) $(small)
relu-adam-sequential.about = ReLU, Adam, sequential;
tanh-sgd-joint        = $(train) --activation tanh $(sgd) --learning-rate 0.1 $(joint)
tanh-sgd-joint.about  = tanh, sgd, joint;
tanh-sgd-sequential       = $(train) --activation tanh $(sgd) --learning-rate 0.1 $(sequential)
tanh-sgd-sequential.about = tanh, sgd, sequential;
tanh-adam-joint       = $(train) --activation tanh $(adam) $(joint)
tanh-adam-joint.about = tanh, Adam, joint;
tanh-adam-sequential       = $(train) --activation tanh $(adam) $(sequential) $(small)
tanh-adam-sequential.about = tanh, Adam, sequential;
shifted-tanh-sgd-joint        = $(train) --activation shifted-tanh $(sgd) --learning-rate 0.5 $(joint)
shifted-tanh-sgd-joint.about  = (1 + tanh)/2, sgd, joint;
shifted-tanh-sgd-sequential       = $(train) --activation shifted-tanh $(sgd) --learning-rate 0.5 $(sequential)
shifted-tanh-sgd-sequential.about = (1 + tanh)/2, sgd, sequential;
shifted-tanh-adam-joint       = $(train) --activation shifted-tanh $(adam) $(joint)
shifted-tanh-adam-joint.about = (1 + tanh)/2, Adam, joint;
shifted-tanh-adam-sequential       = $(train) --activation shifted-tanh $(adam) $(sequential) $(small)
shifted-tanh-adam-sequential.about = (1 + tanh)/2, Adam, sequential;
relu-sgd-joint-wide         = $(wide-train) --activation relu $(sgd) --learning-rate 0.5 $(wide-joint)
relu-sgd-joint-wide.about   = ReLU, sgd, joint, wide;
tanh-adam-joint-wide        = $(wide-train) --activation tanh $(adam) $(wide-joint)
tanh-adam-joint-wide.about  = tanh, Adam, joint, wide;
shifted-tanh-adam-sequential-wide       = $(wide-train) --activation shifted-tanh $(adam) $(sequential) $(small)
shifted-tanh-adam-sequential-wide.about = (1 + tanh)/2, Adam, sequential, wide;
# Habits of public code beside the paper (PMI-SYSU/FBM, RenYixiong-ai/GAL and LocalError), each one change to a
# reconstruction above. Nothing says that they are the paper's: images in [-1, 1]; images left out that the
# network misclassifies without an attack; spectra of training images, as many as test images; no biases.
tanh-adam-joint-centred       = $(tanh-adam-joint) --pixel-range -1,1
tanh-adam-joint-centred.about = tanh, Adam, joint, images in [−1, 1];
relu-adam-joint-correct             = $(relu-adam-joint)
relu-adam-joint-correct.about       = ReLU, Adam, joint, misclassified left out;
relu-adam-joint-correct.activations = $(activations) --correct-on $(data)/test-images.npy
relu-adam-sequential-seen          = $(relu-adam-sequential)
relu-adam-sequential-seen.about    = ReLU, Adam, sequential, spectra of training images;
relu-adam-sequential-seen.spectrum = cat > /dev/null; $(seen) | $(spectrum)
# The attack gives as many images as $(samples); clean images are those themselves.
seen = export labels=$(data)/train-labels.npy samples=$${samples:-$(if $(digits),$(word 2,$(DRAWN)),10000)}; \
  if [ $$attack = clean ]; then cat; else bash -peu $(study)/.stamps/$$attack; fi < $(data)/train-images.npy | \
  $(extract) --samples $(samples)
shifted-tanh-adam-joint-no-bias       = $(shifted-tanh-adam-joint) --no-bias
shifted-tanh-adam-joint-no-bias.about = (1 + tanh)/2, Adam, joint, no biases;
