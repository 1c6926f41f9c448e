#!/usr/bin/env python3
"""JupyterLab in headless Chromium: opens Lab B.1, runs all cells, completes and inspects, looks for errors, takes pictures.

run.py --kernel BINARY --out FOLDER     exit 1 when a check fails; says "skipped" where there is no Chromium
"""
import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "install"))
import execute  # noqa: E402

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
NOTEBOOK = "lab_b1_matrix_factorization.ipynb"


def chromium():
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        if name and shutil.which(name):
            return shutil.which(name)
    return None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_lab(kernel, folder, port):
    environment = dict(os.environ, JUPYTER_PATH=execute.kernel_folder(kernel), RECKON_PARAM_quick="True",
                       JUPYTER_CONFIG_DIR=os.path.join(folder, ".config"), JUPYTER_DATA_DIR=os.path.join(folder, ".data"))
    if not os.environ.get("RECKON_DATA"):
        environment["RECKON_PARAM_data"] = "synthetic"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0",
               "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={folder}", "--expose-app-in-browser",
               "--LabApp.news_url="]
    log = open(os.path.join(folder, "lab.log"), "w")
    lab = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=1)
            return lab
        except OSError:
            if lab.poll() is not None:
                break
            time.sleep(0.2)
    lab.kill()
    sys.exit("JupyterLab did not start:\n" + open(os.path.join(folder, "lab.log")).read()[-3000:])


def run_command(page, command):
    page.evaluate("c => window.jupyterapp.commands.execute(c)", command)


def wait_idle(page, seconds):
    """Until no cell waits and the kernel is idle."""
    page.wait_for_function(
        """() => { const p = window.jupyterapp.shell.currentWidget; const k = p.sessionContext.session?.kernel;
                   if (!k || k.status !== 'idle') return false;
                   return ![...p.content.widgets].some(c => c.model.type === 'code' && c.model.executionState === 'running')
                       && p.content.widgets.filter(c => c.model.type === 'code' && c.model.sharedModel.source.trim()).every(c => c.model.executionCount); }""",
        timeout=seconds * 1000)


CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets.filter(c => c.model.type === 'code').map(c => c.model.outputs.toJSON())"""


def visit(page, port, out, check):
    page.goto(f"http://127.0.0.1:{port}/lab/tree/{NOTEBOOK}?reset")
    page.wait_for_function("() => window.jupyterapp && window.jupyterapp.shell.currentWidget && window.jupyterapp.shell.currentWidget.sessionContext"
                           " && window.jupyterapp.shell.currentWidget.sessionContext.session", timeout=90000)
    page.keyboard.press("Escape")
    run_command(page, "notebook:clear-all-cell-outputs")
    run_command(page, "notebook:run-all-cells")
    wait_idle(page, 400)
    cells = page.evaluate(CELLS)
    flat = [o for cell in cells for o in cell]
    errors = [o for o in flat if o["output_type"] == "error"]
    check("every cell ran", len(cells) > 8)
    check("no error output", not errors, str([e.get("evalue") for e in errors]))
    check("the RMSE line is there", any("RMSE 0." in "".join(o.get("text", "")) for o in flat if o["output_type"] == "stream"))
    check("pictures are shown", page.locator(".jp-RenderedImage img, .vega-embed canvas, .vega-embed svg").count() >= 1)
    check("the kernel says its name", "Reckon" in (page.locator(".jp-Toolbar-kernelName").first.inner_text()))
    shots(page, out)


def shots(page, out):
    """Every part of the notebook as the reader sees it."""
    for i in range(40):
        page.screenshot(path=os.path.join(out, f"lab_b1_{i:02d}.png"))
        moved = page.evaluate("""() => { const n = window.jupyterapp.shell.currentWidget.content.node.querySelector('.jp-WindowedPanel-outer')
                                         || window.jupyterapp.shell.currentWidget.content.node;
                                         const before = n.scrollTop; n.scrollTop = before + n.clientHeight * 0.9; return n.scrollTop > before + 5; }""")
        page.wait_for_timeout(400)
        if not moved:
            break


def type_in_new_cell(page, text):
    run_command(page, "notebook:insert-cell-below")
    run_command(page, "notebook:enter-edit-mode")
    page.keyboard.type(text)


def completion(page, out, check):
    page.evaluate("() => { const n = window.jupyterapp.shell.currentWidget.content; n.activeCellIndex = n.widgets.length - 1; }")
    type_in_new_cell(page, "als(train, fact")
    page.wait_for_timeout(500)
    run_command(page, "completer:invoke-notebook")
    # One match is put in at once; several open the list.
    page.wait_for_function("() => document.querySelector('.jp-Completer:not(.lm-mod-hidden)') || "
                           "window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.source.includes('factors=')", timeout=10000)
    shown = page.evaluate("() => [...document.querySelectorAll('.jp-Completer-item')].map(e => e.innerText).join(' ') + "
                          "window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.source")
    page.screenshot(path=os.path.join(out, "completion.png"))
    check("completion offers factors=", "factors=" in shown, shown)
    page.keyboard.press("Escape")
    type_in_new_cell(page, "als(")
    run_command(page, "tooltip:launch-notebook")
    page.wait_for_selector(".jp-Tooltip", timeout=10000)
    tip = page.locator(".jp-Tooltip").inner_text()
    page.screenshot(path=os.path.join(out, "inspect.png"))
    check("Shift-Tab shows the signature", "factors" in tip, tip[:200])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    browser = chromium()
    if not browser:
        print("browser: skipped, no Chromium on this machine")
        return 0
    from playwright.sync_api import sync_playwright

    results = {"passed": 0, "failed": 0}

    def check(claim, truth, detail=""):
        results["passed" if truth else "failed"] += 1
        if not truth:
            print(f"FAILED: {claim} {detail}")

    os.makedirs(args.out, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="reckon-browser-")
    shutil.copy(os.path.join(ROOT, "notebooks", NOTEBOOK), folder)
    port = free_port()
    lab = start_lab(args.kernel, folder, port)
    try:
        with sync_playwright() as playwright:
            window = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
            page = window.new_page(viewport={"width": 1280, "height": 900})
            visit(page, port, args.out, check)
            completion(page, args.out, check)
            window.close()
    finally:
        lab.terminate()
        lab.wait(20)
        shutil.rmtree(folder, ignore_errors=True)
    print(f"browser: {results['passed']} checks passed, {results['failed']} failed; pictures in {args.out}")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
