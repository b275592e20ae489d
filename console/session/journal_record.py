"""A run as its lines tell it, and what several runs say together. Pure."""

from pathlib import Path
from typing import NamedTuple, cast

from console.operations.effects import Effect
from console.operations.procedures import operation
from console.operations.procedures.persistent import OUT_IN_CONFIG
from console.operations.procedures.runtime import BACK_AT_RUNTIME, OUT_AT_RUNTIME
from console.operations.procedures.steps import OrderState
from console.session.journal_disk import Mark
from console.session.journal_lines import Entry, texts

StepId = tuple[str, str]
"""(target, name of a step)."""


class Record(NamedTuple):
    """One run, as far as it is on disk."""

    path: Path
    entries: tuple[Entry, ...]
    damage: tuple[str, ...] = ()
    """Parts of its file that can't be read, see `journal_lines`."""

    def first(self, name: str) -> str:
        """A fact of the opening line, as text."""
        value: object = self.entries[0].facts.get(name, "")
        return value if isinstance(value, str) else ""

    @property
    def has_opening(self) -> bool:
        """Its first line names the target and the operation."""
        return bool(self.entries) and self.entries[0].kind == "opened" and bool(self.target and self.operation)

    @property
    def run(self) -> int:
        """Its number among the runs; -1 for one of a version that did not count."""
        return cast("int", self.entries[0].facts.get("run", -1))

    @property
    def target(self) -> str:
        """Name of the node, firewall or cluster."""
        return self.first("node")

    @property
    def operation(self) -> str:
        """Name of the operation, which this version may not know."""
        return self.first("action")

    @property
    def words(self) -> str:
        """drain node2."""
        return f"{self.operation} {self.target}"

    @property
    def options(self) -> dict[str, object]:
        """Options that were decided when it was begun."""
        known: object = self.entries[0].facts.get("options")
        return cast("dict[str, object]", known) if isinstance(known, dict) else {}

    @property
    def begun(self) -> float:
        """Unix time."""
        return self.entries[0].at

    @property
    def outcome(self) -> str | None:
        """The outcome it was closed with; None while it is open."""
        closed = (entry.facts.get("outcome") for entry in self.entries if entry.kind == "closed")
        return next((cast("str", outcome) for outcome in closed if outcome is not None), None)

    @property
    def found(self) -> dict[str, str]:
        """State found before our own doing, by key. A note is only written again where it was somebody else's."""
        merged = dict(cast("dict[str, str]", self.entries[0].facts.get("found", {})))
        for entry in self.entries:
            if entry.kind == "found":
                merged |= entry.facts
        return merged

    @property
    def agreed(self) -> frozenset[tuple[str, str, str]]:
        """The objections that a person overcame, at the beginning and at gates, as `Objection.about` names them."""
        lists = [entry.facts.get("agreed") for entry in self.entries if entry.kind in ("opened", "resumed", "agreed")]
        every = [one for known in lists if isinstance(known, list) for one in cast("list[object]", known)]
        parts = [tuple(texts(one)) for one in every]
        return frozenset((one[0], one[1], one[2]) for one in parts if len(one) == 3)

    @property
    def holder(self) -> str:
        """The person who went on with it last, or began it."""
        lines = (entry.facts.get("by") for entry in reversed(self.entries) if entry.kind == "resumed")
        return next((by for by in lines if isinstance(by, str)), self.first("who"))

    @property
    def outcome_unknown(self) -> dict[str, float]:
        """Orders whose outcome is unknown: machine to the Unix time by which the order must have ended. A later order's
        answer says nothing of an earlier one."""
        ends, under_way = dict[str, float](), dict[str, float]()
        for entry in self.entries:
            if entry.kind == "sending":
                ends = _later(ends, under_way)
                within = cast("dict[str, float]", entry.facts.get("within", {}))
                under_way = {name: entry.at + seconds for name, seconds in within.items()}
            elif entry.kind == "answered":
                lost = set(texts(entry.facts.get("lost", list(under_way))))
                under_way = {name: end for name, end in under_way.items() if name in lost}
        return _later(ends, under_way)

    def order_state(self, step: StepId) -> OrderState:
        """The fate of a step's orders. While the outcome of one is unknown, the refusal of a later one proves
        nothing."""
        state, unknown = OrderState.UNSENT, 0
        for entry in self.entries:
            if (entry.facts.get("on", self.target), entry.facts.get("step")) != step:
                continue
            if entry.kind == "sending":
                state, unknown = OrderState.SENT, unknown + 1
            elif entry.kind == "answered" and not entry.facts.get("lost"):
                unknown -= 1
                if entry.facts.get("errors") and not unknown:
                    state = OrderState.REFUSED
            elif entry.kind == "failed" and entry.facts.get("final"):
                state, unknown = OrderState.FAILED, 0
        return state

    @property
    def taken_back(self) -> StepId | None:
        """The step whose failure has what was done taken back."""
        failed = (one.facts for one in self.entries if one.kind == "failed" and one.facts.get("back") is True)
        return next(((str(one.get("on", self.target)), str(one.get("step"))) for one in failed), None)

    @property
    def steps(self) -> dict[StepId, Entry]:
        """The newest end of each step: `seen`, `partly`, `left` or, for a gate, `agreed`. Journals of 0.2.0 name no
        target: each has only one."""
        kinds = ("seen", "partly", "left", "agreed")
        ended = (one for one in self.entries if one.kind in kinds and "step" in one.facts)
        return {(cast("str", one.facts.get("on", self.target)), cast("str", one.facts["step"])): one for one in ended}

    @property
    def skipped_targets(self) -> frozenset[str]:
        """Targets of which only the steps that put back remain."""
        lines = (one.facts.get("on") for one in self.entries if one.kind == "skipped")
        return frozenset(on for on in lines if isinstance(on, str))

    @property
    def left_out(self) -> dict[str, str]:
        """Targets that were skipped, and why."""
        return {str(one.facts.get("on")): str(one.facts.get("reason", "")) for one in self._skipped}

    @property
    def given_up(self) -> dict[str, str]:
        """The ones of them that failed, and that the run itself gave up."""
        failed = (str(one.facts.get("on")) for one in self._skipped if one.facts.get("failed") is True)
        return {name: self.left_out[name] for name in failed}

    @property
    def _skipped(self) -> list[Entry]:
        return [one for one in self.entries if one.kind == "skipped"]

    @property
    def failed(self) -> frozenset[StepId]:
        """The steps for which targets were given up."""
        found, last = set[StepId](), None
        for one in self.entries:
            if one.kind == "failed" and "step" in one.facts:
                last = (str(one.facts.get("on", self.target)), str(one.facts["step"]))
            elif one.kind == "skipped" and one.facts.get("failed") is True and last and last[0] == one.facts.get("on"):
                found.add(last)
        return frozenset(found)

    @property
    def behind(self) -> frozenset[StepId]:
        """Steps that need not be done again: seen everywhere, or left when their time was up."""
        return frozenset(step for step, entry in self.steps.items() if entry.kind != "partly")

    @property
    def skipped_machines(self) -> dict[str, str]:
        """Machines that a step skipped when it was done last, and the consequence."""
        missed = dict[str, str]()
        for entry in self.steps.values():
            missed |= cast("dict[str, str]", entry.facts.get("missed", {}))
        return missed

    @property
    def machine(self) -> str:
        """The target whose turn it is: a run on a cluster takes one machine after the other."""
        return next((str(one.facts["on"]) for one in reversed(self.entries) if "on" in one.facts), self.target)

    def last(self, kind: str) -> Entry | None:
        """The newest entry of a kind."""
        return next((entry for entry in reversed(self.entries) if entry.kind == kind), None)


