"""Figures, never assertions: `make bench`, or `python -m tests.bench --inventory FILE` for a cluster such as the lab.

Each figure stands beside a baseline of the same run, because machines differ and ratios travel.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from console.asks import Run
from console.guards import Action
from console.inventory import Cluster
from console.inventory_file import load
from console.session import Session
from console.sim import Simulator

ROUNDS = 5


async def warm_command(session: Session, machine: str) -> float:
    """Milliseconds of one command over the connection that is up already: the baseline."""
    began = time.perf_counter()
    await session.wire.send(machine, (Run(("true",)),), 5)
    return (time.perf_counter() - began) * 1000


async def steps_of(session: Session, action: Action, node: str) -> dict[str, float]:
    """Milliseconds from the key press to each step's success as read back."""
    began = time.time()
    running = session.begin(action, node)
    record = await running.task
    return {
        str(entry.facts["step"]): (entry.at - began) * 1000
        for entry in record.entries
        if entry.kind in ("seen", "partly")
    }


async def measure(cluster: Cluster) -> None:
    """Drains and rejoins one node, and prints the table."""
    session = Session(cluster)
    session.start()
    began = time.perf_counter()
    await session.settled(20)
    full = (time.perf_counter() - began) * 1000
    firewall, node = cluster.firewalls[0].name, cluster.nodes[-1].name
    try:
        for _ in range(3):
            await warm_command(session, firewall)
        warm = statistics.median([await warm_command(session, firewall) for _ in range(20)])
        drained, durable = [], []
        for _ in range(ROUNDS):
            steps = await steps_of(session, Action.DRAIN, node)
            drained.append(steps["out at run time"])
            durable.append(steps["out in config.xml"])
            await session.begin(Action.REJOIN, node).task
    finally:
        await session.close()
    print(f"{'':44}{'ms':>9}{'x warm':>9}")
    for name, value in (
        ("one warm ssh command", warm),
        ("full picture from a cold start", full),
        ("key press to drained on both firewalls", statistics.median(drained)),
        ("key press to durable on both firewalls", statistics.median(durable)),
    ):
        print(f"{name:44}{value:9.1f}{value / warm:9.1f}")


async def main() -> None:
    """Over the simulator unless an inventory is named."""
    options = argparse.ArgumentParser(prog="python -m tests.bench")
    options.add_argument("--inventory", type=Path)
    chosen = options.parse_args().inventory
    if chosen is not None:
        await measure(load(chosen).clusters[0])
        return
    with tempfile.TemporaryDirectory() as folder:
        async with Simulator(Path(folder), speed=5.0) as sim:
            await measure(load(sim.inventory).clusters[0])


if __name__ == "__main__":
    asyncio.run(main())
