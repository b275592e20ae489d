"""Gluster: every brick online, nothing to heal, no split-brain, quorum, and the volume mounted on each node."""

from collections.abc import Iterator

from console.fitness import reached
from console.health.finding import Finding, Kind, Level
from console.probes.gluster import Brick, Volume
from console.saying import counted, listed
from console.snapshot import Known, Snapshot, Unknown, VolumeView


def volumes_are_known(snapshot: Snapshot) -> Iterator[Finding]:
    """Nobody can tell about a volume."""
    for view in snapshot.volumes:
        if isinstance(view.state, Unknown) and view.state.since:
            lost = any(isinstance(node.host, Unknown) for node in snapshot.nodes)  # that is the news, not this
            level = Level.DEGRADED if lost else Level.UNKNOWN
            says = f"Gluster {view.name} is not known: {view.state.why}"
            yield Finding(level, view.name, Kind.VOLUME_UNKNOWN, says)


def _known(snapshot: Snapshot) -> Iterator[tuple[VolumeView, Volume]]:
    for view in snapshot.volumes:
        if isinstance(view.state, Known):
            yield view, view.state.value


def machine_of(snapshot: Snapshot, view: VolumeView, brick: Brick) -> str:
    """The node a brick is on, by the inventory's name where Gluster knows it by another."""
    return next((node.name for node in snapshot.nodes if snapshot.brick(view, node.name) is brick), brick.host)


def bricks_are_online(snapshot: Snapshot) -> Iterator[Finding]:
    """A brick away costs the spare one; most of them away cost the volume. 0 to heal is not healed then."""
    for view, volume in _known(snapshot):
        gone = [machine_of(snapshot, view, brick) for brick in volume.bricks if not reached(brick)]
        here = len(volume.bricks) - len(gone)
        if gone and 2 * here <= len(volume.bricks):
            says = (
                f"Gluster {view.name} has {here} of {len(volume.bricks)} bricks: without quorum reads and writes fail;"
                f" away on {listed(gone)}"
            )
            yield Finding(Level.CRITICAL, view.name, Kind.BRICK_QUORUM, says, tuple(gone))
        elif gone:
            nothing = not any(brick.pending for brick in volume.bricks)
            rest = (
                "0 entries to heal is not healed while it is away"
                if nothing
                else "what it misses is healed when it is back"
            )
            says = f"Gluster {view.name}: brick away on {listed(gone)}; {rest}"
            yield Finding(Level.DEGRADED, view.name, Kind.BRICK_AWAY, says, tuple(gone))


def daemons_run(snapshot: Snapshot) -> Iterator[Finding]:
    """Without its self-heal daemon a brick is not healed."""
    for view, volume in _known(snapshot):
        without = [
            machine_of(snapshot, view, brick) for brick in volume.bricks if reached(brick) and not brick.heal_daemon
        ]
        if without:
            says = f"Gluster {view.name}: no self-heal daemon on {listed(without)}, so nothing heals from there"
            yield Finding(Level.DEGRADED, view.name, Kind.HEAL_DAEMON_AWAY, says, tuple(without))


def nothing_to_heal(snapshot: Snapshot) -> Iterator[Finding]:
    """What bricks have missed of each other."""
    for view, volume in _known(snapshot):
        gone = tuple(machine_of(snapshot, view, brick) for brick in volume.bricks if not reached(brick))
        worst = max((brick.pending or 0 for brick in volume.bricks), default=0)
        if worst:
            says = f"Gluster {view.name}: {counted(worst, 'entry', 'entries')} to heal"
            yield Finding(Level.DEGRADED, view.name, Kind.HEAL, says, gone)
        elif not gone and volume.pending is None:
            says = f"Gluster {view.name}: heal count not known on every brick"
            yield Finding(Level.UNKNOWN, view.name, Kind.HEAL_UNKNOWN, says)


def no_split_brain(snapshot: Snapshot) -> Iterator[Finding]:
    """Copies that contradict each other, which nothing heals by itself."""
    for view in snapshot.volumes:
        whole = isinstance(view.state, Known) and all(reached(brick) for brick in view.state.value.bricks)
        found = view.split_brain
        if isinstance(found, Known) and found.value.entries:
            entries = counted(found.value.entries, "entry", "entries")
            says = f"Gluster {view.name}: {entries} in split-brain: reading them fails until a copy is chosen"
            yield Finding(Level.CRITICAL, view.name, Kind.SPLIT_BRAIN, says)
        elif whole and (isinstance(found, Unknown) or found.value.entries is None):
            why = found.why if isinstance(found, Unknown) else "not counted on every brick"
            yield Finding(
                Level.UNKNOWN,
                view.name,
                Kind.SPLIT_BRAIN_UNKNOWN,
                f"Gluster {view.name}: split-brain is not known: {why}",
            )


RULES = (no_split_brain, volumes_are_known, bricks_are_online, daemons_run, nothing_to_heal)
