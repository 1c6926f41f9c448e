"""A Jupyter server for one browser, and what a user does in its pages, through the pages' own commands."""
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "install"), os.path.join(HERE, "..")]
import execute  # noqa: E402
from checks import die_with_parent  # noqa: E402

ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
STEP_S = 30  # what is not a whole notebook
ANSWER_S = 10  # until a question is asked again
DARK, LIGHT = "JupyterLab Dark", "JupyterLab Light"
SETTINGS = {  # every cell is in the page, not only those in sight; no questions about news
    "apputils-extension/themes": {"theme": DARK},
    "notebook-extension/tracker": {"windowingMode": "none", "recordTiming": True},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "completer-extension/manager": {"showDocumentationPanel": True},
}
PANEL = "window.jupyterapp.shell.currentWidget"


def chromium():
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        if name and shutil.which(name):
            return shutil.which(name)
    return None


# --- the server ---

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


def environment(kernel, folder):
    """Nothing of the user's Jupyter is read or written."""
    own = {name: os.path.join(folder, name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR",
                                                                 "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")}
    write_settings(own["JUPYTERLAB_SETTINGS_DIR"])
    variables = dict(os.environ, **own, JUPYTER_PATH=execute.kernel_folder(kernel, folder), RECKON_PARAM_quick="True",
                     RECKON_HISTORY=os.path.join(folder, "history.sqlite"), RECKON_RUNS=os.path.join(folder, "runs.sqlite"))
    if not os.environ.get("RECKON_DATA"):
        variables["RECKON_PARAM_data"] = "synthetic"
    return variables


class Server:
    """JupyterLab and Notebook 7 over one folder."""

    def __init__(self, kernel, folder):
        self.kernel, self.folder, self.port = kernel, os.path.join(folder, "notebooks"), free_port()
        os.makedirs(self.folder)
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={self.port}", "--ServerApp.port_retries=0",
                   "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={self.folder}",
                   "--expose-app-in-browser", "--JupyterNotebookApp.expose_app_in_browser=True"]
        self.log_path = os.path.join(folder, "server.log")
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, env=environment(kernel, folder), stdout=log, stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
        self.wait()

    def wait(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api", timeout=1)
                return
            except OSError:
                time.sleep(0.1)
        self.process.kill()
        with open(self.log_path, encoding="utf-8") as log:
            sys.exit("JupyterLab did not start:\n" + log.read()[-3000:])

    def url(self, path):
        return f"http://127.0.0.1:{self.port}/{path}"

    def close(self):
        self.process.terminate()
        self.process.wait(20)


# --- the page ---

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


def picture(page, out, name):
    settle(page)
    page.screenshot(path=os.path.join(out, name + ".png"))


def open_lab(page, server, notebook):
    page.goto(server.url(f"lab/tree/{notebook}?reset"))
    until(page, f"return window.jupyterapp && {PANEL} && {PANEL}.sessionContext && {PANEL}.sessionContext.session?.kernel?.status === 'idle';", 60)
    command(page, "application:toggle-left-area")


def open_notebook(page, server, notebook):
    page.goto(server.url(f"notebooks/{notebook}"))
    until(page, f"return window.jupyterapp && {PANEL} && {PANEL}.sessionContext && {PANEL}.sessionContext.session?.kernel?.status === 'idle';", 60)


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
    command(page, "notebook:enter-command-mode")
    command(page, "notebook:delete-cell")


def start_cell(page, text):
    new_cell(page, text)
    start(page, "notebook:run-cell")


def run_cell(page, text):
    """Runs a new last cell; its outputs."""
    start_cell(page, text)
    wait_idle(page)
    return outputs(page, -1)


def last_cell_picture(page, out, name):
    settle(page)
    page.locator(".jp-Notebook .jp-Cell").last.screenshot(path=os.path.join(out, name + ".png"))


def wait_pictures(page, flat):
    """Until every picture among the outputs is in the page."""
    maps = sum(any("vega" in m for m in o.get("data", {})) for o in flat)
    images = sum("image/png" in o.get("data", {}) for o in flat) - maps
    until(page, f"return document.querySelectorAll('.jp-RenderedImage img').length >= {images}"
                f" && document.querySelectorAll('.vega-embed canvas').length >= {maps};")
    return images, maps


def switch_theme(page, theme):
    command(page, "apputils:change-theme", theme=theme)
    until(page, f"return document.body.dataset.jpThemeName === '{theme}';")


def press_toolbar(page, item):
    page.locator(f".jp-NotebookPanel-toolbar [data-jp-item-name='{item}'] jp-button").first.click()


def choose_menu(page, menu, item):
    page.locator(".lm-MenuBar-item", has_text=menu).first.click()
    page.locator(f".lm-Menu-item[data-command='{item}']").first.click()


def accept_dialog(page):
    page.locator(".jp-Dialog .jp-mod-accept").click()


def offered(page):
    """{text: type} of the completer that is open, or about to be; empty where none comes."""
    began, shown = time.monotonic(), page.locator(".jp-Completer:not(.lm-mod-hidden) .jp-Completer-item")
    while not shown.count() and time.monotonic() - began < ANSWER_S:
        page.wait_for_timeout(50)
    return page.evaluate("""() => Object.fromEntries([...document.querySelectorAll('.jp-Completer:not(.lm-mod-hidden) .jp-Completer-item')].map(
        e => [e.querySelector('.jp-Completer-match').innerText, e.querySelector('.jp-Completer-typeExtended')?.innerText ?? '']))""")


def complete(page, text, expected=()):
    """What the completer offers at the end of a new last cell, {text: type}, with `expected` in it.

    The front end drops an answer that comes while it still binds the completer to the new cell's editor, or after its own limit, and never asks again: so we do, as a user would.
    """
    got = {}
    for again in range(4):
        if again:
            drop_cell(page)
        new_cell(page, text)
        command(page, "completer:invoke-notebook")
        got = offered(page)
        if got and set(expected) <= set(got):
            break
    return got


def tooltip(page):
    """Shift-Tab; the panel's locator."""
    page.keyboard.press("Shift+Tab")
    page.wait_for_selector(".jp-Tooltip", timeout=STEP_S * 1000)
    return page.locator(".jp-Tooltip")
