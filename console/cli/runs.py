"""Runs of the journal: listed, shown, reported and given up. No machine is asked, and none is told anything."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from console.cli.plain import Exit, describe, describe_out, say
from console.cli.report import FORMATS, Told
from console.inventory.cluster import Cluster, Inventory
from console.session.journal import MOVE, Entry, Journal, JournalError, Record, load, who
from console.session.lock import Holder, Locked, holder, holding
from console.session.session import journal_of, strangers
from console.session.story import Part, Story, run_id, story, usual
from console.text import clock, dated, plain_text, span

LOOK = 0.5
"""Seconds between two looks at a run that is followed."""


class NoSuchRun(Exception):
    """One sentence."""


@dataclass(frozen=True)
class Named:
    """A run, with the cluster in whose journal it is."""

    cluster: Cluster
    journal: Journal
    record: Record

    @property
    def story(self) -> Story:
        return story(self.cluster.name, self.record)


def runs(clusters: Sequence[Cluster], inventory: Inventory | None, today: bool = False, target: str = "") -> Exit:
    """List open runs and nodes taken out from here; all runs of today or of one machine, where that is asked.
    `inventory`: also runs of clusters that it does not name."""
    for cluster in clusters:
        journal = journal_of(cluster)
        held = holder(journal.folder / "lock")  # before what is open: a run that ends meanwhile is not listed
        if today or target:
            for record in _chosen(journal.records(), today, target):
                say(f"{run_id(cluster.name, record)}  {_line(record, held)}")
        else:
            _list_open(cluster, journal, held)
        for file in journal.read().unread:
            say(f"{cluster.name}: {file.message}. {MOVE}")
    for record in strangers(inventory) if inventory else ():
        say(f"{record.path.parent.name}, which is no cluster of the inventory: {describe(record)}")
    return Exit.DONE


def _list_open(cluster: Cluster, journal: Journal, held: Holder | None) -> None:
    for record in journal.open_runs():
        say(f"{run_id(cluster.name, record)}  {describe(record, held)}")
    for node in cluster.nodes:
        out = journal.taken_out(node.name)
        if out is not None and out.outcome is not None:
            say(f"{run_id(cluster.name, out)}  {describe_out(out)}")


def _chosen(records: Sequence[Record], today: bool, target: str) -> Iterator[Record]:
    """Oldest first. Today is the day of the clock on the wall, and what is open still."""
    day = time.localtime()[:3]
    for record in records:
        begun_today = time.localtime(record.begun)[:3] == day
        if (not target or record.target == target) and (not today or begun_today or record.outcome is None):
            yield record


def _line(record: Record, held: Holder | None) -> str:
    if record.outcome is None:
        return describe(record, held)
    reason = f" ({record.first('reason')})" if record.first("reason") else ""
    return f"{record.words}, begun {dated(record.begun)} by {record.first('who')}{reason}: {record.outcome}"


def named(inventory: Inventory, name: str) -> Named:
    """The run of an id as `runs` prints it, or of a file's name. Raises NoSuchRun."""
    found = list[Named]()
    for cluster in inventory.clusters:
        journal = journal_of(cluster)
        for record in journal.records():
            if name in (run_id(cluster.name, record), record.path.stem, record.path.name):
                found.append(Named(cluster, journal, record))
    if not found:
        raise NoSuchRun(f"the journal has no run {name}; `drainboard runs --today` lists those of today")
    if len({one.record.path for one in found}) > 1:
        files = ", ".join(one.record.path.stem for one in found)
        raise NoSuchRun(f"{name} is more than one run: name one of the files {files}")
    return found[0]


# --- show


def show(one: Named, follow: bool) -> Exit:
    """Print a run; with `follow`, also each line that is written from now on, until it ends or its console does."""
    lock = holder(one.journal.folder / "lock")
    for text in _shown(one, lock):
        say(text)
    while follow and one.record.outcome is None and lock and lock.carries_out(one.record.words):
        time.sleep(LOOK)
        lock, now = holder(one.journal.folder / "lock"), load(one.record.path)
        for entry in now.entries[len(one.record.entries) :]:
            say(f"  {clock(entry.at)} {' '.join(_words(entry))}")
        if now.entries:
            one = Named(one.cluster, one.journal, now)
    if follow:
        say(f"  {_state(one, lock)}")
    return Exit.DONE


