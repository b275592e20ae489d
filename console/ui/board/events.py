"""The events, newest first."""

from console import steady
from console.health.news import STEPS
from console.session.runner import Note
from console.text import zone
from console.ui.board.view import BoardView
from console.ui.lines import Line, Piece, line, moment, wrapped
from console.words import words

WHOLE = 3
"""Lines of one event that is told whole."""
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
    return _event(note, width, now, 1)[0]


def _event(note: Note, width: int, now: float, most: int) -> list[Line]:
    word = words.event(note.step)
    over = "over: " if note.step == "over" else ""
    at = moment(steady.wall(note.at), steady.wall(now))
    room = width - len(at) - 4
    first, *more = wrapped(f"{over}{note.message}", room, most=most)
    head = line(Piece(f" {at} ", "dim"), word, " ", first.text)
    return [head, *(line(" " * (len(at) + 4), one.text) for one in more)]


def events_height(board: BoardView, most: int) -> int:
    """Lines that `events` takes, a line each, of at most so many."""
    return 0 if most < 2 else min(most, 1 + max(1, len(_wanted(board))))


def _wanted(board: BoardView) -> list[Note]:
    return [note for note in brief(board.events) if board.wants(note.message)]


def events(board: BoardView, most: int, whole: bool = False) -> list[Line]:
    """A heading and as many as there is room for; a line each, or `whole`."""
    if most < 2:
        return []
    notes = _wanted(board)
    hint = f"  l shows all  {zone()}" if whole else f"   l shows all   times: {zone()}"
    heading = line(Piece(" events, newest first"), Piece(hint, "dim"), fill="heading").cut(board.width)
    if not notes:
        return [
            heading,
            line(
                Piece("   none since this console was started" if not board.filter else "   none contains that", "dim")
            ),
        ]
    lines = [heading]
    for note in reversed(notes[-(most - 1) :]):
        lines += [one.cut(board.width) for one in _event(note, board.width, board.now, WHOLE if whole else 1)]
        if len(lines) >= most:
            break
    return lines[:most]
