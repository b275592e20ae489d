"""What the pools have against an action: somebody must serve, and have room for whom the node has served."""

from collections.abc import Iterator

from console.balancers.pools import Admin
from console.facts.membership import (
    Place,
    backends_of,
    master,
    membership,
    memberships,
    others_serving,
    place,
)
from console.guards.objection import Action, Objection, Override
from console.health import serving
from console.saying import listed, percent
from console.snapshot import Known, Snapshot, Unknown


def in_a_pool(snapshot: Snapshot, _action: Action, node: str) -> Iterator[Objection]:
    """The node must be a server of some pool, or there is nothing to do."""
    places = memberships(snapshot, node)
    known = [one for one in places if one.now is not None or one.later is not None]
    if known and not any(one.now or one.later for one in known):
        yield Objection(
            node,
            f"{node} is in no pool of {' or '.join(one.firewall for one in known)}",
            "Check the node's address in the inventory against the pools of the firewall",
            Override.NEVER,
        )


def somebody_serves(snapshot: Snapshot, action: Action, node: str) -> Iterator[Objection]:
    """Never the last serving member of a pool, on any firewall that carries traffic."""
    if not action.takes_out:
        return
    leading = master(snapshot)
    for view in snapshot.firewalls:
        if isinstance(view.pools, Unknown) or (leading not in (None, view.name) and not view.pools.value.running):
            continue
        for backend in backends_of(snapshot, view.name, node):
            serves = any(
                server.serving
                for server in membership(snapshot, view.name, node).now or ()
                if server.backend == backend
            )
            if serves and not others_serving(snapshot, view.name, backend, node):
                yield Objection(
                    view.name,
                    f"{node} is the last serving member of {backend} on {view.name}",
                    "Bring another node back into that pool first",
                    Override.NEVER,
                )


def one_at_a_time(snapshot: Snapshot, action: Action, node: str) -> Iterator[Objection]:
    """Never while another node is out: three nodes with one out have one to spare, with two out none."""
    if not action.takes_out:
        return
    for other in snapshot.nodes:
        if other.name != node and place(snapshot, other.name) in (Place.OUT, Place.MIXED):
            yield Objection(
                other.name,
                f"{other.name} is out of the load balancer already",
                f"Rejoin {other.name} first",
                Override.NAME_AND_REASON,
            )


def busy_without(snapshot: Snapshot, node: str) -> float | None:
    """Share of the other serving nodes' Apache workers that are busy once they have this node's visitors too; None
    when it can't be told."""
    readings = {view.name: view.apache for view in snapshot.nodes if view.name in {*serving(snapshot), node}}
    known = {name: reading.value for name, reading in readings.items() if isinstance(reading, Known)}
    slots = sum(apache.slots for name, apache in known.items() if name != node)
    if len(known) < len(readings) or not slots:
        return None
    return sum(apache.busy for apache in known.values()) / slots


def room_left(snapshot: Snapshot, action: Action, node: str) -> Iterator[Objection]:
    """The others must have workers for this node's visitors."""
    if not action.takes_out or node not in serving(snapshot):
        return
    busy = busy_without(snapshot, node)
    if busy is not None and busy >= 1:
        yield Objection(
            node,
            f"without {node} the other nodes' Apache is full: {percent(busy)} of their workers busy",
            "Wait until there are fewer visitors, or bring another node back first",
            Override.CONFIRM,
        )


def no_traffic(snapshot: Snapshot, _action: Action, node: str) -> Iterator[Objection]:
    """What is stopped must be out: on each firewall that answers, and one of these must be the one that leads."""
    places = memberships(snapshot, node)
    for one in places:
        if one.now and not one.out_now:
            yield Objection(
                one.firewall, f"{one.firewall} sends traffic to {node}", f"Drain {node} there", Override.NEVER
            )
    silent = [one.firewall for one in places if one.now is None]
    if silent and master(snapshot) is None:
        yield Objection(
            silent[0],
            f"{listed(silent)} may still send traffic to {node}: it is not known, and no other is CARP MASTER",
            "Wait until it answers",
            Override.NEVER,
        )


def really_out(snapshot: Snapshot, action: Action, node: str) -> Iterator[Objection]:
    """Putting back a node that is in is a misunderstanding worth a sentence."""
    if action in (Action.REJOIN, Action.UNDO) and place(snapshot, node) is Place.IN:
        yield Objection(node, f"{node} is in every pool already", "There is nothing to put back", Override.NEVER)


def still_in(snapshot: Snapshot, action: Action, node: str) -> Iterator[Objection]:
    """Taking out what is out would make this run the one that knows what to put back."""
    servers = [server for one in memberships(snapshot, node) for server in one.now or ()]
    maint = all(server.admin is Admin.MAINT for server in servers)
    if place(snapshot, node) is Place.OUT and (action is Action.DRAIN or (action is Action.REMOVE and maint)):
        yield Objection(
            node, f"{node} is out already", "There is nothing to take out; rejoin puts it back", Override.NEVER
        )
