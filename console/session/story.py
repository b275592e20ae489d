"""A run as its journal tells it to others: each step, when, who agreed to what, orders and answers. Pure.

Every word of it may be a machine's, or anybody's who can write the file: whoever prints it makes it harmless.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from console.session.journal_lines import Entry, texts
from console.session.journal_record import Record

ENDS = {"seen": "done", "partly": "partly done", "left": "time was up", "failed": "failed", "parked": "waits"}
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
    """Unix time of its first line; what a step waits for before is not in the journal."""
    ended: float
    state: str
    """done, partly done, time was up, failed, waits, or under way."""
    says: str
    orders: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    """Complaints and orders whose end nobody heard; none where all was well."""


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
        record.damage,
    )


def _agreed(record: Record) -> Iterator[Agreed]:
    words = {"opened": "began it", "resumed": "went on with it", "agreed": "let it go on"}
    for entry in record.entries:
        if entry.kind in words:
            by = _text(entry, "who" if entry.kind == "opened" else "by")
            what = words[entry.kind] + (f": {_text(entry, 'says')}" if entry.kind == "agreed" else "")
            yield Agreed(entry.at, by, what, _text(entry, "reason"), tuple(texts(entry.facts.get("overridden"))))


def _parts(record: Record) -> Iterator[Part]:
    """The tries of steps, in their order. A step that found its work done has one line only."""
    now: Part | None = None
    for entry in record.entries:
        if "step" not in entry.facts:
            continue
        on, name = str(entry.facts.get("on", record.target)), _text(entry, "step")
        if now and (now.on, now.name) != (on, name):
            yield now
            now = None
        now = now or Part(on, name, entry.at, entry.at, "under way", "")
        now = _more(now, entry)
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
        state=state,
        says=says,
        orders=(*part.orders, *texts(entry.facts.get("orders"))),
        answers=(*part.answers, *(str(why) for why in complaints.values()), *lost),
    )


def _ends(record: Record) -> Iterator[str]:
    for entry in record.entries:
        by, reason = _text(entry, "by"), _text(entry, "reason")
        if entry.kind == "halted":
            yield f"stopped by {by}"
        elif entry.kind == "closed":
            why = reason or _text(entry, "why")
            yield f"ended: {record.outcome or '?'}{f' by {by}' if by else ''}{f' ({why})' if why else ''}"


def _text(entry: Entry, name: str) -> str:
    value = entry.facts.get(name, "")
    return value if isinstance(value, str) else ""
