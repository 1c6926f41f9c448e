#!/usr/bin/env bash
# Makes or completes a private Python environment that holds Jupyter: install/venv.sh FOLDER [--test]
# Python is only a front end and test driver here; the kernel itself needs none.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=$1
lists=(-r "$here/requirements.txt")
[ "${2:-}" = --test ] && lists+=(-r "$here/requirements-test.txt")
stamp=$venv/installed${2:-}
if [ ! -e "$stamp" ] || [ "$here/requirements.txt" -nt "$stamp" ] || [ "$here/requirements-test.txt" -nt "$stamp" ]; then
    "$venv/bin/python" -c 'import pip' 2>/dev/null || python3 -m venv --clear "$venv" # also one that was begun and not finished
    echo "installing Jupyter into $venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${lists[@]}"
    touch "$stamp"
fi
