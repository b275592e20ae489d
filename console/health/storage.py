"""Gluster: every brick online, nothing to heal, no split-brain, quorum, and the volume mounted on each node."""

from collections.abc import Iterator, Sequence

from console.health.facts.bricks import behind_nodes, in_doubt, known_volumes, node_at, offline_nodes, stopped, weakest
from console.health.facts.heal_info import newer
from console.health.finding import Finding, Kind, Level
from console.health.hosts import MIN_FREE, scarce
from console.probes.snapshot import NOT_ASKED, Known, Snapshot, Unknown, VolumeView, asked_but_unknown
from console.probes.storage.gluster import Brick, Healing, Volume
from console.probes.storage.gluster_options import BrickSpace
from console.probes.storage.mounts import MISSING
from console.text import counted, doing, listed, size, span

STUCK = 300.0
"""Seconds without progress: healing can stall for ever on files that are busy."""
LOOKS = 3
MANY_ENTRIES = 20
"""Entries that no moment's writing explains."""


def volumes_are_known(snapshot: Snapshot) -> Iterator[Finding]:
    """Volumes of which no node tells the state. Where no brick runs at all it is known well enough."""
    names = tuple(node.name for node in snapshot.nodes)
    for view in snapshot.volumes:
        if _without_bricks(snapshot, view):
            message = f"Gluster {view.name} serves nobody: neither glusterd nor a brick runs on {listed(names)}"
            yield Finding(Level.CRITICAL, view.name, Kind.BRICK_QUORUM, message, names)
        elif asked_but_unknown(view.state) and not offline_nodes(snapshot, view, newer(view)):
            gone = tuple(node.name for node in snapshot.nodes if isinstance(node.host, Unknown))  # that is the news
            level = Level.DEGRADED if gone else Level.UNKNOWN
            message = f"Gluster {view.name} is not known: {view.state.why}"
            yield Finding(level, view.name, Kind.VOLUME_UNKNOWN, message, gone)


def _without_bricks(snapshot: Snapshot, view: VolumeView) -> bool:
    return asked_but_unknown(view.state) and all(stopped(snapshot, node.name) for node in snapshot.nodes)


def volumes_are_started(snapshot: Snapshot) -> Iterator[Finding]:
    """A stopped volume has its data, and serves nobody."""
    of = tuple(node.name for node in snapshot.nodes)
    for view in snapshot.volumes:
        if _stopped(view):
            message = f"Gluster {view.name} is stopped: nobody reads or writes it"
            yield Finding(Level.CRITICAL, view.name, Kind.VOLUME_STOPPED, message, of)


def _stopped(view: VolumeView) -> bool:
    return isinstance(view.state, Known) and not view.state.value.started


def peers_are_accepted(snapshot: Snapshot) -> Iterator[Finding]:
    """A rejected glusterd takes no part until somebody mends it, whatever its bricks do."""
    for view, volume in known_volumes(snapshot):
        rejected = tuple(dict.fromkeys(node_at(snapshot, view, one.host) for one in volume.bricks if one.rejected))
        if rejected:
            message = (
                f"{doing(rejected, 'is', 'are')} rejected by the other glusterds of {view.name}: a volume's settings"
                " differ there, as after an upgrade; waiting heals nothing"
            )
            yield Finding(Level.DEGRADED, view.name, Kind.PEER_REJECTED, message, rejected)


def bricks_are_online(snapshot: Snapshot) -> Iterator[Finding]:
    """Offline bricks: one costs the spare copy, most of them cost the volume. 0 to heal is not healed then."""
    for view in snapshot.volumes:
        if _stopped(view) or _without_bricks(snapshot, view):
            continue
        if by_heal_info := offline_nodes(snapshot, view, newer(view)):
            yield _offline(snapshot, view, by_heal_info, newer(view), _meanwhile(view))
        elif isinstance(view.state, Known):
            bricks = view.state.value.bricks
            nothing = not any(brick.pending for brick in bricks)
            healed = "0 entries to heal is not healed while it is away"
            rest = healed if nothing else "what it misses is healed when it is back"
            if offline := offline_nodes(snapshot, view, bricks):
                yield _offline(snapshot, view, offline, bricks, rest)


