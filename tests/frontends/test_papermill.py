"""papermill: executes, streams its progress past ours, takes parameters; stops at an error with the error in the notebook."""
import os

import nbformat
import nbformat.v4 as v4

from small import small_notebook


def outputs(world, name):
    return [o for c in nbformat.read(os.path.join(world.folder, name), 4).cells for o in c.get("outputs", [])]


def printed(world, name):
    return "".join(o.text for o in outputs(world, name) if o.output_type == "stream" and o.name == "stdout")


def plain(world, check):
    nbformat.write(small_notebook(wrong=False), os.path.join(world.folder, "pm.ipynb"))
    done = world.run("papermill", "pm.ipynb", "pm_out.ipynb", "--log-output", RECKON_PARAM_epochs="3")
    check.that("papermill executes", done.returncode == 0, done.stderr[-400:])
    flat = outputs(world, "pm_out.ipynb")
    check.that("papermill keeps every picture", sum("image/png" in o.get("data", {}) for o in flat) == 3)
    check.that("bars end as a line", any("epoch 60 of 60" in o.get("data", {}).get("text/plain", "") for o in flat)
               and not any("<progress" in o.get("data", {}).get("text/html", "") for o in flat), [o.get("data", {}).get("text/plain") for o in flat][:6])
    check.that("RECKON_PARAM_ sets a parameter", "epochs" in printed(world, "pm_out.ipynb"), printed(world, "pm_out.ipynb"))


def stops(world, check):
    notebook = small_notebook(wrong=False)
    notebook.cells = notebook.cells[:2] + [v4.new_code_cell("als(ratings, factor=3)"), v4.new_code_cell("print(\"never\")")]
    nbformat.write(notebook, os.path.join(world.folder, "wrong.ipynb"))
    done = world.run("papermill", "wrong.ipynb", "wrong_out.ipynb")
    check.that("papermill stops at an error, and says it", done.returncode != 0 and "did you mean `factors`" in done.stderr, done.stderr[-400:])
    check.that("the notebook holds the error, and nothing after it",
               any(o.output_type == "error" for o in outputs(world, "wrong_out.ipynb")) and "never" not in printed(world, "wrong_out.ipynb"))


def run(world, check):
    plain(world, check)
    stops(world, check)
