"""The last hours of a node as rows of bars, and below them where something happened."""

from collections.abc import Iterable
from math import ceil

from textual.renderables.sparkline import Sparkline

from console.session.runner import Note
from console.session.trends import STEP, Trend, Values
from console.text import span
from console.ui.lines import Line, Piece, line
from console.words import words

NAME, FIGURE = 8, 7
LEAST = 10
"""Cells of bars below which nothing is drawn."""


def trend_lines(trend: Trend, node: str, notes: Iterable[Note], width: int) -> list[Line]:
    """A row for each figure: its name, its newest value, its bars, all of one scale from 0 to its highest."""
    length = max((len(values) for values in trend.figures.values()), default=0)
    room = width - NAME - FIGURE - 3
    if not length or room < LEAST:
        return []
    each = ceil(length / room)
    lines = [line(Piece(f" the last {span(length * STEP)}", "head"), Piece("   highest in each cell", "dim"))]
    for name, values in trend.figures.items():
        if any(value is not None for value in values):
            lines.append(line(Piece(f" {name:<{NAME}}", "dim"), f"{_figure(values):>{FIGURE}} ", _bars(values, each)))
    happened = _marks(trend, node, notes, each, ceil(length / each))
    return [*lines, line(Piece(f" {'happened':<{NAME}}", "dim"), " " * (FIGURE + 1), *happened)]


def _figure(values: Values) -> str:
    newest = values[-1]
    return "?" if newest is None else f"{newest:.1f}" if newest < 10 and newest % 1 else f"{newest:.0f}"


def _bars(values: Values, each: int) -> Piece:
    """A blank where nothing was known."""
    cells = [_highest(values[max(0, end - each) : end]) for end in range(len(values), 0, -each)][::-1]
    top = max((cell for cell in cells if cell is not None), default=0.0) or 1.0
    steps = len(Sparkline.BARS) - 1
    return Piece("".join(" " if one is None else Sparkline.BARS[round(one / top * steps)] for one in cells), "note")


def _highest(values: Values) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _marks(trend: Trend, node: str, notes: Iterable[Note], each: int, count: int) -> list[Piece]:
    """The mark of what happened to a node, in the cell of its time; of several the last."""
    cells = [Piece(" ")] * count
    for note in notes:
        back = int((trend.end - note.at) // (STEP * each))
        if note.target == node and 0 <= back < count:
            word = words.event(note.step)
            cells[count - 1 - back] = Piece(word.mark[:1] or " ", word.style)
    return cells
