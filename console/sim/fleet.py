"""Several clusters in one process, and the one inventory that names them all."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from console.inventory.cluster import Timings
from console.sim.scenarios import HEALTHY, Scenario, scenario
from console.sim.simulator import Simulator


class Fleet:
    """`async with Fleet(folder, ...) as fleet:` then `fleet.inventory` names every cluster."""

    def __init__(
        self,
        folder: Path,
        speed: float = 1.0,
        first: Scenario = HEALTHY,
        clusters: int = 1,
        timings: Timings | None = None,
    ) -> None:
        """The first cluster plays `first`, the next ones its `others`, and what is still missing is healthy."""
        fates = [first, *(scenario(name) for name in first.others)]
        fates += [HEALTHY] * (clusters - len(fates))
        names = ["demo"] if len(fates) == 1 else [f"web{at}" for at in range(1, len(fates) + 1)]
        self.inventory = folder.resolve() / "inventory.toml"
        self.clusters = {
            name: Simulator(folder / name, speed, name, timings, fate) for name, fate in zip(names, fates, strict=True)
        }
        self._open = AsyncExitStack()

    def fault(self, cluster: str, name: str, target: str) -> None:
        """Inject a fault in one cluster, or end it. Raises ValueError with a sentence."""
        if cluster not in self.clusters:
            raise ValueError(f"no cluster is called {cluster}: there are {', '.join(self.clusters)}")
        self.clusters[cluster].fault(name, target)

    async def __aenter__(self) -> Self:
        for simulator in self.clusters.values():
            await self._open.enter_async_context(simulator)
            await asyncio.sleep(0)
        self.inventory.write_text("\n".join(one.inventory.read_text() for one in self.clusters.values()))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()
