"""A run that is open, as its journal tells it: how far it came, and why it went no further. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from console.inventory.cluster import Cluster
from console.operations.guards import Objection, Override
from console.operations.guards.firewalls import ANSWERS, RESUME
from console.operations.plan import NotBegun
from console.operations.procedures import operation
from console.operations.procedures.steps import BACK, Operation, Step
from console.session.journal import MOVE, Entry, Record, Unread
from console.session.journal_record import StepId
from console.text import clock, counted, doing, listed, quoted

MAX_LISTED = 3
"""Files that are named one by one."""


def how_far(record: Record, cluster: Cluster) -> str:
    """1 of 3 steps done, 1 partly."""
    known = operation(record.operation)
    steps = known.steps(cluster, record.target, record.options) if known else ()
    states = step_states(record, steps)
    done = sum(state == "done" for state in states.values())
    far = f"{done} of {counted(len(steps), 'step')} done" if steps else f"{counted(done, 'step')} done"
    return far + but(states.values())


ENDS = {"seen": "done", "agreed": "done", "partly": "partly", "left": "left"}
BUT = {"partly": "partly", "left": "not in time", "failed": "failed", "skipped": "skipped"}
"""States of steps that have ended and were not done, as they are counted."""


def step_states(record: Record, steps: Iterable[Step]) -> dict[StepId, str]:
    """The steps that have ended: done, partly, left when their time was up, failed on a machine that was given up, or
    skipped with their machine. Only what was seen, or agreed to, is done."""
    states = {step: ENDS[entry.kind] for step, entry in record.steps.items()}
    states |= dict.fromkeys(record.failed, "failed")
    gone = record.skipped_targets
    left = (step.id for step in steps if step.on in gone and step.phase != BACK)
    return dict.fromkeys(left, "skipped") | states


def but(states: Iterable[str]) -> str:
    """, 1 partly, 2 skipped: the steps that were passed over."""
    every = Counter(states)
    return "".join(f", {every[state]} {said}" for state, said in BUT.items() if every[state])


def told_later(skipped: Mapping[str, str], unreachable: frozenset[str], key: str) -> dict[str, str]:
    """A sentence for each machine that a run skipped and that can be told now: the journal's reason is out of date.
    There is none for one that was skipped by a verdict while it answered: its reason stands."""
    back = [name for name, why in skipped.items() if RESUME in why and name not in unreachable]
    again = [name for name in back if ANSWERS in skipped[name]]
    others = [name for name in back if name not in again]
    one = f"{doing(again, 'answers', 'answer')} again and {_was(again)} not told: {key} now"
    other = f"{listed(others)} can be told now, and {_was(others)} not: {key}"
    return dict.fromkeys(again, one) | dict.fromkeys(others, other)


def reasons(skipped: Mapping[str, str], unreachable: frozenset[str], key: str) -> list[str]:
    """Why machines that a run skipped were not told, as things are: those first that can be told now."""
    now = told_later(skipped, unreachable, key)
    return [*dict.fromkeys(now.values()), *(why for name, why in skipped.items() if name not in now)]


def waits_for(skipped: Mapping[str, str], unreachable: frozenset[str], key: str) -> str:
    """The same in one short sentence."""
    silent = [name for name in skipped if name in unreachable]
    if silent and all(ANSWERS in skipped[name] for name in silent):
        return (
            f"{doing(silent, 'was', 'were')} not told; {key} when {'they answer' if silent[1:] else 'it answers'} again"
        )
    return "; ".join(reasons(skipped, unreachable, key))


def _was(names: Sequence[str]) -> str:
    return "were" if names[1:] else "was"


def why_open(record: Record, unreachable: frozenset[str] | None = None) -> list[str]:
    """Reasons why it is open, the most important first, each once; at least one sentence. `unreachable`: machines that
    can't be told now, if known."""
    skipped = record.skipped_machines
    why = [*skipped.values()] if unreachable is None else reasons(skipped, unreachable, "resume")
    why += ["it is being taken back: resuming goes on with that"] if record.taken_back else []
    why += _ends(record)
    last = record.last("seen")
    if last and not skipped:
        why.append(f"last read back: {last.facts.get('says', '?')}")
    return list(dict.fromkeys(why))


