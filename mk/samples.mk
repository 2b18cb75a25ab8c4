# Ten images for the report, clean and attacked, and the network's predictions for them.
# private, so that the prerequisites, networks among them, keep the values from their names.
$(study)/samples/%: private network = $(study)/$(shows)
$(samples-shown): private samples = 10
$(samples-shown): $(study)/$(shows)/model/model.json $(data)/test-images.npy $(labels) $(stamps)/measure \
  $$(if $$(is-clean),,$(stamps)/$$(attack)) $$(lender)
	mkdir -p $(@D)
	$(if $(is-clean),ln -sf ../../data/test-images.npy $(@D)/x.npy,$($(attack)) < $(data)/test-images.npy > $(part) && mv $(part) $(@D)/x.npy)
	$(accuracy) --predictions $@ < $(@D)/x.npy > /dev/null
	rm -f $(call scratch,audit)
