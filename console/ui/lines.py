"""Lines of marked text: what every block of the screen is made of. No Textual, no state.

One character is one cell here: `harmless` sees to it, so that columns stand and a changed cell is found by counting.
"""

import textwrap
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from console.words.harmless import harmless
from console.words.words import Word


class Piece(NamedTuple):
    """Text of one style class; see `console.words.words` for the classes. `fill`: the class below it, where only a part
    of the line has one."""

    text: str
    style: str = ""
    fill: str = ""


class Line(NamedTuple):
    """One line of the screen. `fill` styles all of it, to the right edge; `row` names what can be selected there.
    `beside`: the cell at which another line begins on its right, and the row of that one."""

    pieces: tuple[Piece, ...] = ()
    fill: str = ""
    row: str = ""
    beside: tuple[int, str] | None = None

    @property
    def text(self) -> str:
        """The text without styles."""
        return "".join(piece.text for piece in self.pieces)

    def row_at(self, x: int) -> str:
        """The row at a cell."""
        return self.beside[1] if self.beside and x >= self.beside[0] else self.row

    def text_of(self, row: str) -> str:
        """The text of a row in it; "" where it holds none of that name."""
        at = self.beside[0] if self.beside else len(self.text)
        if row == self.row:
            return self.text[:at]
        return self.text[at:] if self.beside and row == self.beside[1] else ""

    def cut(self, width: int) -> "Line":
        """Exactly `width` cells; what does not fit ends in an ellipsis."""
        length = len(self.text)
        if length <= width:
            return self._replace(pieces=(*self.pieces, Piece(" " * (width - length))))
        kept: list[Piece] = []
        left = max(0, width - 1)
        for piece in self.pieces:
            kept.append(piece._replace(text=piece.text[:left]))
            left -= len(kept[-1].text)
        return self._replace(pieces=(*kept, Piece("…"[:width], "dim")))


BLANK = Line()


def side_by_side(left: Sequence[Line], right: Sequence[Line], width: int, of: int) -> list[Line]:
    """Two columns of lines: the left one of `width` cells, the right one of the rest of `of`, with a line between."""
    rows = max(len(left), len(right))
    pairs = zip([*left, *[BLANK] * (rows - len(left))], [*right, *[BLANK] * (rows - len(right))], strict=True)
    return [_joined(one.cut(width), other.cut(of - width - 1), width + 1) for one, other in pairs]


def _joined(one: Line, other: Line, at: int) -> Line:
    halves = (*(piece._replace(fill=one.fill) for piece in one.pieces), Piece("│", "dim"))
    return Line((*halves, *(piece._replace(fill=other.fill) for piece in other.pieces)), "", one.row, (at, other.row))


def line(*parts: "str | Piece | Word", fill: str = "", row: str = "") -> Line:
    """A line from text, pieces and words; each is made harmless."""
    return Line(tuple(piece(part) for part in parts if part), fill, row)


def piece(part: "str | Piece | Word") -> Piece:
    """One part of a line."""
    if isinstance(part, Word):
        return Piece(harmless(part.text), part.style)
    return Piece(harmless(part)) if isinstance(part, str) else Piece(harmless(part.text), part.style)


def wrapped(
    text: str, width: int, first: str = "", rest: str = "", style: str = "", most: int = 99, more: str = ""
) -> list[Line]:
    """A sentence over as many lines as it needs, at most `most`. `more`: what stands behind the ellipsis of one that is
    too long, such as the key that shows the rest."""
    clean = " ".join(harmless(text).split())
    width = max(width, 20)
    lines = textwrap.wrap(clean, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    if len(lines) > most:
        left = " ".join(one.strip() for one in lines[most - 1 :])
        lead = first if most == 1 else rest
        lines = [*lines[: most - 1], lead + fitted(left, width - len(lead), more)]
    return [Line((Piece(one, style),)) for one in lines or [first]]


def fitted(text: str, width: int, more: str = "") -> str:
    """A sentence in at most `width` cells. What is too long ends with a clause, not in the middle of a word, then an
    ellipsis and `more`."""
    clean = " ".join(harmless(text).split())
    if len(clean) <= width:
        return clean
    width -= len(more)
    room = clean[: max(1, width - 1)]
    ends = [room.rfind(mark) for mark in (": ", "; ", ". ", ", ")]
    end = max(ends) if max(ends) * 4 > width * 3 else max(room.rfind(" "), width // 2)
    return f"{clean[:end].rstrip()}…{more}"


def flow(
    groups: Iterable[Sequence["str | Piece | Word"]], width: int, gap: str = "  ", indent: str = " "
) -> list[Line]:
    """Groups of parts side by side, broken between groups only."""
    lines: list[list[Piece]] = []
    for group in groups:
        parts = [piece(part) for part in group if part]
        length = sum(len(part.text) for part in parts)
        if lines and sum(len(part.text) for part in lines[-1]) + len(gap) + length <= width:
            lines[-1] += [Piece(gap), *parts]
        else:
            lines.append([Piece(indent), *parts])
    return [Line(tuple(parts)) for parts in lines]


def moment(at: float, now: float) -> str:
    """Time of day, with the date where it was not today."""
    then, today = time.localtime(at), time.localtime(now)
    return time.strftime("%H:%M:%S" if then[:3] == today[:3] else "%Y-%m-%d %H:%M", then)
