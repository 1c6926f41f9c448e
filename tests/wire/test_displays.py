"""All that builtins show: the bundle's kinds, HTML that JupyterLab's sanitizer leaves as it is, pictures with size and words."""
import base64
import json
import re
import struct
from html.parser import HTMLParser

CELLS = """
data = synth()
train, valid, test = split(data, valid=0.1, test=0.1, seed=1); m = als(train, factors=8, epochs=3, valid=valid); me = fold_in(m, {3: 5})
data
train
m
bias(train)
als(factors=4)
m.items
m.users
m.items[3]
data.fingerprint
array([[1, 2], [3, 4]])
array([1.5, 2])
table([{'a': 1, 'b': None}, {'a': 2.5, 'b': '<b>&'}])
table([])
folds(data, k=2)
[1, 'a', {'b': None}]
'<script>alert(1)</script>'
show('<b>', 1, data)
me
recommend(m, user=1)
recommend(me)
similar(m, item=3)
explain(m, user=1, item=3)
predict(m, user=1, item=3)
predict(m, test)
items(data)
users(data)
interactions(data)
head(data)
describe(data)
evaluate([m, bias(train)], test)
cross_validate(als(factors=2, epochs=2), data, folds=2)
tuned = sweep(als(epochs=2), train, valid, factors=[2, 100000], reg=[0.1, 0.2]); tuned
best(tuned)
heatmap(tuned, value='rmse')
heatmap(array([[1, 2], [3, 4]]))
runs()
clusters(m.items, k=4)
neighbors(m.items, 3)
tsne(m.items, label='title')
tsne(m.items, color='genre')
pca(m.items)
hist([1, 2, 2, 3])
curve(m)
bars(evaluate([m], test))
plot([1, 4, 9])
scatter(items(data), x='ratings', y='mean')
help()
help(als)
als?
m?
data?
datasets()
device()
memory()
licenses()
who()
timeit(1 + 1)
als
len
1 / 0
m.nothing
""".strip().split("\n")

KINDS = {"text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/svg+xml", "application/vnd.vegalite.v5+json"}
# Of JupyterLab 4's sanitizer for outputs of untrusted notebooks: what it leaves.
TAGS = set("""a b br caption code dd details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img kbd li mark meter ol p pre progress s
samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var""".split())
ATTRIBUTES = set("class style title dir lang href src alt width height value max min colspan rowspan open start align scope".split())
PROPERTIES = set("""background background-color background-image border border-bottom border-collapse border-color border-left border-radius
border-right border-spacing border-style border-top border-width color display float font font-family font-size font-style font-variant
font-weight height letter-spacing line-height margin margin-bottom margin-left margin-right margin-top max-height max-width min-height
min-width opacity overflow overflow-x overflow-y padding padding-bottom padding-left padding-right padding-top position table-layout
text-align text-decoration text-indent text-overflow vertical-align white-space width word-break""".split())
VOID = {"br", "hr", "img"}


