#!/usr/bin/env python3
"""JupyterLab in headless Chromium: opens Lab B.1, runs all cells, completes, inspects, asks for help, errs and interrupts.

run.py --kernel BINARY --out FOLDER     pictures of both themes go to FOLDER; exit 1 when a check fails, "skipped" where there is no Chromium
"""
import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "install"), os.path.join(HERE, "..")]
import execute  # noqa: E402
from checks import Checks  # noqa: E402

ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
NOTEBOOK = "lab_b1_matrix_factorization.ipynb"
RUN_S = 150  # the whole notebook, quick
STEP_S = 20  # anything else
LIMIT_S = 240  # all of it
DARK, LIGHT = "JupyterLab Dark", "JupyterLab Light"
SETTINGS = {  # every cell is in the page, not only those in sight; no questions about news
    "apputils-extension/themes": {"theme": DARK},
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


def chromium():
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        if name and shutil.which(name):
            return shutil.which(name)
    return None


# --- JupyterLab ---

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def write_settings(folder):
    for name, values in SETTINGS.items():
        plugin, setting = name.split("/")
        os.makedirs(os.path.join(folder, "@jupyterlab", plugin), exist_ok=True)
        with open(os.path.join(folder, "@jupyterlab", plugin, setting + ".jupyterlab-settings"), "w", encoding="utf-8") as f:
            json.dump(values, f)


def lab_environment(kernel, folder):
    own = {name: os.path.join(folder, name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR",
                                                                 "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")}
    write_settings(own["JUPYTERLAB_SETTINGS_DIR"])
    environment = dict(os.environ, **own, JUPYTER_PATH=execute.kernel_folder(kernel, folder), RECKON_PARAM_quick="True",
                       RECKON_HISTORY=os.path.join(folder, "history.sqlite"))
    if not os.environ.get("RECKON_DATA"):
        environment["RECKON_PARAM_data"] = "synthetic"
    return environment


def start_lab(kernel, folder, port):
    os.makedirs(os.path.join(folder, "notebooks"))
    shutil.copy(os.path.join(ROOT, "notebooks", NOTEBOOK), os.path.join(folder, "notebooks"))
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0",
               "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={folder}/notebooks",
               "--expose-app-in-browser"]
    log_path = os.path.join(folder, "lab.log")
    with open(log_path, "w", encoding="utf-8") as log:
        lab = subprocess.Popen(command, env=lab_environment(kernel, folder), stdout=log, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and lab.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=1)
            return lab
        except OSError:
            time.sleep(0.1)
    lab.kill()
    with open(log_path, encoding="utf-8") as log:
        sys.exit("JupyterLab did not start:\n" + log.read()[-3000:])


# --- the page: what a user does, through the page's own commands ---

PANEL = "window.jupyterapp.shell.currentWidget"


def command(page, name, **args):
    page.evaluate("([c, a]) => window.jupyterapp.commands.execute(c, a)", [name, args])


def start(page, name):
    """A command that ends with what it runs: not waited for."""
    page.evaluate("c => { void window.jupyterapp.commands.execute(c); }", name)


def until(page, condition, seconds=STEP_S):
    page.wait_for_function(f"() => {{ {condition} }}", timeout=seconds * 1000)


