#!/usr/bin/env bash
# Lays what an installed Reckon consists of below a folder: install/tree.sh BUILD TO ARGV0
#   bin/reckon-kernel, lib/reckon/*.so, share/jupyter/kernels/reckon, share/man/man1
# ARGV0 is how kernel.json names the binary. Prints each file's path below TO. Every way to install begins here.
set -euo pipefail
build=$1 to=$2 argv0=$3
here=$(cd "$(dirname "$0")/.." && pwd)
spec=share/jupyter/kernels/reckon

# A running kernel keeps its own file: the new one takes over the name.
put() { # MODE FILE PATH
    mkdir -p "$to/$(dirname "$3")"
    install -m "$1" "$2" "$to/$3.new"
    mv "$to/$3.new" "$to/$3"
    echo "$3"
}

put 755 "$build/reckon-kernel" bin/reckon-kernel
for plugin in "$build"/lib/libreckon_*.so; do
    case $plugin in *'*'* | *_emulated.so) continue ;; esac # the emulated GPU is for tests
    put 644 "$plugin" "lib/reckon/$(basename "$plugin")"
done
for logo in "$here"/install/logo-*; do put 644 "$logo" "$spec/$(basename "$logo")"; done
put 644 "$here/install/reckon-kernel.1" share/man/man1/reckon-kernel.1
quoted=${argv0//\\/\\\\}
quoted=${quoted//\"/\\\"}
json=$(cat "$here/kernel.json")
filled=$(mktemp)
trap 'rm -f "$filled"' EXIT
printf '%s\n' "${json/\"reckon-kernel\"/"\"$quoted\""}" >"$filled"
put 644 "$filled" "$spec/kernel.json" # the last: from now on Jupyter lists the kernel
