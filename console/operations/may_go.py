"""Machines that can be lost now: each in a line, with what is left without it, or why it must not be lost.

"Lost" is a power cut, or a reboot that somebody is about to start. The reasons are the guards' own sentences, and
checks that guards skip because every operation announces itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from console.health import serving
from console.health.facts.bricks import known_volumes, node_at
from console.health.facts.ist import ist_window
from console.health.facts.membership import Place, backends_of, master, others_serving, place, pools_of, roles, sending
from console.health.facts.sync import sync
from console.health.facts.takeover import carried, takes_over
from console.operations.effects import STOPS, Effect
from console.operations.guards import (
    Guard,
    all_is_listed,
    all_reachable,
    better_out,
    busy_without,
    one_at_a_time,
    room_left,
    somebody_serves,
    storage_whole,
)
from console.probes.snapshot import Cause, Known, Snapshot, Unknown, once
from console.text import because, clock, counted, doing, listed, percent

LOSS = STOPS | {Effect.TAKES_OUT}
"""The effects of the loss of a node."""
GUARDS: tuple[Guard, ...] = (somebody_serves, all_reachable, storage_whole, one_at_a_time, room_left, all_is_listed)
"""The most important first. A node that is unreachable comes before what `storage_whole` says of its MySQL and
brick."""


@dataclass(frozen=True)
class MayGo:
    """One machine. `may` None: not known, also because it does not answer."""

    name: str
    may: bool | None
    message: str
    reasons: tuple[str, ...] = ()
    unreachable: bool = False
    """It does not answer. That it is gone is one possible reason."""


def all_may_go(snapshot: Snapshot) -> tuple[MayGo, ...]:
    """Nodes, then firewalls."""
    return tuple(may_go(snapshot, view.name) for view in (*snapshot.nodes, *snapshot.firewalls))


@once
def may_go(snapshot: Snapshot, name: str) -> MayGo:
    """Judge one machine. Raises KeyError for an unknown name."""
    if name in {view.name for view in snapshot.firewalls}:
        return _firewall(snapshot, name)
    return _node(snapshot, name)


def _node(snapshot: Snapshot, name: str) -> MayGo:
    host = snapshot.node(name).host
    if isinstance(host, Unknown):
        return _unknown(name, host)
    if all(isinstance(view.pools, Unknown) for view in snapshot.firewalls):
        return MayGo(name, None, f"whether {name} can be lost is not known: no firewall tells who serves")
    reasons = [objection.saw for guard in GUARDS for objection in guard(snapshot, LOSS, name)]
    reasons = [*_half_out(snapshot, name), *reasons, *_quorum(snapshot, name), *_pools_unknown(snapshot)]
    if reasons:
        return _stays(name, reasons, better_out(snapshot, name))
    return MayGo(name, True, f"{name} can be lost: {', '.join(_remains(snapshot, name))}")


def _unknown(name: str, reading: Unknown) -> MayGo:
    if not reading.since:
        return MayGo(name, None, f"whether {name} can be lost is not known: it was not asked yet")
    if reading.cause is not Cause.SILENT:
        return MayGo(name, None, f"whether {name} can be lost is not known: {because(name, reading.why)}")
    message = f"{name} does not answer since {clock(reading.since)}: whether it is gone is not known"
    return MayGo(name, None, message, unreachable=True)


def _stays(name: str, reasons: list[str], better: str = "") -> MayGo:
    """The line says the first reason; all of them, whole, are in `reasons`. `better`: what is to be done instead."""
    each = tuple(dict.fromkeys(reasons))
    more = f" (and {len(each) - 1} more)" if len(each) > 1 else ""
    lead = f"{better}; a reboot must wait" if better else f"{name} must not be lost"
    return MayGo(name, False, f"{lead}: {_short(reasons[0])}{more}", each)


def _half_out(snapshot: Snapshot, name: str) -> Iterator[str]:
    """A node that somebody has taken out, and that still gets visitors: a person who believes it out would cut them
    off. A reboot need not ask, for it takes the node out itself."""
    sends = sending(snapshot, name)
    if sends and place(snapshot, name) is Place.MIXED:
        yield f"{name} is out only in part, and {doing(sends, 'sends', 'send')} it traffic"


def _pools_unknown(snapshot: Snapshot) -> Iterator[str]:
    """A firewall that may carry traffic, and does not say to whom."""
    lead = master(snapshot)
    for view in snapshot.firewalls:
        if isinstance(view.pools, Unknown) and lead in (None, view.name):
            yield f"who serves on {view.name} is not known: {view.pools.why}"


def _quorum(snapshot: Snapshot, name: str) -> Iterator[str]:
    """Reasons by MySQL's quorum. A member that stops cleanly leaves the others their quorum; one that is lost takes its
    vote along."""
    mine = snapshot.node(name).galera
    if snapshot.cluster.mysql is None:
        return
    if isinstance(mine, Unknown):
        yield from _unknown_vote(snapshot, name, mine)
    elif mine.value.status == "Primary" and not mine.value.tells_view:
        yield f"whether MySQL would keep its quorum is not known: {name} does not tell which members it sees"
    elif mine.value.status == "Primary" and _loses(mine.value.size):
        yield f"MySQL would lose its quorum: {_left_of(mine.value.size)} left after a power cut"


def _unknown_vote(snapshot: Snapshot, name: str, mine: Unknown) -> Iterator[str]:
    """A node whose own MySQL tells nothing may be a member with a vote, unless the others are all there are."""
    others = (view.galera for view in snapshot.nodes if view.name != name)
    told = (one.value for one in others if isinstance(one, Known) and one.value.status == "Primary")
    sizes = [member.size for member in told if member.tells_view]
    size = min(sizes, default=0)
    if not sizes:
        yield f"whether MySQL would keep its quorum is not known: {mine.why}"
    elif len(sizes) < size and _loses(size):
        yield f"MySQL may lose its quorum: {_left_of(size)} left after a power cut, if {name} is a member"


def _loses(size: int) -> bool:
    return 2 * (size - 1) <= size


def _left_of(size: int) -> str:
    return f"{size - 1} of {counted(size, 'member')}"


def _remains(snapshot: Snapshot, name: str) -> Iterator[str]:
    """The rest of the cluster without a node, layer by layer."""
    yield _pool_keeps(snapshot, name)
    if name in serving(snapshot):
        busy = busy_without(snapshot, name)
        yield (
            f"busy workers rise to {percent(busy)}"
            if busy is not None
            else "how busy the others' workers get is not known"
        )
    if snapshot.cluster.mysql:
        members = (view.galera for view in snapshot.nodes if view.name != name)
        others = [one for one in members if isinstance(one, Known) and one.value.serves]
        yield f"MySQL keeps {len(others)} of {len(snapshot.nodes)}"
    for view, volume in known_volumes(snapshot):
        rest = sum(node_at(snapshot, view, brick.host) != name for brick in volume.bricks)
        yield f"Gluster {view.name} keeps {rest} of {counted(len(volume.bricks), 'brick')}"
    if snapshot.cluster.mysql:
        yield ist_window(snapshot, name).message


_PLACES = {
    Place.IN: "its health checks fail",
    Place.OUT: "out of the pools",
    Place.MIXED: "out of some pools",
    Place.UNKNOWN: "its place in the pools is not known",
}


def _pool_keeps(snapshot: Snapshot, name: str) -> str:
    lead = master(snapshot) or next((v.name for v in snapshot.firewalls if isinstance(v.pools, Known)), None)
    if lead is None or name not in serving(snapshot):
        return f"it gets no traffic ({_PLACES[place(snapshot, name)]})" if lead else "the pools are not known"
    keeps = {
        backend: len(others_serving(snapshot, lead, backend, name)) for backend in backends_of(snapshot, lead, name)
    }
    return f"{'pool keeps' if len(keeps) == 1 else 'each pool keeps'} {min(keeps.values(), default=0)}"


def _firewall(snapshot: Snapshot, name: str) -> MayGo:
    carp = snapshot.firewall(name).carp
    if isinstance(carp, Unknown):
        return _unknown(name, carp)
    reasons = takes_over(snapshot, name)
    if reasons:
        return _stays(name, [*reasons])
    state = sync(snapshot)
    alike = "configured alike" if state.equal else f"but {state.message}"
    lead = master(snapshot)
    if lead and lead != name:
        return MayGo(name, True, f"{name} can be lost: {carried(snapshot)}")
    others = listed(view.name for view in snapshot.firewalls if view.name != name)
    return MayGo(name, True, f"{name} can be lost: {others} takes over: {_ready(snapshot, name)}, {alike}")


def _ready(snapshot: Snapshot, name: str) -> str:
    running = [
        pools for v in snapshot.firewalls if v.name != name and (pools := pools_of(snapshot, v.name)) and pools.running
    ]
    balancer = "the load balancer runs" if running else "the load balancer starts with the role (carpdev)"
    heirs = [view.carp.value for view in snapshot.firewalls if view.name != name and isinstance(view.carp, Known)]
    held = " and ".join(sorted({role for carp in heirs for role in roles(snapshot, carp)}))
    everywhere = " for every address" if " " not in held else ""
    return f"CARP {held}{everywhere}, {balancer}, every pool served"


def one_line(snapshot: Snapshot, instead: str = "") -> str:
    """The board's line: can be lost now: node1 | what is better taken out | not: node2 (why) | does not answer: node3.
    `instead`: words in place of the reasons, where there is no room for them."""
    every = all_may_go(snapshot)
    can = ", ".join(one.name for one in every if one.may)
    better = {view.name: message for view in snapshot.nodes if (message := better_out(snapshot, view.name))}
    parts = [f"can be lost now: {can or 'none'}", *better.values()]
    stay: dict[str, list[str]] = {}
    for one in every:
        if one.may is False and one.name not in better:
            stay.setdefault(instead or _short(next(iter(one.reasons), "")), []).append(one.name)
    if stay:
        parts.append("not: " + ", ".join(f"{', '.join(names)} ({why})" for why, names in stay.items()))
    unreachable = [one.name for one in every if one.unreachable]
    unknown = [one.name for one in every if one.may is None and not one.unreachable]
    if unreachable:
        parts.append(f"{'do' if len(unreachable) > 1 else 'does'} not answer: {', '.join(unreachable)}")
    return " | ".join([*parts, *([f"not known: {', '.join(unknown)}"] if unknown else [])])


def _short(reason: str) -> str:
    """A reason without the machine's own words: the machine's own line has them."""
    return reason.split(": ")[0]