Seen = tuple[Mark, Record]
"""(time of the reading of a file, its run then)."""


class Unread(NamedTuple):
    """A file, or the folder, that can't be read in full."""

    path: Path
    why: str

    @property
    def message(self) -> str:
        """A sentence, without its end."""
        return f"journal {self.path} can't be read: {self.why}"


MOVE = "See what it says, then move it away"
"""Mends what can't be read."""


class Read(NamedTuple):
    """The runs in the order in which they were begun, and what can't be read."""

    records: tuple[Record, ...]
    unread: tuple[Unread, ...] = ()


def _later(some: dict[str, float], others: dict[str, float]) -> dict[str, float]:
    return {name: max(some.get(name, 0.0), others.get(name, 0.0)) for name in {**some, **others}}


def open_records(records: tuple[Record, ...]) -> tuple[Record, ...]:
    """Runs that were never closed, oldest first."""
    return tuple(record for record in records if record.outcome is None)


def taken_out(records: tuple[Record, ...], node: str) -> Record | None:
    """The newest run that took a node out and that nothing has put back since."""
    for record in reversed(records):
        if record.machine != node:
            continue
        known = operation(record.operation)
        if known is None:
            if record.outcome is None and record.found:
                return record  # a later version's: what it found is to be put back all the same
        elif known.does(Effect.PUTS_BACK) and record.outcome == "done":
            return None
        elif known.does(Effect.TAKES_OUT):
            sure = record.outcome not in ("taken back", "abandoned") and record.target == node
            out = True if sure else _left_out(record, node)
            if out is not None:
                return record if out and record.outcome != "put back" else None
    return None


def _left_out(record: Record, node: str) -> bool | None:
    """The last act of a run that ended early: True if it took the node out, False if it put it back; else None."""
    for entry in reversed(record.entries):
        step = entry.facts.get("step")
        if entry.facts.get("on", record.target) != node:
            continue
        if step == BACK_AT_RUNTIME.name and entry.kind == "seen":
            return False
        if step in (OUT_AT_RUNTIME.name, OUT_IN_CONFIG.name) and entry.kind in ("sending", "seen", "partly"):
            return True
    return None
