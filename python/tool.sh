#!/bin/sh
# Calls the tool of this file's name in the program that holds all tools, which is beside it. The file may
# be called by a symbolic link elsewhere, as in ~/bin; the end of the links has the name and the folder.
tool=$0
while [ -L "$tool" ]; do
    link=$(readlink "$tool") || exit
    case $link in
        /*) tool=$link ;;
        *) tool=${tool%/*}/$link ;;
    esac
done
exec "${tool%/*}/local-errors" "${tool##*/}" "$@"
