"""The table of points.md names tests that exist."""
import ast
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))


def exists(name):
    """file.py::test beside this file, `make target`, or a path from the root."""
    if "::" in name:
        file, function = name.split("::")
        with open(os.path.join(HERE, file)) as text:
            return function in {node.name for node in ast.parse(text.read()).body if isinstance(node, ast.FunctionDef)}
    if name.startswith("make "):
        with open(os.path.join(ROOT, "Makefile")) as text:
            return re.search(rf"^{name[5:]}:", text.read(), re.M)
    return os.path.exists(os.path.join(ROOT, name))


def test_every_point_has_tests_that_exist():
    with open(os.path.join(HERE, "points.md")) as file:
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in file if re.match(r"\| *\d", line)]
    assert [int(row[0]) for row in rows] == list(range(1, 61))
    for number, point, tests, _ in rows:
        named = re.findall(r"`([^`]+)`", tests)
        assert point and named, f"point {number} has no test"
        missing = [name for name in named if not exists(name)]
        assert not missing or tests.startswith("to come: "), f"point {number} names what isn't there: {missing}"
        assert missing or not tests.startswith("to come: "), f"point {number} has come: say so in points.md"
