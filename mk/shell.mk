# The shell that runs every command of the study: a bash that ignores the user's shell settings.
#
# -p ignores exported functions and options, CDPATH and BASH_ENV. LC_ALL=C makes the decimal point a
# point. $(shell) uses this shell too; GNU make 4.3 passes no exported variables to it.
SHELL := env
.SHELLFLAGS := -u BASH_ENV -u ENV -u CDPATH -u POSIXLY_CORRECT -u GREP_OPTIONS -u GREP_COLORS LC_ALL=C bash -peu -o pipefail -c

# Flags of make that would take settings from the environment, or treat unmade targets as made.
$(foreach f,e i t,$(if $(findstring $f,$(firstword -$(MAKEFLAGS))),$(error make -$f cannot make the study: leave it out$(if $(filter e,$f), and name settings on the command line))))
$(if $(filter grouped-target,$(.FEATURES)),,$(error GNU make 4.3 or later is needed, this is $(MAKE_VERSION) (macOS: brew install make, then gmake)))
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
.DEFAULT_GOAL := all
V :=
$V.SILENT:

# Functions that make does not have.
comma := ,
space := $(subst ,, )
quote = '$(subst ','\'',$1)'
up    = $(patsubst %/,%,$(dir $1))
uniq  = $(if $1,$(firstword $1) $(call uniq,$(filter-out $(firstword $1),$1)))
same  = $(and $(findstring [$1],[$2]),$(findstring [$2],[$1]))
# Whether, and what, the project's files, own.mk or the command line define; an environment variable
# that happens to have the same name does not count.
known = $(filter file command override,$(firstword $(origin $1)))
own   = $(if $(call known,$1),$($1))
