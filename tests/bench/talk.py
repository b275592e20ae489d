"""The price of talking to a cluster: a process of its own in the cluster's network, which prints its figures as JSON.

`python -m tests.bench.talk INVENTORY BEGAN [LAB]`; BEGAN is the moment it was started, LAB the lab whose node1 is asked
what the questions cost it.
"""

from __future__ import annotations

import asyncio
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from console.inventory.cluster import Cluster, Login
from console.inventory.load import load
from console.probes.ask import Ask, Run, script
from console.probes.question import Cadence, Subject
from console.probes.schedule import Batch, batches
from console.probes.snapshot import NOT_ASKED, reading_of
from console.session.session import Session
from console.wire import Wire
from console.wire.sentences import by_hand

from .away import away
from .table import middle

TRUE = (Run(("true",)),)
TIMES = 20
ROUND_TRIP = 0.02
"""Seconds to a cluster that is looked at from home."""


async def cold(cluster: Cluster, began: float) -> dict[str, float]:
    """Seconds from the start of the process to one answer to every question, the seldom ones apart."""
    session = Session(cluster)
    session.start()
    asked = [
        (question, one.name)
        for one in batches(cluster)
        if one.cadence is not Cadence.SELDOM
        for question in one.questions
    ]
    try:
        async with asyncio.timeout(60):
            while any(reading_of(session.poller.snapshot, *one) is NOT_ASKED for one in asked):
                await session.change()
        full = time.monotonic() - began
        return {"cold": full, "cold cpu": time.process_time()}
    finally:
        await session.close()


def machine_of(cluster: Cluster, one: Batch) -> str:
    """The machine that a batch is sent to."""
    return one.name if one.subject in (Subject.FIREWALL, Subject.NODE) else cluster.nodes[0].name


def asks_of(cluster: Cluster, one: Batch) -> tuple[Ask, ...]:
    """The asks of a batch."""
    return tuple(ask for question in one.questions for ask in question.asks(cluster, one.name))


async def timed(call: Callable[[], Awaitable[object]], times: int = TIMES) -> tuple[float, float]:
    """Median milliseconds, and processor milliseconds of this process, of one call."""
    for _ in range(3):
        await call()
    took: list[float] = []
    cpu = time.process_time()
    for _ in range(times):
        began = time.perf_counter()
        await call()
        took.append(time.perf_counter() - began)
    return middle(took) * 1000, (time.process_time() - cpu) / times * 1000


def openssh(login: Login, socket: str) -> list[str]:
    """A warm `ssh true` through a ControlMaster whose socket lies there."""
    ssh, *words = shlex.split(by_hand(login))
    return [ssh, "-o", "ControlMaster=auto", "-o", f"ControlPath={socket}", "-o", "ControlPersist=30", *words, "true"]


async def client(argv: list[str], said: bytes = b"") -> None:
    """One run of it."""
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    await process.communicate(said)


async def by_openssh(cluster: Cluster, scripts: dict[str, bytes]) -> dict[str, float]:
    """A warm `true`, and the very scripts of a fast round, each machine's through a client of its own, all at once."""
    with tempfile.TemporaryDirectory(prefix="db-") as folder:
        ways = {name: openssh(cluster.machine(name).login, f"{folder}/{name}") for name in scripts}
        node = cluster.nodes[0].name

        async def all_at_once() -> None:
            every = (client([*way[:-1], "/bin/sh"], scripts[name]) for name, way in ways.items())
            await asyncio.gather(*every)

        try:
            found = {"openssh": (await timed(lambda: client(ways[node])))[0]}
            found["openssh scripts"], _ = await timed(all_at_once)
        finally:
            for way in ways.values():
                await client([*way[:-2], "-O", "exit", way[-2]])
    return found


async def warm(cluster: Cluster) -> dict[str, float]:
    """One command, over both clients, and one fast round: everything at once, each machine alone, the shells."""
    wire, node = Wire(cluster), cluster.nodes[0]
    fast = [
        (machine_of(cluster, one), asks_of(cluster, one)) for one in batches(cluster) if one.cadence is Cadence.FAST
    ]
    shell = {machine: runs for machine, asks in fast if (runs := tuple(ask for ask in asks if isinstance(ask, Run)))}

    async def all_at_once(only: str | None = None) -> None:
        mine = [(machine, asks) for machine, asks in fast if only in (None, machine)]
        await asyncio.gather(*(wire.send(machine, asks, 10, keep=True) for machine, asks in mine))

    async def scripts_at_once() -> None:
        await asyncio.gather(*(wire.send(machine, runs, 10, keep=True) for machine, runs in shell.items()))

    found: dict[str, float] = {}
    try:
        found["own ssh"], found["own ssh cpu"] = await timed(lambda: wire.send(node.name, TRUE, 5))
        found["fast"], found["fast cpu"] = await timed(all_at_once)
        found["slowest alone"] = max([(await timed(lambda name=name: all_at_once(name)))[0] for name in shell])
        found["fast scripts"], _ = await timed(scripts_at_once)
        scripts = {name: script(runs, "mark", wire.sudo(name)).encode() for name, runs in shell.items()}
    finally:
        await wire.close()
    return found | (await by_openssh(cluster, scripts) if shutil.which("ssh") else {})


