"""Objections to a move of MySQL's writer: whoever is to write must be proven, on every node's own HAProxy."""

from collections.abc import Iterator
from functools import wraps

from console.health.facts.fitness import mysql_unfit
from console.health.facts.writer import address_of, in_order, named, running, sessions, spares, targets, writes, writing
from console.inventory.addresses import same
from console.operations.effects import STOPS, Effect, Effects
from console.operations.guards.failover import Check
from console.operations.guards.objection import Guard, Objection, Override
from console.probes.database.galera import Wsrep
from console.probes.database.mysql_proxy import Writer
from console.probes.snapshot import Known, NodeView, Snapshot, Unknown, asked_but_unknown
from console.text import clock, counted, doing, listed, percent

QUEUE = 10
"""Write-sets that may wait at the new writer."""
PAUSED = 0.05
"""Share of the time in which flow control may hold commits."""
FULL = 0.8
"""Share of max_connections that the new writer may have, with the sessions that are to come."""
LONG = 10
"""Seconds: a transaction that has been open for longer is not waited for."""
STOPS_MYSQL: Effects = frozenset({Effect.STOPS_DATABASE, Effect.REBOOTS})
MOVES: Effects = frozenset({Effect.MOVES_WRITER})


def heir(snapshot: Snapshot, effects: Effects, node: str) -> str | None:
    """The node that is to write: the target itself; or, where the target is the writer and goes, who comes next."""
    if Effect.TAKES_OUT in effects or effects & STOPS:
        return successor(snapshot, node) if writes(snapshot, node) else None
    return node


def successor(snapshot: Snapshot, node: str) -> str | None:
    """The first node in HAProxy's own order that is proven able to write; None where none is."""
    able = (one for one in in_order(snapshot, node) if not refused(snapshot, one))
    return next(able, None)


def refused(snapshot: Snapshot, node: str) -> tuple[str, ...]:
    """Why a node can't become the writer, whoever asks."""
    found = (one for guard in READY_TO_WRITE for one in guard(snapshot, MOVES, node))
    return tuple(one.saw for one in found if one.override is Override.NEVER)


