"""Notebook 7: a small notebook runs, restarts, is interrupted by the menu, completes and explains."""
import json
import os
import re

import nbformat

from page import (DARK, LIGHT, PANEL, accept_dialog, choose_menu, command, complete, drop_cell, last_cell_picture, new_cell, open_notebook, outputs,
                  picture, press_toolbar, run_cell, settle, start, start_cell, switch_theme, tooltip, until, wait_idle, wait_pictures)
from small import SHOWN, small_notebook


def runs(page, out, check):
    start(page, "notebook:run-all-cells")
    wait_idle(page, 60)
    flat = outputs(page)
    errors = [o for o in flat if o["output_type"] == "error"]
    check.that("Notebook 7 runs all cells; the one that is wrong says how to write it", len(errors) == 1 and "factors" in json.dumps(errors), errors)
    images, maps = wait_pictures(page, flat)
    check.that("pictures and maps are drawn", maps == SHOWN["application/vnd.vegalite.v5+json"] and images == SHOWN["image/png"] - maps, (images, maps))


def restarts(page, check):
    press_toolbar(page, "restart-and-run")
    accept_dialog(page)
    until(page, f"return {PANEL}.content.widgets.filter(c => c.model.type === 'code').every((c, i) => c.model.executionCount === i + 1)"
                f" && {PANEL}.sessionContext.session?.kernel?.status === 'idle';", 60)
    check.that("restart and run all gives every cell its number again", True)


def interrupts(page, out, check):
    start_cell(page, "endless = als(train, epochs=1000000)")
    page.wait_for_selector(".jp-OutputArea progress", timeout=30000)
    choose_menu(page, "Kernel", "kernelmenu:interrupt")
    wait_idle(page)
    got = outputs(page, -1)
    check.that("the menu interrupts a fit", got and got[-1]["output_type"] == "error" and "interrupt" in json.dumps(got[-1]).lower(), got)
    last_cell_picture(page, out, "notebook_interrupted")
    drop_cell(page)
    check.that("and the session goes on", run_cell(page, "_partial.epochs > 0")[0]["data"]["text/plain"] == "True")
    drop_cell(page)


def helps(page, out, check):
    got = complete(page, "m.", ["items", "history"])
    check.that("attributes are completed with their type", got.get("items") == "instance" and got.get("history") == "instance", got)
    picture(page, out, "notebook_complete")
    drop_cell(page)
    new_cell(page, "als(train, reg=0.1)")
    page.keyboard.press("ArrowLeft")
    panel = tooltip(page)
    bold = [re.sub(r"\s+", " ", b) for b in panel.locator("td b").all_inner_texts()]
    check.that("Shift-Tab inside a call has the argument in bold", bold and bold[0] == "reg", bold)
    picture(page, out, "notebook_inspect")
    page.keyboard.press("Escape")
    drop_cell(page)


def looks(page, out):
    page.set_viewport_size({"width": 1280, "height": 3600})
    for theme in (LIGHT, DARK):
        switch_theme(page, theme)
        settle(page)
        picture(page, out, f"notebook_{theme.split()[1].lower()}")
    page.set_viewport_size({"width": 1280, "height": 1000})


def visit(page, server, out, check):
    nbformat.write(small_notebook(), os.path.join(server.folder, "small.ipynb"))
    open_notebook(page, server, "small.ipynb")
    runs(page, out, check)
    restarts(page, check)
    interrupts(page, out, check)
    helps(page, out, check)
    looks(page, out)
