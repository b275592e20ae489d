"""Gluster told to heal now, and a volume mounted again: what can be done for files without touching any.

Key of `Intent.found`: "heal VOLUME" -> entries to heal on the worst brick before the order.
"""

from collections.abc import Mapping

from console.health.facts.bricks import node_at
from console.inventory.cluster import Cluster
from console.operations.procedures.steps import Intent, Options, Order, OrderState, Progress, Step, placed
from console.probes.ask import Run
from console.probes.hosts.system import HOST
from console.probes.snapshot import Known, Snapshot, VolumeView
from console.probes.storage.gluster import STORAGE, Volume
from console.probes.storage.gluster_command import gluster
from console.probes.storage.mounts import MISSING, MOUNTS, Mount
from console.text import counted, figure, listed, span

CLEAN = 3
"""Looks in a row that find nothing to heal: just after a start single ones lie."""
PAUSE = 20.0
"""Seconds without progress after which the daemons are told once more."""
MOUNT = Run(("mount", "-a", "-t", "glusterfs"), root=True, timeout=30)
"""All that /etc/fstab names and nobody has mounted. No path of a machine's goes into a command."""


def volume_of(snapshot: Snapshot, name: str) -> VolumeView:
    """Raises StopIteration where the inventory has no such volume."""
    return next(view for view in snapshot.volumes if view.name == name)


def _state(snapshot: Snapshot, name: str) -> Volume | None:
    state = volume_of(snapshot, name).state
    return state.value if isinstance(state, Known) else None


def _asker(snapshot: Snapshot, name: str) -> str | None:
    """A node that answers and has a brick that the others reach, with its daemon."""
    view, volume = volume_of(snapshot, name), _state(snapshot, name)
    there = [one for one in volume.bricks if one.reached and one.heal_daemon] if volume else []
    nodes = (node_at(snapshot, view, brick.host) for brick in there)
    answering = {one.name for one in snapshot.nodes if isinstance(one.host, Known)}
    return next((node for node in nodes if node in answering), None)


def _find_pending(snapshot: Snapshot, intent: Intent) -> Mapping[str, str]:
    volume = _state(snapshot, intent.target)
    pending = volume.pending if volume else None
    return {} if pending is None else {f"heal {intent.target}": str(pending)}


def _heal(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
    """Told once more only where nothing goes on: the order takes the volume's lock."""
    volume, node = _state(snapshot, intent.target), _asker(snapshot, intent.target)
    goes_on = volume is not None and intent.order_state is OrderState.SENT and (volume.stuck or 0.0) < PAUSE
    if volume is None or node is None or not volume.pending or goes_on:
        return ()
    return (Order(node, gluster("volume", "heal", intent.target, timeout=20)),)


def _healed(snapshot: Snapshot, intent: Intent) -> Progress:
    """Healed is nothing left on any brick, several looks in a row, with every brick and daemon there."""
    name, volume = intent.target, _state(snapshot, intent.target)
    state = volume_of(snapshot, name).state
    if volume is None:
        return Progress(
            False, f"whether {name} is healed is not known: {'' if isinstance(state, Known) else state.why}"
        )
    if not volume.started:
        return Progress(False, f"{name} is stopped", failed=True)
    pending, before = volume.pending, intent.found.get(f"heal {name}")
    if pending is None:
        return Progress(False, f"what is left to heal of {name} is not counted on every brick")
    if pending:
        return Progress(False, f"{_left(name, pending)}{_of(before)}{_pace(volume)}", left=pending)
    if volume.clean_looks < CLEAN:
        lacks = "" if all(one.reached and one.heal_daemon for one in volume.bricks) else ": not every brick is there"
        return Progress(False, f"nothing is left to heal of {name}, seen {volume.clean_looks} of {CLEAN} times{lacks}")
    return Progress(True, f"{name} is healed: nothing left on any brick, {CLEAN} looks in a row")


def _left(name: str, pending: int) -> str:
    return f"{counted(pending, 'entry', 'entries')} of {name} left to heal"


def _of(before: str | None) -> str:
    return f" of {before}" if figure(before) else ""


def _pace(volume: Volume) -> str:
    rate, left = volume.heal_rate, volume.heal_eta
    if rate is None:
        return ""
    if rate <= 0:
        return f"; it grows by {-rate:.1f} a second" if rate < 0 else "; none heals now"
    return f", {rate:.1f} a second" + (f", done in about {span(left)}" if left is not None else "")


def missing(snapshot: Snapshot, node: str) -> tuple[Mount, ...]:
    """Mounts of the inventory's volumes that /etc/fstab of a node names, and that are not there."""
    mounts = snapshot.node(node).mounts
    known = mounts.value.mounts if isinstance(mounts, Known) else ()
    return tuple(one for one in known if one.why == MISSING and one.volume in snapshot.cluster.volumes)


def _mounted(snapshot: Snapshot, intent: Intent) -> Progress:
    node, mounts = intent.target, snapshot.node(intent.target).mounts
    if not isinstance(mounts, Known):
        return Progress(False, f"what is mounted on {node} is not known: {mounts.why}")
    if gone := missing(snapshot, node):
        return Progress(False, f"{listed(one.volume for one in gone)} not mounted on {node}")
    ours = [one for one in mounts.value.mounts if one.volume in snapshot.cluster.volumes]
    if silent := [one for one in ours if one.answers is False]:
        return Progress(False, f"the mount of {silent[0].volume} on {node} {silent[0].why}")
    return Progress(True, f"{listed(one.volume for one in ours) or 'nothing'} is mounted on {node}, and answers")


def _mount(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
    return (Order(intent.target, MOUNT),) if missing(snapshot, intent.target) else ()


def heal(cluster: Cluster, volume: str, _options: Options) -> tuple[Step, ...]:
    """The nodes are looked at, too: one that answers is told."""
    step = Step(
        name="heal",
        phase="heal",
        summary="tell Gluster's daemons to heal {node} now, and watch until nothing is left; no progress ends the wait",
        finds=_find_pending,
        orders=_heal,
        done=_healed,
        watches=(STORAGE, HOST),
        of=tuple(node.name for node in cluster.nodes),
        timeout=lambda timings: timings.heal,
        again=30.0,
    )
    return placed((step,), volume)


REMOUNT = Step(
    name="mount",
    phase="mount",
    summary="mount on {node} what its /etc/fstab names and nobody has mounted, and see it answer",
    orders=_mount,
    done=_mounted,
    watches=(MOUNTS, HOST),
    timeout=lambda _timings: 60.0,
    again=40.0,
    lasts=True,
)
