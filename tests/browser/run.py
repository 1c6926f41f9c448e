#!/usr/bin/env python3
"""Front ends in headless Chromium, as a user drives them: run.py --kernel BINARY --out FOLDER [NAME …]

test_lab.py: JupyterLab; test_notebook.py: Notebook 7; test_charts.py: maps, scatters and heatmaps under the mouse; test_untrusted.py: a notebook that
somebody else executed. NAME: only files whose name holds it. Pictures of each step go to FOLDER. Exits 1 when a check fails; says "skipped"
where there is no Chromium.
"""
import argparse
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, ".."), os.path.join(HERE, "..", "frontends")]
import page as pages  # noqa: E402
from checks import Checks, clean_up_when_stopped  # noqa: E402

VISITS = ("test_lab", "test_notebook", "test_charts", "test_untrusted")
LIMIT_S = 480  # all of it, on a busy machine


def visit(window, name, server, out, check):
    began = time.monotonic()
    page = window.new_page(viewport={"width": 1280, "height": 1000})
    try:
        importlib.import_module(name).visit(page, server, out, check)
    except Exception as error:  # noqa: BLE001 (a visit that stopped, whatever it raised; the others go on)
        page.screenshot(path=os.path.join(out, f"stopped_{name}.png"))
        check.that(f"{name} came to its end", False, f"{type(error).__name__}: {error}; see stopped_{name}.png in {out}")
    page.close()
    print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    check, browser = Checks("browser"), pages.chromium()
    if not browser:
        print("skipped: no Chromium on this machine")
        check.skipped += 1
        return check.close()
    from playwright.sync_api import sync_playwright

    os.makedirs(args.out, exist_ok=True)
    clean_up_when_stopped()
    folder = tempfile.mkdtemp(prefix="reckon-browser-")
    os.environ["HOME"] = folder  # Chromium and npm leave things at home
    server = pages.Server(args.kernel, folder)
    signal.signal(signal.SIGALRM, lambda *_: (server.process.terminate(), print(f"FAILED: not at the end after {LIMIT_S} s"), sys.stdout.flush(), os._exit(1)))
    signal.alarm(LIMIT_S)
    try:
        with sync_playwright() as playwright:
            window = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
            for name in VISITS:
                if not args.names or any(part in name for part in args.names):
                    visit(window, name, server, args.out, check)
            window.close()
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)
    return check.close()


if __name__ == "__main__":
    sys.exit(main())
