"""jupyter nbconvert --execute: no warning, and nothing lost on the way to HTML, Markdown, LaTeX, a script, a notebook."""
import os
import re
import shutil

import nbformat

from small import CELLS, SHOWN, small_notebook

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
LAB = os.path.join(ROOT, "notebooks", "lab_b1_matrix_factorization.ipynb")
# nbconvert's lab template leaves out the alternative texts that outputs carry, and then warns that they are missing.
OURS_NOT = re.compile(r"Alternative text is missing")


def convert(world, check, what, path, *arguments):
    done = world.run("nbconvert", *arguments, path)
    warnings = [line for line in done.stderr.splitlines() if re.search("warn|error|not able", line, re.IGNORECASE) and not OURS_NOT.search(line)]
    check.that(f"{what}: nbconvert ends well", done.returncode == 0, done.stderr[-300:])
    check.that(f"{what}: 0 warnings", not warnings, warnings[:3])


def read(world, name):
    with open(os.path.join(world.folder, name), encoding="utf-8") as f:
        return f.read()


def pages(world, check, name, tables, pictures):
    """The executed notebook `name`.ipynb as HTML, Markdown and LaTeX."""
    convert(world, check, f"{name} as html", f"{name}.ipynb", "--to", "html")
    html = read(world, f"{name}.html")
    check.that(f"{name} as html has its tables", html.count("<table") >= tables, html.count("<table"))
    shown = len(re.findall(r"<img[^>]*src=.data:image/png;base64", html))
    check.that(f"{name} as html has its pictures", shown == pictures, shown)
    check.that(f"{name} as html colours its code", html.count('<div class="highlight hl-python">') >= 5 and '<span class="kc">' in html)
    convert(world, check, f"{name} as markdown", f"{name}.ipynb", "--to", "markdown")
    check.that(f"{name} as markdown has its pictures", len(re.findall(r"!\[png\]", read(world, f"{name}.md"))) == pictures)
    if not shutil.which("pandoc"):
        print(f"skipped: {name} as latex, there is no pandoc")
        check.skipped += 1
        return
    convert(world, check, f"{name} as latex", f"{name}.ipynb", "--to", "latex")
    latex = read(world, f"{name}.tex")
    check.that(f"{name} as latex has its pictures and tables", latex.count("\\adjustimage{max") == pictures and latex.count("\\begin{tabular}") >= 1,
               (latex.count("\\adjustimage{max"), latex.count("\\begin{tabular}")))


def small(world, check):
    nbformat.write(small_notebook(), os.path.join(world.folder, "small_bare.ipynb"))
    convert(world, check, "small as notebook", "small_bare.ipynb", "--execute", "--to", "notebook", "--output", "small")
    pages(world, check, "small", 1, SHOWN["image/png"])
    convert(world, check, "small as script", "small.ipynb", "--to", "script")
    check.that("small as script is our own kind of file with every cell", all(text in read(world, "small.cell") for text in CELLS))


def lab(world, check):
    shutil.copy(LAB, os.path.join(world.folder, "lab_bare.ipynb"))
    convert(world, check, "lab as notebook", "lab_bare.ipynb", "--execute", "--to", "notebook", "--output", "lab")
    outputs = [o for c in nbformat.read(os.path.join(world.folder, "lab.ipynb"), 4).cells for o in c.get("outputs", [])]
    check.that("lab: no error among its outputs", not any(o.output_type == "error" for o in outputs))
    check.that("lab: no bar is left in what is kept", not any("<progress" in o.get("data", {}).get("text/html", "") for o in outputs))
    pages(world, check, "lab", 8, sum("image/png" in o.get("data", {}) for o in outputs))


def run(world, check):
    small(world, check)
    lab(world, check)
