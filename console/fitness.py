"""Whether a node is fit to serve, layer by layer, in sentences that say what is missing."""

import time
from collections.abc import Iterator

from console.snapshot import Known, Snapshot, Unknown, VolumeView

CLEAN_LOOKS = 3
"""How many looks in a row must find a volume healed: just after a node's power on single looks lie."""


def clock(moment: float) -> str:
    """Local time of day of a Unix time."""
    return time.strftime("%H:%M:%S", time.localtime(moment))


def unfit(snapshot: Snapshot, node: str, looks: int = CLEAN_LOOKS) -> tuple[str, ...]:
    """Why a node must not get traffic; nothing when it is fit. What is not known is a reason."""
    view = snapshot.node(node)
    if isinstance(view.host, Unknown):
        since = f" since {clock(view.host.since)}" if view.host.since else ""
        return (f"{node} does not answer{since}: {view.host.why}",)
    return (*_galera(snapshot, node), *_gluster(snapshot, node, looks), *_apache(snapshot, node))


def _galera(snapshot: Snapshot, node: str) -> Iterator[str]:
    if snapshot.cluster.mysql is None:
        return
    mine = snapshot.node(node).galera
    if isinstance(mine, Unknown):
        yield f"MySQL on {node} is not known: {mine.why}"
        return
    if not mine.value.synced:
        ready = "" if mine.value.ready else ", not ready"
        yield f"MySQL on {node} is {mine.value.state or 'without state'} ({mine.value.status}{ready}), not Synced"
    if mine.value.desynced or mine.value.read_only or mine.value.maintenance not in ("", "DISABLED"):
        yield f"MySQL on {node} has a leftover set: wsrep_desync, read_only or pxc_maint_mode"
    for other in snapshot.nodes:
        if isinstance(other.galera, Known) and other.galera.value.synced and mine.value.synced:
            theirs = other.galera.value
            if (theirs.uuid, theirs.conf_id) != (mine.value.uuid, mine.value.conf_id):
                yield f"MySQL on {node} and {other.name} are not in the same cluster view (uuid or conf_id differ)"


def _gluster(snapshot: Snapshot, node: str, looks: int) -> Iterator[str]:
    for volume in snapshot.volumes:
        yield from _volume(snapshot, volume, node, looks)


def _volume(snapshot: Snapshot, volume: VolumeView, node: str, looks: int) -> Iterator[str]:
    if isinstance(volume.state, Unknown):
        yield f"Gluster volume {volume.name} is not known: {volume.state.why}"
        return
    brick = snapshot.brick(volume, node)
    if brick is None:
        yield f"Gluster volume {volume.name} has no brick on {node}"
    elif not brick.online or not brick.connected:
        yield f"the brick of {volume.name} on {node} is offline"
    elif not brick.heal_daemon:
        yield f"the self-heal daemon on {node} is offline"
    pending = volume.state.value.pending
    if pending is None:
        yield f"Gluster volume {volume.name}: heal count not known on every brick"
    elif pending:
        yield f"Gluster volume {volume.name} has {pending} entries to heal"
    elif brick and brick.well and volume.state.value.clean_looks < looks:
        clean = volume.state.value.clean_looks
        yield f"Gluster volume {volume.name} has nothing to heal, seen {clean} of {looks} times in a row"


def _apache(snapshot: Snapshot, node: str) -> Iterator[str]:
    site = snapshot.node(node).site
    if isinstance(site, Unknown):
        yield f"Apache on {node} does not answer by itself: {site.why}"
    elif not site.value.serves:
        yield f"Apache on {node} answers the check URL with HTTP {site.value.status}"


def healed(snapshot: Snapshot, without: str | None = None) -> tuple[str, ...]:
    """Why Gluster can't do without a brick now; nothing when every volume is whole and healed. `without`: the node
    whose brick it is to be; a volume in which it is away already loses nothing more."""
    reasons: list[str] = []
    for volume in snapshot.volumes:
        if isinstance(volume.state, Unknown):
            reasons.append(f"Gluster volume {volume.name} is not known: {volume.state.why}")
            continue
        own = snapshot.brick(volume, without) if without else None
        if own and not own.online:
            continue
        for brick in volume.state.value.bricks:
            if not brick.well and brick is not own:
                what = "offline" if not (brick.online and brick.connected) else "without its self-heal daemon"
                if brick.online and brick.connected and brick.heal_daemon:
                    what = "not counted" if brick.pending is None else f"behind by {brick.pending} entries"
                reasons.append(f"the brick of {volume.name} on {brick.host} is {what}")
    return tuple(reasons)


def galera_without(snapshot: Snapshot, node: str) -> tuple[str, ...]:
    """Why MySQL can't do without a node now; nothing when the others are Synced in one Primary component."""
    if snapshot.cluster.mysql is None:
        return ()
    reasons: list[str] = []
    views: set[tuple[str, int]] = set()
    for other in snapshot.nodes:
        if other.name == node:
            continue
        if isinstance(other.galera, Unknown):
            reasons.append(f"MySQL on {other.name} is not known: {other.galera.why}")
        elif not other.galera.value.synced:
            reasons.append(f"MySQL on {other.name} is {other.galera.value.state} ({other.galera.value.status})")
        else:
            views.add((other.galera.value.uuid, other.galera.value.conf_id))
    if len(views) > 1:
        reasons.append("the other nodes are not in one cluster view (uuid or conf_id differ)")
    return tuple(reasons)
