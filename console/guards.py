"""What stands against an action, in sentences. A guard never says yes or no: it says what it saw, what would clear it.

The same sentence is on the screen, on the command line and in the journal. Guards look at one picture in which what is
stale has already become unknown (`snapshot.as_of`), and unknown always objects.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from console.balancers.balancer import balancer_of
from console.balancers.pools import Admin
from console.fitness import galera_without, healed, unfit
from console.health import serving
from console.membership import (
    Place,
    backends_of,
    master,
    membership,
    memberships,
    others_serving,
    place,
    primary,
)
from console.saying import clock, percent
from console.snapshot import Cause, Known, Snapshot, Unknown


class Action(Enum):
    """What a person may intend with a node."""

    DRAIN = "drain"
    REMOVE = "remove"
    REJOIN = "rejoin"
    UNDO = "undo"
    REBOOT = "reboot"

    @property
    def takes_out(self) -> bool:
        """The node gets no traffic after it, or while it runs."""
        return self in (Action.DRAIN, Action.REMOVE, Action.REBOOT)


class Override(Enum):
    """What a person must do to go on all the same."""

    NEVER = "never"
    CONFIRM = "confirm"
    """Say yes to the sentence."""
    NAME_AND_REASON = "name and reason"
    """Type the node's name and why."""


@dataclass(frozen=True)
class Objection:
    """Why not: what was seen, on which machine, and what would clear it."""

    machine: str
    saw: str
    clears: str
    override: Override

    @property
    def sentence(self) -> str:
        """The one sentence that screen, command line and journal show."""
        return f"{self.saw}. {self.clears}."


Guard = Callable[[Snapshot, Action, str], Iterator[Objection]]


def fresh_firewalls(snapshot: Snapshot, action: Action, node: str) -> Iterator[Objection]:
    """Both firewalls must have answered just now: an action that one of them missed is undone by it later."""
    silent = [
        (view.name, reading)
        for view in snapshot.firewalls
        for reading in [next((one for one in (view.pools, view.config) if isinstance(one, Unknown)), None)]
        if reading
    ]
    for name, reading in silent:
        yield Objection(
            name,
            f"{name} does not answer since {clock(reading.since)}: {reading.why}"
            if reading.cause is Cause.SILENT
            else f"{name} is not known: {reading.why}",
            "No firewall can be told; wait until one answers"
            if len(silent) == len(snapshot.firewalls)
            else missed(snapshot, action, node, name),
            Override.NEVER if len(silent) == len(snapshot.firewalls) else Override.CONFIRM,
        )


def missed(snapshot: Snapshot, action: Action, node: str, firewall: str) -> str:
    """What it means that a firewall is not told."""
    if not action.takes_out:
        return f"{firewall} keeps {node} out: resume this run as soon as {firewall} answers"
    reverts = primary(snapshot) in (None, firewall)
    sync = " and its next configuration sync will revert the other firewall" if reverts else ""
    return f"When {firewall} is back it will send traffic to {node} again{sync}: resume this run as soon as it answers"


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


def nothing_unapplied(snapshot: Snapshot, _action: Action, _node: str) -> Iterator[Objection]:
    """Changes made in the GUI and not applied would be synced and applied along with ours."""
    balancer = balancer_of(snapshot.cluster).name
    for view in snapshot.firewalls:
        if isinstance(view.pools, Known) and view.pools.value.dirty:
            yield Objection(
                view.name,
                f"{view.name} holds {balancer} changes that nobody has applied; they would go live with this one",
                "Apply or revert them in its web interface",
                Override.NAME_AND_REASON,
            )


def haproxy_runs(snapshot: Snapshot, _action: Action, _node: str) -> Iterator[Objection]:
    """A firewall without a running balancer is normal only where carpdev keeps HAProxy off the passive one."""
    balancer = balancer_of(snapshot.cluster).name
    for view in snapshot.firewalls:
        if not isinstance(view.pools, Known) or view.pools.value.running:
            continue
        carpdev = isinstance(view.config, Known) and view.config.value.carpdev
        if not carpdev or master(snapshot) in (None, view.name):
            yield Objection(
                view.name,
                f"{balancer} does not run on {view.name}",
                "Start it there, or say yes to change only its configuration",
                Override.CONFIRM,
            )


