"""What happened, newest first; and the keys."""

from console.runner import Note
from console.ui import words
from console.ui.lines import Line, Piece, clock, fitted, line
from console.ui.widgets.sight import Sight

TOGETHER = 0.05
"""Seconds between two notes of one look."""


def told(notes: tuple[Note, ...]) -> list[Note]:
    """Without the console's own beginning, and without "over" where something else has taken its place."""
    seen = [note for note in notes if note.step == "seen"]
    return [
        note
        for note in notes
        if not note.says.endswith("not asked yet")
        and not (note.step == "over" and any(_instead(note, one) for one in seen))
    ]


def _instead(over: Note, seen: Note) -> bool:
    return seen.node == over.node and abs(over.at - seen.at) < TOGETHER


def brief(notes: tuple[Note, ...]) -> list[Note]:
    """Of our own runs only how they ended: their steps have a panel of their own, and the log tells all."""
    return [note for note in told(notes) if note.final or note.step in ("seen", "over")]


def event(note: Note, width: int) -> Line:
    """One event in a line."""
    word = words.event(note.step)
    over = "over: " if note.step == "over" else ""
    return line(Piece(f" {clock(note.at)} ", "dim"), word, " ", fitted(f"{over}{note.says}", width - 12))


def events(sight: Sight, most: int) -> list[Line]:
    """A heading and as many as there is room for."""
    if most < 2:
        return []
    notes = brief(sight.events)
    heading = line(Piece(" events, newest first"), Piece("   l shows all", "dim"), fill="heading").cut(sight.width)
    if not notes:
        return [heading, line(Piece("   none since this console was started", "dim"))]
    return [heading, *(event(note, sight.width).cut(sight.width) for note in reversed(notes[-(most - 1) :]))]


ACTING = (("d", "drain", 90), ("x", "remove", 95), ("p", "put back", 85), ("b", "reboot", 50), ("u", "undo", 80))
LOOKING = (("y", "dry run", 40), ("l", "log", 30), ("t", "theme", 10), ("?", "help", 99), ("q", "quit", 98))


def keys(sight: Sight) -> list[Line]:
    """The keys that do something now; with little room the lesser ones are only in the help."""
    running = sight.run is not None and not sight.run.ended
    ended = sight.run is not None and sight.run.ended in ("parked", "stopped")
    acting = (("s", "stop here", 96), ("u", "stop and put back", 95)) if running else ACTING
    if sight.read_only:
        acting = ()
    more = (("r", "resume", 97),) if (sight.open or ended) and not running and not sight.read_only else ()
    faults = (("f", "faults", 60),) if sight.faults else ()
    shown = [*acting, *more, *LOOKING[:1], *faults, *LOOKING[1:]]
    prefix = " READ-ONLY " if sight.read_only else ""
    while len(prefix) + sum(len(key) + len(word) + 3 for key, word, _ in shown) - 1 > sight.width and shown:
        shown.remove(min(shown, key=lambda one: one[2]))
    parts = [Piece(prefix, "bar-unknown")] if prefix else []
    for key, word, _ in shown:
        parts += [Piece(f" {key}", "key"), Piece(f" {word} ", "dim")]
    parts[-1] = Piece(parts[-1].text.rstrip(), parts[-1].style)
    return [line(*parts, fill="footer").cut(sight.width)]
