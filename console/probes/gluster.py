"""A replicated GlusterFS volume: its bricks, their self-heal daemons, and what is still to be healed.

Traps (measured on 10.3): `volume status` leaves out the bricks of a node that is down, so the bricks come from `volume
info`. A brick that gave no input has no count, which is not 0. 0 entries while a brick is away is not healed.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Any, cast

from console.answers import dig, ran, rows, short, whole, xml
from console.asks import Busy, Ran, Run, Unreadable
from console.inventory import Cluster
from console.question import Cadence, Question, Subject

MOST_BRICKS = 100
LONGEST = 1000
"""Characters of a brick's name."""
ENOUGH_LOOKS = 10
"""Counting further would only repaint."""
WINDOW = 60.0
"""Seconds over which healing is measured: entries come and go while files are being written."""
BASELINE = 8.0
"""Seconds a rate must at least be over."""
MOST_LOOKS = 100
MOST_NAMES = 8
BUSY = "Gluster is busy, or waits for a peer that has vanished"
"""After a machine has lost its power the first command that takes the volume's lock waits for it, and all others fail
meanwhile: for half a minute, and for as long as TCP goes on sending where the peer stays away."""
_BUSY = re.compile(r"(?i)locking failed|another transaction|unable to acquire lock|request timed out|timed? ?out")
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
    names: tuple[str, ...] = ()
    """Every name and address by which the asker knows the peer; none of the asker itself."""

    @property
    def well(self) -> bool:
        """Online, with its daemon, and known to have nothing to heal."""
        return self.online and self.heal_daemon and self.connected and self.pending == 0


@dataclass(frozen=True)
class Volume:
    """One look at a volume through one node, and how healing has gone on over the last looks."""

    bricks: tuple[Brick, ...]
    clean_looks: int
    """How many looks in a row, at most ENOUGH_LOOKS, found every brick well. Just after power on single looks lie."""
    history: tuple[tuple[float, int], ...] = field(default=(), compare=False)
    """(console's monotonic seconds, entries to heal) over the last WINDOW seconds; empty while a count is unknown."""
    progress_at: float = field(default=0.0, compare=False)
    """When the count was last below all of the WINDOW before, or began."""

    @property
    def pending(self) -> int | None:
        """Entries to heal on the worst brick, or None while any brick's count is unknown."""
        counts = [brick.pending for brick in self.bricks]
        return None if None in counts else max((count for count in counts if count is not None), default=0)

    @property
    def heal_rate(self) -> float | None:
        """Entries a second by which the count shrinks (negative: it grows). None: no baseline, or nothing to heal."""
        if len(self.history) < 2 or not self.pending:
            return None
        (began, first), (now, last) = self.history[0], self.history[-1]
        return (first - last) / (now - began) if now - began >= BASELINE else None

    @property
    def heal_eta(self) -> float | None:
        """Seconds until nothing is left, if healing goes on as it does. None: it does not shrink, or not known."""
        rate = self.heal_rate
        return self.pending / rate if rate and rate > 0 and self.pending else None

    @property
    def stuck(self) -> float | None:
        """Seconds without progress while there is something to heal, 0 while it goes on. None: nothing to, unknown."""
        return self.history[-1][0] - self.progress_at if self.history and self.pending else None


@dataclass(frozen=True)
class Healing:
    """A brick as `heal info` reaches it: by itself, without glusterd's lock, so also while others wait."""

    host: str
    path: str
    connected: bool
    pending: int | None
    """Entries to heal, those in split-brain among them. None: not known."""
    split_brain: int | None


@dataclass(frozen=True)
class SplitBrain:
    """Entries in split-brain; only `heal info summary` tells. None: some brick could not be asked."""

    entries: int | None
    bricks: tuple[Healing, ...] = ()


def document(answer: Ran) -> dict[str, Any]:
    """The <cliOutput> of a gluster command whose opRet is 0."""
    output = xml(printed(answer), "what gluster printed", ("volume", "brick", "node", "peer", "Opt")).get("cliOutput")
    if not isinstance(output, dict):
        raise Unreadable("gluster's XML has no cliOutput")
    document = cast("dict[str, Any]", output)
    if document.get("opRet") != "0":
        why = str(document.get("opErrstr") or f"opRet {document.get('opRet')}")
        raise Busy(BUSY) if _BUSY.search(why) else Unreadable(f"gluster says: {why}")
    return document


def printed(answer: Ran) -> str:
    """What a gluster command printed; XML tells by itself why it failed. A wait for others is one calm sentence."""
    if answer.status == 124 or (answer.status and _BUSY.search(answer.out + answer.err)):
        raise Busy(BUSY)
    return ran(replace(answer, status=0) if answer.out.startswith("<?xml") else answer)


def parse(answers: tuple[Ran, ...], before: Volume | None) -> Volume:
    """From `volume info`, `volume status`, `peer status` (XML) and `statistics heal-count` (text)."""
    info, status, peers = (document(answer) for answer in answers[:3])
    bricks = _bricks(info)
    counts = parse_heal_count(printed(answers[3]))
    nodes = rows(status, "volStatus", "volumes", "volume", "node")
    known = {str(peer.get("uuid")): peer for peer in rows(peers, "peerStatus", "peer")}
    volume = Volume(tuple(_brick(brick, nodes, known, counts.get(brick)) for brick in bricks), 0)
    looks = before.clean_looks + 1 if before else 1
    clean = min(looks, ENOUGH_LOOKS) if all(brick.well for brick in volume.bricks) else 0
    return _healing(replace(volume, clean_looks=clean), before, answers[3].at)


