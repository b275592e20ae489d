"""One walk: two consoles, a simulated cluster, and what happens to all of them."""

import asyncio
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import simulated

from .consoles import Console, Killed, of_another_name
from .judge import Judge, with_a_spare
from .steps import Begin, Both, Kill, Resume, Step, Stop, Strike, Until, Wait, steps

SPEED = 10.0
PAUSE = 0.1
"""Seconds between two steps."""
TO_END = 1.5
"""Seconds for what is under way when the last step is done and everything is repaired."""


class Walked(NamedTuple):
    """The result of a walk."""

    seed: int
    wrong: tuple[str, ...]
    """Broken invariants, each a sentence that begins with its number."""
    story: tuple[str, ...]
    seconds: float

    @property
    def told(self) -> str:
        """The whole of it."""
        return "\n".join((f"walk {self.seed}", *self.story, "what did not hold:", *self.wrong))


async def walk(seed: int, folder: Path | None = None) -> Walked:
    """Walk, for about a quarter of a minute."""
    with tempfile.TemporaryDirectory() as made:
        return await _Walk(seed, folder or Path(made)).go()


class _Walk:
    def __init__(self, seed: int, folder: Path) -> None:
        self.seed = seed
        self.folder = folder
        self.began = time.monotonic()
        self.story: list[str] = []

    def tell(self, line: str) -> None:
        self.story.append(f"{time.monotonic() - self.began:6.2f} {line}")

    async def go(self) -> Walked:
        async with simulated(self.folder / "sim", speed=SPEED) as (sim, cluster):
            cluster = replace(cluster, timings=replace(cluster.timings, poll=1.2, storage=1.5, slow=3.0))  # two ask
            if self.seed % 3 == 0:
                with_a_spare(sim)
            folders = {name: self.folder / name / "journal" / "demo" for name in ("A", "B")}
            judge = Judge(sim, folders, self.tell)
            clusters = {"A": cluster, "B": of_another_name(cluster)}
            consoles = {name: Console(name, clusters[name], folders[name], judge, self.tell) for name in clusters}
            loop = asyncio.get_running_loop()

            def lost(_loop: object, context: dict[str, Any]) -> None:
                error = context.get("exception")
                if not isinstance(error, Killed):
                    judge.say(f"6: {context.get('message')}: {error!r} {context.get('task') or ''}")

            before = loop.get_exception_handler()
            loop.set_exception_handler(lost)
            watch = asyncio.create_task(judge.watch())
            try:
                await asyncio.gather(*(console.start() for console in consoles.values()))
                for step in steps(self.seed):
                    self.tell(str(step))
                    await self.carry_out(step, consoles, sim)
                    await asyncio.sleep(PAUSE)
                    for console in consoles.values():
                        console.alive()
                sim.fault("all-back", "cluster")
                self.tell("the end: everything is repaired, and what is under way is stopped")
                await asyncio.sleep(TO_END)
                await asyncio.gather(*(console.close() for console in consoles.values()))
                await asyncio.sleep(TO_END / 3)
                judge.end()
                if watch.done():
                    judge.say(f"the judge is gone: {watch!r}")
            finally:
                await asyncio.gather(*(console.close() for console in consoles.values()))
                watch.cancel()
                loop.set_exception_handler(before)
        return Walked(self.seed, tuple(judge.wrong), tuple(self.story), time.monotonic() - self.began)

    async def carry_out(self, step: Step, consoles: dict[str, Console], sim: Any) -> None:
        match step:
            case Begin():
                await consoles[step.console].begin(step)
            case Both():
                for one in step:
                    await consoles[one.console].start()
                for one in step:
                    await consoles[one.console].begin(one)
            case Resume():
                await consoles[step.console].resume(step)
            case Stop():
                consoles[step.console].halt()
            case Kill(lines=0):
                consoles[step.console].die()
            case Kill():
                consoles[step.console].die_at(step.lines, step.written)
            case Until():
                await consoles[step.console].until(step.lines)
            case Strike():
                sim.fault(step.fault, step.target)
            case Wait():
                await asyncio.sleep(step.seconds)
