"""What the firewalls have against an action: they must answer, agree, run, and remember it."""

from collections.abc import Iterator

from console.balancers.balancer import balancer_of
from console.facts.membership import (
    master,
    memberships,
    primary,
)
from console.guards.objection import Action, Objection, Override, read_at
from console.saying import clock, listed
from console.snapshot import Cause, Known, Snapshot, Unknown


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


def balancer_runs(snapshot: Snapshot, _action: Action, _node: str) -> Iterator[Objection]:
    """A firewall where none runs is normal only where carpdev keeps HAProxy off the passive one."""
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


def lasts(snapshot: Snapshot, action: Action, node: str) -> Iterator[Objection]:
    """What config.xml does not know by the node's address can't be disabled there, and comes back at a reload."""
    if not action.takes_out:
        return
    for one in memberships(snapshot, node):
        known = {server.pool for server in one.later or ()}
        strange = sorted({server.pool for server in one.now or () if known.isdisjoint(server.pools)})
        if one.later is not None and strange:
            yield Objection(
                one.firewall,
                f"config.xml of {one.firewall} has no server with the address of {node} in pool {', '.join(strange)}",
                f"{node} will be back there after a reload; give the server that address in pfSense",
                Override.CONFIRM,
                read_at(snapshot, snapshot.firewall(one.firewall).config),
            )


def same_version(snapshot: Snapshot, _action: Action, _node: str) -> Iterator[Objection]:
    """pfSense's own sync stops between versions; the HAProxy package's does not, and would carry ours across."""
    configs = {view.name: view.config.value for view in snapshot.firewalls if isinstance(view.config, Known)}
    if len({config.version for config in configs.values()}) > 1:
        told = listed(f"{name} {config.version}" for name, config in configs.items())
        yield Objection(
            next(iter(configs)),
            f"the firewalls have different configuration versions ({told})",
            "Upgrade the other one first, or say yes to sync the pools between the versions",
            Override.CONFIRM,
            read_at(snapshot, *(view.config for view in snapshot.firewalls)),
        )
