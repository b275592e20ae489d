"""The picture once, as lines of at most 80 columns, in the words and marks of the screen."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from console.health import Finding, Layer, Level, findings, site, verdict
from console.health.facts.membership import sessions_of
from console.health.verdicts import nothing_wrong
from console.inventory.cluster import Vip
from console.operations.may_go import all_may_go
from console.operations.remedy import remedy
from console.probes.question import Cadence
from console.probes.schedule import asked
from console.probes.snapshot import (
    Cause,
    FirewallView,
    Known,
    NodeView,
    Reading,
    Snapshot,
    Unknown,
    VolumeView,
    reading_of,
)
from console.text import because, dated, plain_text
from console.words import cells, words
from console.words.words import Word

WIDTH = 80
Row = Sequence[str]
WORDS = {Cause.ABSENT: "nothing listens", Cause.CUT: "broken off"}
"""Words for a reading that is not known, by a cause that is bad in itself."""


def lines(picture: Snapshot, now: float) -> Iterator[str]:
    """One cluster: the site, the worst finding, its machines, what is wrong, what is not known."""
    cluster, found = picture.cluster, findings(picture)
    title = f" ({cluster.title})" if cluster.title else ""
    state = site(picture, found)
    yield from _wrapped(f"{cluster.name}{title}  {words.site_state(state.condition).text}  ", state.message)
    yield from _wrapped("  ", f"{words.verdict(verdict(picture).level).text}  {_headline(picture, found)}")
    yield f"  {dated(now)}{_age(picture, now)}"
    yield ""
    yield from _table(
        ["firewall", *(vip.name for vip in cluster.vips), "pools", "config.xml"], _firewalls(picture, found)
    )
    heads = ["node", *(f"on {view.name}" for view in picture.firewalls)]
    yield from _table([*heads, "sess", "busy", "site", "wsrep", "brick", "heal", "load"], _nodes(picture, found))
    yield from _table(["volume", "bricks", "to heal", "split-brain"], [_volume(view) for view in picture.volumes])
    yield from _table(["vip", "address", "visitors get"], [_vip(picture, vip) for vip in cluster.vips])
    yield from _spares(picture)
    yield from _findings(picture)
    yield from _unknowns(picture)


def _headline(picture: Snapshot, found: Sequence[Finding]) -> str:
    """The worst finding, and the command that helps."""
    worst = next((one for one in found if one.level > Level.NOTE), None)
    if worst is None:
        return nothing_wrong(tuple(found))
    helps = remedy(picture, worst)
    command = f": drainboard {helps[0].name} {picture.cluster.name} {helps[1]}" if helps else ""
    return f"{worst.headline}{command}"


def _age(picture: Snapshot, now: float) -> str:
    read = [reading.at for _, _, reading in _readings(picture) if isinstance(reading, Known)]
    return f"  read within {max(0.0, now - min(read)):.0f} s" if read else "  nothing could be read"


def _readings(picture: Snapshot) -> Iterator[tuple[str, str, Reading[Any]]]:
    for question, name in asked(picture.cluster):
        yield name, f"“{question.title}”", reading_of(picture, question, name)


def _firewalls(picture: Snapshot, found: Sequence[Finding]) -> Iterator[Row]:
    for view in picture.firewalls:
        named = cells.naming(found, view.name, cells.ROLES)
        roles = [words.marked(_role(view, vip), named) for vip in picture.cluster.vips]
        yield [view.name, *(role.text for role in roles), _pools(view), _config(view)]


def _role(view: FirewallView, vip: Vip) -> Word:
    if isinstance(view.carp, Unknown):
        return words.unknown(view.carp)
    return words.role(view.carp.value.role(vip.address), view.carp.value.allow)


def _pools(view: FirewallView) -> str:
    if isinstance(view.pools, Unknown):
        return words.unknown(view.pools).text
    pools = view.pools.value
    serving = sum(server.serving for server in pools.servers)
    return f"{serving} of {len(pools.servers)} servers serve" if pools.running else "does not run"


def _config(view: FirewallView) -> str:
    if isinstance(view.config, Unknown):
        return words.unknown(view.config).text
    return "primary" if view.config.value.primary else "secondary"


def _nodes(picture: Snapshot, found: Sequence[Finding]) -> Iterator[Row]:
    for view in picture.nodes:

        def marked(word: Word, layer: Layer, of: str = view.name) -> Word:
            return words.marked(word, cells.naming(found, of, cells.LAYERS[layer]))

        places = [marked(cells.pools(picture, firewall, view.name), Layer.POOL) for firewall in picture.firewalls]
        sessions = words.sessions(sessions_of(picture, view.name))
        brick, heal = _bricks(picture, view.name)
        path = [words.busy(view.apache), marked(words.site(view.site), Layer.WEB)]
        path += [marked(_wsrep(picture, view), Layer.DATABASE), marked(brick, Layer.STORAGE), heal]
        yield [view.name, *(one.text for one in (*places, sessions, *path)), _load(view)]


def _wsrep(picture: Snapshot, view: NodeView) -> Word:
    return words.wsrep(view.galera, len(picture.nodes)) if picture.cluster.mysql else words.NOTHING


def _bricks(picture: Snapshot, node: str) -> tuple[Word, Word]:
    if not picture.volumes:
        return words.NOTHING, words.NOTHING
    return cells.brick(picture, node)[0], cells.heal(picture, node)


def _load(view: NodeView) -> str:
    if isinstance(view.host, Unknown):
        return words.unknown(view.host).text
    return f"{view.host.value.load:.1f}/{view.host.value.cores}"


def _volume(view: VolumeView) -> Row:
    if isinstance(view.state, Unknown):
        return [view.name, words.unknown(view.state).text, words.UNKNOWN, words.UNKNOWN]
    bricks = view.state.value.bricks
    online = sum(brick.reached for brick in bricks)
    split = view.split_brain.value.entries if isinstance(view.split_brain, Known) else None
    there = f"{online} of {len(bricks)}" if view.state.value.started else f"{words.BAD}stopped"
    return [view.name, there, _count(view.state.value.pending), _count(split)]


def _count(value: int | None) -> str:
    """A count in words: not counted is not 0."""
    return words.UNKNOWN if value is None else str(value)


def _vip(picture: Snapshot, vip: Vip) -> Row:
    visit = next(view.visit for view in picture.vips if view.name == vip.name)
    word = words.visit(visit, asked=vip.url is not None).text
    if isinstance(visit, Known):
        word += f" after {visit.value.seconds * 1000:.0f} ms" + (
            f" from {visit.value.node}" if visit.value.node else ""
        )
    return [vip.name, vip.address, word]


def _spares(picture: Snapshot) -> Iterator[str]:
    """Machines that can be lost now, one a line."""
    for one in all_may_go(picture):
        mark = words.OK if one.may else words.BAD if one.may is False else words.UNKNOWN
        yield from _wrapped(f"{mark} ", one.message)
    yield ""


def _findings(picture: Snapshot) -> Iterator[str]:
    found = findings(picture)
    for finding in found:
        yield from _wrapped(f"{words.finding(finding.level).mark} ", finding.message)
    if found:
        yield ""


def _unknowns(picture: Snapshot) -> Iterator[str]:
    """Every reading that is not known, those of one machine with one reason together."""
    told = " ".join(finding.message for finding in findings(picture))
    for name, names, reading in _reasons(picture):
        nothing = WORDS.get(reading.cause, "not known")
        what = f"{', '.join(names)} {nothing}" if names else "nothing is known"
        mark = words.unknown(reading).mark
        yield from _wrapped(
            f"{mark} ", f"{name}: {what}: {'as above' if _said(name, reading.why, told) else reading.why}"
        )
    seldom = [f"“{question.title}”" for question, _ in asked(picture.cluster) if question.cadence is Cadence.SELDOM]
    if seldom:
        often = f"{picture.cluster.timings.seldom / 60:.0f} min"
        yield from _wrapped("· ", f"{', '.join(dict.fromkeys(seldom))}: not asked here, the screen does every {often}")


def _said(name: str, why: str, told: str) -> bool:
    """A finding gives this reason; of a machine that it has named it says "it"."""
    return any(because(named, why) in told for named in (name, f"MySQL on {name}"))


def _reasons(picture: Snapshot) -> Iterator[tuple[str, list[str], Unknown]]:
    """Machine, readings, and one with the reason. Of a machine that says nothing the first stands for all: no names."""
    unknown: dict[str, dict[str, Unknown]] = {}
    talks: set[str] = set()
    for name, title, reading in _readings(picture):
        if isinstance(reading, Known):
            talks.add(name)
        elif reading.cause is not Cause.NOT_ASKED:
            unknown.setdefault(name, {})[title] = reading
    for name, readings in unknown.items():
        if name not in talks and len(readings) > 1:
            yield name, [], next(iter(readings.values()))
            continue
        first: dict[str, Unknown] = {}
        for one in readings.values():
            first.setdefault(one.why, one)
        for why, reading in first.items():
            yield name, [title for title, one in readings.items() if one.why == why], reading


def _wrapped(lead: str, text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=lead, subsequent_indent=" " * max(2, len(lead)))


def _table(head: Row, body: "Iterator[Row] | Sequence[Row]") -> Iterator[str]:
    """Columns as wide as they must be. Nothing where there is no row. A machine may have chosen a cell."""
    cells = [head, *([plain_text(cell, 40) or "-" for cell in row] for row in body)]
    if len(cells) == 1:
        return
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    for row in cells:
        yield " ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""
