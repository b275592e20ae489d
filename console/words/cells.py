"""Cells of a node's row that take more than one reading: what the screen and `drainboard status` show alike. Pure."""

from console.health.facts.bricks import brick_of, node_at
from console.health.facts.heal_info import newer, stands
from console.health.facts.membership import without_spares
from console.probes.snapshot import FirewallView, Known, Snapshot, Unknown
from console.probes.storage.gluster import Brick
from console.words import words
from console.words.words import Word


def pools(picture: Snapshot, firewall: FirewallView, node: str) -> Word:
    """A node in the pools of one firewall, those apart that it is a spare of."""
    why = firewall.pools if isinstance(firewall.pools, Unknown) else None
    running = isinstance(firewall.pools, Known) and firewall.pools.value.running
    here = next(one for one in without_spares(picture, node) if one.firewall == firewall.name)
    return words.membership(here, why, running)


def brick(picture: Snapshot, node: str) -> tuple[Word, bool]:
    """A node's bricks, and whether heal info told, because it is newer than what the volumes themselves say."""
    found, unknown = _bricks(picture, node)
    told = [one for view in picture.volumes for one in newer(view) if node_at(picture, view, one.host) == node]
    told = [one for one in told if stands(picture, node, one)]
    if told and (unknown or not all(one.reached for one in told)):
        return words.brick_by_heal_info(told), True
    return words.brick(found, unknown), False


def heal(picture: Snapshot, node: str) -> Word:
    """Entries to heal on a node's bricks."""
    return words.heal(*_bricks(picture, node))


def _bricks(picture: Snapshot, node: str) -> tuple[list[Brick | None], Unknown | None]:
    """(the node's brick in every volume, None); or ([], the reason why some volume is not known)."""
    unknown = next((view.state for view in picture.volumes if isinstance(view.state, Unknown)), None)
    return [] if unknown else [brick_of(picture, view, node) for view in picture.volumes], unknown
