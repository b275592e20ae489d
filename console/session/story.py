"""A run as its journal tells it to others: each step, when, who agreed to what, orders and answers. Pure.

Every word of it may be a machine's, or anybody's who can write the file: whoever prints it makes it harmless.
"""

from collections.abc import Iterable, Iterator
from statistics import median
from typing import Any, NamedTuple, cast

from console.operations.procedures.packages import of_note
from console.operations.procedures.patching import UPDATED
from console.probes.web.visitor import When
from console.session.journal_lines import Entry, texts
from console.session.journal_record import Record

ENDS = {"seen": "done", "partly": "partly done", "left": "time was up", "failed": "failed", "parked": "waits",
        "agreed": "agreed to"}  # fmt: skip
"""Lines that end a step, in words."""


class Agreed(NamedTuple):
    """A person's yes."""

    at: float
    by: str
    what: str
    """began it, went on with it, or let it go on at a gate."""
    reason: str
    against: tuple[str, ...]
    """The objections that were overcome."""


class Part(NamedTuple):
    """One try of a step."""

    on: str
    name: str
    began: float
    """Unix time of its first line: a step that sends nothing has one only, at its end."""
    ended: float
    state: str
    """done, partly done, time was up, failed, waits, agreed to, or under way."""
    says: str
    took: float
    """Seconds since the line before it: with all that it waited for, also for a person at a gate."""
    orders: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    """Complaints and orders whose end nobody heard; none where all was well."""


class Change(NamedTuple):
    """A package whose update waited for a run. A version is "" where the package manager did not tell it."""

    name: str
    before: str
    after: str


class Updated(NamedTuple):
    """A node of a patch whose packages are in order again."""

    node: str
    packages: tuple[Change, ...]
    copied: str
    """The donor of a full copy (SST) by which its MySQL came back; "" none was seen."""


class Served(NamedTuple):
    """Visits of one time of a run that were served. Times in seconds."""

    when: str
    """before, during (a machine was out) or after (none was any more: also between two)."""
    served: int
    average: float
    longest: float
    slow: int


class Commits(NamedTuple):
    """The inventory's writes to MySQL's writer."""

    sent: int
    failed: int
    longest_gap: float
    """Seconds between two commits."""
    gap_at: float
    """Unix time at which it began."""


class Story(NamedTuple):
    """One run."""

    id: str
    words: str
    who: str
    reason: str
    begun: float
    ended: float
    """0 while it is open."""
    outcome: str
    """"" while it is open."""
    agreed: tuple[Agreed, ...]
    parts: tuple[Part, ...]
    ends: tuple[str, ...]
    """Each stop and the end, with the person, in sentences."""
    updated: tuple[Updated, ...]
    served: tuple[Served, ...] = ()
    latency: tuple[tuple[float, float], ...] = ()
    """Unix times, and the seconds that a visit took on average since the one before."""
    commits: Commits | None = None
    damage: tuple[str, ...] = ()


def run_id(cluster: str, record: Record) -> str:
    """shop/12, or the file's name where the run has no number."""
    return f"{cluster}/{record.run}" if record.run >= 0 else record.path.stem


def story(cluster: str, record: Record) -> Story:
    """Tell a run that has an opening line."""
    closed = record.last("closed")
    return Story(
        run_id(cluster, record),
        record.words,
        record.first("who"),
        record.first("reason"),
        record.begun,
        closed.at if closed else 0.0,
        record.outcome or "",
        tuple(_agreed(record)),
        tuple(_parts(record)),
        tuple(_ends(record)),
        tuple(_updated(record)),
        tuple(_served(record)),
        tuple(_latency(record)),
        _commits(record),
        record.damage,
    )


def _agreed(record: Record) -> Iterator[Agreed]:
    words = {"opened": "began it", "resumed": "went on with it", "agreed": "let it go on"}
    for entry in record.entries:
        if entry.kind in words:
            by = _text(entry, "who" if entry.kind == "opened" else "by")
            named = "".join(f" --override {name}" for name in texts(entry.facts.get("override")))
            what = words[entry.kind] + named + (f": {_text(entry, 'says')}" if entry.kind == "agreed" else "")
            yield Agreed(entry.at, by, what, _text(entry, "reason"), tuple(texts(entry.facts.get("overridden"))))


def _parts(record: Record) -> Iterator[Part]:
    """The tries of steps, in their order. A step that found its work done has one line only."""
    now: Part | None = None
    before = record.begun
    for entry in record.entries:
        if "step" not in entry.facts:
            before = before if entry.kind == "found" else entry.at
            continue
        on, name = str(entry.facts.get("on", record.target)), _text(entry, "step")
        if now and (now.on, now.name) != (on, name):
            yield now
            now = None
        now = now or Part(on, name, entry.at, entry.at, "under way", "", entry.at - before)
        now, before = _more(now, entry), entry.at
        if entry.kind in ENDS:
            yield now
            now = None
    if now:
        yield now


