"""Fitness of a node to serve, layer by layer, in sentences that say what is missing."""

from collections.abc import Iterator

from console.health.facts.bricks import brick_of, bricks_of, lost_without, without_part
from console.health.facts.unlisted import mysql_signs
from console.inventory.cluster import Cluster
from console.probes.database.galera import Wsrep, split
from console.probes.hosts.system import MYSQL_UNITS, one_of
from console.probes.snapshot import Known, NodeView, Snapshot, Unknown, VolumeView
from console.probes.storage.gluster import Brick
from console.text import because, counted, listed

CLEAN_LOOKS = 3
"""Looks in a row that must find a volume healed: just after a node's power on single looks lie."""


def unfit(snapshot: Snapshot, node: str, looks: int = CLEAN_LOOKS) -> tuple[str, ...]:
    """Why a node must not get traffic; nothing when it is fit. What is not known is a reason."""
    view = snapshot.node(node)
    if isinstance(view.host, Unknown):
        return (view.host.told_of(node),)
    return (*mysql_unfit(snapshot, node), *gluster_unfit(snapshot, node, looks), *web_unfit(snapshot, node))


def fit(cluster: Cluster) -> str:
    """Requirements for a fit node, in words."""
    asked = (*(["Synced"] if cluster.mysql else []), *(["healed"] if cluster.volumes else []), "serving by itself")
    return ", ".join(asked)


def mysql_unfit(snapshot: Snapshot, node: str) -> Iterator[str]:
    """Why its MySQL can't serve."""
    if snapshot.cluster.mysql is None:
        yield from _mysql_seen(snapshot.node(node))
        return
    mine = snapshot.node(node).galera
    if isinstance(mine, Unknown):
        yield f"MySQL on {node} is not known: {because(f'MySQL on {node}', mine.why)}"
        return
    if why := _refuses(node, mine.value):
        yield why
    elif not mine.value.synced:
        ready = "" if mine.value.ready else ", not ready"
        lacks = "" if mine.value.state == "Synced" and mine.value.status == "Primary" else ", not Synced"
        yield f"MySQL on {node} is {mine.value.state or 'without state'} ({mine.value.status}{ready}){lacks}"
    elif not mine.value.tells_view:
        yield f"MySQL on {node} does not tell which members it sees"
    if mine.value.leftovers and not mine.value.rejects:
        yield f"MySQL on {node} has a leftover set: {listed(mine.value.leftovers)}"
    for other in snapshot.nodes:
        if isinstance(other.galera, Known) and other.galera.value.synced and mine.value.synced:
            theirs = other.galera.value
            told = mine.value.tells_view and theirs.tells_view
            one_view = (theirs.uuid, theirs.conf_id) == (mine.value.uuid, mine.value.conf_id)
            if told and (not one_view or split((mine.value, theirs))):
                differ = "each sees itself alone" if one_view else "uuid or conf_id differ"
                yield f"MySQL on {node} and {other.name} are not in the same cluster view ({differ})"


def _refuses(node: str, member: Wsrep) -> str:
    """Why a MySQL that answers is none of the cluster's for those who query it, or ""."""
    if member.alone:
        return f"MySQL on {node} runs without wsrep, by itself"
    return f"MySQL on {node} refuses every query (wsrep_reject_queries={member.rejects})" if member.rejects else ""


def _mysql_seen(view: NodeView) -> Iterator[str]:
    """Without [mysql] a MySQL is only seen: it still starts, or it should run."""
    if isinstance(view.services, Known):
        settling = [unit for unit in view.services.value.settling if one_of(unit, MYSQL_UNITS)]
        if settling:
            yield f"{listed(settling)} on {view.name} is starting or stopping"
    if isinstance(view.running, Known) and view.running.value.grastate and not mysql_signs(view):
        yield f"MySQL does not run on {view.name}, whose grastate.dat says that it is a Galera member"


def gluster_unfit(snapshot: Snapshot, node: str, looks: int = CLEAN_LOOKS) -> Iterator[str]:
    """Why its bricks can't serve."""
    for volume in snapshot.volumes:
        yield from _volume(snapshot, volume, node, looks)


def _volume(snapshot: Snapshot, volume: VolumeView, node: str, looks: int) -> Iterator[str]:
    if isinstance(volume.state, Unknown):
        yield f"Gluster volume {volume.name} is not known: {volume.state.why}"
        return
    if not volume.state.value.started:
        yield f"Gluster volume {volume.name} is stopped"
        return
    brick = brick_of(snapshot, volume, node)
    if without_part(snapshot, volume, node):
        return
    if brick is None:
        yield f"Gluster volume {volume.name} has no brick on {node}"
        return
    if not brick.reached:
        yield f"the brick of {volume.name} on {node} {_lacks(brick)}"
    elif not brick.heal_daemon:
        yield f"the self-heal daemon on {node} is offline"
    there = [one for one in volume.state.value.bricks if one.reached]
    if len(there) < len(volume.state.value.bricks) and volume.state.value.quorum:
        for own in bricks_of(snapshot, volume, node):
            yield from _beside_an_offline_brick(volume.name, own, [one for one in there if one.group == own.group])
        return
    pending = volume.state.value.pending
    if pending is None:
        yield f"Gluster volume {volume.name}: heal count not known on every brick"
    elif pending:
        yield f"Gluster volume {volume.name} has {counted(pending, 'entry', 'entries')} to heal"
    elif brick.well and volume.state.value.clean_looks < looks:
        clean = volume.state.value.clean_looks
        yield f"Gluster volume {volume.name} has nothing to heal, seen {clean} of {looks} times in a row"


