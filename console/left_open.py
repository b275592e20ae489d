"""A run that is open, as its journal tells it: how far it came, and why it went no further. Pure."""

from collections.abc import Iterator
from typing import cast

from console.guards import Action
from console.journal import Entry, Record
from console.procedures import PROCEDURES
from console.saying import counted, doing


def how_far(record: Record) -> str:
    """1 of 3 steps done, 1 partly."""
    total = len(PROCEDURES[Action(record.action)]) if record.action in {one.value for one in Action} else 0
    ends = ("seen", "left", "partly")
    kinds = {entry.facts.get("step"): entry.kind for entry in record.entries if entry.kind in ends}
    partly = sum(kind == "partly" for kind in kinds.values())
    done = len(kinds) - partly
    far = f"{done} of {counted(total, 'step')} done" if total else f"{counted(done, 'step')} done"
    return far + (f", {partly} partly" if partly else "")


def missed(record: Record) -> dict[str, str]:
    """Which machines the run could not tell, as it was noted last, and what that means."""
    for entry in reversed(record.entries):
        names: object = entry.facts.get("missed")
        if isinstance(names, dict) and (names or entry.kind == "parked"):
            return {str(name): str(says) for name, says in cast("dict[str, object]", names).items()}
    return {}


def told_again(names: list[str], key: str) -> str:
    """That machines which a run could not tell can be told now."""
    return f"{doing(names, 'answers', 'answer')} again and was not told: {key} now"


def why_open(record: Record, silent: frozenset[str] | None = None) -> list[str]:
    """Why it is open, what matters most first, each once; at least one sentence. `silent`: firewalls that do not
    answer, where that is known: what the journal says of one that does is over."""
    gaps = missed(record)
    back = [name for name in gaps if silent is not None and name not in silent]
    said = [told_again(back, "resume")] if back else []
    said += [says for name, says in gaps.items() if name not in back]
    said += _ends(record)
    last = record.last("seen")
    if last and not gaps:
        said.append(f"last read back: {last.facts.get('says')}")
    return list(dict.fromkeys(said))


def _ends(record: Record) -> Iterator[str]:
    """Where it ended each time, newest first, and what it passed over."""
    if record.entries[-1].kind not in ("failed", "halted", "parked"):
        yield _interrupted(record.entries)
    for at in range(len(record.entries) - 1, -1, -1):
        entry = record.entries[at]
        if entry.kind == "failed":
            yield f"stopped at “{entry.facts.get('step')}”: {entry.facts.get('why')}"
        elif entry.kind == "halted":
            yield f"stopped by {entry.facts.get('by')} at “{_step(record.entries[:at]) or 'its beginning'}”"
        elif entry.kind == "left":
            yield f"went on all the same: {entry.facts.get('says')}"


def _interrupted(entries: tuple[Entry, ...]) -> str:
    """Where a console ended that could write no reason."""
    step, kind = _step(entries), entries[-1].kind
    if kind == "sending":
        return f"cut off at “{step}” with its orders on their way: resuming sees whether they have arrived"
    if kind == "answered":
        return f"cut off at “{step}”: its orders had been given; resuming sees whether it has happened"
    return f"cut off after “{step}”" if step else "cut off before anything was sent"


def _step(entries: tuple[Entry, ...]) -> str:
    return next((str(step) for entry in reversed(entries) if (step := entry.facts.get("step"))), "")
