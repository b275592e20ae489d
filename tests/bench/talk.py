"""What talking to a cluster costs: a process of its own in the cluster's network, which prints its figures as JSON.

`python -m tests.bench.talk INVENTORY BEGAN [LAB]`; BEGAN is the moment it was started, LAB the lab whose node1 is asked
what the questions cost it.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from console.asks import Ask, Run
from console.inventory import Cluster, Login
from console.inventory_file import load
from console.question import Cadence, Subject
from console.rounds import Round, rounds
from console.session import Session
from console.snapshot import NOT_ASKED, reading_of
from console.wire import Wire

from .table import middle

TRUE = (Run(("true",)),)
TIMES = 20


async def cold(cluster: Cluster, began: float) -> dict[str, float]:
    """Seconds from the start of the process to one answer to every question, the seldom ones apart."""
    session = Session(cluster)
    session.start()
    asked = [
        (question, one.name)
        for one in rounds(cluster)
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


def machine_of(cluster: Cluster, one: Round) -> str:
    """Whom a round is sent to."""
    return one.name if one.subject in (Subject.FIREWALL, Subject.NODE) else cluster.nodes[0].name


def asks_of(cluster: Cluster, one: Round) -> tuple[Ask, ...]:
    """What it sends."""
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


def openssh(login: Login, folder: str) -> list[str]:
    """A warm `ssh true` through a ControlMaster."""
    words = ["ssh", "-o", "ControlMaster=auto", "-o", f"ControlPath={folder}/master", "-o", "ControlPersist=30"]
    words += ["-F", str(login.config)] if login.config else []
    words += ["-i", str(login.identity)] if login.identity else []
    words += ["-o", f"UserKnownHostsFile={login.known_hosts}"] if login.known_hosts else []
    words += ["-p", str(login.port)] if login.port else []
    words += ["-l", login.user] if login.user else []
    return [*words, login.host, "true"]


async def client(argv: list[str]) -> None:
    """One run of it."""
    process = await asyncio.create_subprocess_exec(*argv, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    await process.wait()


async def warm(cluster: Cluster) -> dict[str, float]:
    """One command, over both clients, and one fast round of everything at once."""
    wire, node = Wire(cluster), cluster.nodes[0]
    fast = [(machine_of(cluster, one), asks_of(cluster, one)) for one in rounds(cluster) if one.cadence is Cadence.FAST]

    async def all_at_once() -> None:
        await asyncio.gather(*(wire.send(machine, asks, 10, keep=True) for machine, asks in fast))

    found: dict[str, float] = {}
    try:
        found["own ssh"], found["own ssh cpu"] = await timed(lambda: wire.send(node.name, TRUE, 5))
        found["fast"], found["fast cpu"] = await timed(all_at_once)
    finally:
        await wire.close()
    if shutil.which("ssh"):
        with tempfile.TemporaryDirectory(prefix="db-") as folder:
            argv = openssh(node.login, folder)
            found["openssh"], _ = await timed(lambda: client(argv))
            await client([*argv[:-2], "-O", "exit", argv[-2]])
    return found


async def spent(call: Callable[[], Awaitable[object]], lab: str, times: int) -> tuple[float, float]:
    """Processes (threads too) started on node1, and milliseconds of its processors, by one call."""
    from tests.lab.lab import Lab

    node = Lab.find(lab).machines["node1"]

    def counters() -> tuple[int, float, float]:
        started = int(node.sh("cat /proc/sys/kernel/ns_last_pid"))
        usage = next(line for line in (node.group / "cpu.stat").read_text().splitlines() if line.startswith("usage"))
        return started, int(usage.split()[1]) / 1000, time.monotonic()

    async def idle(seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def difference(doing: Awaitable[object]) -> tuple[float, float, float]:
        before = counters()
        await doing
        after = counters()
        return after[0] - before[0], after[1] - before[1], after[2] - before[2]

    async def often() -> None:
        for _ in range(times):
            await call()

    await call()
    quiet = await difference(idle(4))
    own = await difference(idle(0))  # looking itself starts processes
    busy = await difference(often())
    rest = [(quiet[at] - own[at]) / quiet[2] * busy[2] for at in (0, 1)]
    return tuple(max(0.0, (busy[at] - own[at] - rest[at]) / times) for at in (0, 1))  # type: ignore[return-value]


async def on_the_node(cluster: Cluster, lab: str) -> dict[str, list[float]]:
    """By cadence: processes, milliseconds, questions, seconds between two. And those of one ssh command."""
    wire, found = Wire(cluster), {}
    try:
        found["one ssh command"] = [*await spent(lambda: wire.send("node1", TRUE, 5), lab, 20), 1, 0]
        for cadence in Cadence:
            mine = [one for one in rounds(cluster) if one.cadence is cadence and machine_of(cluster, one) == "node1"]
            mine = [one for one in mine if one.subject is not Subject.VIP]

            async def ask(mine: list[Round] = mine) -> None:
                for one in mine:
                    await wire.send("node1", asks_of(cluster, one), 60, keep=True)

            figures = await spent(ask, lab, 1 if cadence is Cadence.SELDOM else 10)
            questions = sum(len(one.questions) for one in mine)
            found[cadence.name.lower()] = [*figures, questions, getattr(cluster.timings, cadence.value)]
    finally:
        await wire.close()
    return found


async def main(inventory: Path, began: float, lab: str) -> None:
    """Prints one line."""
    cluster = load(inventory).clusters[0]
    found: dict[str, object] = {**await cold(cluster, began), **await warm(cluster)}
    if lab:
        found["node"] = await on_the_node(cluster, lab)
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""))
