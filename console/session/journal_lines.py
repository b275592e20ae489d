"""Lines of the journal as values. Another version, or anybody with an editor, may have written them: each is checked.

What is not as it should be is left out, and said: never taken for something else.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

LATEST = 1e11
"""Unix time of any line; the year is 5138."""
MAX_SECONDS = 86400.0
"""Seconds an order may take."""


class Entry(NamedTuple):
    """One line. `at` is Unix time, to be shown; `n` is its place in the run."""

    at: float
    kind: str
    facts: dict[str, Any]
    n: int = 0


class Lines(NamedTuple):
    """A file's lines. `damage`: what of them can't be read, each in a few words."""

    entries: tuple[Entry, ...]
    damage: tuple[str, ...]


def parse(text: str) -> Lines:
    """Parse any text. A line that a crash cut short was never acted on, and is no damage."""
    entries, damage = list[Entry](), list[str]()
    lines = text.split("\n")  # splitlines would also break a line at U+2028, which a machine may have printed
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            parsed: object = json.loads(line)
        except (ValueError, RecursionError):
            if not line.startswith('{"at"'):
                damage.append(f"line {number} is no JSON")
            continue
        entry, wrong = _entry(parsed, entries[-1] if entries else None)
        damage += [f"line {number}: {one}" for one in wrong]
        if entry:
            entries.append(entry)
    return Lines(tuple(entries), tuple(damage))


def _entry(parsed: object, before: Entry | None) -> tuple[Entry | None, list[str]]:
    if not isinstance(parsed, dict):
        return None, ["it holds no facts"]
    facts = cast("dict[str, object]", parsed)
    at, kind, n = facts.pop("at", None), facts.pop("kind", None), facts.pop("n", None)
    if not isinstance(kind, str):
        return None, ["it is of no kind"]
    wrong = list[str]()
    if not _within(at, LATEST):
        at = before.at if before else 0.0
        wrong.append("`at` is no time")
    following = before.n + 1 if before else 0
    if n is not None and not _count(n):
        wrong.append("`n` is no count")
    place = cast("int", n) if _count(n) else following
    checked = dict[str, Any]()
    for name, value in facts.items():
        check = _text if kind == "found" else CHECKS.get(name, _any)
        right, fine = check(value)
        if not fine:
            wrong.append(f"`{name[:40]}` is not what it should be")
        if right is not None:
            checked[name] = right
    return Entry(float(cast("float", at)), kind, checked, place), wrong


Checked = tuple[Any, bool]
"""(usable part of a value, or None; True if that is all of it)."""


def _within(value: object, most: float) -> bool:
    """Neither is NaN, nor what is infinite."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _text(value: object) -> Checked:
    """JSON may hold half a character, which no file and no terminal takes: it is shown by its number."""
    if not isinstance(value, str):
        return None, False
    right = value.encode(errors="backslashreplace").decode()
    return right, right == value


def _number(value: object) -> Checked:
    return (value, True) if _count(value) else (None, False)


def _seconds(value: object) -> Checked:
    return (float(cast("float", value)), True) if _within(value, MAX_SECONDS) else (None, False)


def _any(value: object) -> Checked:
    """Accept any value: a fact that only a later version uses."""
    return value, True


def _list(value: object) -> Checked:
    if not isinstance(value, list):
        return None, False
    each = [_text(one) for one in cast("list[object]", value)]
    return [right for right, fine in each if fine], all(fine for _, fine in each)


def _by_name(check: Callable[[object], Checked]) -> Callable[[object], Checked]:
    def named(value: object) -> Checked:
        if not isinstance(value, dict):
            return None, False
        each = {name: check(one) for name, one in cast("dict[str, object]", value).items()}
        known = {_text(name)[0]: right for name, (right, fine) in each.items() if fine}
        return known, all(fine and _text(name)[1] for name, (_, fine) in each.items())

    return named


def _figures(value: object) -> Checked:
    """Numbers by name, and groups of them; other values are left out."""
    if not isinstance(value, dict):
        return None, False
    found = dict[str, Any]()
    for name, one in cast("dict[str, object]", value).items():
        if _within(one, 2**53):
            found[name] = one
        elif isinstance(one, dict):
            found[name] = {key: part for key, part in cast("dict[str, object]", one).items() if _within(part, 2**53)}
    return found, True


CHECKS: dict[str, Callable[[object], Checked]] = {
    **dict.fromkeys(
        ("node", "action", "who", "reason", "step", "on", "says", "why", "by", "outcome", "address"), _text
    ),
    **dict.fromkeys(("overridden", "orders", "lost", "firewalls", "override"), _list),
    **dict.fromkeys(("found", "errors", "missed"), _by_name(_text)),
    "within": _by_name(_seconds),
    **dict.fromkeys(("visits", "writes"), _figures),
    "run": _number,
}
"""Checks by the name of a fact. In a line `found` each fact is text."""


def written(at: float, kind: str, n: int, facts: dict[str, Any]) -> bytes:
    """A line, which `parse` reads back."""
    line = json.dumps({"at": round(at, 3), "n": n, "kind": kind, **facts}, ensure_ascii=False)
    return line.encode(errors="backslashreplace")


def texts(value: object) -> Iterator[str]:
    """The texts of a list that was checked; none where it is missing."""
    return iter(cast("list[str]", value) if isinstance(value, list) else [])
