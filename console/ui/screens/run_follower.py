"""Which run is shown: the one under way, then how it ended, until it is put away."""

import asyncio
from pathlib import Path

from console import steady
from console.session.journal import JournalError, Record
from console.session.runner import Note, Stopped
from console.session.session import Running, Session
from console.ui.board.run import RunView
from console.ui.run_history import RunHistory


class RunFollower:
    """Follows one run to its end. Its exceptions are consumed here: what they say is shown."""

    def __init__(self) -> None:
        self._running: Running | None = None
        self._end: tuple[str, Note] | None = None

    @property
    def path(self) -> Path | None:
        """Its file in the journal."""
        return self._running.record.path if self._running else None

    def follow(self, running: Running) -> None:
        """From now on this one."""
        self._running, self._end = running, None
        running.task.add_done_callback(_consume)

    def put_away(self, session: Session) -> None:
        """Only what has ended."""
        if session.running is None:
            self._running = None

    def view(self, session: Session, past: RunHistory) -> RunView | None:
        """How it stands now."""
        if session.running is not None and session.running is not self._running:
            self.follow(session.running)
        running = self._running
        if running is None:
            return None
        if running.task.done() and self._end is None:
            past.forget()
            self._end = _end(running)
        record = running.record
        seen = RunView(running.intent, record.begun, tuple(running.notes), record.behind)
        if self._end is None:
            return seen
        ended, last = self._end
        notes = seen.notes if seen.notes and seen.notes[-1].final else (*seen.notes, last)
        seen = seen._replace(notes=notes, ended=ended)
        return seen if ended == "stopped" else _with_gaps(seen, running.task.result())


def _with_gaps(seen: RunView, record: Record) -> RunView:
    """With what some machine has missed."""
    partly = frozenset(step for step, entry in record.steps.items() if entry.kind == "partly")
    return seen._replace(partly=partly, missed=tuple(record.missed) if seen.ended == "parked" else ())


def _consume(task: "asyncio.Task[object]") -> None:
    if not task.cancelled():
        task.exception()


def _end(running: Running) -> tuple[str, Note]:
    task, node = running.task, running.intent.target
    if task.cancelled():
        says = "Stopped here by a key. Nothing was taken back; it is open in the journal: r resumes, u puts back"
        return "stopped", Note(steady.now(), node, "stopped", says, final=True)
    error = task.exception()
    if error is None:
        done = task.result().outcome == "done"
        word = "done" if done else "parked"
        return word, Note(steady.now(), node, word, word, final=True)
    known = isinstance(error, Stopped | JournalError)
    says = str(error) if known else f"An error in this program ended it ({type(error).__name__}: {error}); r resumes"
    return "stopped", Note(steady.now(), node, "stopped", says, final=True)