def _bricks(info: dict[str, Any]) -> tuple[str, ...]:
    """host:path of each, in the order in which the volume was made."""
    volumes = rows(info, "volInfo", "volumes", "volume")
    bricks = tuple(str(row.get("name")) for row in rows(info, "volInfo", "volumes", "volume", "bricks", "brick"))
    if not bricks or any(":" not in brick for brick in bricks):
        raise Unreadable("volume info names no bricks")
    if len(bricks) > MOST_BRICKS or any(len(brick) > LONGEST for brick in bricks):
        raise Unreadable(f"volume info names more than {MOST_BRICKS} bricks, or one of more than {LONGEST} characters")
    if len(bricks) != whole(str(volumes[0].get("brickCount")), "brickCount"):
        raise Unreadable("volume info names other than the number of bricks it counts")
    return bricks


def _healing(volume: Volume, before: Volume | None, at: float) -> Volume:
    """With the history of the last looks. Where a count is unknown it begins anew: there is no baseline."""
    pending = volume.pending
    if pending is None:
        return volume
    old = before.history if before else ()
    if old and old[-1][0] >= at:
        return replace(volume, history=old, progress_at=before.progress_at if before else at)
    recent = tuple(look for look in old if at - look[0] <= WINDOW)[-MOST_LOOKS:]
    better = not recent or pending < min(count for _, count in recent) or not recent[-1][1]
    progress = at if better or before is None else before.progress_at
    return replace(volume, history=(*recent, (at, pending)), progress_at=progress)


def _brick(name: str, nodes: tuple[dict[str, Any], ...], peers: dict[str, Any], pending: int | None) -> Brick:
    host, _, path = name.partition(":")
    mine = next((row for row in nodes if row.get("hostname") == host and row.get("path") == path), None)
    peer = mine.get("peerid") if mine else None
    daemons = [row for row in nodes if row.get("hostname") == "Self-heal Daemon" and row.get("peerid") == peer]
    known = peers.get(str(peer)) if peer else next((one for one in peers.values() if host in _names(one)), None)
    return Brick(
        host=host,
        path=path,
        online=mine is not None and mine.get("status") == "1",
        heal_daemon=peer is not None and any(row.get("status") == "1" for row in daemons),
        connected=peer is not None and (known is None or known.get("connected") == "1"),
        pending=pending,
        names=_names(known) if known else (),
    )


def _names(peer: dict[str, Any]) -> tuple[str, ...]:
    """All host names of a peer, each once."""
    several = dig(peer, "hostnames")
    more = cast("dict[str, Any]", several).get("hostname") if isinstance(several, dict) else None
    listed = cast("list[Any]", more) if isinstance(more, list) else [more]
    found = [name for name in (peer.get("hostname"), *listed) if isinstance(name, str)]
    return tuple(dict.fromkeys(short(name) for name in found))[:MOST_NAMES]


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
    found = tuple(_reached(brick) for brick in bricks[:MOST_BRICKS])
    known = [brick.split_brain for brick in found if brick.split_brain is not None]
    return SplitBrain(max(known) if len(known) == len(found) else None, found)


def _reached(row: dict[str, Any]) -> Healing:
    def count(name: str) -> int | None:
        return None if row.get(name) is None else whole(str(row.get(name)), name)

    host, _, path = str(row.get("name")).partition(":")
    pending, split = count("totalNumberOfEntries"), count("numberOfEntriesInSplitBrain")
    connected = row.get("status") == "Connected"
    if connected and (pending is None or split is None or split > pending):
        raise Unreadable("heal info counts a connected brick's entries not at all, or wrongly")
    return Healing(short(host), short(path), connected, pending if connected else None, split if connected else None)


def gluster(*words: str, timeout: float = 8) -> Run:
    return Run(("gluster", "--mode=script", *words), root=True, timeout=timeout)


def _cheap(_cluster: Cluster, volume: str) -> tuple[Run, ...]:
    """Only `status` and `heal-count` take the volume's lock and wait for peers: together less than a round may take."""
    return (
        gluster("volume", "info", volume, "--xml", timeout=2.5),
        gluster("volume", "status", volume, "--xml", timeout=4),
        gluster("peer", "status", "--xml", timeout=2.5),
        gluster("volume", "heal", volume, "statistics", "heal-count", timeout=2.5),
    )


def _summary(_cluster: Cluster, volume: str) -> tuple[Run, ...]:
    return (gluster("volume", "heal", volume, "info", "summary", "--xml", timeout=18),)


STORAGE = Question(field="state", subject=Subject.VOLUME, cadence=Cadence.STORAGE, asks=_cheap, parse=parse)
SPLIT_BRAIN = Question(
    field="split_brain",
    subject=Subject.VOLUME,
    cadence=Cadence.SLOW,
    asks=_summary,
    parse=parse_summary,
    apart=True,
)
