"""Maps, scatters and heatmaps under the mouse: titles on hover, zoom, pan, the legend and the search box; on white whatever the theme.

What is on a chart is read from its pixels: a dot has its hue at 80 % over white, an entry of the legend has it whole.
"""
import csv
import io
import os

import nbformat
import nbformat.v4 as v4

from page import DARK, LIGHT, STEP_S, last_cell_picture, open_lab, outputs, run_cell, settle, switch_theme

HUES = {"one": (0x00, 0x72, 0xB2), "two": (0xD5, 0x5E, 0x00), "three": (0xE6, 0x9F, 0x00)}
THREE = ('scatter(table({"x": [1.0, 5.0, 9.0], "y": [2.0, 5.0, 8.0], "what": ["one", "two", "three"], "name": ["Ape", "Bear", "Cat"]}),'
         ' x="x", y="y", color="what", label="name", title="Three animals")')
HEAT = ('heatmap(table({"factors": [8, 8, 16, 16], "loss": ["bce", "bpr", "bce", "bpr"], "ndcg@10": [0.125, None, 0.25, 0.5]}), title="What pays")')
DARKEST, LIGHTEST, EMPTY = (0x44, 0x01, 0x54), (0xFD, 0xE7, 0x25), (0xF1, 0xF3, 0xF5)
CANVAS = ".jp-Cell:last-of-type .vega-embed canvas"
FIND_PIXELS = """([canvas, [r, g, b], near]) => {
    const c = [...document.querySelectorAll(canvas)].at(-1), p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data, xs = [], ys = [];
    for (let i = 0; i < p.length; i += 4)
        if (Math.abs(p[i] - r) <= near && Math.abs(p[i + 1] - g) <= near && Math.abs(p[i + 2] - b) <= near)
            { xs.push(i / 4 % c.width); ys.push(Math.floor(i / 4 / c.width)); }
    if (xs.length < 12) return null;
    const scale = c.clientWidth / c.width, middle = v => v.sort((a, b) => a - b)[v.length >> 1] * scale;
    return [middle(xs), middle(ys)]; }"""


def over_white(hue):
    return [round(0.8 * part + 0.2 * 255) for part in hue]


def find(page, colour, near=10):
    """The middle of what has a colour, in the page; None: too little of it."""
    box = page.locator(CANVAS).last.bounding_box()
    at = page.evaluate(FIND_PIXELS, [CANVAS, list(colour), near])
    return at and (box["x"] + at[0], box["y"] + at[1])


def dot(page, name):
    return find(page, over_white(HUES[name]))


def until_true(page, truth):
    """Waits for what the pixels tell."""
    for _ in range(50):
        settle(page)
        if truth():
            return True
        page.wait_for_timeout(100)
    return False


def hover(page, place):
    page.mouse.move(place[0] + 40, place[1] + 40)  # not from above left: there the words of the cell before would be in the way
    page.mouse.move(*place, steps=3)
    page.wait_for_selector("#vg-tooltip-element.visible", timeout=STEP_S * 1000)
    return page.locator("#vg-tooltip-element").inner_text()


def shown_bundle(page, check, what):
    got = [o for o in outputs(page, -1) if "data" in o][-1]["data"]
    check.that(f"{what}: Vega-Lite, a picture and words, but no html, which would hide the chart",
               {"application/vnd.vegalite.v5+json", "image/png", "text/plain"} == set(got), list(got))
    page.wait_for_selector(CANVAS, timeout=STEP_S * 1000)
    page.locator(CANVAS).last.scroll_into_view_if_needed()
    settle(page)
    return got["application/vnd.vegalite.v5+json"]


def three_dots(page, out, check):
    run_cell(page, THREE)
    shown_bundle(page, check, "scatter")
    check.that("every dot is seen", until_true(page, lambda: all(dot(page, name) for name in HUES)))
    for group, title in (("one", "Ape"), ("two", "Bear"), ("three", "Cat")):
        words = hover(page, dot(page, group))
        check.that(f"hovering {title} shows its title, group and numbers", all(word in words for word in (title, "what", group, "x", "y")), words)
        if title == "Bear":
            last_cell_picture(page, out, "chart_hover")


def distance(page):
    a, b = dot(page, "one"), dot(page, "three")
    return abs(a[0] - b[0]) if a and b else 0


def zooms_and_pans(page, check):
    before, middle = distance(page), dot(page, "two")
    page.mouse.move(*middle)
    page.mouse.wheel(0, 200)
    check.that("the wheel zooms out", until_true(page, lambda: 0 < distance(page) < 0.95 * before), (before, distance(page)))
    old = dot(page, "two")
    page.mouse.move(old[0] + 60, old[1] - 30)
    page.mouse.down()
    page.mouse.move(old[0] + 120, old[1] - 50, steps=5)
    page.mouse.up()
    moved = until_true(page, lambda: dot(page, "two") and abs(dot(page, "two")[0] - old[0] - 60) < 6)
    check.that("dragging pans", moved, (old, dot(page, "two")))
    page.mouse.dblclick(old[0] + 60, old[1] - 80)
    check.that("a double click goes back", until_true(page, lambda: abs(distance(page) - before) < 3), (before, distance(page)))