def _more(part: Part, entry: Entry) -> Part:
    says = _text(entry, "says") or _text(entry, "why") or part.says
    state = ENDS.get(entry.kind, part.state)
    complaints = cast("dict[str, Any]", entry.facts.get("errors", {}))
    lost = (f"{machine}: nobody heard its end" for machine in texts(entry.facts.get("lost")))
    return part._replace(
        ended=entry.at,
        took=max(0.0, part.took + entry.at - part.ended),
        state=state,
        says=says,
        orders=(*part.orders, *texts(entry.facts.get("orders"))),
        answers=(*part.answers, *(str(why) for why in complaints.values()), *lost),
    )


def _updated(record: Record) -> Iterator[Updated]:
    found = record.found
    for on, name in record.steps:
        if name == UPDATED.name:
            then, before = (of_note(found.get(f"{key} {on}", "")) for key in ("packages", "versions"))
            changes = tuple(Change(one, before.get(one, ""), version) for one, version in then.items())
            yield Updated(on, changes, found.get(f"copy {on}", ""))


def _counted(record: Record, name: str) -> list[dict[str, Any]]:
    """The last figures of each visitor, or of each who wrote: a resume begins to count anew."""
    last = dict[float, dict[str, Any]]()
    for entry in record.entries:
        if isinstance(figures := entry.facts.get(name), dict):
            known = cast("dict[str, Any]", figures)
            last[float(known.get("since", 0))] = known
    return list(last.values())


def _served(record: Record) -> Iterator[Served]:
    every = _counted(record, "visits")
    for when in When:
        times = [one[when.value] for one in every if isinstance(one.get(when.value), dict)]
        count, seconds, slow = (sum(one.get(key, 0) for one in times) for key in ("served", "seconds", "slow"))
        if count:
            longest = max(one.get("longest", 0.0) for one in times)
            yield Served(when.value, int(count), seconds / count, longest, int(slow))


def _latency(record: Record) -> Iterator[tuple[float, float]]:
    """From what was counted between two steps."""
    before, since = (0.0, 0.0), -1.0
    for entry in record.entries:
        if not isinstance(figures := entry.facts.get("visits"), dict):
            continue
        known = cast("dict[str, Any]", figures)
        times = [known[when.value] for when in When if isinstance(known.get(when.value), dict)]
        served, seconds = (sum(one.get(key, 0.0) for one in times) for key in ("served", "seconds"))
        if known.get("since", 0.0) != since:
            before, since = (0.0, 0.0), known.get("since", 0.0)
        if served > before[0] and seconds >= before[1]:
            yield entry.at, (seconds - before[1]) / (served - before[0])
            before = served, seconds


def _commits(record: Record) -> Commits | None:
    every = _counted(record, "writes")
    if not every:
        return None
    sent, failed = (int(sum(one.get(key, 0) for one in every)) for key in ("sent", "failed"))
    worst = max(every, key=lambda one: one.get("longest", 0.0))
    return Commits(sent, failed, worst.get("longest", 0.0), worst.get("longest_at", 0.0))


def usual(records: Iterable[Record], record: Record) -> dict[tuple[str, str], float]:
    """Seconds that each step took in the earlier runs of the same operation, by (machine, step): the middle one of
    them; of all machines where this one has none."""
    took = dict[tuple[str, str], list[float]]()
    for earlier in records:
        if earlier.operation == record.operation and earlier.begun < record.begun and earlier.has_opening:
            for part in _parts(earlier):
                for key in ((part.on, part.name), ("", part.name)) if part.state == ENDS["seen"] else ():
                    took.setdefault(key, []).append(part.took)
    middle = {key: median(each) for key, each in took.items()}
    mine = {(part.on, part.name) for part in _parts(record)}
    return {key: middle.get(key, middle["", key[1]]) for key in mine if ("", key[1]) in middle}


def _ends(record: Record) -> Iterator[str]:
    for entry in record.entries:
        by, reason = _text(entry, "by"), _text(entry, "reason")
        if entry.kind == "skipped":
            on, failed = _text(entry, "on"), entry.facts.get("failed") is True
            yield f"{on} {'failed and was given up' if failed else f'was given up by {by}'}: {reason}"
        elif entry.kind == "halted":
            yield f"stopped by {by}"
        elif entry.kind == "closed":
            why = reason or _text(entry, "why")
            yield f"ended: {record.outcome or '?'}{f' by {by}' if by else ''}{f' ({why})' if why else ''}"


def _text(entry: Entry, name: str) -> str:
    value = entry.facts.get(name, "")
    return value if isinstance(value, str) else ""
