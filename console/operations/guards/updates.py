"""Objections to installing updates on a node."""

from collections.abc import Iterator

from console.health.facts.membership import Place, place
from console.operations.effects import Effects
from console.operations.guards.objection import Objection, Override
from console.probes.hosts.jobs import unit
from console.probes.snapshot import Cause, Known, Snapshot, Unknown
from console.probes.web.visitor import visited
from console.text import clock, listed

MANAGERS = ("apt-get", "dnf")
"""Package managers that it knows how to tell."""


def can_update(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """Its package manager is known, can be told what to do, and is in order."""
    updates, never = snapshot.node(node).updates, Override.NEVER
    if isinstance(updates, Unknown):
        clears = "Wait until they are" if updates.cause is Cause.NOT_ASKED else "Mend that first"
        yield Objection(node, f"the packages of {node} are not known: {updates.why}", clears, never)
        return
    if updates.value.manager not in MANAGERS:
        saw = f"{node} is updated by {updates.value.manager or 'a package manager that is not known'}"
        yield Objection(node, saw, "This version can only read it: update it by hand, or leave it out", never)
    if updates.value.half_done:
        saw = f"packages on {node} are half installed: {updates.value.half_done}"
        yield Objection(node, saw, "Mend that there first", never)
    elif updates.value.half_done is None:
        saw = f"whether packages on {node} are half installed is not known"
        yield Objection(node, saw, "See that on the node", Override.CONFIRM)


def nobody_updates(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """No work of an earlier run is there."""
    jobs = snapshot.node(node).jobs
    if isinstance(jobs, Unknown):
        saw = f"whether updates are being installed on {node} is not known: {jobs.why}"
        yield Objection(node, saw, "Wait until it is known", Override.NEVER)
        return
    for one in jobs.value.units:
        if one.there and one.kind in ("packages", "refresh"):
            saw = f"{unit(one.kind)} is on {node}, from an earlier run or from another console"
            yield Objection(node, saw, "Resume that run, or clear it there (systemctl stop)", Override.NEVER)


def nobody_else_installs(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """No other package manager works there, and none will by itself."""
    prepared, hard = snapshot.node(node).prepared, Override.NAME_AND_REASON
    if isinstance(prepared, Unknown):
        clears = "Wait until that is known" if prepared.cause is Cause.NOT_ASKED else "Mend that, or see on the node"
        yield Objection(node, f"who else works on the packages of {node} is not known: {prepared.why}", clears, hard)
        return
    if works := prepared.value.works:
        clears = "Wait until it has ended (systemctl stop UNIT for a service): both would write the same packages"
        yield Objection(node, f"{listed(works)} {'run' if len(works) > 1 else 'runs'} on {node} now", clears, hard)
    if timers := prepared.value.timers:
        saw = f"{listed(timers)} on {node} may touch packages at any time"
        yield Objection(node, saw, f"Stop that for the patch: systemctl stop {' '.join(timers)}", Override.CONFIRM)


def no_visit_failed(snapshot: Snapshot, _effects: Effects, _node: str) -> Iterator[Objection]:
    """Nobody who visits the site meanwhile has failed. A failure that somebody has agreed to is no other one."""
    visits, name = snapshot.visits, snapshot.cluster.name
    if not visited(snapshot.cluster):
        saw = "the site has no URL here, so no visitor is sent meanwhile"
        yield Objection(name, saw, "Give a VIP its url, or say yes to do without a visitor", Override.CONFIRM)
    if visits is None:
        return
    if visits.failed:
        saw = f"a visitor's page failed at {clock(visits.failed_at)}: {visits.failure}"
        clears = "Find out why before another machine is touched"
        yield Objection(name, saw, clears, Override.NAME_AND_REASON, happening=visits.failed_at)
    if visits.line_cut:
        saw = f"at {clock(visits.cut_at)} this computer reached nobody: its visits tell nothing of the site"
        clears = "See to its line: the run goes on when that is back"
        yield Objection(name, saw, clears, Override.CONFIRM, happening=visits.cut_at)


def writes_arrive(snapshot: Snapshot, _effects: Effects, _node: str) -> Iterator[Objection]:
    """MySQL's writer commits, where the inventory states a write. A gap is no reason to stop; not to commit is."""
    writes = snapshot.writes
    if writes is not None and writes.failing:
        saw = f"MySQL's writer commits nothing at {clock(writes.failed_at)}: {writes.failure}"
        clears = "Find out why before another machine is touched"
        yield Objection(snapshot.cluster.name, saw, clears, Override.CONFIRM, happening=writes.last)


def is_in(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """A node that is out would be out again at the end: nobody would see requests reach it."""
    if place(snapshot, node) is not Place.IN and isinstance(snapshot.node(node).host, Known):
        saw = f"{node} is not in every pool, and is left as it was found"
        yield Objection(node, saw, "Put it back first, or leave it out of the patch", Override.CONFIRM)
