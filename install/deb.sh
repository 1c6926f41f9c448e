#!/usr/bin/env bash
# Builds the Debian packages: install/deb.sh BUILD VERSION OUT_FOLDER     (no root needed; dpkg-dev)
#   reckon-kernel        binary, net plugin, kernelspec, man page; what the ELF files need stands in Depends (dpkg-shlibdeps)
#   reckon-kernel-cuda   the GPU plugin, where it was built: a package of its own, so that nobody gets cuBLAS unasked
set -euo pipefail
build=$(realpath "$1") version=$2 out=$3
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
out=$(realpath "$out")
arch=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v dpkg-shlibdeps >/dev/null || { echo "make deb: needs dpkg-dev (apt-get install dpkg-dev)" >&2; exit 1; }
maintainer="${DEBFULLNAME:-The Reckon authors} <${DEBEMAIL:-reckon@localhost}>"
since=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct 2>/dev/null || date +%s)}
umask 022

# Depends of ELF files below $work/NAME; a library of a package without shlibs data (NVIDIA's) is named by its package.
depends_of() { # NAME
    mkdir -p "$work/shlibs/debian"
    printf 'Source: reckon-kernel\n\nPackage: %s\nArchitecture: any\n' "$1" >"$work/shlibs/debian/control"
    local found
    found=$(cd "$work/shlibs" && find "$work/$1/usr" -type f \( -name '*.so' -o -path '*/bin/*' \) \
        -exec dpkg-shlibdeps --ignore-missing-info -O {} + 2>"$work/shlibs/log") || { cat "$work/shlibs/log" >&2; return 1; }
    sed -n 's/^shlibs:Depends=//p' <<<"$found"
}

documents() { # NAME
    local doc=$work/$1/usr/share/doc/$1
    mkdir -p "$doc"
    {
        printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: Reckon\n\nFiles: *\n'
        sed -n 's/^Copyright (c) /Copyright: /p' "$here/../LICENSE"
        printf 'License: Expat\n'
        sed '1,/^Copyright/d; /./,$!d' "$here/../LICENSE" | sed 's/^$/./; s/^/ /'
    } >"$doc/copyright"
    { # as Debian names a changelog of a package that has no upstream beside itself
        printf 'reckon-kernel (%s) unstable; urgency=medium\n\n  * Reckon %s.\n\n' "$version" "$version"
        printf ' -- %s  %s\n' "$maintainer" "$(LC_ALL=C date -u -R -d "@$since")"
    } | gzip -9n >"$doc/changelog.gz"
}

pack() { # NAME DEPENDS FIELDS DESCRIPTION
    local root=$work/$1
    documents "$1"
    find "$root/usr" -name '*.so' -exec strip --strip-unneeded --remove-section=.comment --remove-section=.note {} + -o -path '*/bin/*' -type f -exec strip --remove-section=.comment --remove-section=.note {} +
    mkdir -p "$root/DEBIAN"
    (cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
    {
        printf 'Package: %s\nSource: reckon-kernel\nVersion: %s\nArchitecture: %s\nMaintainer: %s\n' "$1" "$version" "$arch" "$maintainer"
        printf 'Installed-Size: %s\nDepends: %s\n%sSection: science\nPriority: optional\nDescription: %s\n' "$(du -sk "$root/usr" | cut -f1)" "$2" "$3" "$4"
    } >"$root/DEBIAN/control"
    local file=${1}_${version}_$arch.deb
    rm -f "$out/${1}"_*.deb
    SOURCE_DATE_EPOCH=$since dpkg-deb --root-owner-group -Zxz --build "$root" "$out/$file" >/dev/null
    echo "$out/$file $(du -h "$out/$file" | cut -f1)B"
}

main=$work/reckon-kernel
"$here/tree.sh" "$build" "$main/usr" /usr/bin/reckon-kernel >/dev/null
gzip -9n "$main/usr/share/man/man1/reckon-kernel.1"
cuda=$main/usr/lib/reckon/libreckon_cuda.so
if [ -e "$cuda" ]; then
    mkdir -p "$work/reckon-kernel-cuda/usr/lib/reckon"
    mv "$cuda" "$work/reckon-kernel-cuda/usr/lib/reckon/"
fi
depends=$(depends_of reckon-kernel)
pack reckon-kernel "$depends" \
    "Recommends: gnuplot-nox | gnuplot, fonts-dejavu-core, libopenblas0-pthread | libopenblas0, jupyter-notebook | jupyterlab | jupyter-client
Suggests: reckon-kernel-cuda
" \
    "Jupyter kernel for learning and practising recommender systems
 A small language that reads like Python and has one verb for each step of a
 lab: load ratings, split them, train a factor model, judge it, draw a map of
 what it learned. The kernel is written in C, starts in milliseconds and gives
 the same bits for the same seed.
 .
 Jupyter's front ends list it as \"Reckon\"."
if [ -e "$work/reckon-kernel-cuda" ]; then
    depends=$(depends_of reckon-kernel-cuda)
    while read -r library; do
        owner=$(dpkg-query -S "$(realpath "$library")" 2>/dev/null | cut -d: -f1) || continue
        case ", $depends," in *", $owner "* | *", $owner,"*) ;; *) depends+=", $owner" ;; esac
    done < <(ldd "$work/reckon-kernel-cuda/usr/lib/reckon/libreckon_cuda.so" | sed -n 's/.*libcublas\.so[^ ]* => \([^ ]*\).*/\1/p')
    mkdir -p "$work/reckon-kernel-cuda/usr/share/lintian/overrides"
    {
        echo "# where cuBLAS lay when this was built: NVIDIA's packages put it into no library path of Debian's"
        echo 'reckon-kernel-cuda: custom-library-search-path RUNPATH *'
    } >"$work/reckon-kernel-cuda/usr/share/lintian/overrides/reckon-kernel-cuda"
    pack reckon-kernel-cuda "reckon-kernel (= $version), $depends" "Enhances: reckon-kernel
" \
        "NVIDIA GPUs for the Reckon kernel
 The plugin by which Reckon fits models on an NVIDIA GPU: use(\"gpu\") in a
 cell. It needs NVIDIA's driver and cuBLAS."
fi