class Sanitized(HTMLParser):
    """Refuses what the sanitizer would take away, and tags that don't nest."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], []

    def handle_starttag(self, tag, attributes):
        assert tag in TAGS, f"<{tag}>"
        for name, value in attributes:
            assert name in ATTRIBUTES, f"{name}= of <{tag}>"
            assert name not in ("href", "src") or value.startswith("data:image/"), f"{name}={value[:60]}: an outside address"
            if name == "style":
                self.check_style(value)
        if tag not in VOID:
            self.open.append(tag)

    def check_style(self, value):
        for declaration in filter(None, value.split(";")):
            name, _, said = declaration.partition(":")
            assert name.strip() in PROPERTIES, declaration
            assert not re.search(r"\b(var|hsla?|calc|expression|url)\(", said), declaration

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}>"

    def handle_data(self, data):
        self.text.append(data)


def check_html(html):
    parser = Sanitized()
    parser.feed(html)
    parser.close()
    assert not parser.open, parser.open
    assert "".join(parser.text).strip(), "it says something without its tags"
    assert "http:" not in html.replace("http://www.w3.org", "") and "<!" not in html


def check_png(data, metadata):
    png = base64.b64decode(data, validate=True)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    shown = metadata["image/png"]
    assert shown["width"] * 2 == width and shown["height"] * 2 == height, (shown, width, height)
    assert shown["alt"].strip()


def check_bundle(data, metadata):
    assert set(data) <= KINDS and set(metadata) <= set(data), set(data)
    assert data["text/plain"].strip(), "there is always text"
    assert "application/json" not in data and "application/javascript" not in data
    if "application/vnd.vegalite.v5+json" in data:
        twin = data["application/vnd.vegalite.v5+json"]
        assert "text/html" not in data, "JupyterLab would show the HTML instead"
        assert isinstance(twin, dict) and twin["$schema"].startswith("https://vega.github.io/schema/vega-lite/v5")
        assert '"url":' not in json.dumps(twin) and len(json.dumps(twin)) < 1 << 20
    for kind, value in data.items():
        assert isinstance(value, dict if kind.endswith("json") else str)
    if "text/html" in data:
        check_html(data["text/html"])
    if "image/png" in data:
        check_png(data["image/png"], metadata)


def test_all_that_builtins_show(any_kernel):
    kinds = set()
    for code in CELLS:
        reply, outputs = any_kernel.execute(code)
        good = code in ("1 / 0", "m.nothing") or reply.content["status"] == "ok"
        assert good, (code, reply.content)
        bundles = [(m.content["data"], m.content["metadata"]) for m in outputs if "data" in m.content]
        bundles += [(page["data"], {}) for page in reply.content.get("payload", [])]
        for data, metadata in bundles:
            kinds |= set(data)
            try:
                check_bundle(data, metadata)
            except AssertionError as error:
                raise AssertionError(f"{code}: {error}") from error
    assert kinds >= {"text/plain", "text/html", "image/png", "application/vnd.vegalite.v5+json"}, kinds


def test_panels_of_inspection(any_kernel):
    any_kernel.execute("data = synth(); m = bias(data); f = 1")
    for code in ("als", "print", "m", "data", "f", "evaluate(m, metrics=", "m.items"):
        for detail in (0, 1):
            answer = any_kernel.ask("inspect_request", {"code": code, "cursor_pos": len(code), "detail_level": detail}).content
            assert answer["found"], code
            check_bundle(answer["data"], answer["metadata"])
            first = answer["data"]["text/plain"].split("\n")[0]
            assert re.split(r"\W", code)[-1 if code == 'm.items' else 0] in first, (code, first)


def test_progress_is_a_display_that_keeps_its_kinds(any_kernel):
    any_kernel.execute("data = synth()")
    updated, ids = 0, set()
    for _ in range(2):
        cell = any_kernel.start_cell("als(data, factors=32, epochs=2000, seed=1);")
        assert any_kernel.reply(cell, seconds=300).content["status"] == "ok"
        shown = [m for m in any_kernel.outputs(cell) if m.type in ("display_data", "update_display_data")]
        for message in shown:
            assert set(message.content["data"]) == {"text/plain", "text/html"}
            check_bundle(message.content["data"], message.content["metadata"])
        ids |= {m.content["transient"]["display_id"] for m in shown}
        updated += len(shown) - 1
        seconds = [m.header["date"][11:26] for m in shown]
        spans = [sum(float(x) * y for x, y in zip(at.split(":"), (3600, 60, 1))) for at in seconds]
        assert len(shown) <= 10 * (spans[-1] - spans[0]) + 3, "at most ten a second"
        assert "2,000 of 2,000" in shown[-1].content["data"]["text/plain"], "the last one says the end"
    assert len(ids) == 2 and updated >= 2, (ids, updated)


def test_a_sweep_is_one_display_that_grows(any_kernel):
    any_kernel.execute("train, valid = split(synth(users=2000, items=500, density=0.1, seed=1), test=0.2, seed=1)")
    cell = any_kernel.start_cell("tuned = sweep(als(epochs=40, patience=40), train, valid, factors=[8, 16, 24], reg=[0.05, 0.1, 0.2, 0.3, 0.4]);")
    assert any_kernel.reply(cell, seconds=120).content["status"] == "ok"
    shown = [m for m in any_kernel.outputs(cell) if m.type in ("display_data", "update_display_data")]
    assert [m.type for m in shown] == ["display_data"] + ["update_display_data"] * (len(shown) - 1)
    assert len({m.content["transient"]["display_id"] for m in shown}) == 1
    rows = [m.content["data"]["text/html"].count("<tr") - 1 for m in shown]
    assert len(shown) >= 3 and rows[:-1] == sorted(rows[:-1]) and rows[-2] > 1, rows
    for message in shown:
        check_bundle(message.content["data"], message.content["metadata"])
        assert len(message.content["data"]["text/html"]) < 10000
    assert rows[-1] == -1 and "setting 15 of 15" in shown[-1].content["data"]["text/plain"], "then one quiet line is left"
    assert "best rmse" in shown[-1].content["data"]["text/plain"]
    assert any_kernel.execute("len(tuned)")[1][-1].content["data"]["text/plain"] == "15"
