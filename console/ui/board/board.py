"""The whole screen of one cluster as lines: how the room is shared out. Nothing essential is lost at 80x24."""

from collections.abc import Callable
from dataclasses import replace

from console.ui.board.details import details
from console.ui.board.events import events
from console.ui.board.explained import meaning
from console.ui.board.firewalls import addresses, firewalls
from console.ui.board.nodes import has_notes, table
from console.ui.board.notes import beneath
from console.ui.board.run import panel, unreachable
from console.ui.board.tiny import tiny, waiting
from console.ui.board.top import layers, may_go, others, top
from console.ui.board.trends import trend_lines
from console.ui.board.view import BoardView
from console.ui.lines import BLANK, Line

MIN_WIDTH, MIN_HEIGHT = 60, 14
WIDE, TALL = 120, 38
"""From this size on the last hours stand beside the selected node: 120x40 without the foot."""
PAST = 54
"""Cells that they take."""
NEWEST = 5
"""Lines of events, their heading among them, that are not given up for what is wrong now."""


def board_lines(board: BoardView) -> list[Line]:
    """At most `board.height` lines of `board.width` cells, without the keys."""
    if board.width < MIN_WIDTH or board.height < MIN_HEIGHT:
        return tiny(board)
    airy = [BLANK] if board.height >= 30 else []
    rows = [*addresses(board), *firewalls(board), *airy, *table(board)]
    between = layers(board)
    head = max(len(top(board)) + len(may_go(board)) + len(between), 3 if board.height >= 20 else 2)
    room = board.height - head - len(rows) - 2 * len(airy)
    hidden = len(others(board, 1))  # at least that there are more, whatever a run has to say
    run = _run(board, room - hidden)
    below = [] if has_notes(board) else beneath(board, min(3, room - len(run) - 4))
    telling = max(0, min(room - len(run) - len(below), 3 if board.height < 30 else 6))
    room -= len(run) + len(below) + telling
    most = max(min(hidden, room), min(12, (room - 1) // 2))
    also = len(others(board, most))
    past = len(events(board, room - also))
    old = max(0, past - NEWEST)
    free = room - also - past + old
    # Lines that nothing needs are for sentences that would be cut, the worst first.
    said, free = _grown(lambda more: top(board, more), free)
    may, free = _grown(lambda more: may_go(board, more), free)
    told = _details(board, telling + max(0, min(2, free - old)) * (telling > 0))
    free -= max(0, len(told) - telling)
    told, free = _beside(board, told, free)
    rest = others(board, most, free)
    above = [*said, *may, *between, *[BLANK] * (head - len(said) - len(may) - len(between)), *rows, *below, *told]
    lines = [*above, *airy, *run, *rest, *airy]
    return [*lines, *events(board, board.height - len(lines))][: board.height]


def _grown(make: Callable[[int], list[Line]], free: int) -> tuple[list[Line], int]:
    """The lines of a block that takes as many of the free lines as it needs, and the number of free lines left."""
    lines = make(free)
    return lines, free - (len(lines) - len(make(0)) if free else 0)


def _beside(board: BoardView, told: list[Line], free: int) -> tuple[list[Line], int]:
    """The selected node in words, and its last hours to their right, where there is room."""
    if not _has_past(board):
        return told, free
    past = trend_lines(board.trends[board.selected], board.selected, board.events, PAST)
    more = len(past) - len(told)
    if more > free:
        return told, free
    left = board.width - PAST
    rows = [*told, *[BLANK] * more]
    return [
        Line((*row.cut(left).pieces, *(past[at].pieces if at < len(past) else ())), row.fill, row.row)
        for at, row in enumerate(rows)
    ], free - max(0, more)


def _has_past(board: BoardView) -> bool:
    """There is room for the last hours of the selected node, and they are known."""
    trend = board.trends.get(board.selected)
    return board.width >= WIDE and board.height >= TALL and trend is not None and any(trend.figures.values())


def _details(board: BoardView, most: int) -> list[Line]:
    """The selected row in words; as many lines for every row, so that nothing below moves."""
    board = replace(board, width=board.width - PAST) if _has_past(board) else board
    lines = details(board, most) if board.selected else meaning(board, most)
    return [*lines, *[BLANK] * (min(most, 5) - len(lines))]


def _run(board: BoardView, room: int) -> list[Line]:
    most = max(min(4, room), room - 5) if board.height < 29 else max(0, room - 12)
    picture, at_most = board.picture, min(most, 16)
    shown = []
    if board.run:
        shown = panel(board.run, board.width, at_most, board.now, unreachable(picture), picture.visits)
    room = min(3, most - len(shown))
    return [*waiting(board, room), *shown]
