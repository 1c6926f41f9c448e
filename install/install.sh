#!/usr/bin/env bash
# Installs the built kernel below a prefix, or removes it: install/install.sh BUILD PREFIX [uninstall]     (DESTDIR is respected)
# An empty PREFIX means this user's ~/.local. PREFIX/lib/reckon/installed lists what was put there and which folders
# were made for it, so that uninstall removes exactly that.
set -euo pipefail
build=$1 prefix=${2:-} action=${3:-install}
here=$(cd "$(dirname "$0")" && pwd)
umask 022 # what root installs is everybody's, whatever root's own umask
[ -n "$prefix" ] || prefix=${HOME:?says where to install, or give a PREFIX}/.local
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
to=${DESTDIR:-}$prefix
list=$to/lib/reckon/installed
listed() { [ ! -f "$list" ] || sed -n "s/^$1 //p" "$list"; } # file | folder

if [ "$action" = uninstall ]; then
    [ -f "$list" ] || { echo "nothing in $to was put there by make install: no lib/reckon/installed" >&2; exit 1; }
    folders=$(listed folder)
    listed file | while IFS= read -r path; do rm -f "$to/$path"; done
    rm -f "$list"
    sort -r <<<"$folders" | while IFS= read -r path; do rmdir "$to/${path#.}" 2>/dev/null || true; done # what others use stays
    echo "removed Reckon from $to"
    exit 0
fi

before=$(listed file)
made=$(listed folder)
for folder in . bin lib lib/reckon share share/jupyter share/jupyter/kernels share/jupyter/kernels/reckon share/man share/man/man1; do
    [ -d "$to/$folder" ] || made+=$'\n'$folder
done
now=$("$here/tree.sh" "$build" "$to" "$prefix/bin/reckon-kernel")
comm -23 <(sort <<<"$before") <(sort <<<"$now") | while IFS= read -r path; do [ -z "$path" ] || rm -f "$to/$path"; done # of an older version
{ sed -n 's/./folder &/p' <<<"$made"; sed 's/^/file /' <<<"$now"; } >"$list"
echo "Reckon is installed: $prefix/bin/reckon-kernel, kernelspec $to/share/jupyter/kernels/reckon"