def bricks_are_on_nodes(snapshot: Snapshot) -> Iterator[Finding]:
    """Bricks of hosts that are no node of the inventory, by any name or address, while some node has none."""
    if not all(isinstance(view.devices, Known) for view in snapshot.nodes):
        return  # then not every node has told its own names
    for view, volume in known_volumes(snapshot):
        hosts = {one.host: node_at(snapshot, view, one.host) for one in volume.bricks}
        strange = [host for host, name in hosts.items() if not snapshot.cluster.has_node(name)]
        without = tuple(node.name for node in snapshot.nodes if node.name not in hosts.values())
        if strange and without:
            message = (
                f"the bricks of {view.name} on {listed(strange)} are on no node that is known here: none is known of"
                f" {listed(without)}"
            )
            yield Finding(Level.DEGRADED, view.name, Kind.VOLUME_UNKNOWN, message, without)


def glusterds_are_there(snapshot: Snapshot) -> Iterator[Finding]:
    """A glusterd that the asker does not reach says nothing of its brick, which goes on without it."""
    for view, volume in known_volumes(snapshot):
        doubts = [one for one in volume.bricks if in_doubt(snapshot, view, one)]
        counted_too = tuple(dict.fromkeys(node_at(snapshot, view, one.host) for one in doubts if one.counted))
        untold = tuple(dict.fromkeys(node_at(snapshot, view, one.host) for one in doubts if not one.counted))
        if counted_too:
            message = (
                f"glusterd on {listed(counted_too)} is not reached by the others: nobody starts the brick of"
                f" {view.name} there again"
            )
            yield Finding(Level.DEGRADED, view.name, Kind.GLUSTERD_AWAY, message, counted_too)
        if untold:
            message = f"the brick of {view.name} on {listed(untold)} is not known: no glusterd with a majority answers"
            yield Finding(Level.UNKNOWN, view.name, Kind.VOLUME_UNKNOWN, message, untold)


def _offline(
    snapshot: Snapshot, view: VolumeView, offline: tuple[str, ...], bricks: Sequence[Brick | Healing], rest: str
) -> Finding:
    here, count, serves = weakest(snapshot, view, bricks)
    if serves:
        message = f"the brick of {view.name} on {listed(offline)} is offline: {rest}"
        return Finding(Level.DEGRADED, view.name, Kind.BRICK_AWAY, message, offline)
    kind = "dispersed" if isinstance(view.state, Known) and view.state.value.dispersed else "replica"
    of_one = f" of one {kind} set" if count < len(bricks) else ""
    message = (
        f"Gluster {view.name} has {here} of {count} bricks{of_one}, and no quorum: reads and writes fail;"
        f" offline on {listed(offline)}"
    )
    return Finding(Level.CRITICAL, view.name, Kind.BRICK_QUORUM, message, tuple(node.name for node in snapshot.nodes))


def _meanwhile(view: VolumeView) -> str:
    """The end of a sentence while only heal info answers, or has answered since the last look."""
    worst = max((brick.pending or 0 for brick in newer(view)), default=0)
    told = f"heal info says so, and counts {counted(worst, 'entry', 'entries')} to heal"
    return f"{told}; {view.state.why}" if isinstance(view.state, Unknown) else told


def daemons_run(snapshot: Snapshot) -> Iterator[Finding]:
    """A brick is healed only if its self-heal daemon runs."""
    for view, volume in known_volumes(snapshot):
        alone = [brick for brick in volume.bricks if brick.reached and not brick.heal_daemon]
        without = tuple(node_at(snapshot, view, brick.host) for brick in alone)
        if without:
            message = f"no self-heal daemon of {view.name} on {listed(without)}: nothing heals from there"
            yield Finding(Level.DEGRADED, view.name, Kind.HEAL_DAEMON_AWAY, message, without)


