"""One row a node with its whole request path: pools, sessions, Apache, Galera, Gluster, the machine itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from console.health.facts.membership import sessions_of
from console.probes.snapshot import NodeView, Reading, Unknown
from console.ui.board.notes import joining, notes
from console.ui.board.view import BoardView
from console.ui.lines import Line, Piece, line, piece
from console.words import ages, cells, words
from console.words.ages import span
from console.words.words import Word

Cell = Callable[[BoardView, NodeView], Word]

GROWS = 8
NOTES = 20
"""Least width of the column of what else there is to know; it takes what room is left."""


@dataclass(frozen=True)
class Column:
    """`keep`: the higher, the longer it stays when room is short. `right`: numbers, of which none is ever cut."""

    title: str
    width: int
    keep: int
    cell: Cell
    right: bool = False


def table(sight: BoardView) -> list[Line]:
    """Heading and rows, in as many columns as fit."""
    chosen = columns(sight)
    name = _name_width(sight)
    titles = " ".join(_fit(one.title, one) for one in chosen)
    heading = line(Piece(" " * (name + 3) + titles), fill="heading").cut(sight.width)
    rows = [_row(sight, view, chosen, name) for view in sight.picture.nodes]
    shown = [row for row in rows if sight.wants(row.text)]
    return [heading, *(shown or [line(Piece("   no row contains that", "dim")).cut(sight.width)])]


def columns(sight: BoardView) -> list[Column]:
    """Those that fit, in their own order; what the cluster does not have is left out."""
    every = [*_pools(sight), *(_grown(sight, one) if one.right or one.cell is _wsrep else one for one in _path(sight))]
    room = sight.width - _name_width(sight) - 3
    kept = sorted(every, key=lambda one: -one.keep)
    while kept and sum(one.width + 1 for one in kept) - 1 > room:
        kept.pop()
    spare = room + 1 - sum(one.width + 1 for one in kept)
    return [replace(one, width=one.width + spare) if one.cell is _notes else one for one in every if one in kept]


def _grown(sight: BoardView, column: Column) -> Column:
    """As wide as its longest figure: one that is cut says another number. No machine's nonsense takes all the room."""
    longest = max((len(column.cell(sight, view).text) for view in sight.picture.nodes), default=0)
    return replace(column, width=min(longest, column.width + GROWS)) if longest > column.width else column


def _name_width(sight: BoardView) -> int:
    longest = max((len(view.name) for view in sight.picture.nodes), default=5)
    return min(longest, 12 if sight.width < 120 else 24)


def _fit(text: str, column: Column) -> str:
    text = text if len(text) <= column.width else text[: column.width - 1] + "…"
    return text.rjust(column.width) if column.right else text.ljust(column.width)


def _row(sight: BoardView, view: NodeView, chosen: Sequence[Column], name: int) -> Line:
    here = view.name == sight.picked
    parts = [Piece(" ►" if here else "  "), Piece(_fit(view.name, Column("", name, 0, _load)) + " ", "head")]
    for column in chosen:
        word = column.cell(sight, view)
        parts += [Piece(_fit(piece(word).text, column), word.style), Piece(" ")]
    return line(*parts[:-1], fill="selected" if here else "", row=view.name).cut(sight.width)


def compact(sight: BoardView, view: NodeView) -> list[Word]:
    """A node in as few cells as can be: its pools, Galera, its brick."""
    cells = [*(one.cell for one in _pools(sight)), *([_wsrep] if sight.picture.cluster.mysql else [])]
    cells += [_brick] if sight.picture.cluster.volumes else []
    return list(dict.fromkeys(cell(sight, view) for cell in cells))


def _pools(sight: BoardView) -> list[Column]:
    return [Column(view.name, 7, 100, _pool_cell(at)) for at, view in enumerate(sight.picture.firewalls)]


def _pool_cell(at: int) -> Cell:
    def cell(sight: BoardView, view: NodeView) -> Word:
        firewall = sight.picture.firewalls[at]
        return _aged(sight, firewall.pools, cells.pools(sight.picture, firewall, view.name))

    return cell


def _aged(sight: BoardView, reading: Reading[Any], word: Word, interval: float = 0.0) -> Word:
    return words.aged(word) if sight.old(reading, interval) else word


def _path(sight: BoardView) -> list[Column]:
    found = [
        Column("sess", 4, 90, _sessions, right=True),
        Column("req/s", 5, 60, lambda s, v: _aged(s, v.apache, words.rate(v.apache)), right=True),
        Column("busy", 7, 70, lambda s, v: _aged(s, v.apache, words.busy(v.apache)), right=True),
        Column("site", 5, 65, lambda s, v: _aged(s, v.site, words.site(v.site))),
    ]
    if sight.picture.cluster.mysql is not None:
        found += [
            Column("wsrep", 16, 95, _wsrep),
            Column("commits", 7, 55, lambda s, v: _aged(s, v.galera, words.commits(v.galera)), right=True),
        ]
    if sight.picture.cluster.volumes:
        found += [Column("brick", 8, 85, _brick), Column("heal", 4, 80, _heal, right=True)]
    return [
        *found,
        Column("load", 5, 40, _load, right=True),
        Column("up", 4, 30, _uptime, right=True),
        Column("age", 4, 99, _age, right=True),
        Column("notes", NOTES, 50, _notes),
    ]


def _sessions(sight: BoardView, view: NodeView) -> Word:
    return words.sessions(sessions_of(sight.picture, view.name))


def _wsrep(sight: BoardView, view: NodeView) -> Word:
    taking = joining(sight, view) if isinstance(view.galera, Unknown) else None
    if taking:
        return _aged(sight, view.transfer, taking, sight.picture.cluster.timings.storage)
    return _aged(sight, view.galera, words.wsrep(view.galera, len(sight.picture.nodes)))


def _brick(sight: BoardView, view: NodeView) -> Word:
    word, by_heal_info = cells.brick(sight.picture, view.name)
    return word if by_heal_info else _storage(sight, word)


def _heal(sight: BoardView, view: NodeView) -> Word:
    return _storage(sight, cells.heal(sight.picture, view.name))


def _storage(sight: BoardView, word: Word) -> Word:
    interval = sight.picture.cluster.timings.storage
    old = any(sight.old(volume.state, interval) for volume in sight.picture.volumes)
    return words.aged(word) if old else word


def _load(sight: BoardView, view: NodeView) -> Word:
    if isinstance(view.host, Unknown):
        return words.figure(view.host)
    return _aged(sight, view.host, words.load(view.host.value.load, view.host.value.cores))


def _uptime(_sight: BoardView, view: NodeView) -> Word:
    if isinstance(view.host, Unknown):
        return words.figure(view.host)
    return Word("", span(view.host.value.uptime), "text")


def _age(sight: BoardView, view: NodeView) -> Word:
    """Of what the machine said last, or since when it says nothing."""
    if isinstance(view.host, Unknown):
        lost = view.host.since
        return Word("", span(sight.now - lost), "unknown") if lost else words.NOTHING
    return ages.age(sight.now - view.host.at, sight.limit())


def _notes(sight: BoardView, view: NodeView) -> Word:
    said = notes(sight, view)
    return Word("", ", ".join(word.text for word in said), said[0].style if said else "text")


def has_notes(sight: BoardView) -> bool:
    """Whether the notes have a column; else they want lines of their own."""
    return any(one.cell is _notes for one in columns(sight))
