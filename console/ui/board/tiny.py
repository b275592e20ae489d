"""The board where there is hardly any room: the verdict, what else is wrong, and a few cells for each machine."""

from console.probes.snapshot import Known
from console.ui.board.firewalls import roles
from console.ui.board.nodes import compact
from console.ui.board.run import abroad, open_runs, panel, unread
from console.ui.board.top import may_go, others, top
from console.ui.board.view import BoardView
from console.ui.lines import Line, Piece, line
from console.words import words


def tiny(board: BoardView) -> list[Line]:
    """At most `board.height` lines of `board.width` cells."""
    lines = top(board, 1)
    rows = [*_firewalls(board), *_nodes(board), *_run(board)]
    head = lines[: max(2, min(len(lines), board.height - len(rows)))]
    rest = [*may_go(board).least, *others(board, max(0, board.height - len(head) - len(rows) - 1))]
    return [*head, *rows, *rest][: board.height]


def _run(board: BoardView) -> list[Line]:
    """The run in a line, or the first that is open."""
    shown = panel(board.run, board.width, 1, board.now) if board.run else []
    return shown or waiting(board, 1)


def waiting(board: BoardView, most: int) -> list[Line]:
    """Journals that can't be read, then open runs, in at most so many lines."""
    here = board.run if board.run and not board.run.ended else None
    lines = unread(board.unread, board.width)[: max(0, most)]
    room = most - len(lines)
    lines += open_runs(board.open, board.picture, board.width, room, board.now, board.elsewhere, here)
    others = () if board.elsewhere else board.abroad
    return [*lines, *(one for message in others for one in abroad(message, board.width))][: max(0, most)]


def _firewalls(board: BoardView) -> list[Line]:
    lines: list[Line] = []
    for view in board.picture.firewalls:
        if isinstance(view.carp, Known):
            found = [words.role(role or None, view.carp.value.allow) for role in roles(board, view.carp.value)]
        else:
            found = [words.unknown(view.carp)]
        shown = [words.aged(word) if board.aging(view.carp) else word for word in found]
        lines.append(_row(board, view.name, shown))
    return lines


def _nodes(board: BoardView) -> list[Line]:
    return [_row(board, view.name, compact(board, view)) for view in board.picture.nodes]


def _row(board: BoardView, name: str, shown: list[words.Word]) -> Line:
    here = name == board.picked
    parts = [part for word in shown for part in (Piece(" "), Piece(word.text, word.style))]
    lead = Piece(("►" if here else " ") + name[:12], "head")
    return line(lead, *parts, fill="selected" if here else "", row=name).cut(board.width)
