"""The events, newest first."""

from console import steady
from console.health.news import STEPS
from console.session.runner import Note
from console.text import zone
from console.ui.board.view import BoardView
from console.ui.lines import Line, Piece, fitted, line, moment
from console.words import words

TOGETHER = 0.05
"""Seconds between two notes of one look."""


def without_replaced(notes: tuple[Note, ...]) -> list[Note]:
    """The notes, except an "over" whose finding another one has replaced."""
    seen = [note for note in notes if note.step == "seen"]
    return [note for note in notes if not (note.step == "over" and any(_instead(note, one) for one in seen))]


def _instead(over: Note, seen: Note) -> bool:
    return seen.target == over.target and abs(over.at - seen.at) < TOGETHER


def brief(notes: tuple[Note, ...]) -> list[Note]:
    """Leave out the steps of our own runs: these have a panel of their own, and the log tells all."""
    return [note for note in without_replaced(notes) if note.final or note.step in STEPS]


def event(note: Note, width: int, now: float) -> Line:
    """One event in a line."""
    word = words.event(note.step)
    over = "over: " if note.step == "over" else ""
    at = moment(steady.wall(note.at), steady.wall(now))
    return line(Piece(f" {at} ", "dim"), word, " ", fitted(f"{over}{note.message}", width - len(at) - 4))


def events(board: BoardView, most: int) -> list[Line]:
    """A heading and as many as there is room for."""
    if most < 2:
        return []
    notes = [note for note in brief(board.events) if board.wants(note.message)]
    heading = line(
        Piece(" events, newest first"), Piece(f"   l shows all   times: {zone()}", "dim"), fill="heading"
    ).cut(board.width)
    if not notes:
        return [
            heading,
            line(
                Piece("   none since this console was started" if not board.filter else "   none contains that", "dim")
            ),
        ]
    return [heading, *(event(note, board.width, board.now).cut(board.width) for note in reversed(notes[-(most - 1) :]))]
