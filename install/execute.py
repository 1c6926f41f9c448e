#!/usr/bin/env python3
"""Executes a notebook with a given reckon-kernel binary, through Jupyter's own client, and renders it.

execute.py --kernel BINARY [--notebook OUT.ipynb] [--html OUT.html] [--picture OUT.png] [--timeout S] NOTEBOOK
execute.py --rmse EXECUTED.ipynb      prints the figure of the last line that begins with "RMSE"

--picture keeps the PNG of the first cell that calls tsne. Exits 1 with the cell and the error when a cell fails.
"""
import argparse
import base64
import html
import json
import os
import re
import shutil
import sys
import tempfile
import unittest.mock

import nbformat


def kernel_folder(binary, parent):
    """A kernelspec named reckon in a new folder, so that the machine's installed one is not used."""
    folder = tempfile.mkdtemp(prefix="spec-", dir=parent)
    spec = os.path.join(folder, "kernels", "reckon")
    os.makedirs(spec)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "kernel.json"), encoding="utf-8") as f:
        kernel = json.load(f)
    kernel["argv"][0] = os.path.abspath(binary)
    with open(os.path.join(spec, "kernel.json"), "w", encoding="utf-8") as f:
        json.dump(kernel, f)
    return folder


def execute(binary, path, timeout):
    """The notebook with its outputs, and whether all cells ran. Files that its cells write go to a folder that is removed."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = nbformat.read(path, as_version=4)
    folder = tempfile.mkdtemp(prefix="reckon-run-")
    own = {"JUPYTER_PATH": kernel_folder(binary, folder), "JUPYTER_RUNTIME_DIR": os.path.join(folder, "runtime"),
           "RECKON_HISTORY": os.environ.get("RECKON_HISTORY", "off"),  # nobody typed these cells
           "RECKON_RUNS": os.environ.get("RECKON_RUNS", "off")}
    try:
        with unittest.mock.patch.dict(os.environ, own):
            NotebookClient(notebook, timeout=timeout, kernel_name="reckon", coalesce_streams=True, resources={"metadata": {"path": folder}}).execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        sys.stderr.write(f"{path}: a cell failed\n{error}\n")
        return notebook, False
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return notebook, True


def render(notebook, out):
    from nbconvert import HTMLExporter

    body, _ = HTMLExporter(template_name="lab").from_notebook_node(notebook)
    # nbconvert's lab template leaves out the words that outputs carry for their pictures.
    words = (o.metadata.get("image/png", {}).get("alt", "") for c in notebook.cells for o in c.get("outputs", []) if "image/png" in o.get("data", {}))
    body = re.sub('alt="No description has been provided for this image"', lambda _: f'alt="{html.escape(next(words, ""))}"', body)
    with open(out, "w", encoding="utf-8") as f:
        f.write(body)


def save_picture(notebook, out):
    for cell in notebook.cells:
        if "tsne(" in cell.source:
            for output in cell.get("outputs", []):
                if "image/png" in output.get("data", {}):
                    with open(out, "wb") as f:
                        f.write(base64.b64decode(output.data["image/png"]))
                    return
    sys.stderr.write(f"{out} is not written: no cell that calls tsne has a picture\n")


def printed(notebook):
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stdout":
                yield from output.text.splitlines()


def last_rmse(path):
    found = [m.group(1) for m in (re.match(r"RMSE (\d+\.\d+)", line) for line in printed(nbformat.read(path, as_version=4))) if m]
    if not found:
        sys.exit(f"{path}: no line begins with RMSE")
    return found[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel")
    parser.add_argument("--notebook")
    parser.add_argument("--html")
    parser.add_argument("--picture")
    parser.add_argument("--rmse", action="store_true")
    parser.add_argument("--timeout", type=int, default=900)
    parser.add_argument("path")
    args = parser.parse_args()
    if args.rmse:
        print(last_rmse(args.path))
        return 0
    notebook, ok = execute(args.kernel, args.path, args.timeout)
    if args.notebook:
        nbformat.write(notebook, args.notebook)
    if args.html:
        render(notebook, args.html)
    if args.picture and ok:
        save_picture(notebook, args.picture)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