def somebody_follows(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """A writer that goes needs a successor. One that is only drained may go on writing, if a person says so."""
    goes, stops = Effect.TAKES_OUT in effects or effects & STOPS, effects & STOPS_MYSQL
    if not writes(snapshot, node) or not goes:
        return
    if Effect.MOVES_WRITER not in effects and stops:
        saw = f"{node} is MySQL's writer"
        yield Objection(node, saw, "Move the writer to another node first", Override.NEVER)
    elif Effect.MOVES_WRITER in effects and successor(snapshot, node) is None:
        reasons = [why for one in in_order(snapshot, node) for why in refused(snapshot, one)]
        saw = f"no other node can become MySQL's writer: {'; '.join(reasons) or 'HAProxy lists none'}"
        clears = "Mend that first" if stops else f"Mend that first, or say yes: {node} goes on writing"
        yield Objection(node, saw, clears, Override.NEVER if stops else Override.CONFIRM)


def proxied(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """The writer must be chosen by HAProxy on the nodes, and be seen."""
    if heir(snapshot, effects, node) is None:
        return
    for table, there in (("mysql", snapshot.cluster.mysql), ("mysql_proxy", snapshot.cluster.mysql_proxy)):
        if there is None:
            saw = f"{snapshot.cluster.name} has no [{table}] in the inventory: its writer can't be moved from here"
            yield Objection(node, saw, "Add it if the nodes run HAProxy for MySQL", Override.NEVER)


def writer_taken(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """There is something to move."""
    if heir(snapshot, effects, node) == node and writing(snapshot) == (node,):
        yield Objection(node, f"{node} is MySQL's writer already", "There is nothing to move", Override.NEVER)


def proxies_known(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """An HAProxy that can't be told goes on sending writes to the old one: two nodes write then."""
    if heir(snapshot, effects, node) is None or snapshot.cluster.mysql_proxy is None:
        return
    for view in snapshot.nodes:
        if isinstance(view.writer, Unknown):
            saw = f"HAProxy for MySQL on {view.name} is not known{_since(view)}: {view.writer.why}"
            clears = f"Wait until it answers: until it is told, {view.name} may write elsewhere than the others"
            yield Objection(view.name, saw, clears, Override.NAME_AND_REASON)
        elif not view.writer.value.running:
            saw = f"HAProxy for MySQL does not run on {view.name}"
            clears = "Start it there first: it would start as it is configured"
            yield Objection(view.name, saw, clears, Override.CONFIRM)
    if not running(snapshot):
        yield Objection(node, "no node's HAProxy for MySQL answers", "None can be told", Override.NEVER)


def _since(view: NodeView) -> str:
    return f" since {clock(view.host.since)}" if asked_but_unknown(view.host) else ""


def reached(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """Every HAProxy must have the new writer as a server that passes its checks."""
    new = heir(snapshot, effects, node)
    for name, writer in running(snapshot).items() if new else ():
        server = writer.server(address_of(snapshot, new or ""))
        if server is None:
            saw = f"HAProxy on {name} has no server with the address of {new}"
            yield Objection(name, saw, "Add it to that backend first", Override.NEVER)
        elif not server.up and not server.status.startswith("MAINT"):
            saw = f"HAProxy on {name} finds {new} {server.status}"
            yield Objection(name, saw, f"Mend MySQL on {new} first", Override.NEVER)


def member_fit(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """The new writer is Synced in the Primary component, and takes writes."""
    new = heir(snapshot, effects, node)
    if new is None:
        return
    for reason in mysql_unfit(snapshot, new):
        yield Objection(new, reason, f"Mend MySQL on {new} first", Override.NEVER)


def keeps_up(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """The new writer has applied what the old one wrote, and holds nobody back."""
    new, member = _heir_and_member(snapshot, effects, node)
    if member and member.recv_queue >= QUEUE:
        saw = f"{counted(member.recv_queue, 'write-set')} wait to be applied on {new}"
        yield Objection(new, saw, f"Wait until fewer than {QUEUE} do", Override.NAME_AND_REASON)
    if member and member.flow_control is not None and member.flow_control >= PAUSED:
        saw = f"flow control holds commits for {percent(member.flow_control)} of the time"
        yield Objection(new, saw, "Wait until a slow node keeps up", Override.NAME_AND_REASON)


def has_room(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """The new writer has connections left for the sessions that come to it."""
    new, member = _heir_and_member(snapshot, effects, node)
    if not member:
        return
    if member.connections is None or not member.max_connections:
        saw = f"it is not known how many connections {new} has left"
        yield Objection(new, saw, "Say yes to move the writer all the same", Override.CONFIRM)
        return
    coming = member.connections + sum(sessions(snapshot, new).values())
    if coming >= FULL * member.max_connections:
        saw = f"{new} would have {coming} of {counted(member.max_connections, 'connection')}"
        override = Override.NEVER if coming >= member.max_connections else Override.NAME_AND_REASON
        yield Objection(new, saw, f"Raise max_connections on {new}, or wait", override)


def no_long_transaction(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """One that is open on the old writer goes on there, beside the new one's, or is lost."""
    new = heir(snapshot, effects, node)
    for old in writing(snapshot) if new else ():
        reading = snapshot.node(old).transactions if snapshot.cluster.has_node(old) else None
        if old == new or reading is None:
            continue
        if isinstance(reading, Unknown):
            saw = f"it is not known which transactions are open on {old}: {reading.why}"
            yield Objection(old, saw, "Wait until it is known", Override.CONFIRM)
        elif reading.value.longest >= LONG:
            saw = f"a transaction has been open on {old} for {reading.value.longest} s"
            yield Objection(old, saw, "Wait until it has ended", Override.CONFIRM)


def agreed_now(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """A move brings HAProxies together that disagree; that a person wants it so is not known."""
    if heir(snapshot, effects, node) and len(writing(snapshot)) > 1:
        each = "; ".join(f"{name} writes to {listed(targets(snapshot, name))}" for name in running(snapshot))
        saw = f"the nodes do not agree on the writer now: {each}"
        yield Objection(node, saw, "Say yes to have all of them write to one", Override.CONFIRM)


def spare_left(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """HAProxy reaches a later backup only with those before it out: they would not take over from it."""
    new = heir(snapshot, effects, node)
    if not new or not running(snapshot):
        return
    passed = {name for writer in running(snapshot).values() for name in _passed(snapshot, writer, new)}
    if passed:
        saw = f"HAProxy takes {listed(sorted(passed))} before {new}: {doing(sorted(passed), 'is', 'are')} drained too"
        yield Objection(new, saw, f"Say yes to have no spare there while {new} writes", Override.CONFIRM)
    if not spares(snapshot, new):
        saw = f"no node would take over from {new}: there is no spare"
        yield Objection(new, saw, "Say yes to write without one", Override.CONFIRM)


def _passed(snapshot: Snapshot, writer: Writer, new: str) -> Iterator[str]:
    """Nodes that are no writer now, and have to step aside for the new one."""
    address, now = address_of(snapshot, new), writer.targets
    for one in writer.before(address):
        if one.name in writer.changes(address) and not any(same(one.address, each) for each in now):
            yield named(snapshot, one.address)


def writes_elsewhere(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """Nothing stops the MySQL that some HAProxy sends writes to."""
    senders = [name for name in running(snapshot) if node in targets(snapshot, name)]
    if senders and snapshot.cluster.mysql_proxy:
        saw = f"HAProxy on {listed(senders)} sends MySQL to {node}"
        yield Objection(node, saw, "Move the writer first", Override.NEVER)


def _heir_and_member(snapshot: Snapshot, effects: Effects, node: str) -> tuple[str, Wsrep | None]:
    new = heir(snapshot, effects, node)
    reading = snapshot.node(new).galera if new else None
    return new or "", reading.value if isinstance(reading, Known) else None


PROVEN: tuple[Guard, ...] = (reached, member_fit, keeps_up, has_room)
"""Asked again by the step that moves the writer."""
READY_TO_WRITE: tuple[Guard, ...] = (proxied, proxies_known, *PROVEN, no_long_transaction, agreed_now, spare_left)


def proven(new: str) -> tuple[Guard, ...]:
    """The proof that one node can become the writer, whoever the target of the operation is."""

    def bound(guard: Guard) -> Guard:
        @wraps(guard)
        def of_new(snapshot: Snapshot, _effects: Effects, _node: str) -> Iterator[Objection]:
            return guard(snapshot, MOVES, new)

        return of_new

    return tuple(bound(guard) for guard in PROVEN)


def writer_checks(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Check]:
    """Before the writer moves. Each holds if the guards that judge it say nothing."""
    new, member = _heir_and_member(snapshot, effects, node)
    if Effect.MOVES_WRITER not in effects or not new:
        return
    open_now = [snapshot.node(old).transactions for old in writing(snapshot) if snapshot.cluster.has_node(old)]
    longest = [str(one.value.longest) if isinstance(one, Known) else "?" for one in open_now]
    queue = f"{member.state}, q{member.recv_queue}" if member else "not known"
    paused = "not known" if member is None or member.flow_control is None else percent(member.flow_control)
    used = f"{member.connections} of {member.max_connections}" if member and member.max_connections else "not known"
    agreed = f"{listed(writing(snapshot)) or 'nobody'}, {len(running(snapshot))} of {len(snapshot.nodes)}"
    rows: tuple[tuple[tuple[Guard, ...], str, str, str], ...] = (
        ((reached, member_fit, keeps_up), f"{new} is in the Primary component", queue, f"Synced, q < {QUEUE}"),
        ((keeps_up,), "nobody waits for flow control", paused, f"< {percent(PAUSED)}"),
        ((no_long_transaction,), "no long transaction", f"longest {', '.join(longest) or '?'} s", f"< {LONG} s"),
        ((proxies_known, agreed_now), "every HAProxy agrees now", agreed, "one, all"),
        ((has_room,), f"{new} has free connections", used, f"< {percent(FULL)}"),
        ((spare_left,), f"a spare behind {new}", listed(spares(snapshot, new)) or "none", "one"),
    )
    for guards, what, now, must in rows:
        yield Check(not any(list(guard(snapshot, MOVES, new)) for guard in guards), what, now, must)
