"""History of a Galera member's seqnos: bounded, and still reaching back for days.

Recent moments lie close together, old ones far apart, as a share of their age.
"""

from itertools import pairwise
from typing import NamedTuple

MAX_SAMPLES = 160
"""Samples kept. Thinning them leaves about 100, so that it is done seldom."""
GAP = 0.07
"""Least distance to the next younger sample, as a share of a sample's age."""


class Sample(NamedTuple):
    """One look."""

    at: float
    """The console's monotonic seconds."""
    seqno: int
    written: int | None
    """Bytes of write-sets since the history began; None: not printed."""


def longer(history: tuple[Sample, ...], now: Sample) -> tuple[Sample, ...]:
    """The history with one more look. It begins anew where the seqno went back: that is another history."""
    if now.seqno < 0 or not history:
        return (*history, now) if now.seqno >= 0 else history
    last = history[-1]
    if now.seqno < last.seqno or now.at <= last.at:
        return (now,)
    if len(history) > 1 and history[-2].seqno == last.seqno == now.seqno:
        return (*history[:-1], now)
    return _thinned((*history, now))


def _thinned(history: tuple[Sample, ...]) -> tuple[Sample, ...]:
    """Once there are too many, without those that lie closer to a younger one than a share of their age."""
    if len(history) <= MAX_SAMPLES:
        return history
    now = history[-1].at
    kept = [history[-1]]
    for sample in reversed(history[1:-1]):
        if kept[-1].at - sample.at >= GAP * (now - sample.at):
            kept.append(sample)
    return tuple(reversed((*kept[: MAX_SAMPLES - 1], history[0])))


def moment(history: tuple[Sample, ...], seqno: int) -> float | None:
    """Time at which a seqno was the last one; None before the history begins, or if it is still to come.

    Between two samples commits are taken to have been evenly spread; of an idle time its end counts.
    """
    for earlier, later in zip(reversed(history[:-1]), reversed(history[1:]), strict=True):
        if earlier.seqno <= seqno < later.seqno:
            share = (seqno - earlier.seqno) / (later.seqno - earlier.seqno)
            return earlier.at + share * (later.at - earlier.at)
    return history[-1].at if history and history[-1].seqno == seqno else None


def seqno_at(history: tuple[Sample, ...], at: float) -> int | None:
    """The last seqno at a moment, rounded down; None before the history begins."""
    return next((sample.seqno for sample in reversed(history) if sample.at <= at), None)


def write_rate(history: tuple[Sample, ...], seconds: float) -> float | None:
    """Bytes of write-sets a second over the last `seconds`, or what there is of them; None: no two samples."""
    if not history:
        return None
    recent = [sample for sample in history if sample.at >= history[-1].at - seconds and sample.written is not None]
    if len(recent) < 2 or any((b.written or 0) < (a.written or 0) for a, b in pairwise(recent)):
        return None
    first, last = recent[0], recent[-1]
    return ((last.written or 0) - (first.written or 0)) / (last.at - first.at)
