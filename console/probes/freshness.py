"""The two ways to leave readings out of a picture, and the time for which an answer may take and count.

Every decision is taken over one picture in which a reading has become Unknown that is too old (`without_stale`), or
older than an order (`read_after`).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from console.inventory.cluster import Timings
from console.probes.question import Cadence, Question, Subject
from console.probes.snapshot import QUESTIONS, Cause, Known, Reading, Snapshot, Unknown, View

BY_SUBJECT = {subject: tuple(one for one in QUESTIONS if one.subject is subject) for subject in Subject}


def without_stale(snapshot: Snapshot, now: float, calm: float = 0.0) -> Snapshot:
    """The picture in which a reading older than two batches (and the time an answer may take) is unknown.

    `calm`: the least seconds between two rounds, if that is more.
    """
    oldest = {cadence: max_age(cadence, snapshot.cluster.timings, calm) for cadence in Cadence}

    def doubt(question: Question[Any], reading: Reading[Any]) -> Reading[Any]:
        if isinstance(reading, Unknown) or now - reading.at <= oldest[question.cadence]:
            return reading
        return Unknown(f"stale: last read {now - reading.at:.0f} s ago", now, reading.at, Cause.STALE)

    return _replaced(snapshot, doubt)


def max_age(cadence: Cadence, timings: Timings, calm: float = 0.0) -> float:
    """Seconds after which a reading counts as stale."""
    return 2 * max(float(getattr(timings, cadence.value)), calm) + patience(cadence, timings)


def patience(cadence: Cadence, timings: Timings) -> float:
    """Seconds a batch may take before its machine counts as unreachable."""
    by_cadence = {
        Cadence.FAST: timings.answer,
        Cadence.STORAGE: timings.storage_answer,
        Cadence.SLOW: timings.slow_answer,
        Cadence.SELDOM: timings.seldom_answer,
    }
    return by_cadence[cadence]


def read_after(snapshot: Snapshot, moment: float) -> Snapshot:
    """The picture in which only what was asked after `moment` counts: how success is read back."""

    def doubt(_question: Question[Any], reading: Reading[Any]) -> Reading[Any]:
        if isinstance(reading, Known) and reading.at < moment:
            return Unknown("not read back yet", reading.at, reading.at, Cause.NOT_READ_BACK)
        return reading

    return _replaced(snapshot, doubt)


def _replaced(snapshot: Snapshot, doubt: Callable[[Question[Any], Reading[Any]], Reading[Any]]) -> Snapshot:
    """Replace readings in a picture. The very same picture is returned where none changes: that is most of the time,
    and asked for often."""

    def view(subject: Subject, one: View) -> View:
        changes: dict[str, Any] = {}
        for question in BY_SUBJECT[subject]:
            before = getattr(one, question.field)
            if (after := doubt(question, before)) is not before:
                changes[question.field] = after
        return replace(one, **changes) if changes else one

    parts: dict[str, Any] = {}
    for subject in Subject:
        before: tuple[View, ...] = getattr(snapshot, subject.value)
        after = tuple(view(subject, one) for one in before)
        if any(new is not old for new, old in zip(after, before, strict=True)):
            parts[subject.value] = after
    return replace(snapshot, **parts) if parts else snapshot