def nothing_to_heal(snapshot: Snapshot) -> Iterator[Finding]:
    """Entries that wait to be healed."""
    for view, volume in known_volumes(snapshot):
        offline = offline_nodes(snapshot, view, volume.bricks)
        worst = max((brick.pending or 0 for brick in volume.bricks), default=0)
        behind = offline or behind_nodes(snapshot, view)
        entries = counted(worst, "file")
        lead = f"the copy of {view.name} on {listed(behind)}" if behind else f"a copy of {view.name}"
        if worst and (volume.stuck or 0.0) >= STUCK:
            message = f"{lead} is behind by {entries}, and no progress for {span(volume.stuck or 0.0)}"
            yield Finding(Level.DEGRADED, view.name, Kind.HEAL_STUCK, message, behind)
        elif worst and _lasting(volume, worst):
            message = f"{lead} is behind by {entries}{_pace(volume)}"
            yield Finding(Level.DEGRADED, view.name, Kind.HEAL, message, behind)
        elif volume.dispersed:
            yield from _parts_to_heal(view)
        elif not offline and volume.pending is None and all(one.reached for one in volume.bricks):
            daemons = all(one.heal_daemon for one in volume.bricks)  # without one of them nothing is counted
            message = f"the files of {view.name} to heal are not counted on every brick"
            yield Finding(Level.UNKNOWN if daemons else Level.DEGRADED, view.name, Kind.HEAL_UNKNOWN, message)


def _parts_to_heal(view: VolumeView) -> Iterator[Finding]:
    """Count the parts of a dispersed volume, which heal info alone does."""
    found = view.split_brain.value.bricks if isinstance(view.split_brain, Known) else ()
    worst = max((brick.pending or 0 for brick in found), default=0)
    if worst:
        message = f"parts of {counted(worst, 'file')} of {view.name} are to be healed, by heal info"
        yield Finding(Level.DEGRADED, view.name, Kind.HEAL, message)


def _lasting(volume: Volume, worst: int) -> bool:
    """Entries come and go while files are being written: a few count when they were there at every look of the last."""
    looks = [count for _, count in volume.history[-LOOKS:]]
    return (
        worst >= MANY_ENTRIES
        or not looks
        or (all(looks) and (len(looks) == LOOKS or len(volume.history) == len(looks)))
    )


def _pace(volume: Volume) -> str:
    rate, left = volume.heal_rate, volume.heal_eta
    if rate is None or f"{abs(rate):.1f}" == "0.0":
        return ""
    if rate < 0:
        return f"; it grows by {-rate:.1f} a second"
    return f", {rate:.1f} a second" + (f", done in about {span(left)}" if left is not None else "")


def no_split_brain(snapshot: Snapshot) -> Iterator[Finding]:
    """Copies that contradict each other, which nothing heals by itself."""
    all_there = not any(asked_but_unknown(view.host) for view in snapshot.nodes)
    for view in snapshot.volumes:
        state, found = view.state, view.split_brain
        # Gluster calls the brick of a lost node offline some seconds later, and counts nothing until then.
        whole = (
            isinstance(state, Known)
            and all_there
            and not offline_nodes(snapshot, view, (*state.value.bricks, *newer(view)))
        )
        if isinstance(found, Known) and found.value.entries:
            files = counted(found.value.entries, "file")
            message = f"split-brain in {files} of {view.name}: reading fails until a copy is chosen"
            yield Finding(Level.CRITICAL, view.name, Kind.SPLIT_BRAIN, message)
        elif whole and found is not NOT_ASKED and (isinstance(found, Unknown) or found.value.entries is None):
            why = found.why if isinstance(found, Unknown) else "not counted on every brick"
            yield Finding(
                Level.UNKNOWN,
                view.name,
                Kind.SPLIT_BRAIN_UNKNOWN,
                f"split-brain of {view.name} is not known: {why}",
            )


