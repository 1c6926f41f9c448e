#!/usr/bin/env python3
"""Does lint find what it should? Each check gets a small tree that keeps its rule and one that breaks it."""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

GOOD = {
    "runtime/base/good.h": "#ifndef GOOD_H\n#define GOOD_H\n\nint good(void);\n\n#endif\n",
    "runtime/base/good.c": '#include "runtime/base/good.h"\n\nstatic int kept;\nint good(void) { return kept; }\n',
    "models/metrics/fine.c": (
        '#include <math.h>\n\n#include "runtime/base/good.h"\n\n/* strcpy( and a static int; in a comment, "strcpy(" in a text */\n'
        'static const char *const texts[] = {"strcpy(", "rand("};\n'
        "static int two(void) { return texts[0][0] + good(); }\nint fine(void) { return two(); }\n"
    ),
}

# (check, path, text, what the breach says)
BREACHES = [
    ("includes", "runtime/base/up.c", '#include "models/metrics/rows.h"\n', "base must not include metrics"),
    ("includes", "kernel/wire/side.c", '#include "kernel/lang/value.h"\n', "wire must not include lang"),
    ("includes", "models/metrics/data.c", '#include "runtime/data/table.h"\n', "metrics must not include data"),
    ("includes", "runtime/base/local.c", '#include "good.h"\n', "is no path from the root"),
    ("includes", "runtime/other/x.c", "int x;\n", "belongs to no layer"),
    ("owners", "runtime/base/queue.c", "#include <zmq.h>\n", "<zmq.h> belongs to kernel/wire/transport_zmq.c"),
    ("owners", "models/threads.c", "#include <pthread.h>\n", "<pthread.h> belongs to"),
    ("owners", "models/blas.c", "#include <mkl.h>\n", "<mkl.h> has no owner"),
    ("headers", "runtime/base/half.h", "size_t half(void);\n", "doesn't compile alone as C"),
    ("functions", "models/copy.c", 'void copy(char *a) { strcpy(a, "x"); }\n', "strcpy copies past the end"),
    ("functions", "tests/unit/base/test_x.c", 'int n(void) { return atoi("1"); }\n', "atoi takes any text"),
    ("functions", "models/end.c", "void end(void) { exit(1); }\n", "library code must not call exit"),
    ("state", "kernel/lang/cache.c", "static int n_calls;\n", "static int n_calls;"),
    ("state", "models/cache.c", "int f(void) {\n    static long n = 0;\n    return (int)n;\n}\n", "static long n"),
    ("length", "plots/long.c", "int x;\n" * 601, "601 lines"),
    ("format", "plots/wild.c", "int   x( void ) ;\n", "differ from .clang-format"),
]

STUBS = ["models/metrics/rows.h", "kernel/lang/value.h", "runtime/data/table.h"]


def write(folder, path, text):
    os.makedirs(os.path.join(folder, os.path.dirname(path)), exist_ok=True)
    with open(os.path.join(folder, path), "w", encoding="utf-8") as stream:
        stream.write(text)


def lint(tree, check):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("Makefile", ".clang-format"):
            shutil.copy(os.path.join(ROOT, name), folder)
        for path, text in tree.items():
            write(folder, path, text)
        done = subprocess.run([sys.executable, os.path.join(HERE, "lint.py"), check], cwd=folder, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def main():
    wrong = 0
    for check in ("includes", "owners", "headers", "functions", "state", "length", "format"):
        code, output = lint(GOOD, check)
        if code != 0 or "lint: 1 passed, 0 failed\n" not in output:
            wrong += 1
            print(f"lint's own test: {check} complains about a good tree:\n{output}")
    for check, path, text, expected in BREACHES:
        code, output = lint({**GOOD, **{stub: "" for stub in STUBS}, path: text}, check)
        if "is skipped" in output:
            continue
        if code == 0 or f"{path}:" not in output or expected not in output:
            wrong += 1
            print(f"lint's own test: {check} misses {path} ({expected}):\n{output}")
    sys.exit(wrong != 0)


main()
