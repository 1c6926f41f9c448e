#!/usr/bin/env python3
"""Front ends without a browser: run.py --kernel BINARY [NAME …]

test_console.py: jupyter console; test_nbconvert.py: jupyter nbconvert; test_papermill.py: papermill; test_displays.py: what outputs are made of.
NAME: only files whose name holds it. Exits 1 when a check fails; says "skipped" where a program is missing.
"""
import argparse
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, ".."), os.path.join(HERE, "..", "..", "install")]
import execute  # noqa: E402
from checks import Checks, clean_up_when_stopped  # noqa: E402

FILES = {"test_console": "jupyter_console", "test_nbconvert": "nbconvert", "test_papermill": "papermill", "test_displays": "nbclient"}


class World:
    """A folder, and an environment whose only kernel is the one under test."""

    def __init__(self, kernel, folder):
        self.kernel, self.folder = os.path.abspath(kernel), folder
        own = {name: os.path.join(folder, name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
        self.environment = dict(os.environ, **own, JUPYTER_PATH=execute.kernel_folder(kernel, folder), RECKON_PARAM_quick="True", RECKON_HISTORY="off", RECKON_RUNS="off")
        if not os.environ.get("RECKON_DATA"):
            self.environment["RECKON_PARAM_data"] = "synthetic"
        os.environ.update(self.environment)  # kernels that tests start themselves keep out of the user's folders too

    def run(self, module, *arguments, seconds=240, **variables):
        """A program of Jupyter's, by its module; its result, output and messages as text."""
        return subprocess.run([sys.executable, "-m", module, *arguments], env=dict(self.environment, **variables), cwd=self.folder, text=True,
                              timeout=seconds, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", required=True)
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    check = Checks("frontends")
    clean_up_when_stopped()
    folder = tempfile.mkdtemp(prefix="reckon-frontends-")
    try:
        world = World(args.kernel, folder)
        for name, needs in FILES.items():
            if args.names and not any(part in name for part in args.names):
                continue
            if importlib.util.find_spec(needs) is None:
                print(f"skipped: {name}, there is no {needs}")
                check.skipped += 1
                continue
            began = time.monotonic()
            importlib.import_module(name).run(world, check)
            print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return check.close()


if __name__ == "__main__":
    sys.exit(main())
