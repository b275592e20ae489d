"""A session that lives on the loop of another thread, as the screen and the command line hold it.

What they see is a frozen state that is replaced; what they ask for is done over there and awaited. So nothing that
holds them up, such as a terminal that takes no more output, holds up a run or the looking.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from copy import copy
from typing import NamedTuple, TypeVar

from console import steady
from console.inventory.cluster import Cluster
from console.operations.plan import Consent, Plan
from console.operations.procedures.steps import Operation, Options
from console.operations.ready import Hazard
from console.probes.freshness import without_stale
from console.probes.logs import Log, Source
from console.probes.snapshot import Snapshot
from console.session.alerts import Alert
from console.session.history import EVERY, History
from console.session.journal import Read, Record
from console.session.loop import Loop
from console.session.run_state import RunState
from console.session.runner import Note
from console.session.session import Running, Session
from console.session.trends import Trend

T = TypeVar("T")

LOOK = 1.0
"""Seconds between two looks at the journal while somebody looks at the cluster or a run is under way."""


class State(NamedTuple):
    """A session at one moment."""

    snapshot: Snapshot
    calm: float
    """The least seconds between two batches: see `Poller.calm`."""
    pace: float
    """Seconds between two fast batches."""
    run: RunState | None
    """The run here that began last."""
    gate: str
    """The question that the run waits with; "" while it does not."""
    history: History
    events: tuple[Note, ...]
    """Newest last."""
    abroad: tuple[str, ...] = ()
    """Open runs of other journals, a sentence each."""
    alerts: tuple[Alert, ...] = ()
    """Newest last."""
    trends: Mapping[str, Trend] = {}
    """The figures of the last hours, by node."""
    muted: float = 0.0
    """Until when nobody is told of anything, in Unix time."""


class SessionHandle:
    """Lives until `close`. Call its methods from one loop only, the user's."""

    def __init__(self, session: Session, loop: Loop) -> None:
        """The session is used on that loop alone from now on."""
        self.cluster: Cluster = session.cluster
        self.read_only: bool = session.read_only
        self._loop = loop
        self._session = session
        self.state = self._now()
        self._still = 0.0
        """The moment of a picture that stands still; 0 for one that goes on."""
        self._attended = True
        self._poked = False
        self._changed = asyncio.Event()
        self._published: asyncio.Task[None] | None = None

    # --- what is seen

    def still(self, now: float) -> "SessionHandle":
        """The session as it is seen at this moment, for good: to be looked at, and asked for nothing."""
        seen = copy(self)
        seen._still = now
        return seen

    @property
    def picture(self) -> Snapshot:
        """The newest picture. Stale readings are unknown in it, also when the session's thread stands still."""
        return without_stale(self.state.snapshot, self._still or steady.now(), self.state.calm)

    @property
    def running(self) -> RunState | None:
        """The run that is under way here."""
        run = self.state.run
        return run if run and not run.ended else None

    @property
    def open(self) -> tuple[Record, ...]:
        """Runs in the journal that were never closed and are not under way here, oldest first."""
        mine = self.running.path if self.running else None
        return tuple(record for record in self.state.history.open if record.path != mine)

    def sudo(self, machine: str) -> bool:
        """Root's commands go through sudo on this machine; False until the first login."""
        return self._session.wire.sudo(machine)

    async def change(self, seconds: float | None = None) -> None:
        """Wait for the next change of `state`, at most so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    # --- what is asked for

    async def start(self, after: float = 0.0) -> None:
        """Begin to ask, once, `after` seconds from now."""
        here = asyncio.get_running_loop()

        async def begin(session: Session) -> None:
            session.start(after)
            if self._published is None:
                self._published = asyncio.create_task(self._publish(here))

        await self._there(begin)

    async def close(self) -> None:
        """End a run where it stands, and every connection."""

        async def end(session: Session) -> None:
            await session.close()
            if self._published is not None:
                self._published.cancel()

        await self._there(end)

    def attend(self, on: bool) -> None:
        """Tell the session that somebody looks at this cluster, or no longer does."""
        if on != self._attended:
            self._attended = on
            self._loop.call(lambda: self._session.attend(on))

    def mute(self, until: float) -> None:
        """Tell nobody of anything until then, in Unix time; 0: tell again."""
        self._loop.call(lambda: self._session.mute(until))

    def look_again(self) -> None:
        """Ask everything now."""
        self._loop.call(self._session.look_again)

    async def settled(self, seconds: float) -> None:
        """Wait until every question has had one answer or error, at most so many seconds."""
        await self._there(lambda session: session.settled(seconds))

    async def ready(self, operation: Operation, target: str, seconds: float, resumed: bool = False) -> None:
        """Like `settled`, but wait only for the readings that the guards of an operation need."""
        await self._there(lambda session: session.ready(operation, target, seconds, resumed))

    async def ssh_argv(self, machine: str) -> tuple[str, ...]:
        """The command that opens a person's shell on a machine. Raises NotBegun."""
        return await self._there(lambda session: session.ssh_argv(machine))

    async def logs(self, machine: str) -> tuple[Log, ...]:
        """The logs of a machine."""
        return await self._at_once(lambda session: session.logs_of(machine))

    async def read_log(self, machine: str, log: Log) -> tuple[Source, ...]:
        """The end of a log, as it is now."""
        return await self._there(lambda session: session.read_log(machine, log))

    async def readiness(self) -> tuple[Hazard, ...]:
        """Everything to clear before a patch."""
        return await self._there(lambda session: session.readiness())

    async def look_back(self) -> bool:
        """Wait until the firewalls have told their state anew. Returns False if their time for that is over."""
        return await self._there(lambda session: session.look_back())

    async def plan(self, operation: Operation, target: str, options: Options | None = None) -> Plan:
        """The steps of an operation, and the objections to it. Raises NotBegun."""
        return await self._at_once(lambda session: session.plan(operation, target, options))

    async def plan_again(self, record: Record) -> Plan:
        """The same, for the resume of a run. Raises NotBegun."""
        return await self._at_once(lambda session: session.plan_again(record))

    async def begin(
        self, operation: Operation, target: str, consent: Consent | None = None, options: Options | None = None
    ) -> RunState:
        """Begin a run. Raises NotBegun."""

        return await self._there(lambda session: self._begun(session.begin(operation, target, consent, options)))

    async def resume(self, record: Record, consent: Consent | None = None, skips: str = "") -> RunState:
        """Go on with a run that was interrupted or parked: see `Session.resume`. Raises NotBegun."""

        return await self._there(lambda session: self._begun(session.resume(record, consent, skips)))

    def halt(self) -> None:
        """Stop the run where it stands. It ends when its orders have."""
        self._loop.call(self._session.halt)

    async def stop(self) -> None:
        """Like `halt`, but return when the run has ended."""
        await self._there(lambda session: session.stop())

    def leave_alone(self) -> None:
        """Nobody is left to answer: see `Session.leave_alone`."""
        self._loop.call(self._session.leave_alone)

    async def gate(self) -> Plan | None:
        """The objections at this moment to going on at the gate where the run waits."""
        return await self._at_once(lambda session: session.gate and session.gate.look())

    async def agree(self, consent: Consent) -> str:
        """Let the run go on at its gate. Returns the objections that the consent does not overcome; "" for none."""
        return await self._at_once(lambda session: session.gate.agree(consent) if session.gate else "")

    async def park(self) -> None:
        """Leave the run open at its gate."""
        await self._at_once(lambda session: session.gate and session.gate.park())

    async def look_at_history(self) -> None:
        """Have the journal read now."""
        await self._at_once(self._read)

    async def journal(self) -> Read:
        """Every run, and the files that can't be read."""
        return await self._at_once(lambda session: session.journal.read())

    # --- the way there and back

    async def _there(self, work: Callable[[Session], Awaitable[T]]) -> T:
        async def done() -> T:
            return await work(self._session)

        return await self._loop.run(done())

    async def _at_once(self, work: Callable[[Session], T]) -> T:
        async def done() -> T:
            return work(self._session)

        return await self._loop.run(done())

    async def _begun(self, run: Awaitable[Running]) -> RunState:
        """Seen at once, and not only with the next state."""
        state = (await run).state
        self.state = self._now()
        return state

    def _read(self, session: Session) -> None:
        session.look_at_history(anew=True)
        self.state = self._now()

    def _now(self) -> State:
        session = self._session
        return State(
            session.poller.snapshot,
            session.poller.calm,
            session.pace,
            _as_written(session, session.newest),
            session.gate.message if session.gate else "",
            session.history,
            tuple(session.events),
            session.abroad,
            tuple(session.alerts),
            session.trends.kept,
            session.muted,
        )

    async def _publish(self, here: asyncio.AbstractEventLoop) -> None:
        """Over there: replaces the state after each change, and looks at the journal now and then."""
        looked = 0.0
        while True:
            soon = LOOK if self._session.attended else EVERY
            await self._session.poller.change(soon)
            if steady.now() - looked >= soon:
                looked = steady.now()
                self._session.look_at_history()
            self.state = self._now()
            if not self._poked:
                self._poked = True
                with suppress(RuntimeError):  # nobody is left to see it
                    here.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        """Here: however much has changed meanwhile, it is said once."""
        self._poked = False
        self._changed.set()
        self._changed = asyncio.Event()


def _as_written(session: Session, run: RunState | None) -> RunState | None:
    """A run with its journal, as far as it was written by now."""
    return run._replace(record=session.journal.newest_of(run.path) or run.record) if run else None
