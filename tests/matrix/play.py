"""Plays one case through the simulator's sockets, and judges its end.

A run may end, stop with a sentence, or be parked with a question; never anything else. Meanwhile the simulated world
itself is judged, as on a walk. Then everything is repaired, and what is open is resumed.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from console.inventory.cluster import Cluster, Timings
from console.operations import procedures
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import OPERATIONS
from console.operations.procedures.steps import Operation, Step
from console.session import runner, waiting
from console.session.journal import Journal, Record
from console.session.runner import Stopped, TakenBack, Unanswered
from console.session.session import Running, Session
from console.sim import Simulator
from tests.conftest import busy, simulated, watching
from tests.console.telling import until, well
from tests.console.test_interrupted import SYNCS, WRONG, before, take_out_before
from tests.console.test_meanwhile import Meanwhile
from tests.console.test_operations import differ
from tests.walk.judge import Judge

from .cases import Case, options_of, steps_of, target

LONGEST = 12.0
"""Seconds that a step waits on an idle machine, in the place of minutes and hours."""
PATIENCE = 300.0
"""Seconds in which a run has ended, whatever happens to it."""
NEW = ("2.8.0-RELEASE", "24.0")


class Played(NamedTuple):
    """The end of a case. `then`: after the cure. `wrong`: sentences of what must not be."""

    case: Case
    end: str
    says: str
    then: str
    wrong: tuple[str, ...]
    seconds: float

    def __str__(self) -> str:
        told = f"{self.case}: {self.end}{f', then {self.then}' if self.then else ''}; {self.says}"
        return "\n".join([told, *(f"  WRONG {one}" for one in self.wrong)])


def hastened() -> tuple[Operation, ...]:
    """The operations, with steps that wait for no longer than LONGEST."""
    return tuple(replace(one, steps=_brief(one)) for one in OPERATIONS)


def _brief(operation: Operation) -> Any:
    def steps(cluster: Cluster, name: str, options: Any) -> tuple[Step, ...]:
        return tuple(_short(step) for step in operation.steps(cluster, name, options))

    return steps


def _short(step: Step) -> Step:
    def timeout(timings: Timings) -> float:
        return min(LONGEST * busy(), step.timeout(timings))

    return replace(step, timeout=timeout, back=tuple(map(_short, step.back)))


Begin = Callable[[Consent], Coroutine[Any, Any, Running]]


async def play(case: Case, folder: Path | None = None) -> Played:
    """Play it. The operations and the patience of the runner are those of `hastened`, for this process."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as made:
        end, says, then, wrong = await _Play(case, folder or Path(made)).go()
    return Played(case, end, says, then, tuple(wrong), time.monotonic() - began)


@asynccontextmanager
async def impatient() -> AsyncGenerator[None]:
    """Seconds in the place of minutes."""
    kept = procedures.OPERATIONS, runner.GUARD_PATIENCE, waiting.OWN_WAY
    procedures.OPERATIONS, runner.GUARD_PATIENCE, waiting.OWN_WAY = hastened(), 4.0 * busy(), 8.0 * busy()
    try:
        yield
    finally:
        procedures.OPERATIONS, runner.GUARD_PATIENCE, waiting.OWN_WAY = kept


