"""A large terminal: the cluster on the left, and beside it the run, what is wrong, and the events."""

from dataclasses import replace

from console.ui.board.details import details
from console.ui.board.events import events
from console.ui.board.explained import meaning
from console.ui.board.firewalls import addresses, firewalls
from console.ui.board.nodes import has_notes, ordered, table
from console.ui.board.notes import beneath
from console.ui.board.run import panel, unreachable
from console.ui.board.tiny import waiting
from console.ui.board.top import layers, may_go, rest, top
from console.ui.board.trends import trend_lines
from console.ui.board.view import BoardView
from console.ui.lines import BLANK, Line, side_by_side

WIDE, TALL = 120, 34
"""From this size on: 120x40, with room for what the last key led to."""
WIDEST, TALLEST = 180, 50
"""From this size on every node is told in full: 200x60, with the same room."""
TABLE = 105
"""Cells of a table with all its columns but the notes."""
LEAST, MOST = 40, 80
"""Cells of the right column."""
PAST = 54
"""Cells of the last hours where they stand beside the words."""
FIGURES = 9
"""Lines of the last hours where they stand below the words."""
WORDS = 12
"""Lines of words about one machine, where there is room."""
EVENTS = 6
"""Lines that findings leave to the events."""


def large(board: BoardView) -> list[Line]:
    """The site, the headline and what can be lost over the whole width, then two columns."""
    above = [*top(board, 1), *may_go(board).whole[:3], *layers(board), BLANK]
    beside = min(max(board.width - TABLE - 1, LEAST), MOST)
    width, height = board.width - beside - 1, board.height - len(above)
    all_nodes = board.width >= WIDEST and board.height >= TALLEST
    left = _cluster(replace(board, width=width), height, all_nodes)
    right = _told(replace(board, width=beside), height)
    left += [BLANK] * (height - len(left))
    return [*above, *side_by_side(left[:height], right[:height], width, board.width)]


def _cluster(board: BoardView, height: int, all_nodes: bool) -> list[Line]:
    """Addresses, firewalls, nodes, then the selected machine in words and figures; with room, each node."""
    lines = [*addresses(board), *firewalls(board), BLANK, *table(board)]
    lines += [] if has_notes(board) else beneath(board, 3)
    nodes = [view.name for view in ordered(board)] if all_nodes else []
    alone = board.picked not in nodes
    room = (height - len(lines)) // max(1, len(nodes) + alone) - 1
    chosen = [_machine(board, room) if board.selected else meaning(board, room)] if alone else []
    each = {name: _machine(replace(board, picked=name), room) for name in nodes}
    if len(lines) + sum(len(block) + 1 for block in (*chosen, *each.values())) > height and board.picked in each:
        each = {board.picked: each.pop(board.picked), **each}
    for block in (*chosen, *each.values()):
        lines += [BLANK, *block] if block else []
    return lines


def _machine(board: BoardView, room: int) -> list[Line]:
    """The selected machine in words, and its last hours to their right, or below them."""
    trend, name, most = board.trends.get(board.selected), board.selected, min(WORDS, room)
    if trend is None or not any(trend.figures.values()):
        return details(board, most)
    if board.width < 2 * PAST:
        words = details(board, max(3, min(WORDS, room - FIGURES)))
        return [*words, *trend_lines(trend, name, board.events, board.width)]
    width = board.width - PAST - 1
    past = trend_lines(trend, name, board.events, PAST)
    return side_by_side(details(replace(board, width=width), most), past, width, board.width)


def _told(board: BoardView, height: int) -> list[Line]:
    """The run, the other findings, the events."""
    lines = waiting(board, 3)
    if board.run:
        most = min(16, height // 2)
        lines += panel(
            board.run,
            board.width,
            most,
            board.now,
            unreachable(board.picture),
            board.picture.visits,
            board.picture.writes,
        )
    lines += [BLANK] * bool(lines)
    found = rest(board, height - len(lines) - EVENTS)
    lines += [*found, *[BLANK] * bool(found)]
    return [*lines, *events(board, height - len(lines), whole=True)]
