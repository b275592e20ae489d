"""Objections of the other nodes, of the database and of the storage."""

from collections.abc import Iterator

from console.health.facts.fitness import galera_without, healed, unfit, volumes_without
from console.health.facts.unlisted import What, unlisted, why_unknown
from console.operations.effects import Effects
from console.operations.guards.objection import Objection, Override, read_at
from console.probes.snapshot import Cause, Known, Snapshot, Unknown, asked_but_unknown
from console.text import because, clock


def all_reachable(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """Stop nothing while another node is unreachable, or may be: of three with one lost none is to spare."""
    for other in snapshot.nodes:
        if other.name == node or not isinstance(other.host, Unknown):
            continue
        if asked_but_unknown(other.host):
            yield not_there(other.name, other.host)
        else:
            saw = f"{other.name} was not asked yet"
            yield Objection(other.name, saw, "Wait until it answers", Override.NAME_AND_REASON)


def not_there(node: str, host: Unknown, instead: str = "") -> Objection:
    """Another node is not there. `instead`: what is better than to wait for it."""
    if host.cause is Cause.UNPROVEN or host.ours:
        what = f"{node} is proven" if host.cause is Cause.UNPROVEN else f"{node} is read again"
        clears = f"{instead}, or wait until {what}" if instead else f"Wait until {what}"
        return Objection(node, f"{node} is not known: {because(node, host.why)}", clears, Override.NAME_AND_REASON)
    return Objection(
        node,
        f"{node} does not answer since {clock(host.since)}: {because(node, host.why)}",
        f"{instead}, or wait until {node} is back" if instead else f"Wait until {node} is back",
        Override.NAME_AND_REASON,
    )


def others_synced(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """Require that the other Galera members are whole."""
    for reason in galera_without(snapshot, node):
        yield Objection(node, reason, "Wait until every other node is Synced", Override.NEVER)


def storage_whole(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """Require that the other bricks and Galera members are whole: a reboot takes one of each away."""
    yield from others_synced(snapshot, effects, node)
    read = _read(snapshot)
    for reason in healed(snapshot):
        yield Objection(node, reason, "Wait until Gluster is healed with every brick online", Override.NEVER, read)
    yield from volumes_served(snapshot, effects, node)


def volumes_served(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """Each set of each volume must be able to do without the node's bricks."""
    for reason in volumes_without(snapshot, node):
        clears = "Add bricks on other nodes, or say yes to lose the volume meanwhile"
        yield Objection(node, reason, clears, Override.NAME_AND_REASON, _read(snapshot))


def _read(snapshot: Snapshot) -> float:
    return read_at(snapshot, *(volume.state for volume in snapshot.volumes))


def other_bricks(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """Require whole bricks elsewhere before one is stopped. A brick that is offline already takes nothing more with
    it."""
    read, clears = _read(snapshot), "Wait until Gluster is healed with every other brick online"
    for reason in healed(snapshot, node):
        yield Objection(node, reason, clears, Override.NEVER, read)


def answers(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """A node that does not answer can't be rebooted from here."""
    host = snapshot.node(node).host
    if isinstance(host, Unknown):
        silent = host.cause is Cause.SILENT
        clears = "Power it on or reach its console" if silent else f"Wait until {node} itself answers"
        yield Objection(node, host.told_of(node), clears, Override.NEVER)


def all_is_listed(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """Object to services on the node that the inventory does not name: a reboot stops them too, and no guard knows
    their state."""
    if why := why_unknown(snapshot, node):
        saw = f"whether MySQL or Gluster runs on {node} is not known: {why}"
        yield Objection(node, saw, "Wait until it is known, or name both in the inventory", Override.NAME_AND_REASON)
    elif isinstance(listed := snapshot.node(node).listed, Unknown):
        saw = f"whether Gluster on {node} has volumes that the inventory does not name is not known: {listed.why}"
        yield Objection(node, saw, "Wait until it is known", Override.CONFIRM)
    for one in unlisted(snapshot, node):
        override = Override.CONFIRM if one.what is What.PROXY else Override.NAME_AND_REASON
        yield Objection(node, one.saw, one.add, override)


def elsewhere(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """Refuse to reboot the machine that this console runs on: nobody would see the end and put it back."""
    identity = snapshot.node(node).identity
    if isinstance(identity, Known) and identity.value.here:
        saw = f"this console runs on {node}"
        yield Objection(node, saw, "Reboot it from another machine", Override.NEVER)


def fit_again(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """Undo puts back at once what was just taken out, so one look is enough; rejoin waits for fitness instead."""
    for reason in unfit(snapshot, node, looks=1):
        yield Objection(node, reason, "Rejoin waits for it; undo does not", Override.NAME_AND_REASON)
