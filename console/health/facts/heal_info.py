"""State of the bricks by `heal info`, which goes on answering while glusterd's lock is held.

After a machine has lost its power without a word the lock stays held as long as the machine is unreachable and its TCP
connections live (measured on 10.3: for more than four minutes), and nothing that goes through glusterd answers; heal
info reaches the bricks by itself. It is good to know and to say; guards take the volume's own state only.
"""

from console.probes.snapshot import NOT_ASKED, Known, Snapshot, Unknown, VolumeView
from console.probes.storage.gluster import Healing


def newer(view: VolumeView) -> tuple[Healing, ...]:
    """The bricks by heal info, if it is from a later moment than the volume's own state; else ()."""
    found = view.split_brain
    if not isinstance(found, Known) or view.state is NOT_ASKED:
        return ()
    return found.value.bricks if isinstance(view.state, Unknown) or found.at > view.state.at else ()


def stands(snapshot: Snapshot, node: str, brick: Healing) -> bool:
    """This statement about a node's brick counts. "Reached" does not for an unreachable node: it is older than the
    loss."""
    return not brick.reached or isinstance(snapshot.node(node).host, Known)
