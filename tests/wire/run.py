#!/usr/bin/env python3
"""The protocol as clients see it: run.py [--kernel BINARY] [--transport tcp|ipc|curve|all] [NAME …]

NAME: only tests whose file::name holds it. Every function test_* of the files test_*.py beside this one is a test; it gets what
its arguments name: kernel (a running kernel and a bare zmq client), start (starts one: start(transport="ipc", key="")), transport
(what is tested: tcp, ipc or curve, which is tcp with keys), any_kernel (kernel, where the transport makes no difference), binary,
folder, closing (closes what it is given when the test has ended). What names none of the first three runs once.

Tests run side by side, one a core; those of the files ALONE, which measure short times, one by one after them. A test that takes longer
than LIMIT_S has failed. Nothing is left of a run that is stopped: neither kernels nor folders.
"""
import argparse
import concurrent.futures
import contextlib
import importlib.util
import inspect
import io
import multiprocessing
import os
import signal
import sys
import tempfile
import time
import traceback
import unittest.mock

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import client  # noqa: E402 (which knows where checks is)
from checks import clean_up_when_stopped, die_with_parent  # noqa: E402

TRANSPORTS = ("tcp", "ipc", "curve")
ALONE = {"test_interrupt.py", "test_times.py"}
LIMIT_S = 300


class Fixtures:
    """Makes what a test asks for, and ends it."""

    def __init__(self, binary, transport, parent):
        self.binary, self.transport, self.kernels, self.others = binary, transport, [], contextlib.ExitStack()
        self.folder = tempfile.TemporaryDirectory(dir=parent, ignore_cleanup_errors=True)

    def start(self, **options):
        options.setdefault("transport", self.transport)
        self.kernels.append(client.Kernel(self.binary, self.folder.name, **options))
        return self.kernels[-1]

    def closing(self, other):
        return self.others.enter_context(contextlib.closing(other))

    def get(self, name):
        if name in ("kernel", "any_kernel"):
            return self.start()
        return {"start": self.start, "closing": self.closing, "binary": self.binary, "folder": self.folder.name, "transport": self.transport}[name]

    def close(self):
        self.others.close()
        for kernel in self.kernels:
            kernel.close()
        self.folder.cleanup()


def functions(file):
    """{name: test} of a file."""
    spec = importlib.util.spec_from_file_location(file[:-3], os.path.join(HERE, file))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: made for name, made in vars(module).items() if name.startswith("test_") and inspect.isfunction(made)}


def jobs(transports, wanted):
    """(file, name, transport) of each test to run."""
    for file in sorted(os.listdir(HERE)):
        if not (file.startswith("test_") and file.endswith(".py")):
            continue
        for name, function in functions(file).items():
            if wanted and not any(word in f"{file}::{name}" for word in wanted):
                continue
            any_transport = {"kernel", "start", "transport"} & set(inspect.signature(function).parameters)
            for transport in transports if any_transport else transports[:1]:
                yield file, name, transport


def too_long(*_):
    raise TimeoutError(f"not at its end after {LIMIT_S} s")


def begin_worker():
    die_with_parent()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, too_long)


def run(job, binary, parent):
    """(whether it passed, seconds, what it printed)."""
    file, name, transport = job
    function, fixtures = functions(file)[name], Fixtures(binary, transport, parent)
    began, said = time.monotonic(), io.StringIO()
    with contextlib.redirect_stdout(said), unittest.mock.patch.dict(os.environ):
        try:
            signal.alarm(LIMIT_S)
            function(*[fixtures.get(argument) for argument in inspect.signature(function).parameters])
            good = True
        except Exception:  # noqa: BLE001 (a failed test, whatever it raised)
            good = False
            print(f"FAILED {file}::{name} over {transport} after {time.monotonic() - began:.1f} s")
            traceback.print_exc(file=sys.stdout)
            for kernel in fixtures.kernels:
                kernel.print_errors()
        finally:
            signal.alarm(0)
            fixtures.close()
    return good, time.monotonic() - began, said.getvalue()


def run_all(todo, binary, folder, workers):
    """Each job with its result, as they come."""
    with concurrent.futures.ProcessPoolExecutor(workers, initializer=begin_worker) as pool:
        running = {pool.submit(run, job, binary, folder): job for job in todo}
        try:
            for done in concurrent.futures.as_completed(running):
                yield running[done], done.result()
        except BaseException:  # stopped: the pool would wait for every test
            for worker in multiprocessing.active_children():
                worker.kill()
            raise


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", default="build/reckon-kernel")
    parser.add_argument("--transport", choices=(*TRANSPORTS, "all"), default="all")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--slow", type=float, default=None, help="names tests that take longer, in seconds")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    binary = os.path.abspath(arguments.kernel)
    transports = TRANSPORTS if arguments.transport == "all" else (arguments.transport,)
    todo = list(jobs(transports, arguments.names))
    passed, failed = dict.fromkeys(transports, 0), dict.fromkeys(transports, 0)
    clean_up_when_stopped()
    with tempfile.TemporaryDirectory(prefix="wire", ignore_cleanup_errors=True) as folder:
        for alone in (False, True):
            part = [job for job in todo if (job[0] in ALONE) == alone]
            for job, (good, seconds, said) in run_all(part, binary, folder, 1 if alone else arguments.jobs):
                (passed if good else failed)[job[2]] += 1
                if arguments.slow is not None and seconds > arguments.slow:
                    print(f"{seconds:6.2f} s  {job[0]}::{job[1]} over {job[2]}")
                print("".join(f"{job[2]:6}{line}" for line in said.splitlines(True)), end="", flush=True)
    for transport in transports:
        print(f"wire over {transport}: {passed[transport]} passed, {failed[transport]} failed")
    print(f"wire: {sum(passed.values())} passed, {sum(failed.values())} failed")
    sys.exit(1 if any(failed.values()) or not any(passed.values()) else 0)


if __name__ == "__main__":
    main()