def _words(entry: Entry) -> Iterator[str]:
    """A line of the journal in words."""
    facts = entry.facts
    if "step" in facts:
        yield f"{facts.get('on', '')}: {facts['step']}:"
    yield {"sending": "sending orders", "answered": "orders have ended"}.get(entry.kind, entry.kind)
    said = next((facts[name] for name in ("says", "why", "outcome") if isinstance(facts.get(name), str)), "")
    yield from ([f"({said})"] if said else [])


def _shown(one: Named, held: Holder | None) -> Iterator[str]:
    run = one.story
    yield f"{run.id}  {run.words}, begun {dated(run.begun)} by {run.who}"
    yield f"  {_state(one, held)}"
    yield f"  journal: {one.record.path}"
    if run.reason:
        yield f"  why: {run.reason}"
    for each in run.agreed:
        yield f"  {clock(each.at)} {each.by} {each.what}{f' ({each.reason})' if each.reason else ''}"
        yield from (f"    against: {sentence}" for sentence in each.against)
    yield from _parts(run.parts)
    yield from (f"  {sentence}" for sentence in run.ends)
    yield from (f"  not readable: {damage}" for damage in run.damage)


def _state(one: Named, held: Holder | None) -> str:
    record = one.record
    if record.outcome is not None:
        return f"{record.outcome}, after {span(max(0.0, one.story.ended - record.begun))}"
    return f"open: {describe(record, held).partition(': ')[2]}"


def _parts(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        took = f", {span(part.took)}" if part.took >= 1 else ""
        says = f": {part.says}" if part.says else ""
        yield f"  {clock(part.began)} {part.on}: {part.name} ({part.state}{took}){says}"
        for order in part.orders:
            yield f"    sent to {_short(order)}"
        yield from (f"    answer: {answer}" for answer in part.answers)


def _short(order: str) -> str:
    """The first line of an order: a script has hundreds, and the report has them."""
    first, _, rest = order.partition("\n")
    return plain_text(first, 200) + (f" ... ({rest.count(chr(10)) + 1} more lines: see `report`)" if rest else "")


# --- report


def report(one: Named, form: str) -> Exit:
    """Print a run for others, in one of FORMATS."""
    state = _state(one, holder(one.journal.folder / "lock"))
    earlier = usual(one.journal.records(), one.record)
    told = Told(one.story, one.cluster.name, state, str(one.record.path), dated(one.record.begun), earlier)
    for line in FORMATS[form](told):
        say(line)
    return Exit.DONE


# --- give up


def abandon(one: Named, reason: str) -> Exit:
    """Close an open run without doing more of it. What it did stays as it is."""
    record, lock = one.record, one.journal.folder / "lock"
    try:
        with holding(lock, f"{who()}: abandon {record.target}"):
            now = load(record.path)
            if why := _not_to_be_abandoned(now):
                say(f"not abandoned: {why}")
                return Exit.NOT_BEGUN
            one.journal.write(now, "closed", outcome="abandoned", by=who(), reason=reason)
    except (Locked, JournalError) as error:
        say(f"not abandoned: {error}")
        return Exit.NOT_BEGUN
    except OSError as error:
        say(f"not abandoned: {lock} can't be written: {error.strerror}")
        return Exit.NOT_BEGUN
    say(f"{run_id(one.cluster.name, record)} is abandoned; nothing was sent, and what it did stays as it is")
    out = None
    with suppress(JournalError):
        out = one.journal.taken_out(record.machine)
    if out is not None:
        say(f"{describe_out(out)}: drainboard rejoin {one.cluster.name} {out.machine} puts it back")
    return Exit.DONE


def _not_to_be_abandoned(record: Record) -> str:
    if not record.entries:
        return "its file can't be read any more"
    if record.outcome is not None:
        return f"it has ended already: {record.outcome}"
    end = max(record.outcome_unknown.values(), default=0.0)
    if end > time.time():
        return f"an order of it may still be on its way, and nobody heard its end: wait until {clock(end)}"
    return ""
