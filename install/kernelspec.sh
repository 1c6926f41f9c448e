#!/usr/bin/env bash
# Installs the built kernel: install/kernelspec.sh BUILD PREFIX [uninstall]     (DESTDIR is respected)
# PREFIX/bin/reckon-kernel, PREFIX/lib/reckon/*.so, PREFIX/share/jupyter/kernels/reckon. An empty PREFIX means this user's ~/.local.
set -euo pipefail
build=$1 prefix=${2:-} action=${3:-install}
here=$(cd "$(dirname "$0")/.." && pwd)
[ -n "$prefix" ] || prefix=$HOME/.local
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
to=${DESTDIR:-}$prefix
spec=$to/share/jupyter/kernels/reckon
if [ "$action" = uninstall ]; then
    rm -rf "$spec" "$to/lib/reckon" "$to/bin/reckon-kernel"
    echo "removed Reckon from $to"
    exit 0
fi
mkdir -p "$to/bin" "$to/lib/reckon" "$spec"
install -m 755 "$build/reckon-kernel" "$to/bin/reckon-kernel.new"
mv "$to/bin/reckon-kernel.new" "$to/bin/reckon-kernel" # a running kernel keeps its own file
for plugin in "$build"/lib/libreckon_*.so; do
    case $plugin in *'*'* | *_emulated.so) continue ;; esac
    install -m 644 "$plugin" "$to/lib/reckon/$(basename "$plugin").new"
    mv "$to/lib/reckon/$(basename "$plugin").new" "$to/lib/reckon/$(basename "$plugin")"
done
sed "s|\"reckon-kernel\"|\"$prefix/bin/reckon-kernel\"|" "$here/kernel.json" >"$spec/kernel.json"
install -m 644 "$here"/install/logo-* "$spec/"
echo "Reckon is installed: $prefix/bin/reckon-kernel, kernelspec $spec"
