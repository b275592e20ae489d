"""The screen over a real session, over sockets, to the simulator or to nobody."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.inventory.cluster import Cluster, Firewall, Login, Mysql, Node, Timings, Vip
from console.inventory.load import load
from console.probes.snapshot import Snapshot
from console.session.handle import SessionHandle
from console.session.loop import Loop
from console.session.session import Session
from console.sim import Simulator
from console.ui.app import ConsoleApp
from console.ui.pane import Pane
from console.ui.screens.base import Base
from console.ui.screens.cluster import ClusterScreen
from console.ui.screens.dialog import Dialog
from console.ui.screens.protocols import Faults
from tests.conftest import busy


def quick() -> Timings:
    """For who looks at the screen."""
    answer = 2.5 * busy()
    return Timings(poll=0.3, storage=0.5, slow=1.0, answer=answer, connect=answer, sessions=5.0)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The journal lies in the test's own folder."""
    monkeypatch.setenv("DRAINBOARD_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path / "state"


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncGenerator[Simulator]:
    """A cluster on 127.0.0.1, whose time goes by quickly."""
    async with Simulator(tmp_path / "sim", speed=10.0) as simulator:
        yield simulator


def cluster_of(sim: Simulator) -> Cluster:
    """Its inventory, asked more often than a person would."""
    return replace(load(sim.inventory).clusters[0], timings=quick())


def nobody(name: str = "dark") -> Cluster:
    """A cluster of addresses where nothing listens."""
    login = Login("127.0.0.1", port=1, user="root")
    firewalls = tuple(Firewall(f"fw{n}", f"192.0.2.{n}", login) for n in (1, 2))
    nodes = tuple(Node(f"node{n}", f"192.0.2.1{n}", login) for n in (1, 2, 3))
    vips = (Vip("wan", "127.0.0.1", "http://127.0.0.1:1/"),)
    return Cluster(name, firewalls, nodes, vips=vips, volumes=("www",), mysql=Mysql("console"), timings=quick())


def inner(pane: Pane) -> Session:
    """The session on the other thread."""
    return pane.session._session


async def believe(pane: Pane, picture: Snapshot | None = None) -> None:
    """Ask nothing more, and have the screen show a picture, or the last one."""
    session = inner(pane)
    await pane.session._there(lambda session: session.poller.close())
    session.poller.snapshot = picture or session.poller.snapshot
    pane.session.state = pane.session._now()


class Seen:
    """The screen as a person reads it."""

    def __init__(self, app: ConsoleApp, pilot: Pilot[int]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def screen(self) -> ClusterScreen:
        return next(one for one in self.app.screen_stack if isinstance(one, ClusterScreen))

    @property
    def session(self) -> Session:
        """The one on the other thread: here it is only looked at."""
        return inner(self.screen.pane)

    async def show(self, picture: Snapshot) -> None:
        """Replace the readings by a picture, for good."""
        await believe(self.screen.pane, picture)

    @property
    def dialog(self) -> str | None:
        """Words of the dialog on top, if there is one, wherever its lines break."""
        top = self.app.screen
        if not isinstance(top, Dialog):
            return None
        lines = top._question.make(78, 24)
        return " ".join(" ".join([top._question.title, *(line.text for line in lines)]).split())

    @property
    def text(self) -> str:
        """The cluster's board, also while something lies over it."""
        return self.painted(self.screen)

    @property
    def sentences(self) -> str:
        """The board's words in one line, wherever its lines break, without the bar's time."""
        bar, *rest = self.text.splitlines()
        return " ".join(" ".join([bar.rstrip().rpartition(" ")[0], *rest]).split())

    @property
    def top(self) -> str:
        """The full screen that is on top."""
        return self.painted(next(one for one in reversed(self.app.screen_stack) if isinstance(one, Base)))

    def painted(self, screen: Base) -> str:
        size = self.app.size
        return "\n".join(line.text for line in screen._whole(size.width, size.height))

    def row(self, node: str) -> str:
        return next(line for line in self.text.splitlines() if line[2:].startswith(node + " "))

    async def until(self, holds: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait for something to be seen; longer on a busy machine."""
        for _ in range(int(seconds * busy() / 0.05)):
            if holds():
                return
            await self.pilot.pause(0.05)
        raise AssertionError(f"not seen in {seconds:g} s; dialog: {self.dialog}\n{self.top}")

    async def well(self) -> None:
        """Everything has answered, and the selected node is fit."""
        await self.until(lambda: "✓ nothing is wrong" in self.text and "fit to serve" in self.text)

    async def press(self, *keys: str) -> None:
        """Once what the last key led to is over, or asks."""
        await self.until(
            lambda: self.dialog or not any(one.busy for one in self.app.screen_stack if isinstance(one, Base))
        )
        await self.pilot.press(*keys)


@asynccontextmanager
async def shown(
    *clusters: Cluster, size: tuple[int, int] = (80, 24), read_only: bool = False, faults: Faults | None = None
) -> AsyncGenerator[Seen]:
    """The application over sessions of some clusters."""
    loop = Loop()
    sessions = tuple(SessionHandle(Session(cluster, read_only), loop) for cluster in clusters)
    app = ConsoleApp(sessions, faults=faults)
    try:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            yield Seen(app, pilot)
    finally:
        for session in sessions:
            await session.close()
        loop.close()
