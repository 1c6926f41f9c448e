#!/usr/bin/env bash
# Executes Lab B.1 with the built kernel through Jupyter and writes BUILD/demo/lab_b1.html: install/demo.sh BUILD PYTHON
# Real data when found or fetched; the built-in synthetic data otherwise, said plainly.
set -euo pipefail
build=$1 python=$2
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$build/demo"
probe=$build/demo/probe.cell
echo 'load("ml-100k");' >"$probe"
if ! why=$("$build/reckon-kernel" --script "$probe" 2>&1); then
    export RECKON_PARAM_data=synthetic
    printf '%s\n' "$why" | grep -vE '^    |probe\.cell, line' | sed 's/^/  /' # without the probe's own code
    echo "MovieLens 100K can be neither found nor fetched: the demo runs on the built-in SYNTHETIC data"
fi
rm -f "$probe"
"$python" "$here/install/execute.py" --kernel "$build/reckon-kernel" --html "$build/demo/lab_b1.html" --notebook "$build/demo/lab_b1.ipynb" \
    "$here/notebooks/lab_b1_matrix_factorization.ipynb"
rmse=$("$python" "$here/install/execute.py" --rmse "$build/demo/lab_b1.ipynb")
[ -z "${RECKON_PARAM_data:-}" ] || echo "on SYNTHETIC data: these are not MovieLens figures"
echo "RMSE $rmse $build/demo/lab_b1.html"
