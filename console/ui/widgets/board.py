"""The whole screen of one cluster as lines: how the room is shared out. Nothing essential is lost at 80x24."""

from console.snapshot import Known
from console.ui.lines import BLANK, Line, Piece, line, wrapped
from console.ui.widgets.details import details
from console.ui.widgets.events import events, keys
from console.ui.widgets.firewalls import addresses, firewalls
from console.ui.widgets.nodes import table
from console.ui.widgets.run import open_runs, panel
from console.ui.widgets.sight import Sight
from console.ui.widgets.top import others, strip, verdict

LEAST_WIDTH, LEAST_HEIGHT = 60, 15


def board(sight: Sight) -> list[Line]:
    """Exactly `sight.height` lines of exactly `sight.width` cells."""
    if sight.width < LEAST_WIDTH or sight.height < LEAST_HEIGHT:
        text = f"{sight.verdict.says}. Enlarge the window to {LEAST_WIDTH}x{LEAST_HEIGHT} to see more."
        return _filled(wrapped(text, sight.width), sight)
    said = verdict(sight)
    head = [*strip(sight), *said, *[BLANK] * ((2 if sight.height >= 20 else 1) - len(said))]
    fixed = [*addresses(sight), *firewalls(sight)]
    rows = table(sight)
    foot = [*_notice(sight), *keys(sight)]
    room = sight.height - len(head) - len(fixed) - len(rows) - len(foot)
    airy = [BLANK] if sight.height >= 30 else []
    room -= 3 * len(airy)
    run = _run(sight, room)
    told = _details(sight, max(0, min(room - len(run), 3 if sight.height < 30 else 6)))
    room -= len(run) + len(told)
    also = others(sight, max(0, min(8, (room - 1) // 2)))
    room -= len(also)
    middle = [*head, *fixed, *airy, *rows, *told, *airy, *run, *also, *airy, *events(sight, room)]
    return [*_filled(middle[: sight.height - len(foot)], sight, len(foot)), *foot]


def _details(sight: Sight, most: int) -> list[Line]:
    lines = details(sight, most)
    return [*lines, *[BLANK] * (min(most, 4) - len(lines))]


def _run(sight: Sight, room: int) -> list[Line]:
    most = max(min(4, room), room - 5) if sight.height < 30 else max(0, room - 12)
    shown = panel(sight.run, sight.width, min(most, 16), sight.now) if sight.run else []
    waiting = open_runs(sight.open, sight.width, min(3, most - len(shown)), sight.now, _silent(sight))
    return [*waiting, *shown]


def _silent(sight: Sight) -> frozenset[str]:
    return frozenset(view.name for view in sight.picture.firewalls if not isinstance(view.pools, Known))


def _notice(sight: Sight) -> list[Line]:
    return wrapped(sight.notice, sight.width - 1, " ", " ", "note", 2) if sight.notice else []


def _filled(lines: list[Line], sight: Sight, less: int = 0) -> list[Line]:
    """Cut and filled up to the screen."""
    whole = [one.cut(sight.width) for one in lines[: sight.height - less]]
    return [*whole, *[line(Piece("")).cut(sight.width)] * (sight.height - less - len(whole))]
