"""A replicated GlusterFS volume: its bricks, their self-heal daemons, and what is still to be healed.

Traps (measured on 10.3): `volume status` leaves out the bricks of a node that is down, so the bricks come from
glusterd's files. It goes on calling a brick process online that hangs; heal-count says that no self-heal daemon reaches
it. Each daemon counts every brick it reaches, so a count proves the brick, and neither the daemon nor glusterd beside
it; where a daemon is missing heal-count fails as a whole. A brick that gave no input has no count, which is not 0. 0
entries while a brick is away is not healed.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from console.inventory.addresses import plain
from console.inventory.cluster import Cluster
from console.probes.ask import Busy, Ran, Run, Unreadable
from console.probes.parsing import each, rows, short, told, whole, without_sudo
from console.probes.question import Cadence, Question, Subject
from console.probes.storage import gluster_store
from console.probes.storage.gluster_command import Stopped, document, gluster, printed
from console.probes.storage.gluster_store import MAX_BRICKS, Placed, placed
from console.text import listed, quoted

ENOUGH_LOOKS = 10
"""Counting further would only repaint."""
WINDOW = 60.0
"""Seconds over which healing is measured: entries come and go while files are being written."""
TREND = 30.0
"""Seconds, within those, over which a rate is measured: its course now."""
BASELINE = 8.0
"""Seconds a rate must at least be over."""
MAX_LOOKS = 100
_USAGE = re.compile(r"(?i)\s*(usage:|unrecognized word: summary)")
_EXPLAINED = re.compile(r"Self-heal[ -]daemon is (?:not running|disabled)|unsuccessful on bricks that are down")
"""Reasons for no count that the state of the bricks and daemons tells as well."""
_NO_REPLICAS = "not of type replicate"
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
    rejected: bool = False
    """The asker and the peer have rejected each other: waiting does not bring the peer back."""
    group: int = 0
    """Its set, from 0: the bricks of one hold the same files, or parts of the same (dispersed)."""
    needs: int = 0
    """Bricks of its set without which no file can be read, where the volume is dispersed; 0: it is replicated."""
    arbiter: bool = False
    """It holds names only, and serves no file by itself."""
    told: bool = True
    """The asker can tell: it reaches the peer, or most of them. One that is cut off itself speaks of its own brick."""

    @property
    def reached(self) -> bool:
        """It takes reads and writes, and its glusterd is there."""
        return self.online and self.connected

    @property
    def counted(self) -> bool:
        """A self-heal daemon has reached it, and only its glusterd is away: the brick goes on."""
        return not self.connected and self.pending is not None

    @property
    def well(self) -> bool:
        """Reached, with its daemon, and known to have nothing to heal."""
        return self.reached and self.heal_daemon and self.pending == 0


@dataclass(frozen=True)
class Volume:
    """One look at a volume through one node, and how healing has gone on over the last looks."""

    bricks: tuple[Brick, ...]
    clean_looks: int
    """Looks in a row, at most ENOUGH_LOOKS, that found every brick well. Just after power on single looks lie."""
    history: tuple[tuple[float, int], ...] = field(default=(), compare=False)
    """(console's monotonic seconds, entries to heal) over the last WINDOW seconds; empty while a count is unknown."""
    progress_at: float = field(default=0.0, compare=False)
    """Time at which the count was last below all of the WINDOW before, or the history began."""
    started: bool = True
    """Stopped (`gluster volume stop`), nobody reads or writes it, and of its bricks nothing more is known."""
    unread: tuple[str, ...] = ()
    """Parts of the answers that can't be read; the rest stands."""

    @property
    def quorum(self) -> bool:
        """Enough of each set is reached: every file can be read and written."""
        return all(_enough([brick for brick in self.bricks if brick.group == group]) for group in self._groups)

    @property
    def _groups(self) -> set[int]:
        return {brick.group for brick in self.bricks}

    @property
    def dispersed(self) -> bool:
        """Its bricks hold parts of the files. heal-count, which is for replicas, tells nothing of it."""
        return any(brick.needs for brick in self.bricks)

    @property
    def majority(self) -> bool:
        """The asker's glusterd reaches more than half of the bricks' glusterds, its own among them. One that does not
        may itself be the one that is cut off, and what it says of the others' bricks is its own view."""
        hosts = {brick.host: False for brick in self.bricks}
        hosts.update({brick.host: True for brick in self.bricks if brick.connected})
        return not self.started or 2 * sum(hosts.values()) > len(hosts)

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


def _enough(bricks: list[Brick]) -> bool:
    """More than half of a replica set, and one with data; of a dispersed one as many as hold a file together."""
    reached = [brick for brick in bricks if brick.reached]
    return len(reached) >= (bricks[0].needs or len(bricks) // 2 + 1) and not all(brick.arbiter for brick in reached)


@dataclass(frozen=True)
class Counted:
    """heal-count's statement about a brick."""

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
        """Like `Brick.reached`."""
        return self.connected


@dataclass(frozen=True)
class SplitBrain:
    """Entries in split-brain; only `heal info summary` tells. None: some brick could not be asked."""

    entries: int | None
    bricks: tuple[Healing, ...] = ()
    unread: tuple[str, ...] = ()
    """Reasons why a brick's counts can't be read; the others' stand."""

    @property
    def majority(self) -> bool:
        """The asker reaches more than half of the bricks. One that does not may itself be the one that is cut off."""
        return 2 * sum(brick.connected for brick in self.bricks) > len(self.bricks)


def parse(answers: tuple[Ran, ...], before: Volume | None) -> Volume:
    """Read glusterd's files, `volume status --xml` and `statistics heal-count`."""
    unread: list[str] = []
    where = placed(answers[0], unread)
    _believed(where)
    try:
        dispersed = any(brick.needs for brick in where)
        status, counts = document(answers[1]), {} if dispersed else _counts(answers[2], unread)
    except Stopped:
        bricks = tuple(_brick(brick, [], UNCOUNTED) for brick in where)
        return Volume(bricks, 0, started=False, unread=told(unread))
    ours = {brick.name for brick in where}
    if counts and ours.isdisjoint(counts):
        raise Unreadable("heal-count names other bricks than the volume has")
    unread += [f"heal-count names a brick that the volume has not, {quoted(name)}" for name in counts.keys() - ours]
    nodes = rows(status, "volStatus", "volumes", "volume", "node")
    bricks = tuple(_brick(brick, _processes(brick, nodes), counts.get(brick.name, UNCOUNTED)) for brick in where)
    looks = before.clean_looks + 1 if before else 1
    clean = min(looks, ENOUGH_LOOKS) if all(brick.well for brick in bricks) else 0
    volume = Volume(bricks, clean, unread=told(unread))
    if not volume.majority:
        volume = replace(volume, bricks=tuple(replace(brick, told=brick.connected) for brick in bricks))
    return _healing(volume, before, answers[2].at)


def _believed(where: tuple[Placed, ...]) -> None:
    """A glusterd that half of the others have rejected knows nothing of them: that is no word about their bricks."""
    rejected = listed(dict.fromkeys(one.host for one in where if one.rejected))
    asker = listed(dict.fromkeys(one.host for one in where if not one.rejected))
    peers = {one.host: one.rejected for one in where}
    if 2 * sum(peers.values()) >= len(peers):
        raise Unreadable(
            f"the glusterds of {asker} and of {rejected} have rejected each other: a volume's settings differ there."
            f" See `gluster peer status` on each"
        )


def _processes(brick: Placed, nodes: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    """Processes of a brick's peer. Where the brick's file holds no uuid, the row of the brick tells it."""
    own = (row.get("peerid") for row in nodes if _of(brick, row))
    peer = brick.peer or next(own, None)
    return [row for row in nodes if row.get("peerid") == peer]


def _of(brick: Placed, row: dict[str, Any]) -> bool:
    return (plain(str(row.get("hostname"))), row.get("path")) == (plain(brick.host), brick.path)


def _counts(answer: Ran, unread: list[str]) -> dict[str, Counted]:
    """Counts by brick; none where heal-count fails: the bricks are known all the same."""
    said = answer.out + answer.err
    if answer.status and _EXPLAINED.search(said):
        return {}
    try:
        text = printed(answer)
    except (Busy, Stopped):
        raise
    except Unreadable as why:
        if _NO_REPLICAS in said:
            raise
        unread.append(f"heal-count: {why}")
        return {}
    return parse_heal_count(text)


def _brick(brick: Placed, mine: list[dict[str, Any]], counted: Counted) -> Brick:
    """`mine`: the processes of its peer, as that one's glusterd tells."""
    daemons = [row for row in mine if row.get("hostname") == "Self-heal Daemon"]
    own = [row for row in mine if _of(brick, row)]
    return Brick(
        host=brick.host,
        path=brick.path,
        online=any(row.get("status") == "1" for row in own) and not counted.cut_off,
        heal_daemon=any(row.get("status") == "1" for row in daemons),
        connected=bool(own),
        pending=counted.pending,
        names=brick.names,
        rejected=brick.rejected,
        group=brick.group,
        needs=brick.needs,
        arbiter=brick.arbiter,
    )


def _healing(volume: Volume, before: Volume | None, at: float) -> Volume:
    """A copy with the history of the last looks. An unknown count ends it: then there is no baseline."""
    pending = volume.pending
    if pending is None:
        return volume
    old = before.history if before else ()
    if old and old[-1][0] >= at:
        return replace(volume, history=old, progress_at=before.progress_at if before else at)
    recent = tuple(look for look in old if at - look[0] <= WINDOW)[-MAX_LOOKS:]
    better = not recent or pending < min(count for _, count in recent) or not recent[-1][1]
    progress = at if better or before is None else before.progress_at
    return replace(volume, history=(*recent, (at, pending)), progress_at=progress)


def parse_heal_count(text: str) -> dict[str, Counted]:
    """Counts by brick. "No gathered input" means that nobody says anything."""
    found = [(match["brick"], _count(match["count"], match["status"])) for match in _COUNT.finditer(text)]
    if not found or len(dict(found)) != len(found):
        raise Unreadable("heal-count names no brick, or one of them twice")
    return dict(found)


def _count(count: str | None, status: str | None) -> Counted:
    return Counted(None if status or count is None else int(count), status is not None)


def parse_summary(answers: tuple[Ran, ...], _before: SplitBrain | None) -> SplitBrain:
    """Read `heal info summary --xml`."""
    if answers[0].status and _USAGE.match(without_sudo(answers[0].err) or answers[0].out):
        raise Unreadable(
            "this Gluster is older than 3.13 and has no `heal info summary`. Update it, or look by hand:"
            " `gluster volume heal VOLUME info split-brain`"
        )
    bricks = rows(document(answers[0]), "healInfo", "bricks", "brick")
    if not bricks:
        raise Unreadable("heal info names no brick")
    unread: list[str] = []
    found = tuple(_reached(brick, unread) for brick in bricks[:MAX_BRICKS])
    known = [brick.split_brain for brick in found if brick.split_brain is not None]
    some = max(known, default=0)
    return SplitBrain(some if some or len(known) == len(found) else None, found, told(unread))


def _reached(row: dict[str, Any], unread: list[str]) -> Healing:
    host, _, path = str(row.get("name")).partition(":/")
    connected = row.get("status") == "Connected"
    pending, split = next(iter(each(_entries, [row] if connected else [], unread)), (None, None))
    return Healing(short(host), short(f"/{path}"), connected, pending, split)


def _entries(row: dict[str, Any]) -> tuple[int, int]:
    """Entries to heal on a connected brick, and those of them in split-brain."""
    keys = ("totalNumberOfEntries", "numberOfEntriesInSplitBrain")
    pending, split = (whole(None if row.get(key) is None else str(row[key]), key) for key in keys)
    if split > pending:
        raise Unreadable(
            f"heal info counts {split} of {pending} entries of {short(str(row.get('name')))} in split-brain"
        )
    return pending, split


def _cheap(_cluster: Cluster, volume: str) -> tuple[Run, ...]:
    """Seconds for both of gluster's commands, which take the volume's lock and wait for peers: together less than a
    batch may take."""
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
    remedy="",
    settled=lambda volume: volume.majority,
)
SPLIT_BRAIN = Question(
    field="split_brain",
    title="split-brain, by heal info",
    subject=Subject.VOLUME,
    cadence=Cadence.SLOW,
    asks=_summary,
    parse=parse_summary,
    apart=True,
    settled=lambda found: found.majority,
)