def settle(page):
    """Until the page has painted what it knows."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def wait_idle(page, seconds=STEP_S):
    """Until every code cell has its number and the kernel is idle."""
    until(page, f"""const p = {PANEL}, k = p.sessionContext.session?.kernel;
        return k && k.status === 'idle' && p.content.widgets.filter(c => c.model.type === 'code' && c.model.sharedModel.source.trim())
            .every(c => c.model.executionCount && c.model.executionState !== 'running');""", seconds)


def outputs(page, cell=None):
    """The outputs of all code cells, or of one."""
    which = "p.content.widgets.filter(c => c.model.type === 'code')" if cell is None else f"[p.content.widgets.at({cell})]"
    return [o for cell in page.evaluate(f"() => {{ const p = {PANEL}; return {which}.map(c => c.model.outputs.toJSON()); }}") for o in cell]


def new_cell(page, text):
    page.evaluate(f"() => {{ const n = {PANEL}.content; n.activeCellIndex = n.widgets.length - 1; }}")
    command(page, "notebook:insert-cell-below")
    page.evaluate(f"t => {{ {PANEL}.content.activeCell.model.sharedModel.source = t; }}", text)
    command(page, "notebook:enter-edit-mode")
    page.keyboard.press("Control+End")


def drop_cell(page):
    page.keyboard.press("Escape")
    command(page, "notebook:delete-cell")


def run_cell(page, text):
    """Runs a new last cell; its outputs."""
    new_cell(page, text)
    start(page, "notebook:run-cell")
    wait_idle(page)
    return outputs(page, -1)


def last_cell_picture(page, out, name):
    settle(page)
    page.locator(".jp-Notebook .jp-Cell").last.screenshot(path=os.path.join(out, name + ".png"))


def pictures(page, out, theme):
    """Every part of the notebook as the reader sees it."""
    page.evaluate(f"() => {{ {PANEL}.content.node.querySelector('.jp-WindowedPanel-outer').scrollTop = 0; }}")
    for i in range(40):
        settle(page)
        page.screenshot(path=os.path.join(out, f"{theme}_{i:02d}.png"))
        if not page.evaluate(f"""() => {{ const n = {PANEL}.content.node.querySelector('.jp-WindowedPanel-outer'), before = n.scrollTop;
                                          n.scrollTop = before + n.clientHeight * 0.95; return n.scrollTop > before + 5; }}"""):
            break


# --- checks ---

def open_notebook(page, port):
    page.goto(f"http://127.0.0.1:{port}/lab/tree/{NOTEBOOK}?reset")
    until(page, f"return window.jupyterapp && {PANEL} && {PANEL}.sessionContext && {PANEL}.sessionContext.session?.kernel?.status === 'idle';", 60)
    command(page, "application:toggle-left-area")


def wait_pictures(page, flat):
    """Until every picture among the outputs is in the page."""
    maps = sum(any("vega" in m for m in o.get("data", {})) for o in flat)
    images = sum("image/png" in o.get("data", {}) for o in flat) - maps
    until(page, f"return document.querySelectorAll('.jp-RenderedImage img').length >= {images}"
                f" && document.querySelectorAll('.vega-embed canvas, .vega-embed svg').length >= {maps};")
    return images, maps


def lab_runs(page, check):
    command(page, "notebook:clear-all-cell-outputs")
    start(page, "notebook:run-all-cells")
    wait_idle(page, RUN_S)
    flat = outputs(page)
    check.that("the notebook has its cells", len(flat) > 20, len(flat))
    errors = [o for o in flat if o["output_type"] == "error"]
    check.that("no error output", not errors, [e.get("evalue") for e in errors])
    check.that("the RMSE line is there", any("RMSE 0." in "".join(o.get("text", "")) for o in flat if o["output_type"] == "stream"))
    check.that("the kernel says its name", "Reckon" in page.locator(".jp-Toolbar-kernelName").first.inner_text())
    images, maps = wait_pictures(page, flat)
    check.that("there are plots and maps", images >= 4 and maps >= 2, (images, maps))


def looks(page, out, check, theme):
    until(page, f"return document.body.dataset.jpThemeName === '{theme}';")
    pictures(page, out, theme.split()[1].lower())
    light = page.evaluate("""() => [...document.querySelectorAll('.jp-RenderedHTML td')].map(cell => {
        const [r, g, b] = getComputedStyle(cell).color.match(/[0-9.]+/g).map(Number); return (r + g + b) / 765; })""")
    check.that(f"{theme}: tables write in the page's ink", len(light) > 50 and (min(light) > 0.6 if theme == DARK else max(light) < 0.4), light[:3])


def opens_again(page, port, check):
    """Saved, and opened in the other theme."""
    flat = outputs(page)
    command(page, "docmanager:save")
    command(page, "apputils:change-theme", theme=LIGHT)
    open_notebook(page, port)
    check.that("the saved notebook has its outputs", len(outputs(page)) == len(flat), len(flat))
    wait_pictures(page, flat)


def errors_teach(page, out, check):
    got = run_cell(page, "als(train, factor=16)")
    text = "".join(got[0].get("traceback", [])) if got else ""
    check.that("a misspelt argument is an error that names the right one", got and got[0]["output_type"] == "error" and "factors" in text, got)
    last_cell_picture(page, out, "error")
    drop_cell(page)


def help_opens(page, out, check):
    got = run_cell(page, "als?")
    check.that("als? shows the parameters", got and "factors" in json.dumps(got[0].get("data", {})), got)
    last_cell_picture(page, out, "help")
    drop_cell(page)


def completion(page, out, check):
    new_cell(page, "als(train, fact")
    command(page, "completer:invoke-notebook")
    # One match is put in at once; several open the list.
    until(page, f"return document.querySelector('.jp-Completer:not(.lm-mod-hidden) .jp-Completer-item')"
                f" || {PANEL}.content.activeCell.model.sharedModel.source.includes('factors=');")
    shown = page.evaluate(f"() => [...document.querySelectorAll('.jp-Completer-item')].map(e => e.innerText).join(' ')"
                          f" + {PANEL}.content.activeCell.model.sharedModel.source")
    settle(page)
    page.screenshot(path=os.path.join(out, "completion.png"))
    check.that("completion offers factors=", "factors=" in shown, shown)
    page.keyboard.press("Escape")
    drop_cell(page)


def inspection(page, out, check):
    new_cell(page, "als(")
    command(page, "tooltip:launch-notebook")
    page.wait_for_selector(".jp-Tooltip", timeout=STEP_S * 1000)
    tip = page.locator(".jp-Tooltip").inner_text()
    settle(page)
    page.screenshot(path=os.path.join(out, "inspect.png"))
    check.that("Shift-Tab shows the signature", "factors" in tip, tip)
    page.keyboard.press("Escape")
    drop_cell(page)


def progress_and_interrupt(page, out, check):
    new_cell(page, "endless = als(train, epochs=1000000)")
    start(page, "notebook:run-cell")
    page.wait_for_selector(".jp-OutputArea progress", timeout=STEP_S * 1000)  # ended runs have none
    last_cell_picture(page, out, "progress")
    command(page, "notebook:interrupt-kernel")
    wait_idle(page)
    got = outputs(page, -1)
    check.that("a long fit shows a bar and can be interrupted", got and got[-1]["output_type"] == "error" and "interrupt" in json.dumps(got[-1]).lower(), got)
    last_cell_picture(page, out, "interrupted")
    drop_cell(page)
    got = run_cell(page, "6 * 7")
    check.that("the session goes on after it", got and got[0]["data"]["text/plain"] == "42", got)
    drop_cell(page)


def visit(page, port, out, check):
    open_notebook(page, port)
    lab_runs(page, check)
    errors_teach(page, out, check)
    help_opens(page, out, check)
    completion(page, out, check)
    inspection(page, out, check)
    progress_and_interrupt(page, out, check)
    looks(page, out, check, DARK)
    opens_again(page, port, check)
    looks(page, out, check, LIGHT)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    check, browser = Checks("browser"), chromium()
    if not browser:
        print("skipped: no Chromium on this machine")
        check.skipped += 1
        return check.close()
    from playwright.sync_api import Error, sync_playwright

    os.makedirs(args.out, exist_ok=True)
    folder, port = tempfile.mkdtemp(prefix="reckon-browser-"), free_port()
    lab = start_lab(args.kernel, folder, port)
    signal.signal(signal.SIGALRM, lambda *_: (lab.terminate(), print(f"FAILED: not at the end after {LIMIT_S} s"), sys.stdout.flush(), os._exit(1)))
    signal.alarm(LIMIT_S)
    try:
        with sync_playwright() as playwright:
            window = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
            page = window.new_page(viewport={"width": 1280, "height": 1000})
            try:
                visit(page, port, args.out, check)
            except Error as error:
                page.screenshot(path=os.path.join(args.out, "stopped.png"))
                check.that("the visit came to its end", False, f"{error}; see stopped.png in {args.out}")
            window.close()
    finally:
        lab.terminate()
        lab.wait(20)
        shutil.rmtree(folder, ignore_errors=True)
    return check.close()


if __name__ == "__main__":
    sys.exit(main())
