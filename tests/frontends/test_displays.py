"""What outputs are made of: forms for every front end, words for every picture, no scripts, nothing fetched; displays that are updated, not too often."""
import html.parser
import os
import re
import time

import nbformat

import execute
from small import small_notebook

SAFE_STYLE = re.compile(r"^(rgba?\([\d., ]+\)|#[0-9a-f]{3,8}|[\w%., -]+|linear-gradient\([\w%#., ()-]+\)|1px solid rgba\([\d., ]+\))$", re.IGNORECASE)
FORBIDDEN = {"script", "style", "svg", "iframe", "link", "object", "math", "base", "form", "meta"}
UPDATES_A_SECOND = 10


class Html(html.parser.HTMLParser):
    """Tags, addresses and styles of an output."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses, self.styles, self.images = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        self.addresses += [given[name] for name in ("src", "href", "action", "background") if name in given]
        self.styles += [part.split(":", 1)[1].strip() for part in given.get("style", "").split(";") if ":" in part]
        if tag == "img":
            self.images.append(given.get("alt"))


def html_is_safe(check, texts):
    pages = [Html(text) for text in texts]
    tags = {tag for page in pages for tag in page.tags}
    check.that("html: no script, style or svg", not tags & FORBIDDEN, tags & FORBIDDEN)
    addresses = [a for page in pages for a in page.addresses]
    check.that("html: pictures are in it, nothing is fetched", all(a.startswith("data:image/") for a in addresses), [a[:60] for a in addresses])
    styles = {s for page in pages for s in page.styles}
    check.that("html: only styles that the sanitiser keeps", all(SAFE_STYLE.match(s) for s in styles), [s for s in styles if not SAFE_STYLE.match(s)])
    check.that("html: every image says in words what it shows", all(alt for page in pages for alt in page.images))


def bundles_have_their_forms(check, outputs):
    bundles = [o for o in outputs if "data" in o]
    check.that("every output has text/plain", all("text/plain" in o.data for o in bundles))
    check.that("nothing that JupyterLab prefers to html stands beside it",
               not any("text/html" in o.data and {"application/json", "application/javascript"} & set(o.data) for o in bundles))
    charts = [o for o in bundles if "application/vnd.vegalite.v5+json" in o.data]
    check.that("charts: Vega-Lite, PNG and words, no html", charts and all({"image/png", "text/plain"} <= set(o.data) and "text/html" not in o.data for o in charts))
    check.that("charts: data are in them", all("url" not in str(o.data["application/vnd.vegalite.v5+json"]["layer"]) for o in charts))
    pictures = [o for o in bundles if "image/png" in o.data]
    check.that("pictures: size and words", pictures and all(o.metadata["image/png"].get("width") and o.metadata["image/png"].get("alt") for o in pictures))


def kept_is_the_last(check, outputs):
    lines = [o.data for o in outputs if "epoch 60 of 60" in o.get("data", {}).get("text/plain", "")]
    check.that("an executed notebook has a long fit's last state alone", len(lines) == 1 and "<progress" not in lines[0]["text/html"], lines)


def updates_are_few(world, check):
    """Messages of a fit that takes seconds on a fast machine too, as they come."""
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_cmd=None, kernel_name="reckon")
    manager.kernel_spec_manager.kernel_dirs = [os.path.join(world.environment["JUPYTER_PATH"], "kernels")]
    manager.start_kernel(env=world.environment)
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    times, shown, ids = [], [], set()

    def heard(message):
        if message["msg_type"] in ("display_data", "update_display_data"):
            times.append(time.monotonic())
            shown.append(message)
            ids.add(message["content"]["transient"].get("display_id"))

    client.execute_interactive("ratings = synth(users=1500, items=2500, density=0.06, seed=1)", timeout=120)
    client.execute_interactive('m = als(ratings, factors=64, epochs=200)', output_hook=heard, timeout=240)
    span = times[-1] - times[0] if len(times) > 1 else 0
    check.that("a long fit shows one display and updates it", len(shown) > 3 and len(ids) == 1 and shown[0]["msg_type"] == "display_data"
               and all(m["msg_type"] == "update_display_data" for m in shown[1:]), [m["msg_type"] for m in shown][:5])
    check.that(f"at most {UPDATES_A_SECOND} updates a second", len(times) - 2 <= UPDATES_A_SECOND * span + 1, (len(times), span))
    check.that("the last one is the whole", "epoch 200 of 200" in shown[-1]["content"]["data"]["text/plain"] if shown else False)
    client.stop_channels()
    manager.shutdown_kernel()


def run(world, check):
    path = os.path.join(world.folder, "displays.ipynb")
    nbformat.write(small_notebook(), path)
    notebook, ok = execute.execute(world.kernel, path, 120)
    check.that("the small notebook runs", ok)
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    bundles_have_their_forms(check, outputs)
    html_is_safe(check, [o.data["text/html"] for o in outputs if "text/html" in o.get("data", {})])
    kept_is_the_last(check, outputs)
    updates_are_few(world, check)
