"""The demo's cluster: the simulator as a child process that ends with us, whatever becomes of us."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path


class DemoFailed(Exception):
    """The simulator did not come up. One sentence."""


@dataclass(frozen=True)
class Demo:
    """A running simulator: real SSH servers on 127.0.0.1 that know nothing of us."""

    inventory: Path
    process: asyncio.subprocess.Process

    @property
    def entries(self) -> tuple[tuple[str, str, str], ...]:
        """What can be made to go wrong: (name, label, target)."""
        from console.sim.faults import FAULTS
        from console.sim.world import World

        world = World()
        return tuple((one.name, one.label, target) for one in FAULTS for target in one.targets(world))

    async def inject(self, name: str, target: str, cluster: str = "demo") -> str:
        """Makes a fault happen in a cluster, or be over. Returns the simulator's answer in a line."""
        if self.process.stdin is None or self.process.stdout is None or self.process.returncode is not None:
            return "the demo cluster has ended"
        self.process.stdin.write(f"fault {cluster} {name} {target}\n".encode())
        await self.process.stdin.drain()
        async with asyncio.timeout(5):
            answer = await self.process.stdout.readline()
        return answer.decode(errors="replace").strip() or "the demo cluster has ended"


@asynccontextmanager
async def demo(folder: Path, speed: float, scenario: str = "healthy", clusters: int = 1) -> AsyncGenerator[Demo]:
    """Starts the simulator in `folder`; it ends when its standard input does."""
    how = {"--folder": str(folder), "--speed": f"{speed:g}", "--scenario": scenario, "--clusters": str(clusters)}
    command = (sys.executable, "-m", "console.sim", *(word for pair in how.items() for word in pair))
    pipe = asyncio.subprocess.PIPE
    log = (folder / "simulator.log").open("wb")
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=log)
    log.close()
    try:
        assert process.stdout is not None  # noqa: S101 -- asked for as a pipe above
        async with asyncio.timeout(30):
            first = await process.stdout.readline()
        if not first.strip():
            raise DemoFailed(f"The demo cluster did not start; what it said is in {folder / 'simulator.log'}")
        yield Demo(Path(first.decode().strip()), process)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(3):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
