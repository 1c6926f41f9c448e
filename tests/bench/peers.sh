#!/bin/sh
# The newest releases of the kernels and libraries that ours is measured beside, in a Python environment of their own: peers.sh FOLDER
# Without a network the bench runs without them.
peers=$1
packages="ipykernel xeus-python implicit scikit-surprise ranx libmf threadpoolctl cmfrec"
echo "installing $packages into $peers"
if python3 -m venv "$peers" && "$peers/bin/python" -m pip install --quiet --disable-pip-version-check $packages; then
    "$peers/bin/python" -m pip --disable-pip-version-check list --format freeze >"$peers/installed"
else
    echo "no peers: they can't be installed here; their columns stay empty" >&2
fi
