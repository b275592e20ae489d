"""One row a node with its whole request path: pools, sessions, Apache, Galera, Gluster, the machine itself."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from console.health import Layer
from console.health.facts.membership import sessions_of
from console.probes.snapshot import NodeView, Reading, Unknown
from console.ui.board.notes import joins, notes
from console.ui.board.view import BoardView
from console.ui.lines import Line, Piece, line, piece
from console.words import ages, cells, words
from console.words.ages import span
from console.words.words import Word

Cell = Callable[[BoardView, NodeView], Word]

GROWS = 8
FIXED = 99
"""Columns that are always there: the pools, and the age of all that stands in the row."""
NOTES = 20
"""Least width of the notes' column; it takes all the room that is left."""


@dataclass(frozen=True)
class Column:
    """`keep`: the higher, the longer it stays when room is short. `right`: numbers, of which none is ever cut."""

    title: str
    width: int
    keep: int
    cell: Cell
    right: bool = False
    layer: Layer | None = None
    """A finding of this layer marks the cell of each node that it names."""


def table(board: BoardView) -> list[Line]:
    """Heading and rows, in as many columns as fit."""
    chosen = columns(board)
    name = _name_width(board)
    arrow = "↓" if board.downward else "↑"
    titles = " ".join(_fit(one.title + arrow * (one.title == board.sort), one) for one in chosen)
    heading = line(Piece(" " * (name + 3) + titles), fill="heading").cut(board.width)
    rows = [_row(board, view, chosen, name) for view in ordered(board)]
    shown = [row for row in rows if board.wants(row.text)]
    return [heading, *(shown or [line(Piece("   no row contains that", "dim")).cut(board.width)])]


def every_column(board: BoardView) -> list[Column]:
    """All that the cluster has a use for."""
    return [*_pools(board), *_path(board)]


ORDER = ("bad", "unknown", "warn", "note", "head", "text", "ok", "dim")
"""Styles, the worst first."""
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def ordered(board: BoardView) -> list[NodeView]:
    """The nodes by the chosen column: figures by size, states the worst first. What is not known comes last."""
    nodes = list(board.picture.nodes)
    column = next((one for one in every_column(board) if one.title == board.sort), None)
    if column is None:
        return nodes

    keys = {view.name: _key(column, column.cell(board, view)) for view in nodes}
    known = [view for view in nodes if keys[view.name] is not None]
    rest = [view for view in nodes if keys[view.name] is None]
    return [*sorted(known, key=lambda view: keys[view.name] or NOWHERE, reverse=board.downward), *rest]


NOWHERE = (0.0, "")


def _key(column: Column, word: Word) -> tuple[float, str] | None:
    """None for a figure that is not known."""
    if column.right:
        found = NUMBER.search(word.word)
        return (float(found[0]), "") if found else None
    return -float(ORDER.index(word.style) if word.style in ORDER else len(ORDER)), word.word


def columns(board: BoardView) -> list[Column]:
    """The columns that fit, in their own order, without those that a person has left out."""
    wanted = [one for one in every_column(board) if one.title not in board.hidden or one.keep >= FIXED]
    every = [_sorted(board, _grown(board, one) if one.right or one.cell is _wsrep else one) for one in wanted]
    room = board.width - _name_width(board) - 3
    kept = sorted(every, key=lambda one: -one.keep)
    while kept and sum(one.width + 1 for one in kept) - 1 > room:
        kept.pop()
    spare = room + 1 - sum(one.width + 1 for one in kept)
    return [replace(one, width=one.width + spare) if one.cell is _notes else one for one in every if one in kept]


def _sorted(board: BoardView, column: Column) -> Column:
    """The column with room for its arrow."""
    return replace(column, width=max(column.width, len(column.title) + 1)) if column.title == board.sort else column


def _grown(board: BoardView, column: Column) -> Column:
    """The column as wide as its longest figure: a figure that is cut says another number. No machine's nonsense takes
    all the room."""
    longest = max((len(column.cell(board, view).text) for view in board.picture.nodes), default=0)
    return replace(column, width=min(longest, column.width + GROWS)) if longest > column.width else column


def _name_width(board: BoardView) -> int:
    longest = max((len(view.name) for view in board.picture.nodes), default=5)
    return min(longest, 12 if board.width < 120 else 24)


def _fit(text: str, column: Column) -> str:
    text = text if len(text) <= column.width else text[: column.width - 1] + "…"
    return text.rjust(column.width) if column.right else text.ljust(column.width)


