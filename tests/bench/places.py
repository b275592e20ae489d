"""The cluster that is measured: a simulator in a process of its own, or the lab. It reports the time of each event."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.lab import network
from tests.lab.lab import Lab

EVENTS = ("mysqld", "server", "carp")


class Place(Protocol):
    """A cluster to look at."""

    name: str
    inventory: Path
    prefix: list[str]
    """Words before a command, so that it sees the cluster."""

    async def happen(self, event: str) -> float:
        """Let one of EVENTS happen; return the moment (CLOCK_MONOTONIC) from which the machine itself says so."""
        ...

    async def mend(self, event: str) -> None:
        """End it."""
        ...

    async def hang(self, on: bool) -> None:
        """node2 accepts and never answers, or is back."""
        ...


@dataclass
class Far:
    """The simulator: `python -m tests.bench.far`."""

    name: str
    inventory: Path
    process: asyncio.subprocess.Process
    prefix: list[str]

    async def _say(self, words: str) -> str:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{words}\n".encode())
        return (await self.process.stdout.readline()).decode().strip()

    async def happen(self, event: str) -> float:
        return float(await self._say(f"happen {event}"))

    async def mend(self, event: str) -> None:
        await self._say(f"mend {event}")

    async def hang(self, on: bool) -> None:
        await self._say("happen hang" if on else "mend hang")


@asynccontextmanager
async def far(folder: Path, clusters: int = 1, cores: str = "") -> AsyncGenerator[Far]:
    """Start simulated clusters, on `cores` if given."""
    pin = ["taskset", "-c", cores] if cores else []
    argv = [*pin, sys.executable, "-m", "tests.bench.far", str(folder), str(clusters)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe)
    assert process.stdout and process.stdin
    try:
        inventory = Path((await process.stdout.readline()).decode().strip())
        yield Far("the simulator", inventory, process, [])
    finally:
        process.stdin.close()
        await process.wait()


HAPPEN = {
    "mysqld": ("node3", "pkill -KILL -x mariadbd"),
    "server": (
        "node3",
        "systemctl stop apache2",
        "fw1",
        "until echo 'show stat' | nc -U /tmp/haproxy.socket | grep -q '^web_ipvANY,node3,.*,DOWN'; do sleep 0.02; done",
    ),
    "carp": (
        "fw1",
        "systemctl stop ucarp@wan ucarp@lan",
        "fw2",
        "until ifconfig -a | grep -q 'carp: MASTER'; do sleep 0.02; done",
    ),
    "hang": ("node2", "for p in $(pgrep -d ' ' sshd); do [ $p != 1 ] && kill -STOP $p; done"),
}
MEND = {
    "mysqld": ("node3", "systemctl restart mariadb"),
    "server": ("node3", "systemctl start apache2"),
    "carp": ("fw1", "systemctl start ucarp@wan ucarp@lan"),
    "hang": ("node2", "pkill -CONT sshd"),
}


@dataclass
class Near:
    """The lab."""

    lab: Lab
    name: str
    inventory: Path
    prefix: list[str]

    async def _sh(self, *words: str) -> float:
        for machine, script in zip(words[::2], words[1::2], strict=True):
            await asyncio.to_thread(self.lab.machines[machine].sh, f"timeout 60 sh -c '{_quoted(script)}'\n")
        return asyncio.get_running_loop().time()

    async def happen(self, event: str) -> float:
        return await self._sh(*HAPPEN[event])

    async def mend(self, event: str) -> None:
        await self._sh(*MEND[event])
        await asyncio.to_thread(self.lab.wait_healthy, 90)

    async def hang(self, on: bool) -> None:
        await self._sh(*(HAPPEN if on else MEND)["hang"])


def _quoted(script: str) -> str:
    return script.replace("'", "'\"'\"'")


@asynccontextmanager
async def near(name: str) -> AsyncGenerator[Near]:
    """A lab of that name: one that is up already stays up, otherwise it is brought up and taken down again."""
    try:
        lab, mine = Lab.find(name), False
    except Exception:  # noqa: BLE001 -- there is none: whatever find says
        lab, mine = await asyncio.to_thread(Lab.up, name), True
    try:
        yield Near(lab, "the lab", lab.inventory, network.inside(lab.netns))
    finally:
        if mine:
            await asyncio.to_thread(lab.down)
