#!/bin/sh
# run.sh BUILD TARGET RUNS SECONDS: libFuzzer over one target. New inputs go to BUILD/corpus/TARGET, findings to BUILD/found-TARGET-….
# Cells evaluate deeper than a main thread's stack may be. VTALRM and not libFuzzer's alarm ends cells that take long.
build=$1 target=$2 runs=$3 seconds=$4
shift 4
mkdir -p "$build/corpus/$target"
case $target in
frames | connection) dictionary=tests/fuzz/json.dict ;;
load | store) dictionary=tests/fuzz/files.dict ;;
query) dictionary=tests/fuzz/sql.dict ;;
*) dictionary=$build/language.dict ;;
esac
ulimit -s 262144 2>/dev/null || ulimit -s unlimited
# a small quarantine stays in the cache, and short stacks of allocations cost less: twice as many executions a second
export ASAN_OPTIONS=allocator_may_return_null=1:malloc_context_size=4:quarantine_size_mb=8
exec "$build/fuzz-$target" -runs="$runs" -max_total_time="$seconds" -dict="$dictionary" -timeout=20 -entropic=0 -rss_limit_mb=3000 \
    -artifact_prefix="$build/found-$target-" -print_final_stats=1 "$@" "$build/corpus/$target" "tests/fuzz/corpus/$target"