def none_lost(snapshot: Snapshot, action: Action, node: str) -> Iterator[Objection]:
    """Nothing is rebooted while another node is lost: of three with one lost none is to spare."""
    if action is not Action.REBOOT:
        return
    for other in snapshot.nodes:
        if other.name != node and isinstance(other.host, Unknown) and other.host.since:
            yield Objection(
                other.name,
                f"{other.name} does not answer since {clock(other.host.since)}: {other.host.why}",
                f"Wait until {other.name} is back",
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


def storage_whole(snapshot: Snapshot, action: Action, node: str) -> Iterator[Objection]:
    """A reboot takes a brick and a Galera member away: the rest must be whole."""
    if action is not Action.REBOOT:
        return
    for reason in galera_without(snapshot, node):
        yield Objection(node, reason, "Wait until every other node is Synced", Override.NEVER)
    for reason in healed(snapshot):
        yield Objection(node, reason, "Wait until Gluster is healed with every brick online", Override.NEVER)


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
            f"{' and '.join(silent)} may still send traffic to {node}: it is not known, and no other is CARP MASTER",
            "Wait until it answers",
            Override.NEVER,
        )


def other_bricks(snapshot: Snapshot, _action: Action, node: str) -> Iterator[Objection]:
    """Before a brick is stopped the others must be whole; one that is away already takes nothing more with it."""
    for reason in healed(snapshot, node):
        yield Objection(node, reason, "Wait until Gluster is healed with every other brick online", Override.NEVER)


def answers(snapshot: Snapshot, action: Action, node: str) -> Iterator[Objection]:
    """A node that does not answer can't be rebooted from here."""
    host = snapshot.node(node).host
    if action is Action.REBOOT and isinstance(host, Unknown):
        yield Objection(node, f"{node} does not answer: {host.why}", "Power it on or reach its console", Override.NEVER)


def fit_again(snapshot: Snapshot, action: Action, node: str) -> Iterator[Objection]:
    """Undo puts back at once what was just taken out, so one look is enough; rejoin waits for fitness instead."""
    if action is Action.UNDO:
        for reason in unfit(snapshot, node, looks=1):
            yield Objection(node, reason, "Rejoin waits for it; undo does not", Override.NAME_AND_REASON)


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


def lasts(snapshot: Snapshot, action: Action, node: str) -> Iterator[Objection]:
    """What config.xml does not know by the node's address can't be disabled there, and comes back at a reload."""
    if not action.takes_out:
        return
    for one in memberships(snapshot, node):
        known = {server.pool for server in one.later or ()}
        strange = sorted({server.pool for server in one.now or ()} - known)
        if one.later is not None and strange:
            yield Objection(
                one.firewall,
                f"config.xml of {one.firewall} has no server with the address of {node} in pool {', '.join(strange)}",
                f"{node} will be back there after a reload; give the server that address in pfSense",
                Override.CONFIRM,
            )


def same_version(snapshot: Snapshot, _action: Action, _node: str) -> Iterator[Objection]:
    """pfSense's own sync stops between versions; the HAProxy package's does not, and would carry ours across."""
    configs = {view.name: view.config.value for view in snapshot.firewalls if isinstance(view.config, Known)}
    if len({config.version for config in configs.values()}) > 1:
        told = " and ".join(f"{name} {config.version}" for name, config in configs.items())
        yield Objection(
            next(iter(configs)),
            f"the firewalls have different configuration versions ({told})",
            "Upgrade the other one first, or say yes to sync the pools between the versions",
            Override.CONFIRM,
        )


RULES: tuple[Guard, ...] = (
    fresh_firewalls,
    in_a_pool,
    somebody_serves,
    one_at_a_time,
    nothing_unapplied,
    haproxy_runs,
    lasts,
    same_version,
    fit_again,
    room_left,
)
TO_BEGIN: tuple[Guard, ...] = (none_lost, storage_whole, answers, really_out, still_in)
"""These stand against beginning, not against resuming: what an interrupted run has done already would be held against
it. A step that needs one of them asks it again."""


def objections(snapshot: Snapshot, action: Action, node: str, resumed: bool = False) -> tuple[Objection, ...]:
    """All that stands against an action now."""
    rules = RULES if resumed else RULES + TO_BEGIN
    return tuple(objection for rule in rules for objection in rule(snapshot, action, node))
