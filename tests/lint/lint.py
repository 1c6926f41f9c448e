#!/usr/bin/env python3
"""Checks of `make lint`: see CHECKS at the end. Needs gcc, g++, pkg-config and clang-format; no packages of Python."""
import concurrent.futures
import fnmatch
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rules

ROOTS = ("runtime", "models", "plots", "kernel")
WARNINGS = "-Wall -Wextra -Wpedantic -Wstrict-prototypes -Werror".split()


def files(*suffixes, roots=ROOTS):
    found = []
    for root in roots:
        for folder, _, names in os.walk(root):
            found += [os.path.join(folder, name) for name in names if name.endswith(suffixes)]
    return sorted(found)


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def code_of(path):
    """The text without comments and the insides of strings; lines and columns stay."""
    pattern = r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
    return re.sub(pattern, blank, read(path), flags=re.S)


def includes_of(path):
    for number, line in enumerate(read(path).split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if match:
            yield number, match.group(1), match.group(2)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


# --- layers ---


def makefile_layers():
    """{layer: (folders, layers it may include)} from DIRS_* and NEEDS_*."""
    text = read("Makefile")
    folders = dict(re.findall(r"^DIRS_(\w+) *= *(.*)$", text, re.M))
    needs = dict(re.findall(r"^NEEDS_(\w+) *= *(.*)$", text, re.M))
    return {name: (value.split(), set(needs.get(name, "").split())) for name, value in folders.items()}


LAYERS = makefile_layers()


def layer_of(path):
    folder = os.path.dirname(path)
    for name, (folders, _) in LAYERS.items():
        if folder in folders:
            return name
    return None


def check_includes():
    """Lower layers never include higher ones, siblings never each other; names begin at the root."""
    for path in files(".c", ".h", ".cu", ".cuh", ".cpp", ".def"):
        layer = layer_of(path)
        if not layer:
            yield f"{path}:1: its folder belongs to no layer of the Makefile"
            continue
        allowed = LAYERS[layer][1] | {layer}
        for number, kind, name in includes_of(path):
            if kind == "<":
                continue
            if not os.path.exists(name):
                yield f'{path}:{number}: "{name}" is no path from the root'
            elif layer_of(name) not in allowed:
                yield f'{path}:{number}: {layer} must not include {layer_of(name)} ("{name}")'


# --- owners ---


def check_owners():
    """Every third-party header has one owner."""
    users = {}
    for path in files(".c", ".h", ".cu", ".cuh", ".cpp"):
        for number, kind, name in includes_of(path):
            if kind != "<" or name in rules.SYSTEM:
                continue
            if name not in rules.OWNERS and not path.endswith((".cu", ".cuh", ".cpp")):
                yield f"{path}:{number}: <{name}> has no owner in tests/lint/rules.py"
                continue
            patterns, most = rules.OWNERS.get(name, (["*"], 10**6))
            users.setdefault(name, set()).add(path)
            if not any(fnmatch.fnmatch(path, pattern) for pattern in patterns):
                yield f"{path}:{number}: <{name}> belongs to {' '.join(patterns)}"
            elif len(users[name]) > most:
                yield f"{path}:{number}: <{name}> has more than {most} owner{'s' if most > 1 else ''}: {' '.join(sorted(users[name]))}"


# --- headers alone ---


def seen_by_cpp():
    """Headers that a C++ compiler (nvcc, the FAISS shim) sees."""
    todo, seen = files(".cu", ".cuh", ".cpp"), set()
    while todo:
        path = todo.pop()
        for _, kind, name in includes_of(path):
            if kind == '"' and name.endswith(".h") and name not in seen and os.path.exists(name):
                seen.add(name)
                todo.append(name)
    return seen


def compile_alone(command, path):
    done = subprocess.run([*command, path], capture_output=True, text=True)
    if done.returncode == 0:
        return None
    first = next((line for line in done.stderr.split("\n") if "error" in line), done.stderr.strip().split("\n")[0])
    return f"{path}:1: doesn't compile alone as {'C++' if 'c++' in command else 'C'}: {first}"


def check_headers():
    """Each header compiles alone, as C, and as C++ where a C++ compiler sees it."""
    packages = "libzmq jansson libsodium libutf8proc sqlite3".split()
    flags = subprocess.run(["pkg-config", "--cflags", *packages], capture_output=True, text=True).stdout.split()
    as_c = ["gcc", "-x", "c", "-std=c11", "-D_GNU_SOURCE", "-I.", "-fsyntax-only", *WARNINGS, *flags]
    as_cpp = ["g++", "-x", "c++", "-std=c++17", "-D_GNU_SOURCE", "-I.", "-fsyntax-only", *flags]
    jobs = [(as_c, path) for path in files(".h")] + [(as_cpp, path) for path in sorted(seen_by_cpp())]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from filter(None, pool.map(lambda job: compile_alone(*job), jobs))


# --- functions and state ---


def check_functions():
    """No banned function anywhere, no printing, exiting or jumping in library code."""
    for path in files(".c", ".h", ".cu", ".cpp", roots=(*ROOTS, "tests")):
        text = code_of(path)
        for match in re.finditer(r"(?<![\w.>])(\w+)\s*\(", text):
            name, at = match.group(1), f"{path}:{line_of(text, match.start())}"
            if name in rules.BANNED:
                yield f"{at}: {name} {rules.BANNED[name]}"
            elif name in rules.LIBRARY_BANNED and not path.startswith("tests/"):
                if not any(fnmatch.fnmatch(path, pattern) for pattern in rules.LIBRARY_BANNED[name]):
                    yield f"{at}: library code must not call {name}"


def check_state():
    """Outside of base and device no variable lives as long as the process."""
    variable = re.compile(r"^[ \t]*static\s+(?!.*\bconst\b)(?!inline)[^;={}()]*[;=]", re.M)
    table = re.compile(r"^[ \t]*(?:_Thread_local|static _Thread_local)\b", re.M)
    for path in files(".c", ".h"):
        if layer_of(path) in rules.STATE_LAYERS or path in rules.STATE_FILES:
            continue
        text = code_of(path)
        for match in [*variable.finditer(text), *table.finditer(text)]:
            start = match.start() + len(match.group()) - len(match.group().lstrip())
            yield f"{path}:{line_of(text, start)}: a variable that outlives every session: {' '.join(match.group().split())}"


# --- form ---


def check_length():
    """No file over 600 lines unless its first comment says why ("length: …")."""
    for path in files(".c", ".h", ".cu", ".cuh", ".cpp"):
        text = read(path)
        n_lines = text.count("\n")
        first = re.match(r"\s*/\*.*?\*/", text, re.S)
        if n_lines > rules.MAX_LINES and not (first and "length:" in first.group()):
            yield f'{path}:1: {n_lines} lines: split it by concept, or say why not ("length: …" in the first comment)'


def clang_format():
    """The program of version 14, or None: other versions lay out differently."""
    for name in ("clang-format-14", "clang-format"):
        if shutil.which(name) and " 14." in subprocess.run([name, "--version"], capture_output=True, text=True).stdout:
            return name
    return None


def check_format():
    """Laid out as .clang-format says."""
    program = clang_format()
    if not program:
        print("note: format is skipped: clang-format 14 is not installed (install/deps.sh --test brings it)")
        return
    sources = files(".c", ".h", ".cu", ".cuh", ".cpp", roots=(*ROOTS, "tests"))
    for start in range(0, len(sources), 40):
        done = subprocess.run([program, "--dry-run", *sources[start : start + 40]], capture_output=True, text=True)
        wrong = {}
        for path, number in re.findall(r"^([^:\n]+):(\d+):\d+: warning: code should be clang-formatted", done.stderr, re.M):
            wrong.setdefault(path, []).append(number)
        for path, numbers in wrong.items():
            yield f"{path}:{numbers[0]}: {len(numbers)} places differ from .clang-format: {program} -i {path}"


CHECKS = {
    "includes": check_includes,
    "owners": check_owners,
    "headers": check_headers,
    "functions": check_functions,
    "state": check_state,
    "length": check_length,
    "format": check_format,
}


def main():
    wanted = sys.argv[1:] or list(CHECKS)
    unknown = [name for name in wanted if name not in CHECKS]
    if unknown:
        sys.exit(f"lint: no check {' '.join(unknown)}; there are {' '.join(CHECKS)}")
    failed = 0
    for name in wanted:
        breaches = list(CHECKS[name]())
        failed += bool(breaches)
        for breach in breaches:
            print(f"{breach} [{name}]")
    print(f"lint: {len(wanted) - failed} passed, {failed} failed")
    sys.exit(failed != 0)


main()
