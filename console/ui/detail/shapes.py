"""Turns a reading into rows: each field by its label; a field that holds values of their own, one line each.

A field that no label names is shown all the same, under its own name: nothing a machine was asked for is kept back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from console.ui.detail.kinds import Show, plain
from console.words import words
from console.words.words import Word

SEVERITY = ("bad", "warn", "unknown", "note", "ok", "text", "dim", "")
MAX_ITEMS = 300
"""Lines of one field, at most; a machine may list a thousand servers."""


@dataclass(frozen=True)
class Label:
    """The name of a field on the screen, and the form of its value. `show` None: it is told elsewhere."""

    field: str
    label: str
    show: Show | None = plain
    unit: str = ""


class Row(NamedTuple):
    """A label and what it says: one value, or a line for each."""

    label: str
    values: tuple[Word, ...]


def rows(value: Any, labels: Mapping[str, tuple[Label, ...]]) -> tuple[Row, ...]:
    """Everything a reading holds, in the order of its labels, then what no label names."""
    return tuple(
        Row(label.label, lines(getattr(value, label.field), label, labels))
        for label in labels_of(value.__class__, labels)
        if label.show is not None
    )


def labels_of(kind: type, labels: Mapping[str, tuple[Label, ...]]) -> tuple[Label, ...]:
    """The labels of a type, with one made from the name of each field that has none."""
    return _labels(kind, labels.get(kind.__name__, ()))


@lru_cache(maxsize=256)
def _labels(kind: type, given: tuple[Label, ...]) -> tuple[Label, ...]:
    named = {label.field for label in given}
    there = tuple(label for label in given if hasattr(kind, label.field) or label.field in _names(kind))
    return (*there, *(Label(name, name.replace("_", " ")) for name in _names(kind) if name not in named))


def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def lines(value: Any, label: Label, labels: Mapping[str, tuple[Label, ...]]) -> tuple[Word, ...]:
    """The value of a field, a Word a line."""
    show = label.show or plain
    if is_dataclass(value) and not isinstance(value, type):
        return (item(value, labels),)
    if isinstance(value, tuple | list):
        found: tuple[Any, ...] = tuple(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        said = tuple(_one(each, show, labels) for each in found[:MAX_ITEMS])
        more = (Word("", f"and {len(found) - MAX_ITEMS} more", "dim"),) if len(found) > MAX_ITEMS else ()
        return (*said, *more) or (Word("", "none", "dim"),)
    word = show(value)
    return (word._replace(word=word.word + label.unit) if label.unit and value is not None else word,)


def _one(value: Any, show: Show, labels: Mapping[str, tuple[Label, ...]]) -> Word:
    if is_dataclass(value):
        return item(value, labels)
    if isinstance(value, tuple | list):
        parts: tuple[Any, ...] = tuple(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        return Word("", "  ".join(plain(part).text for part in parts), "text")
    return show(value)


def item(value: Any, labels: Mapping[str, tuple[Label, ...]]) -> Word:
    """A value with fields of its own in one line, as bad as its worst field."""
    parts: list[str] = []
    at_label = True
    worst = words.NOTHING._replace(style="text")
    for label in labels_of(value.__class__, labels):
        there = getattr(value, label.field)
        if label.show is None or there == ():
            continue
        said = lines(there, label, labels)
        text = " ".join(word.text for word in said)
        if label.label and text:
            parts.append(f"{label.label} {text}")
        elif text:
            parts[-1:] = [f"{parts[-1]} {text}"] if parts and not at_label else [*parts[-1:], text]
        at_label = bool(label.label)
        worst = min((worst, *said), key=lambda word: SEVERITY.index(word.style) if word.style != "dim" else 5)
    return Word("", ", ".join(parts), worst.style)
