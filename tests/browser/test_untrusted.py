"""A notebook that somebody else executed, opened untrusted in JupyterLab: the sanitiser must leave the same words and the same pictures."""
import os
import tempfile

import execute
import nbformat

from page import DARK, PANEL, accept_dialog, open_lab, outputs, picture, settle, start, switch_theme, until, wait_pictures
from small import small_notebook

# Of every output: its words, and how many pictures, tables and bold words it shows.
SEEN = f"""() => {PANEL}.content.widgets.filter(c => c.model.type === 'code').map(cell => [...cell.node.querySelectorAll('.jp-OutputArea-output')].map(o => ({{
    text: o.innerText, images: [...o.querySelectorAll('img')].map(i => [i.naturalWidth > 0, i.alt.length > 0 || !i.closest('.jp-RenderedHTML')]), tables: o.querySelectorAll('table').length,
    canvases: o.querySelectorAll('canvas').length, bold: [...o.querySelectorAll('b, u')].map(b => b.innerText), bars: o.querySelectorAll('progress').length,
    styles: [...o.querySelectorAll('.jp-RenderedHTML [style]')].map(e => e.style.cssText) }})))"""


def executed(kernel_folder_parent, kernel):
    with tempfile.NamedTemporaryFile("w", suffix=".ipynb", dir=kernel_folder_parent, delete=False) as f:
        nbformat.write(small_notebook(), f)
    notebook, ok = execute.execute(kernel, f.name, 120)
    return notebook, ok


def visit(page, server, out, check):
    notebook, ok = executed(os.path.dirname(server.folder), server.kernel)
    check.that("the notebook is executed elsewhere", ok)
    nbformat.write(notebook, os.path.join(server.folder, "untrusted.ipynb"))
    open_lab(page, server, "untrusted.ipynb")
    switch_theme(page, DARK)
    flat = outputs(page)
    wait_pictures(page, flat)
    settle(page)
    trusted = page.evaluate(f"() => {PANEL}.content.widgets.filter(c => c.model.type === 'code').map(c => c.model.trusted)")
    check.that("JupyterLab does not trust it", not any(trusted), trusted)
    before = page.evaluate(SEEN)
    page.set_viewport_size({"width": 1280, "height": 3600})
    picture(page, out, "untrusted")
    page.set_viewport_size({"width": 1280, "height": 1000})
    start(page, "notebook:trust")
    accept_dialog(page)
    until(page, f"return {PANEL}.content.widgets.filter(c => c.model.type === 'code').every(c => c.model.trusted);")
    wait_pictures(page, flat)
    settle(page)
    after = page.evaluate(SEEN)
    for i, (one, other) in enumerate(zip(before, after)):
        for part in ("text", "images", "tables", "canvases", "bold", "bars", "styles"):
            a, b = [o[part] for o in one], [o[part] for o in other]
            check.that(f"untrusted, output of cell {i + 1}: the same {part}", a == b, (a, b))
    images = [image for cell in before for o in cell for image in o["images"]]
    check.that("every image is drawn and those in html say in words what they show", images and all(drawn and words for drawn, words in images), images)