def _beside_an_offline_brick(volume: str, brick: Brick, there: list[Brick]) -> Iterator[str]:
    """Judge a brick while another node's is offline: the volume is then never healed, which says nothing about this
    one.

    Each index lists entries that other bricks lack. Entries that the offline brick lacks are on every brick that is
    online; those that this brick lacks are on the others and not on its own. So it is healed when no other lists more
    than it does itself.
    """
    if any(one.pending is None for one in there):
        yield f"Gluster volume {volume}: heal count not known on every brick that is online"
        return
    pending = max(((one.pending or 0) for one in there), default=0) - (brick.pending or 0)
    if brick.reached and pending > 0:
        yield f"the brick of {volume} on {brick.host} is behind by {counted(pending, 'entry', 'entries')}"


def web_unfit(snapshot: Snapshot, node: str) -> Iterator[str]:
    """Why its own Apache can't serve."""
    site = snapshot.node(node).site
    if isinstance(site, Unknown):
        yield f"Apache on {node} does not answer by itself: {site.why}"
    elif not site.value.serves:
        yield f"Apache on {node} answers the check URL with HTTP {site.value.status}"


def healed(snapshot: Snapshot, without: str | None = None) -> tuple[str, ...]:
    """Reasons why Gluster can't do without a brick now; none when every volume is whole and healed. `without`: the node
    whose brick is to stop; a volume in which it is offline already loses nothing more."""
    reasons: list[str] = []
    for volume in snapshot.volumes:
        if isinstance(volume.state, Unknown):
            reasons.append(f"Gluster volume {volume.name} is not known: {volume.state.why}")
            continue
        if not volume.state.value.started:
            reasons.append(f"Gluster volume {volume.name} is stopped")
            continue
        own = bricks_of(snapshot, volume, without) if without else ()
        if own and not any(brick.online for brick in own):
            continue
        for brick in volume.state.value.bricks:
            if not brick.well and brick not in own:
                reasons.append(f"the brick of {volume.name} on {brick.host} {_lacks(brick)}")
    return tuple(reasons)


def volumes_without(snapshot: Snapshot, node: str) -> tuple[str, ...]:
    """Volumes that would lose files with a node's bricks, as some set of theirs has too few elsewhere."""
    found = [(view.name, lost_without(snapshot, view, node)) for view in snapshot.volumes]
    return tuple(
        f"without {node} {lost.here} of {lost.every} bricks of a set of {name} are left: reads and writes would fail"
        for name, lost in found
        if lost
    )


def rejected(snapshot: Snapshot, node: str) -> bool:
    """Its glusterd and the others' have rejected each other in some volume: somebody must mend that."""
    bricks = (brick_of(snapshot, view, node) for view in snapshot.volumes)
    return any(brick is not None and brick.rejected for brick in bricks)


def _lacks(brick: Brick) -> str:
    if brick.rejected:
        return "is offline: the other glusterds have rejected that node, and waiting heals nothing"
    if brick.counted:
        return "goes on without its glusterd, which the others don't reach"
    if not brick.told:
        return "is not known: each glusterd that answers reaches only a minority"
    if not brick.reached:
        return "is offline"
    if not brick.heal_daemon:
        return "is without its self-heal daemon"
    if brick.pending is None:
        return "is not counted"
    return f"lists {counted(brick.pending, 'entry', 'entries')} that others have missed"


def galera_without(snapshot: Snapshot, node: str) -> tuple[str, ...]:
    """Why MySQL can't do without a node now; nothing when the others are Synced in one Primary component."""
    if snapshot.cluster.mysql is None:
        return ()
    reasons: list[str] = []
    others: list[Wsrep] = []
    for other in snapshot.nodes:
        if other.name == node:
            continue
        if isinstance(other.galera, Unknown):
            why = because(f"MySQL on {other.name}", other.galera.why)
            reasons.append(f"MySQL on {other.name} is not known: {why}")
        elif why := _refuses(other.name, other.galera.value):
            reasons.append(why)
        elif not other.galera.value.synced:
            reasons.append(f"MySQL on {other.name} is {other.galera.value.state} ({other.galera.value.status})")
        elif not other.galera.value.tells_view:
            reasons.append(f"MySQL on {other.name} does not tell which members it sees")
        else:
            others.append(other.galera.value)
    if len({(one.uuid, one.conf_id) for one in others}) > 1:
        reasons.append("the other nodes are not in one cluster view (uuid or conf_id differ)")
    elif split(others):
        reasons.append("the other nodes are not in one cluster view (each sees itself alone)")
    return tuple(reasons)
