# What make says: $(call done,KIND,WORDS) at the end of a recipe, where KIND is network or level.
#
# In a terminal that is one line that is written again, elsewhere a line for each network and level.
# How many levels there are to make is counted by a make -n when the first line is written; in it, and
# for `make plan`, a recipe's last command says what was made and does nothing.
counting :=
dry   = MAKEFLAGS=$(call quote,n$(MAKEFLAGS)) $(MAKE) counting=1
done  = $(if $(counting),: made $1 $(if $(filter level,$1),$(attack),$(rule)),$(begin)$(if $(filter level,$1),$(eval made += x))$(show))
begin = $(if $(start),,$(eval start := $(shell date +%s))$(eval total := $(shell $(dry) $(MAKECMDGOALS) 2> /dev/null | grep -c '^: made level' || true)))
made  :=
start :=
show  = if [ ! -t 1 ]; then echo "($(words $(made))/$(total)) "$(call quote,$2); else \
  s=$$(( $$(date +%s) - $(start) )) n=$(words $(made)) left=; \
  [ $$n = 0 ] || { left=$$(( s * ($(total) - n) / n )); left=$$(printf ', about %d:%02d left' $$((left / 60)) $$((left % 60))); }; \
  printf '\r\033[K%s/%s levels, %d:%02d%s  %s' $$n $(total) $$((s / 60)) $$((s % 60)) "$$left" $(call quote,$2); fi
# Ends the line that is written again.
endline = $(if $(start),[ ! -t 1 ] || echo)

# At the end, the verdicts on the paper's three claims.
define say-verdicts
$(endline)
$(tidy)
cat $(study)/verdicts.txt
echo "$(words $(runs)) levels in $(study)/table.csv, their mean and spread over seeds in summary.csv"
echo "the report: $@"
$(eval made += x)
endef
# A target with a command is never up to date, which make -q must not say of a study that is.
say-end = $(if $(findstring q,$(firstword -$(MAKEFLAGS)))$(made),,echo 'nothing to do, the study is made: $(study)/report.html')
# Of the lines `: made KIND NAME`, a line of each kind and name, and the sum.
say-plan = awk '$$1 == ":" && $$2 == "made" { n[$$3 " " $$4]++; sum[$$3]++ } \
  END { for (k in n) printf "%6d %s\n", n[k], k | "sort -k 2,2r -k 3"; close("sort -k 2,2r -k 3"); \
    printf "networks to train: %d; levels to measure and fit: %d\n", sum["network"], sum["level"] }'
