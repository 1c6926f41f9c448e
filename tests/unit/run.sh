#!/bin/sh
# Runs unit test programs one after another (under $RUNNER, where it is set); prints the output of those that fail, and one closing line (a program that fails counts once).
passed=0 failed=0
for t in "$@"; do
    if out=$($RUNNER "$t" 2>&1); then
        n=$(printf '%s\n' "$out" | sed -nE 's/^\[  PASSED  \] ([0-9]+) test.*/\1/p' | tail -n 1)
        passed=$((passed + ${n:-1}))
    else
        failed=$((failed + 1))
        printf '%s\n' "$out" | grep -vE '^\[ (RUN|      OK)' | tail -n 60
        echo "FAILED: $t"
    fi
done
echo "unit: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ] # a name that fits no test is a mistake
