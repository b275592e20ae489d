"""Findings that have appeared and those that are over between two looks, each announced once.

A finding is over when a reading says so: a machine that becomes unreachable ends none.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from console.health import findings
from console.health.facts.membership import master
from console.health.finding import Finding, Kind, Level
from console.health.site import Condition, site
from console.probes.snapshot import QUESTIONS, Known, Snapshot

Announced = Mapping[tuple[str, Kind], Finding]
"""Findings that were announced and are not over."""
BECOMES = {
    Kind.CHECK_FAILING: (Kind.DOWN, Kind.DOWN_IN_POOL, Kind.POOLS_DIFFER),
    **dict.fromkeys((Kind.HELD, Kind.HELD_OFF), (Kind.HOLD_ENDED, Kind.HELD, Kind.HELD_OFF)),
    Kind.OUT: (Kind.HELD, Kind.HELD_OFF),
}
"""A finding that turns into one of these is not over."""
UNREACHABLE = (Kind.LOST, Kind.FIREWALL_LOST)


def remembered(before: Snapshot, now: Snapshot) -> Snapshot:
    """The picture in which each unknown reading is as it was last read. `before`: the same picture one look ago. The
    very same picture is returned where nothing is unknown."""
    for question in QUESTIONS:
        part, field = question.subject.value, question.field
        pairs = [(new, getattr(old, field)) for new, old in zip(getattr(now, part), getattr(before, part), strict=True)]
        forgotten = {
            new.name: old for new, old in pairs if isinstance(old, Known) > isinstance(getattr(new, field), Known)
        }
        if forgotten:
            views = tuple(
                replace(new, **{field: forgotten[new.name]}) if new.name in forgotten else new for new, _ in pairs
            )
            changes: dict[str, Any] = {part: views}
            now = replace(now, **changes)
    return now


def news(
    announced: Announced, now: tuple[Finding, ...], as_last_read: tuple[Finding, ...] = ()
) -> tuple[tuple[Finding, ...], tuple[Finding, ...], Announced]:
    """(appeared, over, announced from now on). A finding that has become a part of another one is not over; nor is one
    that still stands in the picture that is `remembered`, or whose machines are all unreachable."""
    every = [one for finding in now for one in (finding, *finding.brings)]
    unreachable = {one.machine for one in every if one.kind in UNREACHABLE}
    standing = {(one.machine, one.kind) for one in every}
    standing |= {(one.machine, one.kind) for finding in as_last_read for one in (finding, *finding.brings)}
    standing |= {key for key, finding in announced.items() if unreachable.issuperset(finding.machines)}
    come = {(name, kind) for name, kind in announced if any((name, one) in standing for one in BECOMES.get(kind, ()))}
    appeared = tuple(finding for finding in now if _is_new(announced.get((finding.machine, finding.kind)), finding))
    over = tuple(finding for key, finding in announced.items() if key not in standing | come)
    standing_on = {key: finding for key, finding in announced.items() if key in standing}
    return appeared, over, {**standing_on, **{(finding.machine, finding.kind): finding for finding in appeared}}


def _is_new(before: Finding | None, now: Finding) -> bool:
    """A finding whose meaning has changed is a new event; other figures are not."""
    return before is None or before.meaning != now.meaning


class Event(NamedTuple):
    """One line of what happened."""

    step: str
    """One of STEPS."""
    machine: str
    message: str


HURT, UP, SEEN, NOTED, MOVED, OVER = STEPS = ("hurt", "up", "seen", "noted", "moved", "over")
"""The site is hurt or down, or up again; a finding; a note; another firewall is MASTER; a finding that is over."""
Happened = tuple[Event, ...]


class Bulletin(NamedTuple):
    """The announcements of a cluster so far."""

    last: Snapshot
    """The newest picture of `remembered`."""
    announced: Announced = {}  # noqa: RUF012
    lead: str = ""
    """The firewall that was MASTER last."""
    condition: Condition = Condition.UNKNOWN
    """The last known one of the site."""

    def after(self, picture: Snapshot, worth: Callable[[Finding], bool]) -> tuple["Bulletin", Happened]:
        """Take in one more look; only findings that are `worth` announcing appear."""
        last = remembered(self.last, picture)
        before = () if last is picture else findings(last)
        now = tuple(finding for finding in findings(picture) if worth(finding))
        appeared, over, told = news(self.announced, now, before)
        state, lead = site(picture, now), master(picture) or self.lead
        known = self.condition if state.condition is Condition.UNKNOWN else state.condition
        happened = (
            *_changed(self.condition, known, picture.cluster.name, state.message),
            *_moved(self.lead, lead),
            *(Event(NOTED if one.level is Level.NOTE else SEEN, one.machine, one.message) for one in appeared),
            *(Event(OVER, one.machine, one.message) for one in over),
        )
        return Bulletin(last, told, lead, known), happened


def _changed(before: Condition, now: Condition, cluster: str, message: str) -> Iterator[Event]:
    """The event of a site that is otherwise than before. A first look that finds it up is none."""
    if now is not before and (before is not Condition.UNKNOWN or now is not Condition.UP):
        yield Event(UP if now is Condition.UP else HURT, cluster, f"SITE {now.value}: {message}")


def _moved(before: str, now: str) -> Iterator[Event]:
    if before and now != before:
        yield Event(MOVED, now, f"{now} is MASTER now, before it was {before}")
