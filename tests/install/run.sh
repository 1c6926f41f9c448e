#!/bin/sh
# make install into an empty prefix (and under DESTDIR), a cell through the installed binary, make uninstall leaves nothing.
build=$1
export RECKON_HISTORY=off
here=$(mktemp -d) || exit 1
trap 'rm -rf "$here"' EXIT
fail() { echo "install: $1" >&2; echo "install: 0 passed, 1 failed"; exit 1; }
make --no-print-directory BUILD="$build" install PREFIX="$here/p" >/dev/null || fail "make install PREFIX= failed"
[ -x "$here/p/bin/reckon-kernel" ] || fail "no P/bin/reckon-kernel"
[ -f "$here/p/share/jupyter/kernels/reckon/kernel.json" ] || fail "no kernelspec"
grep -q "\"$here/p/bin/reckon-kernel\"" "$here/p/share/jupyter/kernels/reckon/kernel.json" || fail "the kernelspec does not name the installed binary"
echo '6 * 7' >"$here/a.cell"
[ "$("$here/p/bin/reckon-kernel" --script "$here/a.cell")" = 42 ] || fail "the installed binary did not answer 42"
make --no-print-directory BUILD="$build" uninstall PREFIX="$here/p" >/dev/null || fail "make uninstall failed"
[ -z "$(find "$here/p" -type f)" ] || fail "left behind: $(find "$here/p" -type f | head -n 3)"
make --no-print-directory BUILD="$build" install PREFIX=/usr DESTDIR="$here/d" >/dev/null || fail "make install DESTDIR= failed"
[ -x "$here/d/usr/bin/reckon-kernel" ] || fail "DESTDIR is not respected"
grep -q '"/usr/bin/reckon-kernel"' "$here/d/usr/share/jupyter/kernels/reckon/kernel.json" || fail "the kernelspec holds DESTDIR"
HOME=$here/h make --no-print-directory BUILD="$build" install PREFIX= >/dev/null || fail "make install for this user failed"
[ -x "$here/h/.local/bin/reckon-kernel" ] && [ -f "$here/h/.local/share/jupyter/kernels/reckon/kernel.json" ] || fail "nothing in this user's ~/.local"
HOME=$here/h make --no-print-directory BUILD="$build" uninstall PREFIX= >/dev/null || fail "make uninstall for this user failed"
[ -z "$(find "$here/h/.local" -type f)" ] || fail "left behind: $(find "$here/h/.local" -type f | head -n 3)"
echo "install: 13 passed, 0 failed"
