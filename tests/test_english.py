"""Docstrings in plain English: a noun phrase or a verb comes first, never a word that opens a clause."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CLAUSES = {"As", "How", "If", "Of", "That", "What", "Whatever", "When", "Where", "Whether", "Which"}
CLAUSES |= {"Who", "Whoever", "Whom", "Whose"}
BODIES = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of each docstring, also of those below an attribute."""
    for node in ast.walk(ast.parse(source)):
        for each in node.body if isinstance(node, BODIES) else ():
            match each:
                case ast.Expr(ast.Constant(str(text))):
                    yield each.lineno, text.strip()


def clauses(source: str) -> list[str]:
    """Docstrings that begin with a clause, each behind its line."""
    return [
        f"{line}: {text}" for line, text in docstrings(source) if next(iter(text.split()), "").strip(",.:") in CLAUSES
    ]


def test_no_docstring_begins_with_a_clause() -> None:
    files = [path for part in ("console", "tests") for path in sorted((ROOT / part).rglob("*.py"))]
    assert len(files) > 400
    found = [f"{path.relative_to(ROOT)}:{each}" for path in files for each in clauses(path.read_text())]
    assert not found, "begin with a noun or a verb:\n" + "\n".join(found)


def test_a_clause_is_found_wherever_it_stands() -> None:
    assert clauses('"""What there is."""\nLIMIT = 3\n"""Of lines."""\n') == ["1: What there is.", "3: Of lines."]
    assert clauses('class A:\n    """As one."""\n    def b(self):\n        """How it is."""\n') == [
        "2: As one.",
        "4: How it is.",
    ]
    assert clauses('"""Lines that are read."""\n') == []
