"""The whole screen of one cluster as lines: how the room is shared out. Nothing essential is lost at 80x24."""

from console.ui.board.details import details
from console.ui.board.events import events, events_height
from console.ui.board.explained import meaning
from console.ui.board.firewalls import addresses, firewalls
from console.ui.board.large import TALL, WIDE, large
from console.ui.board.nodes import has_notes, table
from console.ui.board.notes import beneath
from console.ui.board.run import panel, unreachable
from console.ui.board.tiny import tiny, waiting
from console.ui.board.top import layers, may_go, other_findings, others, top, top_height
from console.ui.board.view import BoardView
from console.ui.lines import BLANK, Line

MIN_WIDTH, MIN_HEIGHT = 60, 14
NEWEST = 5
"""Lines of events, their heading among them, that are not given up for what is wrong now."""


def board_lines(board: BoardView) -> list[Line]:
    """At most `board.height` lines of `board.width` cells, without the keys."""
    if board.width < MIN_WIDTH or board.height < MIN_HEIGHT:
        return tiny(board)
    if board.width >= WIDE and board.height >= TALL:
        return large(board)
    airy = [BLANK] if board.height >= 30 else []
    rows = [*addresses(board), *firewalls(board), *airy, *table(board)]
    between = layers(board)
    may = may_go(board)
    head = max(top_height(board) + len(may.least) + len(between), 3 if board.height >= 20 else 2)
    room = board.height - head - len(rows) - 2 * len(airy)
    others_count = len(other_findings(board))
    hidden = min(1, others_count)  # at least that there are more, whatever a run has to say
    run = _run(board, room - hidden)
    below = [] if has_notes(board) else beneath(board, min(3, room - len(run) - 4))
    telling = max(0, min(room - len(run) - len(below), 3 if board.height < 30 else 6))
    room -= len(run) + len(below) + telling
    most = max(min(hidden, room), min(12, (room - 1) // 2))
    also = max(0, min(others_count, most))
    past = events_height(board, room - also)
    old = max(0, past - NEWEST)
    free = room - also - past + old
    # Lines that nothing needs are for sentences that would be cut, the worst first.
    said = top(board, free)
    free -= len(said) - top_height(board)
    more = len(may.whole) - len(may.least)
    reasons = may.whole if more <= free else may.least
    free -= more if more <= free else 0
    told = _details(board, telling + max(0, min(2, free - old)) * (telling > 0))
    free -= max(0, len(told) - telling)
    rest = others(board, most, free)
    above = [*said, *reasons, *between, *[BLANK] * (head - len(said) - len(reasons) - len(between)), *rows]
    lines = [*above, *below, *told, *airy, *run, *rest, *airy]
    return [*lines, *events(board, board.height - len(lines))][: board.height]


def _details(board: BoardView, most: int) -> list[Line]:
    """The selected row in words; as many lines for every row, so that nothing below moves."""
    lines = details(board, most) if board.selected else meaning(board, most)
    return [*lines, *[BLANK] * (min(most, 5) - len(lines))]


def _run(board: BoardView, room: int) -> list[Line]:
    most = max(min(4, room), room - 5) if board.height < 29 else max(0, room - 12)
    picture, at_most = board.picture, min(most, 16)
    shown = []
    if board.run:
        shown = panel(board.run, board.width, at_most, board.now, unreachable(picture), picture.visits, picture.writes)
    room = min(3, most - len(shown))
    return [*waiting(board, room), *shown]
