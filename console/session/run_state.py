"""A run as it stands at one moment: what the screen and the command line show of it."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from console import steady
from console.operations.procedures.steps import Intent, Operation
from console.session.journal import JournalError, Record
from console.session.open_runs import step_states
from console.session.runner import Note, Stopped, TakenBack, Unanswered


class RunState(NamedTuple):
    """`path`: its file in the journal."""

    path: Path
    intent: Intent
    begun: float
    """Unix time."""
    notes: tuple[Note, ...]
    on_its_way: str = ""
    """The orders that have left and not ended, in a sentence."""
    ended: str = ""
    """done, parked, stopped or taken back; "" while it is under way."""
    skipped: Mapping[str, str] = {}
    """Machines that a parked run could not tell, and why."""
    given_up: tuple[str, ...] = ()
    """Machines that failed, and that the run itself put back and gave up."""
    unanswered: bool = False
    """It stopped at a gate, and waits for a person."""
    record: Record | None = None
    """The run as its journal has it by now."""

    @property
    def words(self) -> str:
        """Operation and target."""
        return self.intent.words

    @property
    def machine(self) -> str:
        """The machine whose turn it is."""
        return next((note.target for note in reversed(self.notes) if not note.final), self.intent.target)

    @property
    def final(self) -> Note | None:
        """The run's last word."""
        return next((note for note in reversed(self.notes) if note.final), None)

    def states(self) -> list[tuple[str, str]]:
        """Each step's own sentence with now, stopped, todo, or the state in which it has ended."""
        steps = self.intent.taken_back or self.intent.steps
        said = {(note.target, note.step) for note in self.notes}
        at = max((i for i, step in enumerate(steps) if step.id in said), default=-1)
        ends = step_states(self.record, steps) if self.record else {}
        found: list[tuple[str, str]] = []
        for i, step in enumerate(steps):
            state = ends.get(step.id, "todo")
            if i > at >= 0 and state != "skipped":
                state = "todo"  # a step that is done again
            if i == at:
                state = {"": "now", "stopped": "stopped", "taken back": "stopped"}.get(self.ended, state)
            found.append((step.describe(self.intent.at(step)), state))
        return found


def ways_on(operation: Operation) -> str:
    """The keys that go on from a run that has stopped."""
    return "r resumes, u puts back" if operation.undo and not operation.undoes_itself else "r resumes"


def ended(state: RunState, task: "asyncio.Task[Record]") -> RunState:
    """The last state of a run whose task is over."""
    node = state.intent.target
    if task.cancelled():
        ways = ways_on(state.intent.operation)
        message = f"Stopped here by a key. Nothing was taken back; it is open in the journal: {ways}"
        return _closed(state, "stopped", Note(steady.now(), node, "stopped", message, final=True))
    error = task.exception()
    if error is None:
        record = task.result()
        word = "done" if record.outcome == "done" else "parked"
        state = state._replace(given_up=tuple(record.left_out))
        state = state._replace(record=record, skipped=record.skipped_machines if word == "parked" else {})
        return _closed(state, word, Note(steady.now(), node, word, word, final=True))
    known = isinstance(error, Stopped | JournalError)
    message = str(error) if known else f"An error in this program ended it ({type(error).__name__}: {error}); r resumes"
    state = state._replace(unanswered=isinstance(error, Unanswered))
    word = "taken back" if isinstance(error, TakenBack) else "stopped"
    return _closed(state, word, Note(steady.now(), node, word, message, final=True))


def _closed(state: RunState, word: str, last: Note) -> RunState:
    said = state.notes and state.notes[-1].final
    return state._replace(ended=word, on_its_way="", notes=state.notes if said else (*state.notes, last))
