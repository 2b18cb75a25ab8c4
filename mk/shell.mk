# What every command of the study runs in: a bash that takes nothing from the user's shell.
#
# -p leaves out exported functions and options, CDPATH and BASH_ENV; LC_ALL=C gives numbers a decimal
# point. $(shell) runs in it too, to which GNU make 4.3 gives no exports.
SHELL := env
.SHELLFLAGS := -u BASH_ENV -u ENV -u CDPATH -u POSIXLY_CORRECT -u GREP_OPTIONS -u GREP_COLORS LC_ALL=C bash -peu -o pipefail -c

# Flags that would take settings from the environment, or call a target made that is not.
$(foreach f,e i t,$(if $(findstring $f,$(firstword -$(MAKEFLAGS))),$(error make -$f cannot make the study: leave it out$(if $(filter e,$f), and name settings on the command line))))
$(if $(filter grouped-target,$(.FEATURES)),,$(error GNU make 4.3 or later is needed, this is $(MAKE_VERSION) (macOS: brew install make, then gmake)))
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
.DEFAULT_GOAL := all
V :=
$V.SILENT:

# What make's own functions lack.
comma := ,
space := $(subst ,, )
quote = '$(subst ','\'',$1)'
up    = $(patsubst %/,%,$(dir $1))
uniq  = $(if $1,$(firstword $1) $(call uniq,$(filter-out $(firstword $1),$1)))
same  = $(and $(findstring [$1],[$2]),$(findstring [$2],[$1]))
# What the project's files, own.mk or the command line say; never what the environment happens to name so.
known = $(filter file command override,$(firstword $(origin $1)))
own   = $(if $(call known,$1),$($1))
