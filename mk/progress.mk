# What make says: $(call done,KIND,NAME[,FILE]) at the end of a recipe, where KIND is network or level.
# The text in FILE, if it exists, is printed after the name.
#
# In a terminal, a network is a line that stays, and below it one line is rewritten for each level.
# Elsewhere each network and each level is a line. How many levels there are to make is counted by a
# make -n when the first line is written; in it, and for `make plan`, a recipe's last command says what
# was made and does nothing.
counting :=
dry   = MAKEFLAGS=$(call quote,n$(MAKEFLAGS)) $(MAKE) counting=1
done  = $(if $(counting),: made $1 $(if $(filter level,$1),$(attack),$(rule)),$(begin)$(if $(filter level,$1),$(eval made += x))$(show))
begin = $(if $(start),,$(eval start := $(shell date +%s))$(eval total := $(shell $(dry) $(MAKECMDGOALS) 2> /dev/null | grep -c '^: made level' || true)))
made  :=
start :=
# After the line that is rewritten, the cursor stands at its beginning, so that a warning covers it.
show  = text=$(call quote,$2)$(if $3,$$(sed 's/^/$(comma) /' $3 2> /dev/null || true)); \
  if [ ! -t 1 ]; then echo "($(words $(made))/$(total)) $$text"; else \
  $(if $(filter network,$1),printf '\r\033[K%s\n' "$$text"; text=;) \
  s=$$(( $$(date +%s) - $(start) )) n=$(words $(made)) left=; \
  [ $$s -lt 3 ] || [ $$n = 0 ] || [ $$n = $(total) ] || { left=$$(( s * ($(total) - n) / n )); left=$$(printf ', about %d:%02d left' $$((left / 60)) $$((left % 60))); }; \
  printf '\r\033[K%.79s\r' "$$(printf '%s/%s levels, %d:%02d%s  %s' $$n $(total) $$((s / 60)) $$((s % 60)) "$$left" "$$text")"; fi
# Ends the line that is rewritten.
endline = $(if $(start),[ ! -t 1 ] || echo)

# At the end, the verdicts on the paper's three claims.
define say-verdicts
$(endline)
$(tidy)
cat $(study)/verdicts.txt
echo "$(words $(runs)) levels in $(study)/table.csv, means over seeds in summary.csv"
echo "the report: $@"
$(eval made += x)
endef
# A target with a command is never up to date, which make -q must not say of a study that is.
say-end = $(if $(findstring q,$(firstword -$(MAKEFLAGS)))$(made),,echo 'nothing to do, the study is made: $(study)/report.html')
# Counts the lines `: made KIND NAME`, by kind and by name.
say-plan = awk '$$1 == ":" && $$2 == "made" { sum[$$3]++; n[$$3, $$4]++ } \
  function list(kind, title,    key, part) { \
    print title ": " sum[kind] + 0; fflush(); \
    for (key in n) { split(key, part, SUBSEP); if (part[1] == kind) printf "%6d %s\n", n[key], part[2] | "sort -k 2" } \
    close("sort -k 2") } \
  END { list("network", "networks to train"); list("level", "levels to measure (one network, one attack, one strength)") }'
