"""A replicated GlusterFS volume: its bricks, their self-heal daemons, and what is still to be healed.

Traps (measured on 10.3): `volume status` leaves out the bricks of a node that is down, so the bricks come from
glusterd's files. It goes on calling a brick process online that hangs; heal-count says that no self-heal daemon reaches
it. Each daemon counts every brick it reaches, so a count proves the brick, and neither the daemon nor glusterd beside
it; where a daemon is missing heal-count fails as a whole. A brick that gave no input has no count, which is not 0. 0
entries while a brick is away is not healed.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Any, cast

from console.inventory.cluster import Cluster
from console.probes.ask import Busy, Ran, Run, Unreadable
from console.probes.parsing import ran, rows, short, whole, xml
from console.probes.question import Cadence, Question, Subject
from console.probes.storage import gluster_store
from console.probes.storage.gluster_store import MOST_BRICKS, Placed, placed

ENOUGH_LOOKS = 10
"""Counting further would only repaint."""
WINDOW = 60.0
"""Seconds over which healing is measured: entries come and go while files are being written."""
TREND = 30.0
"""Of them, those over which a rate is: how it goes on now."""
BASELINE = 8.0
"""Seconds a rate must at least be over."""
MOST_LOOKS = 100
BUSY = "Gluster is busy, or waits for a peer that has vanished"
"""After a machine has lost its power the first command that takes the volume's lock waits for it, and all others fail
meanwhile: for half a minute, and for as long as TCP goes on sending where the peer stays away."""
_BUSY = re.compile(r"(?i)locking failed|another transaction|unable to acquire lock|request timed out|timed? ?out")
_COUNT = re.compile(
    r"^Brick (?P<brick>[^\n]+)\n(?P<status>Status: [^\n]*\n)?(?:Number of entries: (?P<count>[0-9]{1,9})$)?",
    re.MULTILINE,
)


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
    def reached(self) -> bool:
        """It takes reads and writes."""
        return self.online and self.connected

    @property
    def well(self) -> bool:
        """Reached, with its daemon, and known to have nothing to heal."""
        return self.reached and self.heal_daemon and self.pending == 0


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
        """Entries a second by which the count shrinks (negative: it grows). None: nothing to heal, or no trend yet.
        It grows where it has never been more: a backlog that came at once and is being healed does not."""
        zeros = [at for at, (_, count) in enumerate(self.history) if not count]
        since = zeros[-1] + 1 if zeros else 0
        recent = [look for look in self.history[since:] if self.history[-1][0] - look[0] <= TREND]
        if not recent or recent[-1][0] - recent[0][0] < BASELINE:
            return None
        (began, first), (now, last) = recent[0], recent[-1]
        return None if first < last < max(count for _, count in recent) else (first - last) / (now - began)

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
class Counted:
    """What heal-count says of a brick."""

    pending: int | None
    cut_off: bool
    """A self-heal daemon says that it does not reach the brick."""


UNCOUNTED = Counted(None, cut_off=False)


@dataclass(frozen=True)
class Healing:
    """A brick as `heal info` reaches it: by itself, without glusterd's lock, so also while others wait."""

    host: str
    path: str
    connected: bool
    pending: int | None
    """Entries to heal, those in split-brain among them. None: not known."""
    split_brain: int | None

    @property
    def reached(self) -> bool:
        """As of a `Brick`."""
        return self.connected


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
    """From glusterd's files, `volume status --xml` and `statistics heal-count`."""
    where, status, counts = placed(answers[0]), document(answers[1]), _counts(answers[2])
    if counts and sorted(counts) != sorted(brick.name for brick in where):
        raise Unreadable("heal-count names other bricks than the volume has")
    nodes = rows(status, "volStatus", "volumes", "volume", "node")
    bricks = tuple(
        _brick(brick, [row for row in nodes if row.get("peerid") == brick.peer], counts.get(brick.name, UNCOUNTED))
        for brick in where
    )
    looks = before.clean_looks + 1 if before else 1
    clean = min(looks, ENOUGH_LOOKS) if all(brick.well for brick in bricks) else 0
    return _healing(Volume(bricks, clean), before, answers[2].at)


def _counts(answer: Ran) -> dict[str, Counted]:
    """Nothing where a self-heal daemon is missing: then nothing is counted."""
    if answer.status and "Self-heal daemon is not running" in answer.out + answer.err:
        return {}
    return parse_heal_count(printed(answer))


def _brick(brick: Placed, mine: list[dict[str, Any]], counted: Counted) -> Brick:
    """`mine`: the processes of its peer, as that one's glusterd tells."""
    daemons = [row for row in mine if row.get("hostname") == "Self-heal Daemon"]
    own = [row for row in mine if (row.get("hostname"), row.get("path")) == (brick.host, brick.path)]
    return Brick(
        host=brick.host,
        path=brick.path,
        online=any(row.get("status") == "1" for row in own) and not counted.cut_off,
        heal_daemon=any(row.get("status") == "1" for row in daemons),
        connected=bool(own),
        pending=counted.pending,
        names=brick.names,
    )


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


def parse_heal_count(text: str) -> dict[str, Counted]:
    """By brick. "No gathered input": nobody says anything."""
    found = [(match["brick"], _count(match["count"], match["status"])) for match in _COUNT.finditer(text)]
    if not found or len(dict(found)) != len(found):
        raise Unreadable("heal-count names no brick, or one of them twice")
    return dict(found)


def _count(count: str | None, status: str | None) -> Counted:
    return Counted(None if status or count is None else int(count), status is not None)


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
    """Both of gluster's take the volume's lock and wait for peers: together less than a round may take."""
    return (
        gluster_store.asks(volume),
        gluster("volume", "status", volume, "--xml", timeout=4),
        gluster("volume", "heal", volume, "statistics", "heal-count", timeout=2.5),
    )


def _summary(_cluster: Cluster, volume: str) -> tuple[Run, ...]:
    return (gluster("volume", "heal", volume, "info", "summary", "--xml", timeout=18),)


STORAGE = Question(
    field="state",
    title="Gluster volume",
    subject=Subject.VOLUME,
    cadence=Cadence.STORAGE,
    asks=_cheap,
    parse=parse,
    remedy="correct `volumes` in the inventory: `gluster volume list` names them",
)
SPLIT_BRAIN = Question(
    field="split_brain",
    title="split-brain, by heal info",
    subject=Subject.VOLUME,
    cadence=Cadence.SLOW,
    asks=_summary,
    parse=parse_summary,
    apart=True,
)
