"""Details: nothing a machine was asked for is forgotten, each has a name, and what is not known says why."""

import dataclasses
import types
import typing
from collections.abc import Iterator
from enum import Enum
from typing import Any

import pytest

from console.probes.ask import Get, Query, Run
from console.probes.question import Subject
from console.probes.snapshot import (
    QUESTIONS,
    Cause,
    DatabaseView,
    FirewallView,
    Known,
    NodeView,
    Unknown,
    VipView,
    VolumeView,
    empty,
    fold,
)
from console.text import size
from console.ui.detail import LABELS, rows
from console.ui.detail.kinds import took
from console.ui.detail.reading import laid_out, section
from console.ui.detail.sections import sections, source, subjects
from console.ui.detail.shapes import Row
from console.words.words import Word

from .conftest import nobody

VIEWS = (FirewallView, NodeView, VolumeView, DatabaseView, VipView)
NOW = 1_800_000_000.0
TEXT = ""
"""The value of every field of an example; "" for one that tells which field it is."""


def inside(hint: Any) -> Iterator[type]:
    """Dataclasses named in a type."""
    for each in typing.get_args(hint):
        yield from inside(each)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint) and hint not in (Known, Unknown):
        yield hint
        for field in typing.get_type_hints(hint).values():
            yield from inside(field)


READINGS = tuple(
    dict.fromkeys(
        kind
        for view in VIEWS
        for name, hint in typing.get_type_hints(view).items()
        if name != "name"
        for kind in inside(hint)
    )
)
TOP = {typing.get_args(typing.get_args(hint)[0])[0] for view in VIEWS
       for name, hint in typing.get_type_hints(view).items() if name != "name"}  # fmt: skip


def example(hint: Any, name: str, deep: int = 0) -> Any:
    """A value of a type, whose text tells which field it is of."""
    if typing.get_origin(hint) is tuple:
        args = typing.get_args(hint)
        return tuple(example(each, name, deep + 1) for each in args if each is not ...)
    if isinstance(hint, types.UnionType):
        return example(next(each for each in typing.get_args(hint) if each is not type(None)), name, deep)
    if isinstance(hint, type) and issubclass(hint, tuple):
        return hint._make(7 for _ in hint._fields)  # type: ignore[attr-defined]
    if dataclasses.is_dataclass(hint):
        return make(hint)  # type: ignore[arg-type]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return next(iter(hint))
    simple: dict[Any, Any] = {bool: True, int: 7, float: 7.5, str: TEXT or f"<{name}>"}
    return simple[hint]


def make(kind: type) -> Any:
    hints = typing.get_type_hints(kind)
    return kind(**{field.name: example(hints[field.name], field.name) for field in dataclasses.fields(kind)})


@pytest.mark.parametrize("kind", READINGS, ids=lambda kind: kind.__name__)
def test_every_field_has_a_name_of_its_own_on_the_screen(kind: type) -> None:
    named = {label.field for label in LABELS.get(kind.__name__, ())}
    missing = {field.name for field in dataclasses.fields(kind)} - named
    assert not missing, f"console/ui/detail/labels.py has no line for {kind.__name__}: {', '.join(sorted(missing))}"


@pytest.mark.parametrize("kind", READINGS, ids=lambda kind: kind.__name__)
def test_no_label_names_what_is_not_there(kind: type) -> None:
    there = {field.name for field in dataclasses.fields(kind)} | set(dir(kind))
    assert {label.field for label in LABELS[kind.__name__]} <= there


@pytest.mark.parametrize("kind", sorted(TOP, key=str), ids=lambda kind: kind.__name__)
def test_every_text_of_a_reading_is_shown(kind: type) -> None:
    value = make(kind)
    shown = " ".join(word.text for row in rows(value, LABELS) for word in row.values)
    texts = [field.name for field in dataclasses.fields(kind) if typing.get_type_hints(kind)[field.name] is str]
    dated = {"revised", "balancer_digest"}
    for name in set(texts) - dated:
        assert f"<{name}>" in shown


