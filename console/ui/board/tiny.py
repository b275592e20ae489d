"""The board where there is hardly any room: the verdict, what else is wrong, and a few cells for each machine."""

from console.probes.snapshot import Known
from console.text import clock
from console.ui.board.firewalls import roles
from console.ui.board.nodes import compact
from console.ui.board.run import open_runs, panel, unread
from console.ui.board.top import IN_FULL, may_go, others, said
from console.ui.board.view import BoardView
from console.ui.lines import Line, Piece, line, wrapped
from console.words import words

SAID = 3
"""Lines of the verdict: the rest of it is seen with w."""


def tiny(sight: BoardView) -> list[Line]:
    """At most `sight.height` lines of `sight.width` cells."""
    word, says = said(sight)
    fill = f"bar-{word.style}"
    time = f" {clock(sight.now)} "
    head = [line(f" {sight.picture.cluster.name} {word.text}".ljust(sight.width - len(time)) + time, fill=fill)]
    rows = [*_firewalls(sight), *_nodes(sight), *_run(sight)]
    room = max(1, min(SAID, sight.height - len(head) - len(rows)))
    told = wrapped(says, sight.width - 1, " ", " ", most=room, more=IN_FULL)
    head = [one.cut(sight.width) for one in (*head, *(Line(one.pieces, fill) for one in told))]
    rest = [*may_go(sight), *others(sight, max(0, sight.height - len(head) - len(rows) - 1))]
    return [*head, *rows, *rest][: sight.height]


def _run(sight: BoardView) -> list[Line]:
    """The run in a line, or the first that is open."""
    shown = panel(sight.run, sight.width, 1, sight.now) if sight.run else []
    return shown or waiting(sight, 1)


def waiting(sight: BoardView, most: int) -> list[Line]:
    """Journals that can't be read, then open runs, in at most so many lines."""
    here = sight.run if sight.run and not sight.run.ended else None
    lines = unread(sight.unread, sight.width)[: max(0, most)]
    room = most - len(lines)
    return [*lines, *open_runs(sight.open, sight.picture, sight.width, room, sight.now, sight.elsewhere, here)]


def _firewalls(sight: BoardView) -> list[Line]:
    lines: list[Line] = []
    for view in sight.picture.firewalls:
        if isinstance(view.carp, Known):
            found = [words.role(role or None, view.carp.value.allow) for role in roles(sight, view.carp.value)]
        else:
            found = [words.unknown(view.carp)]
        shown = [words.aged(word) if sight.old(view.carp) else word for word in found]
        lines.append(_row(sight, view.name, shown))
    return lines


def _nodes(sight: BoardView) -> list[Line]:
    return [_row(sight, view.name, compact(sight, view)) for view in sight.picture.nodes]


def _row(sight: BoardView, name: str, shown: list[words.Word]) -> Line:
    here = name == sight.picked
    parts = [part for word in shown for part in (Piece(" "), Piece(word.text, word.style))]
    lead = Piece(("►" if here else " ") + name[:12], "head")
    return line(lead, *parts, fill="selected" if here else "", row=name).cut(sight.width)
