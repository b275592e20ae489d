"""The time of day until which a Galera member that leaves can come back by IST.

It may as long as a donor's gcache holds the write-sets it missed. The moment we saw the seqno that is now the oldest
one a full gcache holds tells that exactly: so long do write-sets stay. Whoever saw it, it is one history for all
members of a cluster. While nothing has been dropped yet, the size of the gcache over the rate of the writes estimates
it: 0.97 of gcache.size was found filled (measured: 31.1 to 31.9 MiB of 32).
"""

import time
from collections.abc import Iterator
from typing import NamedTuple

from console.probes.database import seqnos
from console.probes.database.galera import Wsrep
from console.probes.snapshot import Known, NodeView, Snapshot, Unknown
from console.text import listed

FILLED = 0.97
SPANS = (60.0, 600.0, 6000.0, float("inf"))
"""Seconds over which the rate of writes is looked at. The highest rate counts: a window must not be too long."""
DAY = 86_400.0
FAR = 365 * DAY
"""Seconds from which on no time of day is named: a member's figures may lead beyond any calendar."""


class Window(NamedTuple):
    """Until when IST is possible. `seconds` and `until` are None where there is no end, or none is known."""

    message: str
    seconds: float | None = None
    """Seconds from now on; 0 where it is over, as it may be for a member that has left."""
    until: float | None = None
    """Unix time."""
    possible: bool | None = None
    """It can come back by IST now; None: not known."""
    donor: str = ""
    """The node whose gcache lasts longest."""
    exact: bool = False
    """True by history; False: estimated."""


class _Reach(NamedTuple):
    """One donor's gcache. `seconds` None: not known; infinite while nobody writes."""

    donor: str
    seconds: float | None
    exact: bool
    why: str = ""


def ist_window(snapshot: Snapshot, node: str) -> Window:
    """The window in which a node that leaves now, or that has left, can come back by IST."""
    donors = tuple(_donors(snapshot, node))
    if not donors:
        return Window("no other member is Synced that could give an IST", possible=False)
    mine = snapshot.node(node).galera
    if isinstance(mine, Known) and mine.value.status == "Primary":
        return _from(donors[0][1].at, [_reach(snapshot, view, it) for view, it in donors], "back by IST")
    return _of_unreachable(snapshot, node, donors)


def _donors(snapshot: Snapshot, node: str) -> Iterator[tuple[NodeView, Known[Wsrep]]]:
    for view in snapshot.nodes:
        if view.name != node and isinstance(view.galera, Known) and view.galera.value.synced:
            yield view, view.galera


def _reach(snapshot: Snapshot, view: NodeView, galera: Known[Wsrep]) -> _Reach:
    seen = galera.value
    if seen.cache_full and seen.cached_downto is not None and seen.history:
        oldest = _moment(snapshot, seen.uuid, seen.cached_downto)
        if oldest is not None:
            return _Reach(view.name, max(0.0, seen.history[-1].at - oldest), exact=True)
    return _estimate(view, seen)


def _estimate(view: NodeView, seen: Wsrep) -> _Reach:
    rates = [rate for span in SPANS if (rate := seqnos.write_rate(seen.history, span)) is not None]
    if not rates:
        return _Reach(view.name, None, False, f"{view.name}'s rate of writes is not known yet")
    if max(rates) == 0:
        return _Reach(view.name, float("inf"), False)
    size = view.member.value.gcache_bytes if isinstance(view.member, Known) else None
    if size is None:
        return _Reach(view.name, None, False, f"{view.name}'s gcache.size is not known")
    return _Reach(view.name, FILLED * size / max(rates), False)


def _moment(snapshot: Snapshot, uuid: str, seqno: int) -> float | None:
    """The latest moment at which any member of that cluster was seen at a seqno."""
    seen = (view.galera.value for view in snapshot.nodes if isinstance(view.galera, Known))
    moments = [seqnos.moment(one.history, seqno) for one in seen if one.uuid == uuid]
    return max((moment for moment in moments if moment is not None), default=None)


def _from(start: float, reaches: list[_Reach], verb: str) -> Window:
    known = [reach for reach in reaches if reach.seconds is not None]
    if not known:
        return Window(f"whether it comes {verb} is not known: {reaches[0].why}")
    best = max(known, key=lambda reach: reach.seconds or 0.0)
    seconds = best.seconds or 0.0
    if seconds == float("inf"):
        return Window(f"{verb} as long as nobody writes", possible=True, donor=best.donor)
    if seconds > FAR:
        return Window(f"{verb} for more than a year", possible=True, donor=best.donor, exact=best.exact)
    about = "" if best.exact else "about "
    return Window(
        f"{verb} until {about}{_clock(start + seconds, seconds)}",
        seconds,
        start + seconds,
        True,
        best.donor,
        best.exact,
    )


def _clock(moment: float, seconds: float) -> str:
    """A time of day: with seconds where they count, with its date where that is not plain."""
    form = "%H:%M:%S" if seconds < 600 else "%H:%M" if seconds < DAY / 2 else "%a %d %b %H:%M"
    return time.strftime(form, time.localtime(moment))


def _of_unreachable(snapshot: Snapshot, node: str, donors: tuple[tuple[NodeView, Known[Wsrep]], ...]) -> Window:
    """A node that has left: what counts is the seqno it had then, and who still holds the next one."""
    left = _left(snapshot, node, donors[0][1])
    if left is None:
        return Window(f"whether {node} comes back by IST is not known: at which seqno it left was not seen")
    seqno, at = left
    able = [(view, it) for view, it in donors if _holds(it.value, seqno)]
    if not able:
        names = listed(view.name for view, _ in donors)
        return Window(f"back by a full copy (SST) only: {names} no longer hold what {node} missed", 0.0, at, False)
    window = _from(at, [_reach(snapshot, view, it) for view, it in able], "back by IST")
    if window.until is None:
        return window
    seconds = max(0.0, window.until - able[0][1].at)
    message = (
        window.message if seconds else f"back by IST only if at once: {window.donor} may drop what it missed any moment"
    )
    return Window(message, seconds, window.until, True, window.donor, window.exact)


def _holds(donor: Wsrep, seqno: int) -> bool:
    return donor.last_committed <= seqno or (donor.cached_downto is not None and donor.cached_downto <= seqno + 1)


def _left(snapshot: Snapshot, node: str, donor: Known[Wsrep]) -> tuple[int, float] | None:
    """(last seqno of a node that has left, Unix time at which the others were there)."""
    mine, history = snapshot.node(node).galera, donor.value.history
    if not history:
        return None
    clock = donor.at - history[-1].at
    if isinstance(mine, Unknown):
        seqno = seqnos.seqno_at(history, mine.since - clock)
        return None if seqno is None else (seqno, mine.since)
    seqno = mine.value.last_committed
    at = seqnos.moment(history, seqno)
    if mine.value.uuid != donor.value.uuid or seqno < 0 or at is None:
        return None
    return seqno, at + clock
