"""Which bricks are away by `heal info`, which goes on answering while glusterd's lock is held.

After a machine has lost its power without a word the lock stays held as long as the machine is away and its TCP
connections live (measured on 10.3: for more than four minutes), and nothing that goes through glusterd answers; heal
info reaches the bricks by itself. It is good to know and to say; guards take the volume's own state only.
"""

from console.probes.gluster import Healing
from console.snapshot import NOT_ASKED, Known, Snapshot, Unknown, VolumeView


def newer(view: VolumeView) -> tuple[Healing, ...]:
    """Its bricks, where it tells of a later moment than the volume's own state does; () where it does not."""
    found = view.split_brain
    if not isinstance(found, Known) or view.state is NOT_ASKED:
        return ()
    return found.value.bricks if isinstance(view.state, Unknown) or found.at > view.state.at else ()


def node_of(snapshot: Snapshot, view: VolumeView, host: str) -> str:
    """The node of a brick, by the inventory's name where Gluster knows it by another; `host` where none is known."""
    return next((node.name for node in snapshot.nodes if host in _names(snapshot, view, node.name)), host)


def _names(snapshot: Snapshot, view: VolumeView, node: str) -> set[str]:
    brick = snapshot.brick(view, node)
    return {*snapshot.names(node), *((brick.host,) if brick else ())}


def away(snapshot: Snapshot, view: VolumeView) -> tuple[str, ...]:
    """Nodes whose bricks it did not reach."""
    return tuple(node_of(snapshot, view, brick.host) for brick in newer(view) if not brick.connected)


def of(snapshot: Snapshot, node: str) -> tuple[Healing, ...]:
    """A node's bricks in all volumes, as far as it tells anything newer."""
    return tuple(
        brick for view in snapshot.volumes for brick in newer(view) if node_of(snapshot, view, brick.host) == node
    )