async def warm_from_home(cluster: Cluster) -> dict[str, float]:
    """Like `warm`, with the cluster at the other end of a link."""
    with tempfile.TemporaryDirectory(prefix="db-") as folder:
        async with away(cluster, ROUND_TRIP, Path(folder)) as there:
            return {f"home {name}": value for name, value in (await warm(there)).items()}


class Meter:
    """Measures the time that node1 of a lab spends on us, beside what it spends anyway."""

    def __init__(self, lab: str) -> None:
        from tests.lab.lab import Lab

        self._node = Lab.find(lab).machines["node1"]
        self._looking = (0.0, 0.0)
        """The price of a look itself: it starts processes."""
        self._idle = (0.0, 0.0)
        """A second."""

    def _counters(self) -> tuple[int, float, float]:
        """Processes and threads started so far, milliseconds of its processors, the moment."""
        started = int(self._node.sh("cat /proc/sys/kernel/ns_last_pid"))
        lines = (self._node.group / "cpu.stat").read_text().splitlines()
        usage = next(line for line in lines if line.startswith("usage"))
        return started, int(usage.split()[1]) / 1000, time.monotonic()

    async def _difference(self, doing: Callable[[], Awaitable[object]]) -> tuple[float, float, float]:
        before = self._counters()
        await doing()
        after = self._counters()
        return after[0] - before[0], after[1] - before[1], after[2] - before[2]

    async def learn(self, seconds: float = 6) -> None:
        """Measure what is spent while nothing is asked."""
        looks = [await self._difference(lambda: asyncio.sleep(0)) for _ in range(5)]
        self._looking = (middle([one[0] for one in looks]), middle([one[1] for one in looks]))
        quiet = await self._difference(lambda: asyncio.sleep(seconds))
        self._idle = tuple((quiet[at] - self._looking[at]) / quiet[2] for at in (0, 1))  # type: ignore[assignment]

    async def spent(self, call: Callable[[], Awaitable[object]], times: int) -> tuple[float, float]:
        """Processes (threads too) and milliseconds of one call."""

        async def often() -> None:
            for _ in range(times):
                await call()

        await call()
        busy = await self._difference(often)
        each = (max(0.0, (busy[at] - self._looking[at] - self._idle[at] * busy[2]) / times) for at in (0, 1))
        return tuple(each)  # type: ignore[return-value]


OWN = "node"
ASKER = "asker"
"""The node that is asked about the volumes and the database, for all."""


def asked(cluster: Cluster, who: str, cadence: Cadence) -> list[tuple[int, tuple[Ask, ...]]]:
    """Each batch for node1, with the number of its questions."""
    subjects = (Subject.NODE,) if who == OWN else (Subject.VOLUME, Subject.DATABASE)
    mine = [one for one in batches(cluster) if one.cadence is cadence and one.subject in subjects]
    mine = [one for one in mine if who == ASKER or one.name == "node1"]
    return [(len(one.questions), asks_of(cluster, one)) for one in mine]


async def on_the_node(cluster: Cluster, lab: str) -> list[dict[str, str | float]]:
    """The price of each kind of batch on node1, and of the same asks as one ssh command each."""
    wire, meter = Wire(cluster), Meter(lab)
    found: list[dict[str, str | float]] = []
    try:
        await wire.send("node1", TRUE, 5)
        await meter.learn()
        for who in (OWN, ASKER):
            for cadence in Cadence:
                if not (mine := asked(cluster, who, cadence)):
                    continue

                async def together(mine: list[tuple[int, tuple[Ask, ...]]] = mine) -> None:
                    for _, asks in mine:
                        await wire.send("node1", asks, 60, keep=True)

                async def apart(mine: list[tuple[int, tuple[Ask, ...]]] = mine) -> None:
                    for _, asks in mine:
                        for ask in asks:
                            await wire.send("node1", (ask,), 60)

                times = 1 if cadence is Cadence.SELDOM else 5
                ours, base = await meter.spent(together, times), await meter.spent(apart, times)
                found.append(
                    {"who": who, "cadence": cadence.name.lower(), "questions": sum(count for count, _ in mine),
                     "pace": getattr(cluster.timings, cadence.value), "processes": ours[0], "ms": ours[1],
                     "base processes": base[0], "base ms": base[1]}
                )  # fmt: skip
    finally:
        await wire.close()
    return found


async def main(inventory: Path, began: float, lab: str) -> None:
    """Print one line."""
    cluster = load(inventory).clusters[0]
    found: dict[str, object] = {**await cold(cluster, began), **await warm(cluster), **await warm_from_home(cluster)}
    if lab:
        found["node"] = await on_the_node(cluster, lab)
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""))
