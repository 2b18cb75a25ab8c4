#!/bin/sh
# Calls the tool of this file's name in the program that holds all tools, which is beside it.
exec "${0%/*}/local-errors" "${0##*/}" "$@"
