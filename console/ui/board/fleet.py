"""Every cluster in a row: what it is like, its nodes as marks, who is MASTER, open runs, age, and its sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.health import Level
from console.ui.fleet_row import FleetRow
from console.ui.lines import Line, Piece, fitted, line
from console.words import ages, words
from console.words.words import Word

BESIDE = 110
"""Width from which on a cluster's sentence stands in its row; else, where there is room, below it."""


@dataclass(frozen=True)
class Columns:
    """Widths, from the inventory: nothing moves when an answer comes."""

    width: int
    name: int
    nodes: int
    master: int
    number: int

    @property
    def beside(self) -> bool:
        """The sentence has room in the row."""
        return self.width >= BESIDE


def columns(width: int, names: Sequence[str], nodes: int, firewalls: Sequence[str]) -> Columns:
    """The columns, alike for all clusters."""
    name = min(max((len(one) for one in names), default=7), 14 if width < BESIDE else 24)
    master = min(max((len(one) for one in firewalls), default=6), 12)
    return Columns(width, max(7, name), max(5, min(nodes, 12)), max(6, master), max(2, len(str(len(names)))))


def heading(of: Columns) -> Line:
    """The titles of the columns."""
    text = (
        f"{'':<{of.number + 3}} {'cluster':<{of.name}} {'':<9} {'nodes':<{of.nodes}} {'MASTER':<{of.master}} runs  age"
    )
    return line(Piece(text), fill="heading").cut(of.width)


def row(one: FleetRow, number: int, here: bool, now: float, limit: float, of: Columns, beside: bool) -> Line:
    """One cluster; `beside`: with its sentence."""
    parts = [
        Piece(f" {'►' if here else ' '}{number:>{of.number}} ", "key"),
        Piece(f" {one.name:<{of.name}.{of.name}} ", "head"),
        _padded(one.word, 9),
        Piece(" "),
        *(Piece(word.mark, word.style) for word in one.nodes[: of.nodes]),
        Piece(" " * (of.nodes - min(of.nodes, len(one.nodes)) + 1)),
        _padded(one.master, of.master),
        Piece(" "),
        _padded(_runs(one), 4),
        Piece(" "),
    ]
    age = ages.age(now - one.at, limit) if one.at else Word(words.UNKNOWN, "", "unknown")
    parts.append(Piece(f"{age.text:>4}", age.style))
    left = of.width - sum(len(part.text) for part in parts) - 3
    if beside and left > 10:
        parts += [Piece("  "), Piece(fitted(one.message, left), "" if one.level else "dim")]
    return line(*parts, fill="selected" if here else "", row=str(number)).cut(of.width)


def _runs(one: FleetRow) -> Word:
    if one.running:
        return Word("►", "now", "note")
    return Word(words.WARN, f"{one.open}", "warn") if one.open else Word("", "-", "dim")


def _padded(word: Word, width: int) -> Piece:
    return Piece(f"{word.text:<{width}.{width}}", word.style)


def beneath(one: FleetRow, number: int, here: bool, of: Columns, most: int) -> list[Line]:
    """Under a row: its sentence, where it is not in it, and what may be lost."""
    message = [] if of.beside else [Piece(fitted(one.message, of.width - of.number - 6), "" if one.level else "dim")]
    may = [Piece(fitted(one.may_go, of.width - of.number - 6), "dim")] if one.may_go else []
    fill = "selected" if here else ""
    lead = " " * (of.number + 4)
    return [line(lead, part, fill=fill, row=str(number)).cut(of.width) for part in (*message, *may)][:most]


def summary(every: Sequence[FleetRow], width: int, clock: str) -> Line:
    """Counts of the clusters by verdict, worst first."""
    answered = [one for one in every if one.word.mark != words.ASKING]
    counts = [
        (words.verdict(level), sum(one.level is level for one in answered))
        for level in sorted({one.level for one in answered}, reverse=True)
    ]
    if len(answered) < len(every):
        counts.append((Word(words.ASKING, "ASKING", "unknown"), len(every) - len(answered)))
    room = max(1, width - len(clock) - 2)
    lead = f" {len(every)} clusters:  "
    ways = ("   ".join(f"{number} {word.text}" for word, number in counts),
            " ".join(f"{number}{word.mark}" for word, number in counts))  # fmt: skip
    said = next((one for one in ways if len(lead) + len(one) <= room), ways[-1])
    left = lead + said
    style = counts[0][0].style if counts and every and (answered or counts[0][1]) else "unknown"
    style = {"note": words.verdict(Level.OK).style}.get(style, style)
    return line(f"{left[:room]:<{room}} {clock} ", fill=f"bar-{style}").cut(width)
