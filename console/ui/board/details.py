"""The selected node in words: since when and why it is out, what is not as it should be, and why unknown."""

from console.health import Kind
from console.health.facts.fitness import CLEAN_LOOKS, fit, unfit
from console.health.facts.holds import by, held, over, until
from console.health.facts.membership import Place, config_of, memberships, place
from console.operations.may_go import may_go
from console.probes.snapshot import Known
from console.ui.board.view import BoardView
from console.ui.lines import Line, Piece, flow, line, moment, wrapped
from console.words import ages, words
from console.words.ages import span

KINDS = (Kind.MIXED, Kind.DOWN, Kind.UNRESOLVED, Kind.AGENT)
"""Findings about the pools that are said of the selected node."""


def out_since(board: BoardView, node: str) -> str:
    """A few words: who took a node out, when and why; "" when it is in."""
    where = place(board.picture, node)
    if where not in (Place.OUT, Place.MIXED):
        return ""
    if hold := held(board.picture, node):
        ended = ", which has ended" if over(board.picture, hold) else ""
        return f"held out {until(hold)}{ended}, {by(hold)}"
    record = board.out.get(node)
    out = "out" if where is Place.OUT else "partly out"
    kept = ", kept in config.xml" if all(one.out_in_config for one in memberships(board.picture, node)) else ""
    if record is None:
        return out + kept
    reason = f": {record.first('reason')}" if record.first("reason") else ""
    who = record.first("who")
    return f"{out} since {moment(record.begun, board.now)} by {record.operation}{kept} ({who}){reason}"


def details(board: BoardView, most: int) -> list[Line]:
    """At most so many lines, the most important first."""
    if most <= 0 or not board.selected:
        return []
    firewall = board.selected in {view.name for view in board.picture.firewalls}
    if firewall:
        lines = [*_may_go(board, most), *_firewall(board)]
    else:
        first, *rest = _wrong(board)
        lines = [*_out(board), *first, *_may_go(board, most), *(line for each in rest for line in each)]
        lines += [*_pools(board), *_figures(board)]
    if not lines:
        return []
    kept = lines if len(lines) <= most else lines[:most]
    first, *rest = [line(Piece("   "), *one.pieces).cut(board.width) for one in kept]
    named = line(Piece(f" {board.selected}: ", "head"), *kept[0].pieces).cut(board.width)
    return [named, *rest] if first else []


def _may_go(board: BoardView, most: int) -> list[Line]:
    """The node's loss at this moment: allowed or not, and the rest of the cluster without it."""
    one = may_go(board.picture, board.selected)
    if board.asking or one.unreachable:
        return []
    style = "unknown" if one.may is None else "ok" if one.may else "warn"
    message = one.message.removeprefix(f"{one.name} ")
    return wrapped(message, board.width - 12, style=style, most=1 if most <= 3 else most - 2, more=" enter")


def _out(board: BoardView) -> list[Line]:
    node = board.selected
    text = out_since(board, node)
    if not text:
        return []
    if node not in board.out and not held(board.picture, node):
        said = [config.revision for view in board.picture.firewalls if (config := config_of(board.picture, view.name))]
        text += f"; not by a run in this journal; config.xml was last changed by: {said[0]}" if said else ""
    return wrapped(text, board.width - 12, style="note", most=2)


def _firewall(board: BoardView) -> list[Line]:
    """The findings of a firewall, then its figures."""
    view = board.picture.firewall(board.selected)
    lines: list[Line] = []
    for one in board.findings:
        if board.selected in one.machines and one is not board.findings[0]:
            lines += wrapped(f"{words.finding(one.level).mark} {one.message}", board.width - 12, rest="  ", most=2)
    parts: list[list[str | Piece | words.Word]] = []
    if isinstance(view.box, Known):
        box = view.box.value
        parts.append([f"pfSense {box.version}"])
        if box.states is not None:
            parts.append([f"{box.states} states"])
    if isinstance(view.carp, Known) and view.carp.value.uptime is not None:
        parts.append([f"up {span(view.carp.value.uptime)}"])
    if isinstance(view.carp, Known):
        parts.append([f"pfsync {view.carp.value.pfsync or 'has no interface'}"])
        for one in view.carp.value.vhids:
            parts.append([f"{one.interface} vhid {one.vhid} {one.role} advskew {one.advskew}"])
    figures = flow(parts, board.width - 12, indent="")
    return [*lines, *(Line(tuple(Piece(one.text, "dim") for one in each.pieces)) for each in figures)]


def _wrong(board: BoardView) -> list[list[Line]]:
    """Reasons why a node is unfit, and disagreements of the pools: the lines of each sentence."""
    looks = 1 if place(board.picture, board.selected) is Place.IN else CLEAN_LOOKS
    said = [*unfit(board.picture, board.selected, looks)] if not board.asking else []
    mine = [one for one in board.findings if one.machine == board.selected and one.kind in KINDS]
    sentences = [*(one.message for one in mine), *said]
    if not sentences:
        message = "asking" if board.asking else f"fit to serve: {fit(board.picture.cluster)}"
        return [[line(Piece(message, "dim" if board.asking else "ok"))]]
    return [
        wrapped(f"{words.WARN} {message}", board.width - 12, rest="  ", style="warn", most=2) for message in sentences
    ]


def _pools(board: BoardView) -> list[Line]:
    """Each pool by itself where they differ: on a firewall, between the two, or from config.xml."""
    groups: list[list[str | Piece | words.Word]] = []
    states = {one.admin for m in memberships(board.picture, board.selected) for one in m.runtime or ()}
    for one in memberships(board.picture, board.selected):
        pools = {server.pool: words.server(server) for server in one.runtime or ()}
        if len(set(pools.values())) > 1 or len(states) > 1:
            for pool, word in pools.items():
                groups.append([f"{one.firewall} {pool} ", word])
        if one.out_at_runtime is not None and one.out_in_config is not None and one.out_at_runtime != one.out_in_config:
            groups.append([f"{one.firewall} config.xml ", words.configured(one)])
    return flow(groups, board.width - 12, indent="")


def _figures(board: BoardView) -> list[Line]:
    """The figures that have no column when room is short."""
    view = board.picture.node(board.selected)
    parts: list[list[str | Piece | words.Word]] = []
    if isinstance(view.host, Known):
        host = view.host.value
        parts.append([f"load {host.load:.1f} of {host.cores} cores"])
        parts.append([f"up {span(host.uptime)}"])
    if isinstance(view.site, Known):
        parts.append([f"check URL HTTP {view.site.value.status} in {ages.took(view.site.value.seconds)}"])
    if isinstance(view.apache, Known):
        apache = view.apache.value
        parts.append([f"Apache {apache.busy} busy, {apache.idle} idle of {apache.slots}"])
    if isinstance(view.galera, Known) and view.galera.value.commits_per_second is not None:
        parts.append([f"{view.galera.value.commits_per_second:.0f} commits/s"])
    lines = flow(parts, board.width - 12, indent="")
    return [Line(tuple(Piece(one.text, "dim") for one in each.pieces)) for each in lines]
