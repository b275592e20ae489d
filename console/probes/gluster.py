"""A replicated GlusterFS volume: its bricks, their self-heal daemons, and what is still to be healed.

Traps (measured on 10.3): `volume status` leaves out the bricks of a node that is down, so the bricks come from `volume
info`. A brick that gave no input has no count, which is not 0. 0 entries while a brick is away is not healed.
"""

import re
from dataclasses import dataclass
from typing import Any, cast

from console.answers import ran, rows, whole, xml
from console.asks import Ran, Run, Unreadable
from console.inventory import Cluster
from console.question import Cadence, Question, Subject

MOST_BRICKS = 100
LONGEST = 1000
"""Characters of a brick's name."""
_COUNT = re.compile(r"Brick (?P<brick>\S+)\n(?:Number of entries: (?P<count>\d{1,9}))?")


@dataclass(frozen=True)
class Brick:
    """`host` as Gluster names the peer; `pending` None: not known, which is never 0."""

    host: str
    path: str
    online: bool
    heal_daemon: bool
    """The self-heal daemon of the same peer runs."""
    connected: bool
    """The asker's glusterd is connected to the peer (the asker counts as connected)."""
    pending: int | None

    @property
    def well(self) -> bool:
        """Online, with its daemon, and known to have nothing to heal."""
        return self.online and self.heal_daemon and self.connected and self.pending == 0


@dataclass(frozen=True)
class Volume:
    """One look at a volume through one node."""

    bricks: tuple[Brick, ...]
    clean_looks: int
    """How many looks in a row found every brick well. Just after power on single looks lie; several do not."""

    @property
    def pending(self) -> int | None:
        """Entries to heal on the worst brick, or None while any brick's count is unknown."""
        counts = [brick.pending for brick in self.bricks]
        return None if None in counts else max((count for count in counts if count is not None), default=0)


@dataclass(frozen=True)
class SplitBrain:
    """Entries in split-brain; only `heal info summary` tells. None: some brick could not be asked."""

    entries: int | None


def document(answer: Ran) -> dict[str, Any]:
    """The <cliOutput> of a gluster command whose opRet is 0."""
    output = xml(ran(answer), "what gluster printed", ("volume", "brick", "node", "peer")).get("cliOutput")
    if not isinstance(output, dict):
        raise Unreadable("gluster's XML has no cliOutput")
    document = cast("dict[str, Any]", output)
    if document.get("opRet") != "0":
        raise Unreadable(f"gluster says: {document.get('opErrstr') or 'opRet ' + str(document.get('opRet'))}")
    return document


def parse(answers: tuple[Ran, ...], before: Volume | None) -> Volume:
    """From `volume info`, `volume status`, `peer status` (XML) and `statistics heal-count` (text)."""
    info, status, peers = (document(answer) for answer in answers[:3])
    bricks = tuple(str(row.get("name")) for row in rows(info, "volInfo", "volumes", "volume", "bricks", "brick"))
    if not bricks or any(":" not in brick for brick in bricks):
        raise Unreadable("volume info names no bricks")
    if len(bricks) > MOST_BRICKS or any(len(brick) > LONGEST for brick in bricks):
        raise Unreadable(f"volume info names more than {MOST_BRICKS} bricks, or one of more than {LONGEST} characters")
    counts = parse_heal_count(ran(answers[3]))
    nodes = rows(status, "volStatus", "volumes", "volume", "node")
    connected = {str(row.get("uuid")): row.get("connected") == "1" for row in rows(peers, "peerStatus", "peer")}
    volume = tuple(_brick(brick, nodes, connected, counts.get(brick)) for brick in bricks)
    looks = before.clean_looks if before else 0
    return Volume(volume, looks + 1 if all(brick.well for brick in volume) else 0)


def _brick(name: str, nodes: tuple[dict[str, Any], ...], connected: dict[str, bool], pending: int | None) -> Brick:
    host, _, path = name.partition(":")
    mine = next((row for row in nodes if row.get("hostname") == host and row.get("path") == path), None)
    peer = mine.get("peerid") if mine else None
    daemons = [row for row in nodes if row.get("hostname") == "Self-heal Daemon" and row.get("peerid") == peer]
    return Brick(
        host=host,
        path=path,
        online=mine is not None and mine.get("status") == "1",
        heal_daemon=peer is not None and any(row.get("status") == "1" for row in daemons),
        connected=peer is not None and connected.get(str(peer), True),
        pending=pending,
    )


def parse_heal_count(text: str) -> dict[str, int | None]:
    """Entries to heal by brick; None where gluster gathered no input."""
    found = {match["brick"]: None if match["count"] is None else int(match["count"]) for match in _COUNT.finditer(text)}
    if not found:
        raise Unreadable("heal-count names no brick")
    return found


def parse_summary(answers: tuple[Ran, ...], _before: SplitBrain | None) -> SplitBrain:
    """From `heal info summary --xml`."""
    bricks = rows(document(answers[0]), "healInfo", "bricks", "brick")
    if not bricks:
        raise Unreadable("heal info names no brick")
    counts = [brick.get("numberOfEntriesInSplitBrain") for brick in bricks]
    if any(count is None for count in counts):
        return SplitBrain(None)
    return SplitBrain(max(whole(str(count), "numberOfEntriesInSplitBrain") for count in counts))


def _gluster(*words: str, timeout: float = 8) -> Run:
    return Run(("gluster", "--mode=script", *words), root=True, timeout=timeout)


def _cheap(_cluster: Cluster, volume: str) -> tuple[Run, ...]:
    return (
        _gluster("volume", "info", volume, "--xml"),
        _gluster("volume", "status", volume, "--xml"),
        _gluster("peer", "status", "--xml"),
        _gluster("volume", "heal", volume, "statistics", "heal-count"),
    )


def _summary(_cluster: Cluster, volume: str) -> tuple[Run, ...]:
    return (_gluster("volume", "heal", volume, "info", "summary", "--xml", timeout=18),)


STORAGE = Question(field="state", subject=Subject.VOLUME, cadence=Cadence.STORAGE, asks=_cheap, parse=parse)
SPLIT_BRAIN = Question(
    field="split_brain", subject=Subject.VOLUME, cadence=Cadence.SLOW, asks=_summary, parse=parse_summary
)
