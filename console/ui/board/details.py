"""The selected node in words: since when and why it is out, what is not as it should be, and why unknown."""

from console.health import Kind
from console.health.facts.fitness import CLEAN_LOOKS, fit, unfit
from console.health.facts.membership import Place, config_of, memberships, place
from console.operations.may_go import may_go
from console.probes.snapshot import Known
from console.ui.board.view import BoardView
from console.ui.lines import Line, Piece, flow, line, moment, wrapped
from console.words import ages, words
from console.words.ages import span

KINDS = (Kind.MIXED, Kind.DOWN, Kind.UNRESOLVED, Kind.AGENT)
"""Findings about the pools that are said of the selected node."""


def out_since(sight: BoardView, node: str) -> str:
    """Who took a node out, when and why, in a few words; nothing when it is in."""
    where = place(sight.picture, node)
    if where not in (Place.OUT, Place.MIXED):
        return ""
    record = sight.out.get(node)
    out = "out" if where is Place.OUT else "partly out"
    kept = ", kept in config.xml" if all(one.out_later for one in memberships(sight.picture, node)) else ""
    if record is None:
        return out + kept
    reason = f": {record.first('reason')}" if record.first("reason") else ""
    who = record.first("who")
    return f"{out} since {moment(record.begun, sight.now)} by {record.operation}{kept} ({who}){reason}"


def details(sight: BoardView, most: int) -> list[Line]:
    """At most so many lines, what matters most first."""
    if most <= 0 or not sight.selected:
        return []
    firewall = sight.selected in {view.name for view in sight.picture.firewalls}
    if firewall:
        lines = [*_may_go(sight, most), *_firewall(sight)]
    else:
        first, *rest = _wrong(sight)
        lines = [*_out(sight), *first, *_may_go(sight, most), *(line for each in rest for line in each)]
        lines += [*_pools(sight), *_figures(sight)]
    if not lines:
        return []
    kept = lines if len(lines) <= most else lines[:most]
    first, *rest = [line(Piece("   "), *one.pieces).cut(sight.width) for one in kept]
    named = line(Piece(f" {sight.selected}: ", "head"), *kept[0].pieces).cut(sight.width)
    return [named, *rest] if first else []


def _may_go(sight: BoardView, most: int) -> list[Line]:
    """Whether it may be lost now, and what would be left."""
    spare = may_go(sight.picture, sight.selected)
    if sight.asking or spare.gone:
        return []
    style = "unknown" if spare.may is None else "ok" if spare.may else "warn"
    says = spare.says.removeprefix(f"{spare.name} ")
    return wrapped(says, sight.width - 12, style=style, most=1 if most <= 3 else most - 2, more=" enter")


def _out(sight: BoardView) -> list[Line]:
    node = sight.selected
    text = out_since(sight, node)
    if not text:
        return []
    if node not in sight.out:
        said = [config.revision for view in sight.picture.firewalls if (config := config_of(sight.picture, view.name))]
        text += f"; not by a run in this journal; config.xml was last changed by: {said[0]}" if said else ""
    return wrapped(text, sight.width - 12, style="note", most=2)


def _firewall(sight: BoardView) -> list[Line]:
    """What is wrong with a firewall, then its figures."""
    view = sight.picture.firewall(sight.selected)
    lines: list[Line] = []
    for one in sight.findings:
        if sight.selected in one.machines and one is not sight.findings[0]:
            lines += wrapped(f"{words.finding(one.level).mark} {one.says}", sight.width - 12, rest="  ", most=2)
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
    figures = flow(parts, sight.width - 12, indent="")
    return [*lines, *(Line(tuple(Piece(one.text, "dim") for one in each.pieces)) for each in figures)]


def _wrong(sight: BoardView) -> list[list[Line]]:
    """What makes it unfit, and where the pools disagree: the lines of each sentence."""
    looks = 1 if place(sight.picture, sight.selected) is Place.IN else CLEAN_LOOKS
    said = [*unfit(sight.picture, sight.selected, looks)] if not sight.asking else []
    mine = [one for one in sight.findings if one.machine == sight.selected and one.kind in KINDS]
    mine = [one for one in mine if one.says != sight.verdict.says]
    sentences = [*(one.says for one in mine), *said]
    if not sentences:
        says = "asking" if sight.asking else f"fit to serve: {fit(sight.picture.cluster)}"
        return [[line(Piece(says, "dim" if sight.asking else "ok"))]]
    return [wrapped(f"{words.WARN} {says}", sight.width - 12, rest="  ", style="warn", most=2) for says in sentences]


def _pools(sight: BoardView) -> list[Line]:
    """Each pool by itself where they differ: on a firewall, between the two, or from config.xml."""
    groups: list[list[str | Piece | words.Word]] = []
    states = {one.admin for m in memberships(sight.picture, sight.selected) for one in m.now or ()}
    for one in memberships(sight.picture, sight.selected):
        pools = {server.pool: words.server(server) for server in one.now or ()}
        if len(set(pools.values())) > 1 or len(states) > 1:
            for pool, word in pools.items():
                groups.append([f"{one.firewall} {pool} ", word])
        if one.out_now is not None and one.out_later is not None and one.out_now != one.out_later:
            groups.append([f"{one.firewall} config.xml ", words.later(one)])
    return flow(groups, sight.width - 12, indent="")


def _figures(sight: BoardView) -> list[Line]:
    """The figures that have no column when room is short."""
    view = sight.picture.node(sight.selected)
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
    lines = flow(parts, sight.width - 12, indent="")
    return [Line(tuple(Piece(one.text, "dim") for one in each.pieces)) for each in lines]
