"""Simulated clusters in a process of their own, which says to the hundredth of a second when something has happened.

`python -m tests.bench.far FOLDER CLUSTERS`, then on standard input `happen EVENT` or `mend EVENT`, for the first one.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from console.sim.fleet import Fleet
from console.sim.galera import SILENT
from console.sim.world import World

BROKEN = {
    "mysqld": ("mysql-stopped", "node3"),
    "server": ("apache-stopped", "node3"),
    "carp": ("firewall-lost", "fw1"),
    "hang": ("node-hung", "node2"),
}
MENDED = {
    "mysqld": ("node-back", "node3"),
    "server": ("node-back", "node3"),
    "carp": ("firewall-back", "fw1"),
    "hang": ("node-back", "node2"),
}


def so(world: World, event: str) -> bool:
    """The event has happened, by the machine itself."""
    if event == "mysqld":
        return world.galera.members["node3"].phase in SILENT
    if event == "server":
        haproxy = world.firewalls["fw1"].haproxy
        return haproxy is not None and any(
            server.address == world.nodes["node3"].address and server.status.startswith("DOWN")
            for server in haproxy.servers
        )
    return event == "hang" or world.carp.role(world.firewalls["fw2"]) == "MASTER"


async def main(folder: Path, clusters: int) -> None:
    """Until the end of standard input."""
    async with Fleet(folder, clusters=clusters) as fleet:
        print(fleet.inventory, flush=True)
        first = next(iter(fleet.clusters.values()))
        while words := (await asyncio.to_thread(sys.stdin.readline)).split():
            name, target = (BROKEN if words[0] == "happen" else MENDED)[words[1]]
            first.fault(name, target)
            while words[0] == "happen" and not so(first.world, words[1]):
                await asyncio.sleep(0.01)
            print(time.monotonic(), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