def _ends(record: Record) -> Iterator[str]:
    """Each end of the run so far, newest first, and what it passed over."""
    if record.entries[-1].kind not in ("failed", "halted", "parked"):
        yield _interrupted(record.entries)
    for at in range(len(record.entries) - 1, -1, -1):
        entry = record.entries[at]
        if entry.kind == "failed" and entry.facts.get("on") in record.left_out:
            yield f"gave up {entry.facts['on']}: {entry.facts.get('why', '?')}"
        elif entry.kind == "failed":
            yield f"stopped at “{entry.facts.get('step', '?')}”: {entry.facts.get('why', '?')}"
        elif entry.kind == "parked" and "why" in entry.facts:
            yield f"waits for an answer: {entry.facts['why']}"
        elif entry.kind == "halted":
            yield f"stopped by {entry.facts.get('by', '?')} {_where(record.entries[:at])}"
        elif entry.kind == "left":
            yield f"went on all the same: {entry.facts.get('says', '?')}"


def _interrupted(entries: tuple[Entry, ...]) -> str:
    """The place where a console ended that could write no reason."""
    entries = _without_resumes(entries)
    step, kind = _step(entries), entries[-1].kind
    if kind == "sending":
        return f"cut off at “{step}” with its orders on their way: resuming sees whether they have arrived"
    if kind == "answered":
        return f"cut off at “{step}”: its orders had been given; resuming sees whether it has happened"
    return f"cut off {_where(entries)}"


def _where(entries: tuple[Entry, ...]) -> str:
    entries = _without_resumes(entries)
    step = _step(entries)
    between = not step or entries[-1].kind in ("seen", "partly", "left")
    return f"after “{step}”" if step and between else f"at “{step}”" if step else "before anything was sent"


def _without_resumes(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The lines of its work: that somebody went on with it says nothing of how far it came."""
    return tuple(entry for entry in entries if entry.kind != "resumed")


def _step(entries: tuple[Entry, ...]) -> str:
    return next((str(step) for entry in reversed(entries) if (step := entry.facts.get("step"))), "")


def taken_over(record: Record, who: str) -> Iterator[Objection]:
    """An objection to a resume of another person's run: who takes it over says so."""
    if record.holder != who:
        saw = f"{record.words} is a run of {quoted(record.holder, 60)}"
        clears = "Take it over by name, once they have given it up or their console has died"
        yield Objection(record.target, saw, clears, Override.NAME_AND_REASON)


def outcome_unknown(records: Iterable[Record], now: float) -> Iterator[Objection]:
    """Orders of runs nobody carries out any more that may still arrive: what is read before they have can't last."""
    for record in records:
        ends = {machine: end for machine, end in record.outcome_unknown.items() if now < end}
        if ends:
            saw = f"an order of {record.words} to {listed(ends)} may still be on its way"
            saw += ": nobody heard its end"
            yield Objection(record.target, saw, f"Wait until {clock(max(ends.values()))}", Override.CONFIRM)


def unread(files: Sequence[Unread], node: str) -> Iterator[Objection]:
    """Journals that can't be read: what else is open is not known."""
    for at, file in enumerate(files[:MAX_LISTED]):
        rest = f" (and {len(files) - MAX_LISTED} more)" if at == MAX_LISTED - 1 and len(files) > MAX_LISTED else ""
        yield Objection(node, f"{file.message}{rest}", MOVE, Override.CONFIRM)


def operation_of(record: Record) -> Operation:
    """The operation of a run. Raises NotBegun for one of a later version."""
    known = operation(record.operation)
    if known is None:
        message = f"this version knows no action {quoted(record.operation)}: resume it with the version that began it"
        raise NotBegun(f"{message}, or put {record.target} back")
    return known
