"""Sections of a detail screen as lines: title and age, question, answer."""

from console.probes.question import Subject
from console.probes.snapshot import Known, Snapshot, Unknown
from console.ui.detail.sections import Section, interval, source
from console.ui.detail.shapes import Row
from console.ui.lines import BLANK, Line, Piece, line, moment, piece, wrapped
from console.words import words
from console.words.ages import limit, span
from console.words.words import Word

MAX_LINES = 6
"""Values of one field, and lines of one command, that are shown before `a` asks for all."""
WIDE = 110
LABEL = 30
MIN_WIDTH = 24
"""Cells for a value beside its label; where there are fewer it stands below."""


def section(one: Section, picture: Snapshot, width: int, now: float, sudo: bool, full: bool) -> list[Line]:
    """The section of one reading."""
    asked = f"every {span(interval(picture.cluster, one.question.cadence))}"
    word, age = _age(one, picture, now)
    head = line(Piece(f" {one.title} ", "head"), word, Piece(f"{age}, {asked}", "dim"), fill="heading")
    lines = [head.cut(width), *_sources(one, picture, width, sudo, full)]
    if isinstance(one.reading, Unknown):
        since = f" since {moment(one.reading.since, now)}" if one.reading.since else ""
        mark = words.unknown(one.reading)
        text = f"{mark.text}{since}: {one.reading.why}"
        return [*lines, *wrapped(text, width - 1, "   ", "     ", mark.style), BLANK]
    return [*lines, *laid_out(one.rows, width, full, _old(one, picture, now)), BLANK]


def _old(one: Section, picture: Snapshot, now: float) -> bool:
    every = interval(picture.cluster, one.question.cadence)
    return isinstance(one.reading, Known) and now - one.reading.at > limit(every)


def _age(one: Section, picture: Snapshot, now: float) -> tuple[Word, str]:
    if isinstance(one.reading, Unknown):
        return words.unknown(one.reading), ""
    text = f"read {span(now - one.reading.at)} ago"
    return (Word(words.AGING, "old ", "unknown") if _old(one, picture, now) else Word("", "", "dim")), text


def _sources(one: Section, picture: Snapshot, width: int, sudo: bool, full: bool) -> list[Line]:
    machine = "one node" if one.question.subject in (Subject.VOLUME, Subject.DATABASE) else one.name
    lines: list[Line] = []
    for ask in one.question.asks(picture.cluster, one.name):
        text = source(ask, machine, sudo)
        for raw in text.split("\n") if full else [" ".join(text.split())]:
            lines += wrapped(raw, width - 1, "   ", "     ", "dim", 99 if full else 1)
    if len(lines) > MAX_LINES and not full:
        lines = [*lines[: MAX_LINES - 1], line(Piece(f"   and {len(lines) - MAX_LINES + 1} more: a shows all", "dim"))]
    return lines


def laid_out(rows: tuple[Row, ...], width: int, full: bool, old: bool) -> list[Line]:
    """Single values side by side where there is room, lists below each other."""
    columns = 2 if width >= WIDE else 1
    each = width // columns
    lines: list[Line] = []
    waiting: list[Piece] = []
    for row in rows:
        fits = len(row.values) == 1 and len(_label(row)) + len(row.values[0].text) < each
        if columns == 1 or not fits:
            lines += [Line(tuple(waiting))] if waiting else []
            waiting = []
            lines += _row(row, width, full, old)
            continue
        waiting += line(Piece(_label(row), "dim"), _value(row.values[0], old)).cut(each).pieces
        if sum(len(part.text) for part in waiting) > each:
            lines.append(Line(tuple(waiting)))
            waiting = []
    return [*lines, Line(tuple(waiting))] if waiting else lines


def _label(row: Row) -> str:
    """Whole, and apart from what follows; a long one takes its value along to the right."""
    return f"   {row.label:<{LABEL - 3}} "


def _value(word: Word, old: bool) -> Piece:
    return piece(words.aged(word) if old else word)


def _row(row: Row, width: int, full: bool, old: bool) -> list[Line]:
    shown = row.values if full else row.values[:MAX_LINES]
    lines: list[Line] = []
    label = _label(row)
    if width - len(label) < MIN_WIDTH:
        lines, label = wrapped(row.label, width, "   ", "   ", "dim"), " " * 5
    indent = " " * len(label)
    for at, word in enumerate(shown):
        said = _value(word, old)
        first, *rest = wrapped(said.text, width - len(label), rest="  ", style=said.style)
        lines.append(Line((Piece(indent if at else label, "dim"), *first.pieces)))
        lines += [Line((Piece(indent), *one.pieces)) for one in rest]
    if len(shown) < len(row.values):
        left = len(row.values) - len(shown)
        lines.append(line(Piece(indent + f"and {left} more: a shows all", "dim")))
    return lines
