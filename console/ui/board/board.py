"""The whole screen of one cluster as lines: how the room is shared out. Nothing essential is lost at 80x24."""

from collections.abc import Callable

from console.ui.board.details import details
from console.ui.board.events import events
from console.ui.board.explained import meaning
from console.ui.board.firewalls import addresses, firewalls
from console.ui.board.nodes import has_notes, table
from console.ui.board.notes import beneath
from console.ui.board.run import panel, silent
from console.ui.board.tiny import tiny, waiting
from console.ui.board.top import layers, may_go, others, verdict
from console.ui.board.view import BoardView
from console.ui.lines import BLANK, Line

LEAST_WIDTH, LEAST_HEIGHT = 60, 14
NEWEST = 5
"""Lines of events, their heading among them, that are not given up for what is wrong now."""


def board(sight: BoardView) -> list[Line]:
    """At most `sight.height` lines of `sight.width` cells, without the keys."""
    if sight.width < LEAST_WIDTH or sight.height < LEAST_HEIGHT:
        return tiny(sight)
    airy = [BLANK] if sight.height >= 30 else []
    rows = [*addresses(sight), *firewalls(sight), *airy, *table(sight)]
    between = layers(sight)
    head = max(len(verdict(sight)) + len(may_go(sight)) + len(between), 2 if sight.height >= 20 else 1)
    room = sight.height - head - len(rows) - 2 * len(airy)
    hidden = len(others(sight, 1))  # at least that there are more, whatever a run has to say
    run = _run(sight, room - hidden)
    below = [] if has_notes(sight) else beneath(sight, min(3, room - len(run) - 4))
    telling = max(0, min(room - len(run) - len(below), 3 if sight.height < 30 else 6))
    room -= len(run) + len(below) + telling
    most = max(min(hidden, room), min(12, (room - 1) // 2))
    also = len(others(sight, most))
    past = len(events(sight, room - also))
    old = max(0, past - NEWEST)
    free = room - also - past + old
    # Lines that nothing needs are for sentences that would be cut, the worst first.
    said, free = _grown(lambda more: verdict(sight, more), free)
    may, free = _grown(lambda more: may_go(sight, more), free)
    told = _details(sight, telling + max(0, min(2, free - old)) * (telling > 0))
    free -= max(0, len(told) - telling)
    rest = others(sight, most, free)
    above = [*said, *may, *between, *[BLANK] * (head - len(said) - len(may) - len(between)), *rows, *below, *told]
    lines = [*above, *airy, *run, *rest, *airy]
    return [*lines, *events(sight, sight.height - len(lines))][: sight.height]


def _grown(make: Callable[[int], list[Line]], free: int) -> tuple[list[Line], int]:
    """With as many of the free lines as it needs, and what is left of them."""
    lines = make(free)
    return lines, free - (len(lines) - len(make(0)) if free else 0)


def _details(sight: BoardView, most: int) -> list[Line]:
    """The selected row in words; as many lines for every row, so that nothing below moves."""
    lines = details(sight, most) if sight.selected else meaning(sight, most)
    return [*lines, *[BLANK] * (min(most, 5) - len(lines))]


def _run(sight: BoardView, room: int) -> list[Line]:
    most = max(min(4, room), room - 5) if sight.height < 29 else max(0, room - 12)
    shown = panel(sight.run, sight.width, min(most, 16), sight.now, silent(sight.picture)) if sight.run else []
    room = min(3, most - len(shown))
    return [*waiting(sight, room), *shown]
