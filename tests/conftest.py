"""Shared by tests of the whole console: a simulated cluster, and a session over its sockets."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from console.inventory.cluster import Cluster, Timings
from console.inventory.load import load
from console.operations.procedures.steps import Operation
from console.session.handle import SessionHandle
from console.session.loop import Loop
from console.session.session import Session
from console.sim import Simulator


def pytest_xdist_auto_num_workers() -> int:
    """Three for each core: most tests wait for something most of the time. Two left two thirds of two cores idle."""
    return (os.cpu_count() or 1) * 3


def pytest_make_parametrize_id(val: object) -> str | None:
    """Cases are chosen by an operation's name."""
    return val.name if isinstance(val, Operation) else None


def busy() -> float:
    """Factor by which an answer may take longer on this machine now than on an idle one."""
    return min(4.0, max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))


def brisk() -> Timings:
    """For a simulator in which time runs fast."""
    answer, slow = 5.0 * busy(), 8.0 * busy()
    return Timings(
        poll=0.8,
        storage=0.8,
        slow=2.0,
        answer=answer,
        connect=answer,
        slow_answer=slow,
        sessions=8.0,
        quiet=1.0,
        stop=20.0,
    )


@asynccontextmanager
async def simulated(folder: Path, speed: float = 10.0) -> AsyncIterator[tuple[Simulator, Cluster]]:
    """A simulated cluster and its inventory."""
    async with Simulator(folder, speed=speed, timings=brisk()) as sim:
        yield sim, load(sim.inventory).clusters[0]


@asynccontextmanager
async def watching(cluster: Cluster) -> AsyncIterator[Session]:
    """A session that has had one answer to every question."""
    session = Session(cluster)
    session.start()
    try:
        await session.settled(10)
        yield session
    finally:
        await session.close()


T = TypeVar("T")


class Here(Loop):
    """The loop that runs: what is on another thread in the program is looked at here."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        return await work

    def begin(self, work: Coroutine[Any, Any, object]) -> None:
        self._loop.create_task(work)

    def call(self, act: Callable[[], object]) -> None:
        act()


@asynccontextmanager
async def handled(session: Session) -> AsyncIterator[SessionHandle]:
    """A session as the command line holds it."""
    handle = SessionHandle(session, Here())
    try:
        yield handle
    finally:
        if handle._published is not None:
            handle._published.cancel()


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Journals of a test stay in its own folder."""
    monkeypatch.setenv("DRAINBOARD_STATE", str(tmp_path / "state"))
    return tmp_path / "state"
