"""Every sentence of the product is short: in its code, in what explains the findings, in its help."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from console.cli.options import parser
from console.cli.pages import commands
from tests.sentences import too_long
from tests.test_english import docstrings

ROOT = Path(__file__).parents[1]
NO_SENTENCE = ("SELECT ", "^")
"""Beginnings of SQL and of regular expressions."""


def literals(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of each text in code, without docstrings. What is put in counts as a word."""
    tree = ast.parse(source)
    notes = {line for line, _ in docstrings(source)}
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [str(one.value) if isinstance(one, ast.Constant) else "X" for one in node.values]
            yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Constant) and id(node) not in inner and node.lineno not in notes:
            yield node.lineno, str(node.value)


def texts(value: object) -> Iterator[str]:
    """All texts of a TOML file."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def test_in_code() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {sentence}"
        for path in sorted((ROOT / "console").rglob("*.py"))
        if "sim" not in path.parts
        for line, text in literals(path.read_text())
        if "\n" not in text and not text.startswith(NO_SENTENCE)
        for sentence in too_long(text)
    ]
    assert not found, "too long:\n" + "\n".join(found)


def test_in_what_explains_the_findings() -> None:
    every = list(texts(tomllib.loads((ROOT / "console/health/explained.toml").read_text())))
    assert len(every) > 700
    found = [sentence for text in every for sentence in too_long(text)]
    assert not found, "too long:\n" + "\n".join(found)


def test_in_help() -> None:
    root = parser()
    every = [str(one.description) for one in (root, *commands(root).values())]
    every += [str(action.help) for one in (root, *commands(root).values()) for action in one._actions]
    found = [sentence for text in every for sentence in too_long(text)]
    assert not found, "too long:\n" + "\n".join(found)


def test_a_long_one_is_found_wherever_it_stands() -> None:
    words = "word " * 20
    assert too_long(f"Short. {words}word. Short.") == [f"{words}word."]
    assert not too_long(f"Short. {words.strip()}.")
    assert [text for _, text in literals(f'"""{words}"""\nsaid = f"{words}{{name}}"\n')] == [f"{words}X"]
