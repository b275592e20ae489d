"""The whole screen of one cluster as lines: how the room is shared out. Nothing essential is lost at 80x24."""

from console.ui.lines import BLANK, Line
from console.ui.widgets.details import details
from console.ui.widgets.events import events
from console.ui.widgets.explained import meaning
from console.ui.widgets.firewalls import addresses, firewalls
from console.ui.widgets.nodes import has_notes, table
from console.ui.widgets.notes import beneath
from console.ui.widgets.run import open_runs, panel, silent
from console.ui.widgets.sight import Sight
from console.ui.widgets.tiny import tiny
from console.ui.widgets.top import layers, may_go, others, verdict

LEAST_WIDTH, LEAST_HEIGHT = 60, 14


def board(sight: Sight) -> list[Line]:
    """At most `sight.height` lines of `sight.width` cells, without the keys."""
    if sight.width < LEAST_WIDTH or sight.height < LEAST_HEIGHT:
        return tiny(sight)
    airy = [BLANK] if sight.height >= 30 else []
    said = [*verdict(sight), *may_go(sight)]
    head = [*said, *layers(sight), *[BLANK] * ((2 if sight.height >= 20 else 1) - len(said))]
    rows = [*addresses(sight), *firewalls(sight), *airy, *table(sight)]
    room = sight.height - len(head) - len(rows) - 2 * len(airy)
    run = _run(sight, room)
    below = [] if has_notes(sight) else beneath(sight, min(3, room - len(run) - 4))
    told = _details(sight, max(0, min(room - len(run) - len(below), 3 if sight.height < 30 else 6)))
    room -= len(run) + len(below) + len(told)
    also = others(sight, max(0, min(12, (room - 1) // 2)))
    room -= len(also)
    return [*head, *rows, *below, *told, *airy, *run, *also, *airy, *events(sight, room)][: sight.height]


def _details(sight: Sight, most: int) -> list[Line]:
    """The selected row in words; as many lines for every row, so that nothing below moves."""
    lines = details(sight, most) if sight.selected else meaning(sight, most)
    return [*lines, *[BLANK] * (min(most, 4) - len(lines))]


def _run(sight: Sight, room: int) -> list[Line]:
    most = max(min(4, room), room - 5) if sight.height < 29 else max(0, room - 12)
    shown = panel(sight.run, sight.width, min(most, 16), sight.now) if sight.run else []
    room = min(3, most - len(shown))
    waiting = open_runs(sight.open, sight.width, room, sight.now, silent(sight.picture), sight.elsewhere)
    return [*waiting, *shown]