def volumes_are_mounted(snapshot: Snapshot) -> Iterator[Finding]:
    """The mounts that Apache reads on each node. A hung mount stops every worker that touches it."""
    for view in snapshot.nodes:
        if not isinstance(view.mounts, Known) or isinstance(view.host, Unknown):
            continue
        mounts = [(volume, mount) for volume in snapshot.cluster.volumes for mount in view.mounts.value.of(volume)]
        absent = [volume for volume in snapshot.cluster.volumes if not view.mounts.value.of(volume)]
        lost = [volume for volume, mount in mounts if mount.why == MISSING]
        gone = [f"{mount.path} {mount.why}" for _, mount in mounts if mount.why == MISSING]
        if absent and (autos := view.mounts.value.automounts):
            message = (
                f"the mount of {listed(absent)} on {view.name} is not known: an automount waits at {listed(autos)}"
            )
            yield Finding(Level.DEGRADED, view.name, Kind.MOUNTS_UNKNOWN, message)
            absent = []
        if view.mounts.value.unread:  # it may be the one
            absent, lost, gone = [], [], []
        hung = {volume: mount for volume, mount in mounts if mount.answers is False and mount.why != MISSING}
        if absent or gone:
            lead = f"{listed([*absent, *lost])} not mounted on {view.name}"
            message = f"{lead}, so Apache there does not see the site's files{': ' * bool(gone)}{listed(gone)}"
            yield Finding(Level.DEGRADED, view.name, Kind.MOUNT_MISSING, message)
        if hung:
            evidence = listed(f"{mount.path} {mount.why}" for mount in hung.values())
            message = f"the mount of {listed(hung)} on {view.name} does not answer: {evidence}"
            yield Finding(Level.DEGRADED, view.name, Kind.MOUNT_HUNG, message)
        if by_nfs := {volume: mount.nfs for volume, mount in mounts if mount.nfs}:
            message = (
                f"{listed(by_nfs)} is mounted on {view.name} by NFS from {listed(dict.fromkeys(by_nfs.values()))}:"
                " without that server its files are away"
            )
            yield Finding(Level.NOTE, view.name, Kind.MOUNT_BY_NFS, message)


def options_are_safe(snapshot: Snapshot) -> Iterator[Finding]:
    """Client quorum, and room on the bricks."""
    for view in snapshot.volumes:
        if not isinstance(view.options, Known):
            continue
        if view.options.value.quorum_type in ("none", "off"):
            message = f"Gluster {view.name} has no client quorum: a brick that is cut off goes on writing"
            yield Finding(Level.NOTE, view.name, Kind.QUORUM_OFF, message)
        full = [message for brick in view.options.value.bricks if (message := _full(brick))]
        if full:
            message = f"a brick of {view.name} is nearly full: {listed(full)}"
            yield Finding(Level.DEGRADED, view.name, Kind.BRICK_FULL, message)


def _full(brick: BrickSpace) -> str:
    where = f"{brick.host}:{brick.path}"
    if brick.size and brick.free is not None and scarce(brick.size, brick.free):
        return f"{where} has {size(brick.free)} of {size(brick.size)} left"
    if brick.inodes and brick.inodes_free is not None and brick.inodes_free < brick.inodes * MIN_FREE:
        return f"{where} has {brick.inodes_free} of {brick.inodes} inodes left"
    return ""


RULES = (
    no_split_brain,
    volumes_are_known,
    volumes_are_started,
    peers_are_accepted,
    bricks_are_online,
    bricks_are_on_nodes,
    glusterds_are_there,
    daemons_run,
    nothing_to_heal,
    volumes_are_mounted,
    options_are_safe,
)
