"""Cells of a node's row that take more than one reading: what the screen and `drainboard status` show alike. Pure."""

from collections.abc import Container, Iterable

from console.health import Finding, Kind, Layer, Level
from console.health.facts.bricks import brick_of, in_doubt, node_at, stopped, without_part
from console.health.facts.heal_info import newer, stands
from console.health.facts.membership import without_spares
from console.probes.snapshot import FirewallView, Known, Snapshot, Unknown
from console.probes.storage.gluster import Brick
from console.words import words
from console.words.words import Word

ROLES = frozenset(
    {
        *(Kind.TWO_MASTERS, Kind.NO_MASTER, Kind.SPLIT_ROLES),
        *(Kind.CARP_INIT, Kind.CARP_DISABLED, Kind.MAINTENANCE, Kind.NO_VHID),
    }
)
"""Findings about the role of a firewall."""
LAYERS = {layer: frozenset(kind for kind in Kind if kind.layer is layer) for layer in Layer}


def naming(found: Iterable[Finding], machine: str, kinds: Container[Kind] = Kind) -> Finding | None:
    """The worst finding of some kinds that names a machine and is more than a note."""
    every = (each for one in found for each in (one, *one.brings))
    mine = [one for one in every if machine in one.machines and one.kind in kinds and one.level > Level.NOTE]
    return max(mine, key=lambda one: one.level, default=None)


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
    if not found and not unknown:
        return words.NOTHING, False  # it has no brick, and each is on another node
    if unknown and stopped(picture, node):
        return words.Word(words.BAD, "stopped", "bad"), False
    doubts = [_doubt(picture, node, one) for one in found if one and not one.reached]
    if doubts and None not in found and all(doubts):
        return next((one for one in doubts if one), words.NOTHING), False
    return words.brick(found, unknown), False


def _doubt(picture: Snapshot, node: str, brick: Brick) -> Word | None:
    """The brick is not reached by who was asked, and may serve."""
    view = next(view for view in picture.volumes if brick_of(picture, view, node) is brick)
    if not in_doubt(picture, view, brick):
        return None
    return (
        words.Word(words.WARN, "no peer", "warn") if brick.counted else words.Word(words.UNKNOWN, "untold", "unknown")
    )


def heal(picture: Snapshot, node: str) -> Word:
    """Entries to heal on a node's bricks."""
    found, unknown = _bricks(picture, node)
    return words.NOTHING if not found and not unknown else words.heal(found, unknown)


def _bricks(picture: Snapshot, node: str) -> tuple[list[Brick | None], Unknown | None]:
    """(the node's brick in every volume, None); or ([], the reason why some volume is not known)."""
    unknown = next((view.state for view in picture.volumes if isinstance(view.state, Unknown)), None)
    views = [view for view in picture.volumes if not without_part(picture, view, node)]
    return [] if unknown else [brick_of(picture, view, node) for view in views], unknown