def test_a_field_without_a_label_is_shown_under_its_own_name() -> None:
    @dataclasses.dataclass(frozen=True)
    class New:
        brand_new: int
        also: tuple[str, ...]

    assert [(row.label, [word.text for word in row.values]) for row in rows(New(3, ("a", "b")), {})] == [
        ("brand new", ["3"]),
        ("also", ["a", "b"]),
    ]


def test_every_question_has_a_title_of_its_own_that_fits_a_column() -> None:
    titles = [question.title for question in QUESTIONS]
    assert len(set(titles)) == len(titles)
    assert all(0 < len(title) <= 30 for title in titles)


def test_every_subject_shows_every_question_with_its_source() -> None:
    cluster = nobody()
    picture = empty(cluster)
    for ref in subjects(cluster):
        asked = {q.field for q in QUESTIONS if q.subject is ref.subject and q.asks(cluster, ref.name)}
        shown = sections(picture, ref)
        assert asked <= {one.question.field for one in shown}
        for one in shown:
            text = "\n".join(line.text for line in section(one, picture, 100, NOW, False, True))
            assert one.title in text
            assert "asking: not asked yet" in text
    assert {ref.subject for ref in subjects(cluster)} == set(Subject)


def test_what_is_not_known_says_why_and_since_when() -> None:
    cluster = nobody()
    ref = next(one for one in subjects(cluster) if one.name == "node1")
    host = next(question for question in QUESTIONS if question.field == "host")
    lost = Unknown("node1 gave no SSH connection within 2.5 s", NOW, NOW - 60, Cause.SILENT)
    picture = fold(empty(cluster), host, "node1", lost)
    one = next(each for each in sections(picture, ref) if each.question.field == "host")
    text = " ".join(line.text for line in section(one, picture, 100, NOW, False, False))
    assert "?lost since" in text
    assert "gave no SSH connection" in text


@pytest.mark.parametrize(("age", "mark"), [(1.0, "✓200"), (20.0, "~200")])
def test_a_look_older_than_two_rounds_is_never_drawn_as_well(age: float, mark: str) -> None:
    from console.probes.web.apache import Site

    cluster = nobody()
    ref = next(one for one in subjects(cluster) if one.name == "node1")
    site = next(question for question in QUESTIONS if question.field == "site")
    picture = fold(empty(cluster), site, "node1", Known(Site(200, 0.1), NOW - age))
    one = next(each for each in sections(picture, ref) if each.question.field == "site")
    assert mark in " ".join(line.text for line in section(one, picture, 100, NOW, False, False))


@pytest.mark.parametrize("width", [30, 40, 60, 80, 90, 120])
@pytest.mark.parametrize("words", range(8, 30))
def test_a_value_is_wrapped_between_words_and_stands_apart_from_its_label(width: int, words: int) -> None:
    message = " ".join(["2 min 1 s ago"[: 3 + at % 10].strip() for at in range(words)])
    for label in ("state", "looks in a row that found all of it alike"):
        lines = [
            one.cut(width).text for one in laid_out((Row(label, (Word("", message, "text"),)),), width, False, False)
        ]
        assert "…" not in "".join(lines)
        assert " ".join(" ".join(lines).split()) == " ".join(f"{label} {message}".split())


def test_a_source_is_shown_as_it_leaves() -> None:
    assert source(Run(("cat", "/a b"), root=True), "fw1", True) == "fw1: timeout 3 sudo -n cat '/a b'"
    assert source(Query("SHOW STATUS"), "node1", False) == "node1, MySQL: SHOW STATUS"
    assert source(Get("http://x/", via="node1", host="www"), "node1", False) == "node1: GET http://x/, Host: www"
    assert source(Get("http://x/", connect_to=("192.0.2.1", 80)), "wan", False).endswith(
        "GET http://x/, to 192.0.2.1:80"
    )


def test_amounts_and_lengths_read_well() -> None:
    assert [size(n) for n in (0, 999, 1536, 11 << 30, 5 << 40)] == ["0 B", "999 B", "1.5 KiB", "11 GiB", "5.0 TiB"]
    assert [took(s) for s in (0.004, 3, 75, 660, 90061)] == ["4 ms", "3 s", "1 min 15 s", "11 min", "1 d 1 h"]
