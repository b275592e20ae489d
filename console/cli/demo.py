"""The demo's cluster: the simulator as a child process that ends with us, whatever becomes of us."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from console.text import printable

LAST = 12
"""Lines that are shown of what a simulator said that did not start."""
START = 30.0
"""Seconds it may take."""


class DemoFailed(Exception):
    """The simulator did not come up. A sentence, and its own last lines."""


@dataclass(frozen=True)
class Demo:
    """A running simulator: real SSH servers on 127.0.0.1 that know nothing of us."""

    inventory: Path
    process: asyncio.subprocess.Process

    @property
    def entries(self) -> tuple[tuple[str, str, str], ...]:
        """Faults that can be injected: (name, label, target)."""
        from console.sim.faults import FAULTS
        from console.sim.world import World

        world = World()
        return tuple((one.name, one.label, target) for one in FAULTS for target in one.targets(world))

    def end(self, folder: Path) -> None:
        """Kill the simulator at once: this process leaves without its usual end."""
        with suppress(ProcessLookupError):
            self.process.kill()
        shutil.rmtree(folder, ignore_errors=True)

    async def inject(self, name: str, target: str, cluster: str = "demo") -> str:
        """Inject a fault in a cluster, or end it. Returns the simulator's answer in a line."""
        if self.process.stdin is None or self.process.stdout is None or self.process.returncode is not None:
            return "the demo cluster has ended"
        self.process.stdin.write(f"fault {cluster} {name} {target}\n".encode())
        await self.process.stdin.drain()
        async with asyncio.timeout(5):
            answer = await self.process.stdout.readline()
        return answer.decode(errors="replace").strip() or "the demo cluster has ended"


@asynccontextmanager
async def demo(folder: Path, speed: float, scenario: str = "healthy", clusters: int = 1) -> AsyncGenerator[Demo]:
    """Start the simulator in `folder`; it ends when its standard input does."""
    how = {"--folder": str(folder), "--speed": f"{speed:g}", "--scenario": scenario, "--clusters": str(clusters)}
    # -P: nothing that lies in the folder we were started in
    command = (sys.executable, "-P", "-m", "console.sim", *(word for pair in how.items() for word in pair))
    pipe, log = asyncio.subprocess.PIPE, folder / "simulator.log"
    try:
        with log.open("wb") as words:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=pipe,
                stdout=pipe,
                stderr=words,
                start_new_session=True,  # a terminal that is closed ends it with us, not before us
            )
    except OSError as error:
        raise DemoFailed(f"The demo cluster can't be started: {log} can't be written, {error.strerror}") from None
    try:
        inventory = await _started(process)
        if inventory is None:
            raise DemoFailed(_last_words(log))
        yield Demo(inventory, process)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(3):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _started(process: asyncio.subprocess.Process) -> Path | None:
    """Wait until the simulator is up, and return the path of its inventory; None if it did not start."""
    assert process.stdout is not None  # noqa: S101 -- asked for as a pipe
    with suppress(TimeoutError):
        async with asyncio.timeout(START):
            first = await process.stdout.readline()
        return Path(first.decode(errors="replace").strip()) if first.strip() else None
    return None


def _last_words(log: Path) -> str:
    """The end of the simulator's log, and a copy of all of it: its own folder is deleted with this process."""
    said = log.read_bytes()
    handle, kept = tempfile.mkstemp(prefix="drainboard-demo-", suffix=".log")
    with os.fdopen(handle, "wb") as file:
        file.write(said)
    last = [f"  {printable(line)}" for line in said.decode(errors="replace").splitlines()[-LAST:]]
    return "\n".join(["The demo cluster did not start. Its last words:", *last, f"All that it said is in {kept}"])
