"""A console that can be killed: what stays of it is its journal."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from console.inventory.cluster import Cluster
from console.operations.plan import NotBegun
from console.operations.procedures import UNDO
from console.session.journal import Journal, JournalError, Record
from console.session.runner import Stopped
from console.session.session import Running, Session

from .judge import Judge
from .steps import Begin, Resume, Yes

PATIENCE = 90.0
"""Seconds in which whatever was stopped has ended: an order to config.xml may take 65."""


MAX_SECONDS = 20.0
"""Seconds for which what was begun is waited for."""


class Killed(BaseException):
    """Nothing after it runs, nor is written."""


class MortalJournal(Journal):
    """Dies at its n-th line from now, just before it is on disk or just after; what is dead writes nothing."""

    def __init__(self, journal: Journal, die: Callable[[], None], judge: Judge) -> None:
        super().__init__(journal.folder, journal._nodes, journal._firewalls)
        self.left = -1
        self.written = False
        self.lines = 0
        self.dead = False
        self._die = die
        self._judge = judge

    def write(self, record: Record, kind: str, **facts: Any) -> Record:
        self.left -= 1
        if not self.dead and self.left == 0 and not self.written:
            self._die()
        if self.dead:
            raise Killed
        record = super().write(record, kind, **facts)
        self.lines += 1
        if kind == "closed" and facts.get("outcome") == "done":
            self._judge.closed(record)
        if self.left == 0:
            self._die()
            raise Killed
        return record


class Console:
    """One of the two. Its journal and its lock are its own."""

    def __init__(self, name: str, cluster: Cluster, folder: Path, judge: Judge, tell: Callable[[str], None]) -> None:
        self.name = name
        self.folder = folder
        """The folder of its journal."""
        self._cluster = cluster
        self._judge = judge
        self._tell = tell
        self._session: Session | None = None
        self._journal: MortalJournal | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> Session:
        """The session, a new one if there is none or the last has died."""
        if self._journal and self._journal.dead:
            await self.close()
        if self._session is None:
            session = self._session = Session(self._cluster)
            nodes = {node.name: node.address for node in self._cluster.nodes}
            journal = Journal(self.folder, nodes, [firewall.address for firewall in self._cluster.firewalls])
            session.journal = self._journal = MortalJournal(journal, self.die, self._judge)
            session.start()
            await session.ready(UNDO, self._cluster.nodes[0].name, 10)
        return self._session

    def die(self) -> None:
        """At once: connections break, and nothing more leaves or is written."""
        if self._session is None or self._journal is None or self._journal.dead:
            return
        self._tell(f"  {self.name} is dead")
        self._journal.dead = True
        for ssh in self._session.wire._machines().values():
            ssh._why_unproven = lambda _identity: "dead"
            ssh._abort()
        running = self._session.running
        for task in (*self._tasks, *([running.task] if running else [])):
            if task is not asyncio.current_task():
                task.cancel()

    def die_at(self, line: int, written: bool) -> None:
        """At that journal line from now."""
        if self._journal:
            self._journal.left, self._journal.written = line, written

    async def until(self, lines: int) -> None:
        """Wait until so many lines more are written, or, for 0, nothing is under way; or it is dead, or time is up."""
        began, journal, end = time.monotonic(), self._journal, self._journal.lines + lines if self._journal else 0
        while journal and not journal.dead and self._tasks and time.monotonic() - began < MAX_SECONDS:
            if lines and journal.lines >= end:
                return
            await asyncio.sleep(0.01)

    def halt(self) -> None:
        if self._session:
            self._session.halt()

    async def close(self) -> None:
        """End everything that is under way."""
        session, self._session = self._session, None
        if session is None:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await session.close()
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
        except TimeoutError:
            self._judge.say(f"6: {self.name} has not ended {PATIENCE:g} s after it was stopped")

    def alive(self) -> None:
        """No task of a console ends before it does."""
        session = self._session
        if session is None or self._journal is None or self._journal.dead:
            return
        watch = session._watch
        ended = [task for task in (*session.poller._tasks, *([watch] if watch else [])) if task.done()]
        for task in ended:
            self._judge.say(f"6: {self.name} has lost its task {task.get_name()}: {task!r}")

    async def begin(self, step: Begin) -> None:
        """Return at once; the outcome is told later."""
        session, consent = await self.start(), step.yes.consent(step.node)
        self._spawn(self._follow(session.begin(step.action, step.node, consent), f"{step.action.name} {step.node}"))

    async def resume(self, step: Resume) -> None:
        session = await self.start()
        opened = session.open_runs()
        if not opened:
            self._tell(f"  {self.name} has nothing to resume")
            return
        record = opened[min(int(step.which * len(opened)), len(opened) - 1)]
        if step.yes is Yes.NAMED:
            self._judge.insisted.add(record.path)
        what = f"{record.operation} {record.target}"
        self._spawn(self._follow(session.resume(record, step.yes.consent(record.target)), what))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, beginning: Coroutine[Any, Any, Running], what: str) -> None:
        """To the end of the run. Whatever ends it is one of the meant ends."""
        try:
            running = await beginning
        except NotBegun as why:
            self._tell(f"  {self.name} {what}: not begun: {why}")
            return
        except Killed:
            return
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            self._judge.say(f"6: {self.name} {what} could not begin: {error!r}")
            return
        self._tell(f"  {self.name} {what}: begun")
        await asyncio.wait({running.task})
        if running.task.cancelled():
            self._tell(f"  {self.name} {what}: stopped")
            return
        error = running.task.exception()
        if error is None:
            self._tell(f"  {self.name} {what}: {running.task.result().outcome or 'parked'}")
        elif isinstance(error, Stopped | JournalError | Killed):
            self._tell(f"  {self.name} {what}: {type(error).__name__} {error}")
        else:
            self._judge.say(f"6: {self.name} {what} ended with {error!r}")


def of_another_name(cluster: Cluster) -> Cluster:
    """The second console's name for it."""
    return replace(cluster, name="the same")
