# What the page shows beside the measurements: samples of images, and the record of the study.
# Ten images for the report, clean and attacked, and the network's predictions for them.
# private, so that the prerequisites, networks among them, keep the values from their names.
$(_study)/samples/%: private _measured-network = $(_study)/$(_shown-network)
$(_shown): private _subset = 10
$(_shown): $(_study)/$(_shown-network)/model/model.json $(_data)/test-images.npy $(_labels) $(_as)/predictions \
  $$(if $$(filter clean,$$(_at)),,$(_as)/$$(_attack)) $$(_lender)
	$(call _level,sample)
	if [ $$attack = clean ]; then cat; else run $$attack; fi < $(_data)/test-images.npy > $$scratch.x.npy.part
	run predictions < $$scratch.x.npy.part > /dev/null
	keep x.npy predictions.npy
$(_as)/runs: $(if $(call _differs,$(file <$(_as)/runs),$(_runs)),_force)
	write $@ $(_layer0:%=$(_study)/%) $(foreach r,$(RULES),$$(runs $(_study)/$r '$(SEEDS)' $(call _levels-of,$r)))
# All figures that this and earlier versions of the page show, which `make clean` removes.
$(_as)/figures: $(_study)/report.html
	write $@ "$$({ cat $@ 2> /dev/null || true; grep -oE 'figures/[A-Za-z0-9._-]+\.svg' $< || true; } | sort -u)"
$(_study)/study.json: $(filter-out $(_as)/report,$(_commands:%=$(_as)/%)) $(_arrays)
	$(call _level)
	whole run describe
