"""The board where there is hardly any room: the verdict, what else is wrong, and a few cells for each machine."""

from console.snapshot import Known
from console.ui import words
from console.ui.lines import Line, Piece, line, wrapped
from console.ui.widgets.firewalls import roles
from console.ui.widgets.nodes import compact
from console.ui.widgets.sight import Sight
from console.ui.widgets.top import may_go, others, said


def tiny(sight: Sight) -> list[Line]:
    """At most `sight.height` lines of `sight.width` cells."""
    word, says = said(sight)
    fill = f"bar-{word.style}"
    head = [line(f" {sight.picture.cluster.name} {word.text}", fill=fill).cut(sight.width)]
    rows = [*_firewalls(sight), *_nodes(sight)]
    room = max(1, sight.height - len(head) - len(rows))
    head += [Line(one.pieces, fill).cut(sight.width) for one in wrapped(says, sight.width - 1, " ", " ", most=room)]
    rest = [*may_go(sight), *others(sight, max(0, sight.height - len(head) - len(rows) - 1))]
    return [*head, *rows, *rest][: sight.height]


def _firewalls(sight: Sight) -> list[Line]:
    lines: list[Line] = []
    for view in sight.picture.firewalls:
        if isinstance(view.carp, Known):
            found = [words.role(role or None, view.carp.value.allow) for role in roles(sight, view.carp.value)]
        else:
            found = [words.unknown(view.carp)]
        shown = [words.aged(word) if sight.old(view.carp) else word for word in found]
        lines.append(_row(sight, view.name, shown))
    return lines


def _nodes(sight: Sight) -> list[Line]:
    return [_row(sight, view.name, compact(sight, view)) for view in sight.picture.nodes]


def _row(sight: Sight, name: str, shown: list[words.Word]) -> Line:
    here = name == sight.picked
    parts = [part for word in shown for part in (Piece(" "), Piece(word.text, word.style))]
    lead = Piece(("►" if here else " ") + name[:12], "head")
    return line(lead, *parts, fill="selected" if here else "", row=name).cut(sight.width)
