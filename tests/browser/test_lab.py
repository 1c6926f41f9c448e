"""JupyterLab: Lab B.1 from its first cell to its last, and all that helps while typing."""
import json
import os
import re
import shutil

from page import (DARK, LIGHT, PANEL, ROOT, accept_dialog, command, complete, drop_cell, last_cell_picture, new_cell, open_lab, outputs, picture,
                  press_toolbar, run_cell, settle, start, start_cell, switch_theme, tooltip, until, wait_idle, wait_pictures)

NOTEBOOK = "lab_b1_matrix_factorization.ipynb"
RUN_S = 150  # the whole notebook, quick


def whole_notebook(page, out, theme):
    """Every part of the notebook as the reader sees it."""
    page.evaluate(f"() => {{ {PANEL}.content.node.querySelector('.jp-WindowedPanel-outer').scrollTop = 0; }}")
    for i in range(20):
        picture(page, out, f"{theme}_{i:02d}")
        if not page.evaluate(f"""() => {{ const n = {PANEL}.content.node.querySelector('.jp-WindowedPanel-outer'), before = n.scrollTop;
                                          n.scrollTop = before + n.clientHeight * 0.95; return n.scrollTop > before + 5; }}"""):
            break


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
    page.set_viewport_size({"width": 1280, "height": 2400})
    whole_notebook(page, out, theme.split()[1].lower())
    page.set_viewport_size({"width": 1280, "height": 1000})
    light = page.evaluate("""() => [...document.querySelectorAll('.jp-RenderedHTML td')].map(cell => {
        const [r, g, b] = getComputedStyle(cell).color.match(/[0-9.]+/g).map(Number); return (r + g + b) / 765; })""")
    check.that(f"{theme}: tables write in the page's ink", len(light) > 50 and (min(light) > 0.6 if theme == DARK else max(light) < 0.4), light[:3])


def opens_again(page, server, check):
    """Saved, and opened in the other theme."""
    flat = outputs(page)
    command(page, "docmanager:save")
    switch_theme(page, LIGHT)
    open_lab(page, server, NOTEBOOK)
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


COMPLETIONS = [  # what stands in the cell, and what must be offered as what
    ("arguments", "als(train, ", {"factors=": "param", "reg=": "param", "train": "instance"}),
    ("names", "e", {"evaluate": "function", "evidence": "instance", "else": "keyword", "elif": "keyword"}),
    ("attributes", "final.", {"items": "instance", "history": "instance"}),
    ("columns", 'by_evidence[["r', {"ratings of the film": "column", "rmse": "column"}),
    ("titles", 'similar(final, item="star', {"Star Trek: First Contact (1996)": "item", "Star Wars (1977)": "item"}),
    ("data_sets", 'load("ml', {"ml-100k": "dataset", "ml-1m": "dataset"}),
]


def completes(page, out, check):
    for name, text, expected in COMPLETIONS:
        got = complete(page, text, expected)
        check.that(f"completion of {name}: {', '.join(expected)} with their types", expected.items() <= got.items(), got)
        picture(page, out, f"complete_{name}")
        drop_cell(page)


def completion_explains(page, out, check):
    got = complete(page, "re")
    until(page, "return document.querySelector('.jp-Completer-docpanel')?.innerText.length > 20;")
    text = page.locator(".jp-Completer-docpanel").inner_text()
    check.that("the panel beside the completer explains the chosen name", any(name in text for name in got), text[:100])
    picture(page, out, "complete_panel")
    drop_cell(page)


def inspects(page, out, check):
    for name, text, back, marked, words in [
            ("builtin", "als", 0, None, ["als(train: Dataset", "factors", "Biased matrix factorisation"]),
            ("call", "als(train, factors=8)", 1, "factors", ["als(train: Dataset", "length of the vectors"]),
            ("variable", "train", 0, None, ["train", "Dataset", "ratings"])]:
        new_cell(page, text)
        for _ in range(back):
            page.keyboard.press("ArrowLeft")
        panel = tooltip(page)
        tip = re.sub(r"\s+", " ", panel.inner_text())
        check.that(f"Shift-Tab on a {name} says what it is", all(word in tip for word in words), tip[:300])
        if marked:
            bold = [re.sub(r"\s+", " ", b) for b in panel.locator("td b").all_inner_texts()]
            check.that(f"Shift-Tab inside a {name} has the argument in bold", bold and bold[0] == marked, bold)
        picture(page, out, f"inspect_{name}")
        page.keyboard.press("Escape")
        drop_cell(page)


def progress_and_interrupt(page, out, check):
    start_cell(page, "endless = als(train, epochs=1000000)")
    page.wait_for_selector(".jp-OutputArea progress", timeout=30000)  # ended runs have none
    last_cell_picture(page, out, "progress")
    press_toolbar(page, "interrupt")
    wait_idle(page)
    got = outputs(page, -1)
    check.that("a long fit shows a bar, and the toolbar's button ends it",
               got and got[-1]["output_type"] == "error" and "interrupt" in json.dumps(got[-1]).lower(), got)
    check.that("the bar is gone from what is kept", "<progress" not in json.dumps(got))
    last_cell_picture(page, out, "interrupted")
    drop_cell(page)
    got = run_cell(page, "6 * 7")
    check.that("the session goes on after it", got and got[0]["data"]["text/plain"] == "42", got)
    times = page.evaluate(f"() => {PANEL}.content.widgets.at(-1).model.getMetadata('execution') ?? {{}}")
    check.that("the cell's times are recorded",
               {"iopub.status.busy", "iopub.execute_input", "shell.execute_reply.started", "shell.execute_reply", "iopub.status.idle"} <= times.keys(), times)
    drop_cell(page)


def restarts(page, check):
    press_toolbar(page, "restart-and-run")
    accept_dialog(page)
    until(page, f"const c = {PANEL}.content.widgets.filter(c => c.model.type === 'code');"
                f" return c[0].model.executionCount === 1 && c[1].model.executionCount === 2;", 60)
    check.that("restart and run all begins at 1 again", True)
    press_toolbar(page, "interrupt")
    wait_state = f"return {PANEL}.sessionContext.session?.kernel?.status === 'idle';"
    until(page, wait_state)


def visit(page, server, out, check):
    shutil.copy(os.path.join(ROOT, "notebooks", NOTEBOOK), server.folder)
    open_lab(page, server, NOTEBOOK)
    lab_runs(page, check)
    errors_teach(page, out, check)
    help_opens(page, out, check)
    completes(page, out, check)
    completion_explains(page, out, check)
    inspects(page, out, check)
    progress_and_interrupt(page, out, check)
    looks(page, out, check, DARK)
    opens_again(page, server, check)
    looks(page, out, check, LIGHT)
    settle(page)
    restarts(page, check)
