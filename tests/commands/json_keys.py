"""The keys of `drainboard status --json` as docs/json.md lists them, made from the types.

`.venv/bin/python -m tests.commands.json_keys` writes the list into docs/json.md again.
"""

import ast
import inspect
import itertools
import re
import textwrap
import types
import typing
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from console.cli.status_json import INTERNAL, KEYS
from console.health import Finding, Layer, Verdict
from console.operations.may_go import MayGo
from console.probes.snapshot import QUESTIONS, DatabaseView, FirewallView, NodeView, VipView, VolumeView

DOCUMENT = Path(__file__).parents[2] / "docs" / "json.md"
BEGIN, END = "<!-- keys -->\n", "<!-- end of keys -->\n"
VIEWS = (FirewallView, NodeView, VolumeView, DatabaseView, VipView)
WORDS = {str: "text", int: "whole number", float: "number", bool: "true/false"}


def listed() -> str:
    """The whole list, in Markdown."""
    parts: list[str] = []
    for view in VIEWS:
        for question in QUESTIONS:
            if question.field in view.__dataclass_fields__ and question.subject.value == _subject(view):
                value = _value(view, question.field)
                parts.append(f"### `{question.subject.value}.NAME.{question.field}.value`\n\n{_rows(value)}")
    return "\n".join(parts)


def _subject(view: type) -> str:
    return view.__name__.removesuffix("View").lower() + "s"


def _value(view: type, field: str) -> type:
    """The T of Reading[T]."""
    hint = typing.get_type_hints(view)[field]
    known = next(one for one in typing.get_args(hint) if typing.get_origin(one) is not None)
    return typing.get_args(known)[0]


def _rows(value: type) -> str:
    rows = "".join(f"| `{key}` | {kind} | {text} |\n" for key, kind, text in keys(value))
    return f"| key | holds | |\n|---|---|---|\n{rows}"


def keys(value: type, before: str = "") -> Iterator[tuple[str, str, str]]:
    """Path, kind and meaning of each key below a dataclass; `[]` stands for each of a list."""
    hints, meanings = typing.get_type_hints(value), _meanings(value)
    for one in fields(value):
        if one.name in INTERNAL:
            continue
        path = f"{before}{one.name}"
        kind, inner, suffix = _kind(hints[one.name])
        yield path, kind, meanings.get(one.name, "")
        if inner is not None and inner is not value:
            yield from keys(inner, f"{path}{suffix}.")


def _kind(hint: Any) -> tuple[str, type | None, str]:
    """Words, the dataclass within, and what its path goes on with."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        kind, inner, suffix = _kind(next(one for one in arguments if one is not types.NoneType))
        return f"{kind} or null", inner, suffix
    if origin in (tuple, frozenset, list):
        if len(arguments) == 2 and arguments[1] is not Ellipsis:
            return f"list of {' and '.join(_kind(one)[0] for one in arguments)}", None, ""
        kind, inner, _ = _kind(arguments[0])
        return f"list of {'these' if inner else kind}", inner, "[]"
    if is_dataclass(hint):
        return "these", typing.cast(type, hint), ""
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "one of " + ", ".join(f"`{one.value}`" for one in hint), None, ""
    return WORDS[hint], None, ""


def _meanings(value: type) -> dict[str, str]:
    """The docstrings below a dataclass's fields."""
    body = typing.cast(ast.ClassDef, ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]).body
    found: dict[str, str] = {}
    for field, text in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            found[ast.unparse(field.target)] = " ".join(str(text.value.value).split()).replace("|", "\\|")
    return found


def documented() -> str:
    """The text between the marks."""
    return DOCUMENT.read_text().split(BEGIN)[1].split(END)[0]


def write() -> None:
    """Put the list where it belongs."""
    head, _, rest = DOCUMENT.read_text().partition(BEGIN)
    DOCUMENT.write_text(head + BEGIN + listed() + END + rest.partition(END)[2])


def _keys(judged: type) -> set[str]:
    return {KEYS.get(one.name, one.name) for one in fields(judged)}


FRAME = {
    "may_go": _keys(MayGo),
    "findings": _keys(Finding) | {"layer"},
    "verdict": _keys(Verdict),
    "layers": {layer.value for layer in Layer},
}


def named(text: str) -> set[str]:
    """Everything in back-quotes."""
    return set(re.findall(r"`([^`]+)`", text))


if __name__ == "__main__":
    write()