class _Play:
    def __init__(self, case: Case, folder: Path) -> None:
        self.case = case
        self.folder = folder
        self.wrong = list[str]()
        self.struck = False
        self.plain = next(one for one in OPERATIONS if one.name == case.operation)
        self.target, self.options = "", options_of(self.plain)

    async def go(self) -> tuple[str, str, str, list[str]]:
        loop = asyncio.get_running_loop()
        old = loop.get_exception_handler()
        loop.set_exception_handler(lambda _loop, context: self.wrong.append(f"{context}"))
        try:
            async with impatient(), simulated(self.folder / "sim", speed=20.0) as (sim, known):
                self.target = target(self.plain, known)
                self.prepare(sim)
                timings = replace(known.timings, boot=LONGEST * busy(), fit=LONGEST * busy(), heal=6.0 * busy())
                async with watching(replace(known, timings=timings)) as session:
                    return await self.carry_out(sim, session)
        finally:
            loop.set_exception_handler(old)

    def prepare(self, sim: Simulator) -> None:
        """Let there be something to do."""
        if self.plain in WRONG:
            sim.fault(*WRONG[self.plain])
        if self.plain in SYNCS:
            differ(sim)
        for firewall in sim.world.firewalls.values():
            firewall.upgrades.offered = NEW
        for node in sim.world.nodes.values():
            node.hardware.packages.arrive(3, 1)

    async def carry_out(self, sim: Simulator, session: Session) -> tuple[str, str, str, list[str]]:
        operation = next(one for one in procedures.OPERATIONS if one.name == self.case.operation)
        session.journal = Journal(self.folder / "journal")
        await take_out_before(session, self.plain)
        await session.ready(operation, self.target, 30.0)
        await before(session, self.plain)
        judge = Judge(sim, {"A": session.journal.folder}, lambda _line: None)
        watch = asyncio.create_task(judge.watch())
        session.journal = Meanwhile(session.journal.folder, lambda record: self.look(sim, record))
        try:
            end, says = await self.ended(session, lambda how: session.begin(operation, self.target, how, self.options))
            self.wrong += [f"a task has ended: {task!r}" for task in session.poller._tasks if task.done()]
        finally:
            watch.cancel()
        then = await self.cured(sim, session)
        return (end if self.struck else f"{end}, not struck"), says, then, [*self.wrong, *judge.wrong]

    def look(self, sim: Simulator, record: Record) -> None:
        """Strike at the line that the case means, once."""
        entry = record.entries[-1]
        if self.struck or not self.due(entry.kind, entry.facts.get("on", record.target), entry.facts.get("step", "")):
            return
        self.struck = True
        sim.fault(self.case.fault, self.case.target)

    def due(self, kind: str, on: str, step: str) -> bool:
        if self.case.leaving:
            return (kind, on, step) == ("sending", self.case.on, self.case.step)
        steps = [one.id for one in steps_of(self.plain)]
        at = steps.index((self.case.on, self.case.step))
        return kind == "opened" if at == 0 else kind in ("seen", "left", "agreed") and (on, step) == steps[at - 1]

    async def ended(self, session: Session, begin: Begin) -> tuple[str, str]:
        """The end of a run, and its sentence."""
        try:
            async with asyncio.timeout(PATIENCE):
                running = await self.begun(begin)
                await _followed(session, running)
                record = running.task.result()
                return (record.outcome or "open"), "" if record.outcome else "something was skipped"
        except NotBegun as why:
            self.wrong += [] if self.struck else [f"it was not begun: {why}"]
            return "not begun", str(why)
        except TakenBack as why:
            return "taken back", self.sentence(why)
        except Unanswered as why:
            return "parked", self.sentence(why)
        except Stopped as why:
            return "stopped", self.sentence(why)
        except TimeoutError:
            self.wrong.append(f"it has not ended after {PATIENCE:g} s")
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            self.wrong.append(f"it ended with {error!r}")
        return "broken", ""

    async def begun(self, begin: Begin) -> Running:
        """A person who says yes; where that is not enough, with name and reason; for a while, again and again."""
        until = time.monotonic() + 15.0 * busy()
        while True:
            for how in (Consent(confirmed=True), Consent(True, self.target, "the matrix")):
                try:
                    return await begin(how)
                except NotBegun:
                    if time.monotonic() > until:
                        raise
            await asyncio.sleep(1.0)

    def sentence(self, why: Stopped) -> str:
        if len(str(why).split()) < 4:
            self.wrong.append(f"it stopped without a sentence: {why}")
        return str(why)

    async def cured(self, sim: Simulator, session: Session) -> str:
        """Everything is repaired, and what is open is resumed."""
        sim.fault("all-back", "cluster")
        left = session.open_runs()
        if not left:
            return ""
        with suppress(TimeoutError):
            await until(session, well)
        end, says = await self.ended(session, lambda how: session.resume(session.open_runs()[0], how))
        return f"{end} ({says})" if says else end


async def _followed(session: Session, running: Running) -> None:
    """To its end. A question at a gate is not answered."""
    while not running.task.done():
        if session.gate is not None:
            session.gate.park()
        await asyncio.wait({running.task}, timeout=0.1)
    while session.running:
        await asyncio.sleep(0)
