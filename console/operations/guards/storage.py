"""Objections of Gluster: something must be there to heal or to mount, and somebody to do it."""

from collections.abc import Iterator

from console.health.facts.bricks import in_doubt, node_at, offline_nodes
from console.operations.effects import Effects
from console.operations.guards.objection import Objection, Override
from console.probes.snapshot import Known, Snapshot, Unknown
from console.probes.storage.mounts import MISSING
from console.text import counted, doing, listed


def can_heal(snapshot: Snapshot, _effects: Effects, name: str) -> Iterator[Objection]:
    """The volume must be known and started, and have entries to heal."""
    view = next(one for one in snapshot.volumes if one.name == name)
    if isinstance(view.state, Unknown):
        saw = f"Gluster volume {name} is not known: {view.state.why}"
        yield Objection(name, saw, "Wait until it is", Override.NEVER)
        return
    volume = view.state.value
    if not volume.started:
        yield Objection(name, f"Gluster volume {name} is stopped", "Start it first", Override.NEVER)
    elif volume.pending == 0:
        yield Objection(name, f"nothing is to be healed on {name}", "There is nothing to do", Override.NEVER)
    elif volume.pending is None:
        saw = f"what is to be healed on {name} is not counted on every brick"
        yield Objection(name, saw, "Say yes to heal what can be healed", Override.CONFIRM)
    if split := view.split_brain.value.entries if isinstance(view.split_brain, Known) else 0:
        saw = f"{counted(split, 'entry', 'entries')} of {name} {'is' if split == 1 else 'are'} in split-brain"
        yield Objection(name, saw, "Say yes to heal the others: no heal mends these", Override.CONFIRM)


def all_bricks_there(snapshot: Snapshot, _effects: Effects, name: str) -> Iterator[Objection]:
    """A daemon that is missing heals nothing, and what a brick has missed is healed once it is back."""
    view = next(one for one in snapshot.volumes if one.name == name)
    volume = view.state.value if isinstance(view.state, Known) else None
    if volume is None or not volume.started:
        return
    if offline := offline_nodes(snapshot, view, volume.bricks):
        saw = f"the brick of {name} on {listed(offline)} is offline"
        yield Objection(name, saw, "Bring it back first: what it misses can't be healed before", Override.NEVER)
    doubts = [node_at(snapshot, view, one.host) for one in volume.bricks if in_doubt(snapshot, view, one)]
    if doubts:
        saw = f"the glusterd of {listed(doubts)} is not reached by the others"
        yield Objection(name, saw, "Start glusterd there first", Override.NEVER)
    if without := [one.host for one in volume.bricks if one.reached and not one.heal_daemon]:
        saw = f"{doing(without, 'has', 'have')} no self-heal daemon of {name}"
        yield Objection(name, saw, "Start glusterd there first", Override.NEVER)


def can_mount(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """A mount that /etc/fstab names must be missing, and its volume must be started."""
    mounts = snapshot.node(node).mounts
    if isinstance(mounts, Unknown):
        yield Objection(
            node, f"what is mounted on {node} is not known: {mounts.why}", "Wait until it is", Override.NEVER
        )
        return
    gone = [one.volume for one in mounts.value.mounts if one.why == MISSING and one.volume in snapshot.cluster.volumes]
    if not gone:
        saw = f"nothing that /etc/fstab of {node} names is missing"
        yield Objection(node, saw, "There is nothing to mount; mount by hand what is not in it", Override.NEVER)
    for view in snapshot.volumes:
        if view.name in gone and isinstance(view.state, Known) and not view.state.value.started:
            yield Objection(view.name, f"Gluster volume {view.name} is stopped", "Start it first", Override.NEVER)
        elif view.name in gone and isinstance(view.state, Known) and not view.state.value.quorum:
            saw = f"Gluster volume {view.name} has no quorum"
            yield Objection(view.name, saw, "Say yes to mount it all the same: reads will fail", Override.CONFIRM)
