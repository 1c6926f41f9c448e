#!/bin/sh
# Rules of the house that a program can check. Each breach is one line "file:line: what"; the closing line counts them.
cd "$(dirname "$0")/../.." || exit 1
python=${PYTHON:-python3}
command -v "$python" >/dev/null 2>&1 || python=python3
"$python" tests/lint/selftest.py || exit 1
exec "$python" tests/lint/lint.py "$@"
