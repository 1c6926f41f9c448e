#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages that Reckon is built from and runs with; only those that are missing.
#   install/deps.sh          to build and run
#   install/deps.sh --test   what `make test` needs as well
set -euo pipefail

packages=(gcc g++ make pkg-config git ca-certificates
    libzmq3-dev libjansson-dev libsodium-dev libutf8proc-dev libsqlite3-dev libcurl4-openssl-dev libarchive-dev
    libopenblas0-pthread gnuplot-nox fonts-dejavu-core python3 python3-venv)
if [ "${1:-}" = --test ]; then
    packages+=(libcmocka-dev dpkg-dev) # dpkg-dev: make deb
    # Left out where the distribution has none: their tests then say that they were skipped.
    optional=(clang-format-14 pandoc)
    grep -q '^ID=ubuntu' /etc/os-release 2>/dev/null || optional+=(chromium) # Ubuntu's package is only a pointer to a snap
fi

command -v dpkg-query >/dev/null || { echo "install/deps.sh: needs Debian or Ubuntu (apt); the libraries to install by hand: ${packages[*]}" >&2; exit 1; }
has() { [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = "ii " ]; }
missing=()
for p in "${packages[@]}"; do has "$p" || missing+=("$p"); done
wanted=()
for p in ${optional[@]+"${optional[@]}"}; do has "$p" || wanted+=("$p"); done
[ ${#missing[@]} = 0 ] && [ ${#wanted[@]} = 0 ] && exit 0

root=()
if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null; then
        root=(sudo)
    elif [ ${#missing[@]} = 0 ]; then
        echo "note: ${wanted[*]}: not installed, and neither root nor sudo is here; the tests that need them are skipped"
        exit 0
    else
        echo "install/deps.sh: run as root or install sudo; missing: ${missing[*]}" >&2
        exit 1
    fi
fi
export DEBIAN_FRONTEND=noninteractive
apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120)
echo "installing: ${missing[*]} ${wanted[*]}"
"${apt[@]}" update || [ ${#missing[@]} = 0 ] # without a network all that is needed may be here already
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() { "$@" >"$log" 2>&1 || { tail -n 30 "$log" >&2; return 1; }; }
[ ${#missing[@]} = 0 ] || quietly "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
for p in ${wanted[@]+"${wanted[@]}"}; do
    quietly "${apt[@]}" install -y --no-install-recommends "$p" || echo "note: $p could not be installed; the tests that need it are skipped"
done
