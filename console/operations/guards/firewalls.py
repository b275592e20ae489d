"""Objections of the firewalls: they must answer, agree, run, and remember an operation."""

from collections.abc import Iterator

from console.health.facts.membership import config_of, master, memberships, not_configured, primary
from console.health.facts.starts import loads
from console.operations.effects import Effect, Effects
from console.operations.guards.objection import Objection, Override, read_at
from console.probes.pools.balancer import balancer_of
from console.probes.snapshot import Cause, FirewallView, Known, Snapshot, Unknown
from console.text import because, clock, listed

RESUME = "resume this run as soon as"
"""In the reason why a machine was skipped that could not be told then, and may be later."""
ANSWERS = f"{RESUME} it answers"


def fresh_firewalls(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """Require a fresh answer of both firewalls: one that misses an operation undoes it later. Refuse where none tells
    its pools. config.xml is the second source, and forbids nothing."""
    none_answers = all(isinstance(view.pools, Unknown) for view in snapshot.firewalls)
    for view in snapshot.firewalls:
        reading = next((one for one in (view.pools, view.config) if isinstance(one, Unknown)), None)
        if reading and none_answers:
            clears = "No firewall can be told; wait until one answers"
            yield Objection(view.name, _unknown(view, reading), clears, Override.NEVER)
        elif reading:
            clears = if_skipped(snapshot, effects, node, view.name)
            yield Objection(view.name, _unknown(view, reading), clears, Override.CONFIRM)


def _unknown(view: FirewallView, reading: Unknown) -> str:
    if _answers(view):
        what = f"the pools of {view.name} are" if isinstance(view.pools, Unknown) else f"config.xml of {view.name} is"
        return f"{what} not known: {reading.why}"
    if reading.cause is Cause.SILENT:
        return f"{view.name} does not answer since {clock(reading.since)}: {because(view.name, reading.why)}"
    return f"{view.name} is not known: {because(view.name, reading.why)}"


def _answers(view: FirewallView) -> bool:
    """The firewall is there, though it may not tell all: its HAProxy socket may hang while CARP answers."""
    return any(isinstance(one, Known) or one.under_way for one in (view.carp, view.pools))


def if_skipped(snapshot: Snapshot, effects: Effects, node: str, firewall: str) -> str:
    """Return the consequence of skipping a firewall. One that answers was never unreachable, so nothing there is
    reverted by its return. What is known of its config.xml may become stale while a person reads; the sentence stays
    the same."""
    view, config = snapshot.firewall(firewall), config_of(snapshot, firewall)
    pools_known = isinstance(view.pools, Known) or view.pools.under_way
    if isinstance(view.pools, Unknown) and view.pools.cause is Cause.UNPROVEN:
        until, then = "it is proven", f"{firewall} may go on sending traffic to {node}"
    elif not _answers(view):
        until, then = "it answers", f"When {firewall} is back it will send traffic to {node} again"
    elif pools_known:
        until, then = "its config.xml is known", f"{firewall} may send traffic to {node} again after its next reload"
    else:
        until, then = "its pools are known", f"{firewall} may go on sending traffic to {node}"
    if Effect.TAKES_OUT not in effects:
        then = f"{firewall} may keep {node} out{' after its next reload' if pools_known else ''}"
    elif config.primary if config else primary(snapshot) is None:
        then += " and its next configuration sync may revert the other firewall"
    return f"{then}: {RESUME} {until}"


def nothing_unapplied(snapshot: Snapshot, _effects: Effects, _node: str) -> Iterator[Objection]:
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


def balancer_runs(snapshot: Snapshot, _effects: Effects, _node: str) -> Iterator[Objection]:
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


def lasts(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """Object to a server that config.xml does not list by the node's address: it can't be disabled there, and comes
    back at a reload."""
    for one in memberships(snapshot, node):
        if one.configured is not None and (strange := not_configured(one)):
            back = "will" if loads(snapshot, one.firewall, node) is False else "may"
            yield Objection(
                one.firewall,
                f"config.xml of {one.firewall} has no server with the address of {node} in pool {', '.join(strange)}",
                f"{node} {back} be back there after a reload; give the server that address in pfSense",
                Override.CONFIRM,
                read_at(snapshot, snapshot.firewall(one.firewall).config),
            )


def same_version(snapshot: Snapshot, _effects: Effects, _node: str) -> Iterator[Objection]:
    """Between two versions each firewall is written by itself: a change made on one alone would stay there."""
    configs = {view.name: view.config.value for view in snapshot.firewalls if isinstance(view.config, Known)}
    if len({config.version for config in configs.values()}) > 1:
        told = listed(f"{name} {config.version}" for name, config in configs.items())
        yield Objection(
            next(iter(configs)),
            f"the firewalls have different configuration versions ({told})",
            "Upgrade the other one first, or say yes: each is written by itself, and nothing is synced",
            Override.CONFIRM,
            read_at(snapshot, *(view.config for view in snapshot.firewalls)),
        )