def _row(board: BoardView, view: NodeView, chosen: Sequence[Column], name: int) -> Line:
    here = view.name == board.picked
    named = words.named(board.naming(view.name))
    parts = [Piece(named.mark or " ", named.style), Piece("►" if here else " ")]
    parts.append(Piece(_fit(view.name, Column("", name, 0, _load)) + " ", named.style or "head"))
    for column in chosen:
        word = column.cell(board, view)
        if column.layer:
            word = words.marked(word, board.naming(view.name, cells.LAYERS[column.layer]))
        parts += [Piece(_fit(piece(word).text, column), word.style), Piece(" ")]
    return line(*parts[:-1], fill="selected" if here else "", row=view.name).cut(board.width)


def compact(board: BoardView, view: NodeView) -> list[Word]:
    """A node in as few cells as can be: its pools, Galera, its brick."""
    cells = [*(one.cell for one in _pools(board)), *([_wsrep] if board.picture.cluster.mysql else [])]
    cells += [_brick] if board.picture.cluster.volumes else []
    return list(dict.fromkeys(cell(board, view) for cell in cells))


def _pools(board: BoardView) -> list[Column]:
    return [
        Column(view.name, 7, 100, _pool_cell(at), layer=Layer.POOL) for at, view in enumerate(board.picture.firewalls)
    ]


def _pool_cell(at: int) -> Cell:
    def cell(board: BoardView, view: NodeView) -> Word:
        firewall = board.picture.firewalls[at]
        return _aged(board, firewall.pools, cells.pools(board.picture, firewall, view.name))

    return cell


def _aged(board: BoardView, reading: Reading[Any], word: Word, interval: float = 0.0) -> Word:
    return words.aged(word) if board.aging(reading, interval) else word


def _path(board: BoardView) -> list[Column]:
    found = [
        Column("sess", 4, 90, _sessions, right=True),
        Column("req/s", 5, 60, lambda s, v: _aged(s, v.apache, words.rate(v.apache)), right=True),
        Column("busy", 7, 70, lambda s, v: _aged(s, v.apache, words.busy(v.apache)), right=True),
        Column("site", 5, 65, lambda s, v: _aged(s, v.site, words.site(v.site)), layer=Layer.WEB),
    ]
    if board.picture.cluster.mysql is not None:
        found += [
            Column("wsrep", 16, 95, _wsrep, layer=Layer.DATABASE),
            Column("commits", 7, 55, lambda s, v: _aged(s, v.galera, words.commits(v.galera)), right=True),
        ]
    if board.picture.cluster.volumes:
        found += [Column("brick", 8, 85, _brick, layer=Layer.STORAGE), Column("heal", 4, 80, _heal, right=True)]
    return [
        *found,
        Column("load", 5, 40, _load, right=True),
        Column("up", 4, 30, _uptime, right=True),
        Column("age", 4, 99, _age, right=True),
        Column("notes", NOTES, 50, _notes),
    ]


def _sessions(board: BoardView, view: NodeView) -> Word:
    return words.sessions(sessions_of(board.picture, view.name))


def _wsrep(board: BoardView, view: NodeView) -> Word:
    taking = joins(board, view) if isinstance(view.galera, Unknown) else None
    if taking:
        return _aged(board, view.transfer, taking, board.picture.cluster.timings.storage)
    return _aged(board, view.galera, words.wsrep(view.galera, len(board.picture.nodes)))


def _brick(board: BoardView, view: NodeView) -> Word:
    word, by_heal_info = cells.brick(board.picture, view.name)
    return word if by_heal_info else _storage(board, word)


def _heal(board: BoardView, view: NodeView) -> Word:
    return _storage(board, cells.heal(board.picture, view.name))


def _storage(board: BoardView, word: Word) -> Word:
    interval = board.picture.cluster.timings.storage
    old = any(board.aging(volume.state, interval) for volume in board.picture.volumes)
    return words.aged(word) if old else word


def _load(board: BoardView, view: NodeView) -> Word:
    if isinstance(view.host, Unknown):
        return words.figure(view.host)
    return _aged(board, view.host, words.load(view.host.value.load, view.host.value.cores))


def _uptime(_board: BoardView, view: NodeView) -> Word:
    if isinstance(view.host, Unknown):
        return words.figure(view.host)
    return Word("", span(view.host.value.uptime), "text")


def _age(board: BoardView, view: NodeView) -> Word:
    """The age of the machine's last answer, or of its silence."""
    if isinstance(view.host, Unknown):
        lost = view.host.since
        return Word("", span(board.now - lost), "unknown") if lost else words.NOTHING
    return ages.age(board.now - view.host.at, board.limit())


def _notes(board: BoardView, view: NodeView) -> Word:
    said = notes(board, view)
    return Word("", ", ".join(word.text for word in said), said[0].style if said else "text")


def has_notes(board: BoardView) -> bool:
    """The notes have a column; else they want lines of their own."""
    return any(one.cell is _notes for one in columns(board))