def legend_filters(page, out, check):
    entry = find(page, HUES["two"], 4)
    page.mouse.click(*entry)
    only = until_true(page, lambda: dot(page, "two") and not dot(page, "one") and not dot(page, "three"))
    check.that("a click on a legend's entry leaves its dots alone", only)
    last_cell_picture(page, out, "chart_legend")
    two = dot(page, "two")
    page.mouse.dblclick(two[0] - 60, two[1] + 60)
    check.that("a double click where nothing is brings all back", until_true(page, lambda: all(dot(page, name) for name in HUES)))


def search_finds(page, check):
    page.locator(".vega-bindings input").last.fill("cat")
    check.that("the search box leaves what it finds", until_true(page, lambda: dot(page, "three") and not dot(page, "one") and not dot(page, "two")))
    page.locator(".vega-bindings input").last.fill("")


def themes_do_not_matter(page, out, check):
    """JupyterLab draws a chart once: what was drawn in one theme must read in the other."""
    for theme in (LIGHT, DARK):
        switch_theme(page, theme)
        check.that(f"{theme}: the chart's words are dark on white", bool(find(page, (0x1F, 0x23, 0x28), 40)) and bool(find(page, (255, 255, 255), 0)))
        last_cell_picture(page, out, f"chart_{theme.split()[1].lower()}")


def a_map(page, out, check):
    run_cell(page, 'm = als(synth(users=200, items=120, seed=7), factors=8, seed=1)\ntsne(m.items, color="genre", seed=1, iterations=250)')
    spec = shown_bundle(page, check, "tsne")
    points = list(csv.DictReader(io.StringIO(spec["layer"][0]["data"]["values"])))
    largest = spec["layer"][0]["encoding"]["color"]["scale"]["domain"][0]  # in the first hue, which is blue
    titles = {p["t"] for p in points if p["g"] == largest}
    place = page.evaluate("""canvas => { const c = [...document.querySelectorAll(canvas)].at(-1), g = c.getContext('2d'), w = c.width * 0.8 | 0;
        const p = g.getImageData(0, 0, w, c.height).data, blue = i => Math.abs(p[i] - 51) < 8 && Math.abs(p[i + 1] - 142) < 8 && Math.abs(p[i + 2] - 193) < 8;
        for (let i = 4 * w * 120; i < p.length - 8 * w; i += 4)
            if ([0, -4, 4, -4 * w, 4 * w].every(d => blue(i + d))) return [i / 4 % w, Math.floor(i / 4 / w)];
        return null; }""", CANVAS)
    box = page.locator(CANVAS).last.bounding_box()
    check.that("the map has dots of the largest genre", place is not None)
    if place:
        words = hover(page, (box["x"] + place[0], box["y"] + place[1]))
        check.that("hovering a point of the map shows its title", any(title in words for title in titles), words)
    last_cell_picture(page, out, "chart_map")
    run_cell(page, "pca(m.items, width=420, height=360)")
    shown_bundle(page, check, "a small pca")
    width = page.locator(CANVAS).last.bounding_box()["width"]
    check.that("a small map is as wide as was asked for", 380 <= width <= 470, width)
    last_cell_picture(page, out, "chart_small")


def a_heatmap(page, out, check):
    run_cell(page, HEAT)
    shown_bundle(page, check, "heatmap")
    check.that("its cells are seen", until_true(page, lambda: all(find(page, colour, 2) for colour in (DARKEST, LIGHTEST, EMPTY))))
    for colour, words in ((DARKEST, ("8", "bce", "0.125")), (LIGHTEST, ("16", "bpr", "0.5")), (EMPTY, ("8", "bpr", "none"))):
        told = hover(page, find(page, colour, 2))
        check.that(f"hovering a cell names it: {words}", all(word in told for word in (*words, "factors", "loss", "ndcg@10")), told)
    last_cell_picture(page, out, "chart_heatmap")


def visit(page, server, out, check):
    notebook = v4.new_notebook(metadata={"kernelspec": {"name": "reckon", "display_name": "Reckon", "language": "reckon"}})
    notebook.cells = [v4.new_markdown_cell("# Charts")]
    nbformat.write(notebook, os.path.join(server.folder, "charts.ipynb"))
    open_lab(page, server, "charts.ipynb")
    switch_theme(page, DARK)
    three_dots(page, out, check)
    zooms_and_pans(page, check)
    legend_filters(page, out, check)
    search_finds(page, check)
    themes_do_not_matter(page, out, check)
    a_map(page, out, check)
    a_heatmap(page, out, check)
