"""The time that an action takes: over the simulator, whose time may run faster."""

from __future__ import annotations

import time
from pathlib import Path

from console.inventory.load import load
from console.operations.procedures import DRAIN, REJOIN
from console.operations.procedures.steps import Operation
from console.session.session import Session
from console.sim import Simulator

from .table import Row, middle


async def steps_of(session: Session, action: Operation, node: str) -> dict[str, float]:
    """Seconds from the key press to each step's success as read back."""
    began = time.time()
    record = await (await session.begin(action, node)).task
    return {str(one.facts["step"]): one.at - began for one in record.entries if one.kind in ("seen", "partly")}


async def act(folder: Path, times: int) -> tuple[Row, ...]:
    """Drain and rejoin one node."""
    drained: list[float] = []
    durable: list[float] = []
    async with Simulator(folder, speed=5.0) as sim:
        cluster = load(sim.inventory).clusters[0]
        session = Session(cluster)
        session.start()
        try:
            await session.settled(20)
            for _ in range(times):
                steps = await steps_of(session, DRAIN, cluster.nodes[-1].name)
                drained.append(steps["out at run time"])
                durable.append(steps["out in config.xml"])
                await (await session.begin(REJOIN, cluster.nodes[-1].name)).task
        finally:
            await session.close()
    return (
        Row("key press to drained on both firewalls", middle(drained), "s"),
        Row("key press to durable on both firewalls", middle(durable), "s"),
    )
