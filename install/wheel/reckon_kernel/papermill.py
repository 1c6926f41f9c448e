"""Parameters for papermill (`papermill in.ipynb out.ipynb -k reckon -p epochs 5`), and what `--help-notebook` lists.

papermill has no entry point for translators, but it imports every `papermill.engine`. This module is one: importing it
registers the translator, and the engine `reckon` is papermill's usual one.
"""

import ast
import io
import math
import re
import tokenize

from papermill.engines import NBClientEngine as Engine
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

__all__ = ["Engine", "ReckonTranslator"]

ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escaped(character):
    if character in ESCAPES:
        return ESCAPES[character]
    return character if character.isprintable() else "\\u%04x" % ord(character) if ord(character) < 0x10000 else "\\U%08x" % ord(character)


class ReckonTranslator(Translator):
    """Reckon's literals are Python's.

    `param(…, override=True)` gives the value at once, for a cell that stands after the one tagged `parameters`, and to
    every later `param` of that name, for a notebook that has no such cell: papermill then puts its own first.
    """

    @classmethod
    def translate(cls, val):
        if isinstance(val, (tuple, set, frozenset)):
            val = list(val)
        return super().translate(val)

    @classmethod
    def translate_escaped_str(cls, str_val):
        return '"' + "".join(map(escaped, str(str_val))) + '"'

    @classmethod
    def translate_float(cls, val):
        return repr(float(val)) if math.isfinite(val) else f'float("{float(val)}")'

    @classmethod
    def translate_bool(cls, val):
        return str(bool(val))

    @classmethod
    def translate_list(cls, val):
        return "[" + ", ".join(map(cls.translate, val)) + "]"

    @classmethod
    def translate_dict(cls, val):
        return "{" + ", ".join(f"{cls.translate(key)}: {cls.translate(item)}" for key, item in val.items()) + "}"

    @classmethod
    def comment(cls, cmt_str):
        return f"# {cmt_str}".strip()

    @classmethod
    def assign(cls, name, str_val):
        return f'{name} = param("{name}", {str_val}, override=True)'

    @classmethod
    def inspect(cls, parameters_cell):
        """The assignments of the cell, `epochs = 5  # help` or `epochs = param("epochs", 5)  # help`; none when it can't be read."""
        source = re.sub(r"^(\?.*|.*\?)$", "", parameters_cell["source"], flags=re.M)  # als? has no form in Python
        try:
            statements, comments = ast.parse(source).body, comments_of(source)
        except (SyntaxError, ValueError, tokenize.TokenError):
            return []
        found = {}
        for statement in statements:
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
                name, value = statement.targets[0].id, default_of(statement.value)
                found[name] = Parameter(name, type_name(value), ast.get_source_segment(source, value), comments.get(statement.end_lineno, ""))
        return list(found.values())


def comments_of(source):
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}


def default_of(value):
    """What a parameter is when nobody gives it: the second argument of param, else the value itself."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "param":
        named = [word.value for word in value.keywords if word.arg == "default"]
        return (value.args[1:] + named + [value])[0]
    return value


def type_name(value):
    """ "None" means unknown to papermill."""
    try:
        return type(ast.literal_eval(value)).__name__
    except ValueError:
        return "None"


papermill_translators.register("reckon", ReckonTranslator)
