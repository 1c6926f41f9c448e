#!/usr/bin/env python3
"""The protocol as clients see it: run.py [--kernel BINARY] [NAME …]     (NAME: only tests whose file::name holds it)

Every function test_* of the files test_*.py beside this one is a test; it gets what its arguments name:
kernel (a running kernel and a bare zmq client), start (starts one: start(transport="ipc", key="")), binary, folder.
"""
import argparse
import importlib.util
import inspect
import os
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import client  # noqa: E402


class Fixtures:
    """Makes what a test asks for, and ends it."""

    def __init__(self, binary):
        self.binary, self.kernels = binary, []
        self.folder = tempfile.TemporaryDirectory(prefix="wire")

    def start(self, **options):
        self.kernels.append(client.Kernel(self.binary, self.folder.name, **options))
        return self.kernels[-1]

    def get(self, name):
        if name == "kernel":
            return self.start()
        return {"start": self.start, "binary": self.binary, "folder": self.folder.name}[name]

    def close(self):
        for kernel in self.kernels:
            kernel.close()
        self.folder.cleanup()


def tests(wanted):
    for file in sorted(os.listdir(HERE)):
        if not (file.startswith("test_") and file.endswith(".py")):
            continue
        spec = importlib.util.spec_from_file_location(file[:-3], os.path.join(HERE, file))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for name, function in list(vars(module).items()):
            label = f"{file}::{name}"
            if name.startswith("test_") and inspect.isfunction(function) and (not wanted or any(w in label for w in wanted)):
                yield label, function


def run(label, function, binary):
    fixtures = Fixtures(binary)
    began = time.monotonic()
    try:
        function(*[fixtures.get(name) for name in inspect.signature(function).parameters])
        return True
    except Exception:  # noqa: BLE001 (a failed test, whatever it raised)
        print(f"FAILED {label} after {time.monotonic() - began:.1f} s")
        traceback.print_exc(file=sys.stdout)
        for kernel in fixtures.kernels:
            kernel.print_errors()
        return False
    finally:
        fixtures.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", default="build/reckon-kernel")
    parser.add_argument("--slow", type=float, default=None, help="names tests that take longer, in seconds")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    passed = failed = 0
    for label, function in tests(arguments.names):
        began = time.monotonic()
        good = run(label, function, os.path.abspath(arguments.kernel))
        passed, failed = passed + good, failed + (not good)
        if arguments.slow is not None and time.monotonic() - began > arguments.slow:
            print(f"{time.monotonic() - began:6.2f} s  {label}")
    print(f"wire: {passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
