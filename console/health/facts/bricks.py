"""Nodes of the bricks, and the nodes whose bricks are offline."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from console.inventory.addresses import plain
from console.inventory.cluster import Node
from console.probes.hosts.system import GLUSTER_UNITS
from console.probes.snapshot import Known, Snapshot, VolumeView
from console.probes.storage.gluster import Brick, Healing, Volume
from console.text import figure


def known_volumes(snapshot: Snapshot) -> Iterator[tuple[VolumeView, Volume]]:
    """Started volumes whose own state is known."""
    for view in snapshot.volumes:
        if isinstance(view.state, Known) and view.state.value.started:
            yield view, view.state.value


def node_at(snapshot: Snapshot, view: VolumeView, host: str) -> str:
    """The node of a brick on `host`, by the inventory's name; `host` itself where none is known. Gluster may name the
    peer as the inventory does, by a longer host name, or by any name or address that the node calls its own; where it
    does not, the names count by which the asker knows the peer. What two nodes call their own is nobody's: one of them
    lies or is misconfigured, and one brick's state would be taken for another's."""
    nodes = snapshot.cluster.nodes
    peer = {plain(name) for brick in _bricks(view) if brick.host == host for name in brick.names}
    for names in ({plain(host), plain(host.split(".")[0])}, peer):
        if told := [node.name for node in nodes if names & {plain(node.name), plain(node.address)}]:
            return told[0]
    for names in ({plain(host)}, peer):
        if own := [node.name for node in nodes if names & _own(snapshot, node)]:
            return own[0] if len(own) == 1 else host
    return host


def stopped(snapshot: Snapshot, node: str) -> bool:
    """Neither glusterd nor a brick runs on a node, by systemd and the list of processes."""
    services = snapshot.node(node).services
    return isinstance(services, Known) and not (services.value.bricks or services.value.running(GLUSTER_UNITS))


def brick_of(snapshot: Snapshot, view: VolumeView, node: str) -> Brick | None:
    """The brick of a volume on a node, by the volume's own state; of several the worst; None if unknown."""
    own = bricks_of(snapshot, view, node)
    return min(own, key=lambda brick: (brick.reached, brick.heal_daemon), default=None)


def bricks_of(snapshot: Snapshot, view: VolumeView, node: str) -> tuple[Brick, ...]:
    """Every brick of a volume on a node, by the volume's own state."""
    return tuple(brick for brick in _bricks(view) if node_at(snapshot, view, brick.host) == node)


def without_part(snapshot: Snapshot, view: VolumeView, node: str) -> bool:
    """A node has no brick of a volume, and each brick is on a node that is known: it reads the others' copies."""
    names = {node_at(snapshot, view, brick.host) for brick in _bricks(view)}
    return bool(names) and node not in names and all(map(snapshot.cluster.has_node, names))


def offline_nodes(snapshot: Snapshot, view: VolumeView, bricks: Iterable[Brick | Healing]) -> tuple[str, ...]:
    """Nodes whose bricks are not reached, of those that the volume's own state tells, or heal info. Not those of which
    that is no word about the brick, see `in_doubt`."""
    return tuple(node_at(snapshot, view, one.host) for one in bricks if not there(snapshot, view, one))


def there(snapshot: Snapshot, view: VolumeView, brick: Brick | Healing) -> bool:
    """The brick is reached, or may well be."""
    return brick.reached or in_doubt(snapshot, view, brick)


def in_doubt(snapshot: Snapshot, view: VolumeView, brick: Brick | Healing) -> bool:
    """The asker's glusterd does not reach the brick's, whose machine answers: so the brick may serve. A count proves
    it, and nothing speaks against it where the asker reaches a minority."""
    if isinstance(brick, Healing) or brick.reached or brick.rejected or (brick.told and not brick.counted):
        return False
    name = node_at(snapshot, view, brick.host)
    return not snapshot.cluster.has_node(name) or isinstance(snapshot.node(name).host, Known)


def behind_nodes(snapshot: Snapshot, view: VolumeView) -> tuple[str, ...]:
    """Nodes whose copies are behind: of their replica set every other brick lists files that these have missed, and
    they list none. Empty where several list some of each other."""
    sets: dict[int, list[Brick]] = {}
    for brick in _bricks(view):
        sets.setdefault(brick.group, []).append(brick)
    return tuple(
        node_at(snapshot, view, brick.host)
        for one in sets.values()
        for brick in one
        if brick.pending == 0 and all(other.pending for other in one if other is not brick)
    )


class Weakest(NamedTuple):
    """The set that has lost most. `serves`: its files are read and written."""

    here: int
    every: int
    serves: bool


def weakest(snapshot: Snapshot, view: VolumeView, bricks: Sequence[Brick | Healing], without: str = "") -> Weakest:
    """`without`: a node whose bricks are taken for lost."""
    known = {(brick.host, brick.path): brick for brick in _bricks(view)}
    sets: dict[int, list[_Place]] = {}
    for brick in bricks:
        own = known.get((brick.host, brick.path))
        lost = bool(without) and node_at(snapshot, view, brick.host) == without
        here = not lost and there(snapshot, view, brick)
        sets.setdefault(own.group if own else 0, []).append(_Place(here, own))
    every = [Weakest(sum(place.here for place in one), len(one), _serves(view, one)) for one in sets.values()]
    return min(every, key=lambda one: (one.serves, one.here / one.every), default=Weakest(0, 0, False))


def lost_without(snapshot: Snapshot, view: VolumeView, node: str) -> Weakest | None:
    """The set that would no longer serve without a node's bricks; None where none is lost by that."""
    bricks = _bricks(view)
    after = weakest(snapshot, view, bricks, node)
    return after if weakest(snapshot, view, bricks).serves and not after.serves else None


class _Place(NamedTuple):
    """One brick of a set."""

    here: bool
    own: Brick | None
    """By the volume's own state."""


def _serves(view: VolumeView, places: Sequence[_Place]) -> bool:
    """Judge by the clients' quorum of the volume; where it is not known by Gluster's own: none for two bricks. With
    `auto` the first brick decides between two halves. An arbiter alone has no file to give."""
    here, count = [place.here for place in places], sum(place.here for place in places)
    if needs := max((place.own.needs for place in places if place.own), default=0):
        return count >= needs
    if not any(place.here and not (place.own and place.own.arbiter) for place in places):
        return False
    options = view.options.value if isinstance(view.options, Known) else None
    kind = (options.quorum_type if options else "") or ("none" if len(here) == 2 else "auto")
    fixed = figure(options.quorum_count) if options and kind == "fixed" else None
    if fixed is not None:
        return count >= fixed
    if kind in ("none", "off"):
        return True
    return 2 * count > len(here) or (2 * count == len(here) and here[0])


def _bricks(view: VolumeView) -> tuple[Brick, ...]:
    return view.state.value.bricks if isinstance(view.state, Known) else ()


def _own(snapshot: Snapshot, node: Node) -> frozenset[str]:
    """Names that a node calls its own."""
    devices = snapshot.node(node.name).devices
    return frozenset(map(plain, devices.value.names)) if isinstance(devices, Known) else frozenset()
