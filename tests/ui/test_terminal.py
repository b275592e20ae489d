"""A terminal that is closed, stalled or stopped under the real command, with a run under way and without one.

The cluster is simulated in this process; the console is a process of its own in a pty. Nothing of it may stay behind.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.inventory.paths import journal_dir
from console.session.journal import Journal, Record
from console.session.lock import holder
from console.sim import Simulator
from tests.bench.terminal import Terminal, terminal

HERE = str(Path(__file__).parents[2])
SURVIVES = "trap : HUP; {}; exit $?"
"""A shell's words around the command, so that it outlives its terminal as sudo and script do."""
OWNED = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
"""Words before a command that make the terminal its session's."""
PATIENCE = 60.0
"""Seconds for a whole simulated reboot on a busy machine."""


@dataclass
class Watched:
    """The console over a simulated cluster."""

    shown: Terminal
    sim: Simulator
    name: str
    inventory: Path

    @property
    def journal(self) -> Journal:
        return Journal(journal_dir() / self.name)

    @property
    def run(self) -> Record:
        (record,) = self.journal.records()
        return record

    async def well(self) -> None:
        await self.shown.shows(
            lambda lines: "nothing is wrong" in lines[1] and any("fit to serve" in line for line in lines), 60
        )

    async def reboots(self) -> None:
        """A reboot of node1 has begun."""
        self.shown.keys("b")
        await self.shown.shows(lambda lines: any("reboot node1?" in line for line in lines))
        self.shown.keys("y")
        await self.shown.shows(lambda lines: any("RUNNING  reboot node1" in line for line in lines))

    async def ends(self) -> int:
        """The exit code of the console, or of the shell around it."""
        return await asyncio.to_thread(self.shown.process.wait, PATIENCE)

    async def quits(self) -> None:
        """Quit by q, and leave nothing behind."""
        self.shown.keys("q")
        assert await self.ends() == 0
        self.nothing_left()

    def nothing_left(self) -> None:
        assert not processes(self.inventory), "a process stays behind"
        assert holder(self.journal.folder / "lock") is None


def processes(inventory: Path) -> list[int]:
    """Those that have our inventory on their command line, this process apart."""
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if str(inventory).encode() in words and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


@asynccontextmanager
async def watched(
    tmp_path: Path, state: Path, wrapped: bool = False, speed: float = 10.0, owned: bool = False
) -> AsyncGenerator[Watched]:
    """`wrapped`: in a shell that outlives its terminal. `owned`: the terminal is the session's own, so that Ctrl-C is a
    signal, and its end too."""
    async with Simulator(tmp_path / "sim", speed=speed) as sim:
        inventory = tmp_path / f"{tmp_path.name}.toml"
        inventory.write_text(sim.inventory.read_text().replace("cluster.demo", f"cluster.{tmp_path.name}"))
        argv = [sys.executable, "-m", "console", "-i", str(inventory)]
        argv = ["sh", "-c", SURVIVES.format(" ".join(argv))] if wrapped else argv
        argv = [sys.executable, "-c", OWNED, *argv] if owned else argv
        async with terminal(argv, DRAINBOARD_STATE=str(state), PYTHONPATH=HERE, TMPDIR=str(tmp_path)) as shown:
            yield Watched(shown, sim, tmp_path.name, inventory)


async def until_closed(seen: Watched) -> Record:
    async with asyncio.timeout(PATIENCE):
        while seen.run.outcome is None:
            await asyncio.sleep(0.2)
    return seen.run


WRAPPED = pytest.mark.parametrize("wrapped", [False, True], ids=["", "in a shell that outlives it"])


@WRAPPED
async def test_a_closed_terminal_ends_the_screen_at_once(tmp_path: Path, state: Path, wrapped: bool) -> None:
    async with watched(tmp_path, state, wrapped) as seen:
        await seen.well()
        seen.shown.hang_up()
        assert await seen.ends() == 0
        seen.nothing_left()


@WRAPPED
async def test_a_run_goes_on_without_its_terminal_and_costs_little(tmp_path: Path, state: Path, wrapped: bool) -> None:
    async with watched(tmp_path, state, wrapped) as seen:
        await seen.well()
        await seen.reboots()
        seen.shown.hang_up()
        assert await seen.ends() == 0
        assert seen.run.outcome == "done"
        assert seen.sim.world.nodes["node1"].running
        seen.nothing_left()


async def test_who_goes_on_alone_is_stopped_by_a_signal(tmp_path: Path, state: Path) -> None:
    async with watched(tmp_path, state) as seen:
        await seen.well()
        await seen.reboots()
        os.kill(seen.shown.process.pid, signal.SIGHUP)
        await asyncio.sleep(1.0)
        assert seen.shown.process.poll() is None, "its run goes on"
        os.kill(seen.shown.process.pid, signal.SIGTERM)
        assert await seen.ends() == 128 + signal.SIGTERM
        assert [entry.kind for entry in seen.run.entries][-1] == "halted"
        seen.nothing_left()


@pytest.mark.parametrize("with_run", [False, True])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_a_signal_ends_it_also_where_the_terminal_takes_nothing(
    tmp_path: Path, state: Path, number: signal.Signals, with_run: bool
) -> None:
    async with watched(tmp_path, state) as seen:
        await seen.well()
        if with_run:
            seen.sim.world.nodes["node1"].boot_time = 300.0
            await seen.reboots()
        await full(seen)
        os.kill(seen.shown.process.pid, number)
        assert await seen.ends() == 128 + number
        if with_run:
            assert seen.run.outcome is None
            assert [entry.kind for entry in seen.run.entries][-1] == "halted"
        seen.nothing_left()


async def full(seen: Watched) -> None:
    """Until the terminal has taken nothing for a while: Textual's queue is full then, too."""
    seen.shown.stall()
    for _ in range(60):
        seen.shown.keys("?")
        await asyncio.sleep(0.02)
        seen.shown.keys("\x1b")
        await asyncio.sleep(0.02)
    await asyncio.sleep(4)


async def test_a_run_ends_while_its_terminal_takes_nothing(tmp_path: Path, state: Path) -> None:
    """Then the newest picture is painted, and not all that was missed."""
    async with watched(tmp_path, state) as seen:
        await seen.well()
        await seen.reboots()
        await full(seen)
        assert (await until_closed(seen)).outcome == "done"
        seen.shown.read_on()
        await seen.shown.shows(lambda lines: any("reboot node1: done" in line for line in lines))
        seen.shown.keys("\x1b")
        await asyncio.sleep(1)
        await seen.quits()


async def test_q_ends_it_also_where_the_terminal_takes_nothing(tmp_path: Path, state: Path) -> None:
    async with watched(tmp_path, state) as seen:
        await seen.well()
        seen.shown.stall()
        await seen.quits()


@pytest.mark.parametrize("after", [0.0, 0.1, 0.3, 0.5, 0.8])
async def test_q_and_the_terminal_closed(tmp_path: Path, state: Path, after: float) -> None:
    async with watched(tmp_path, state) as seen:
        await seen.well()
        seen.shown.keys("q")
        await asyncio.sleep(after)
        seen.shown.hang_up()
        if seen.shown.process.poll() is None:
            seen.shown.process.send_signal(signal.SIGCONT)
        assert await seen.ends() == 0
        seen.nothing_left()


@pytest.mark.parametrize("with_run", [False, True])
async def test_what_was_stopped_goes_on(tmp_path: Path, state: Path, with_run: bool) -> None:
    async with watched(tmp_path, state) as seen:
        await seen.well()
        if with_run:
            await seen.reboots()
        seen.shown.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(15)
        seen.shown.process.send_signal(signal.SIGCONT)
        if with_run:
            assert (await until_closed(seen)).outcome == "done"
            await seen.shown.shows(lambda lines: any("reboot node1: done" in line for line in lines))
        await seen.well()
        await seen.quits()


async def test_a_killed_console_leaves_no_lock(tmp_path: Path, state: Path) -> None:
    async with watched(tmp_path, state) as seen:
        await seen.well()
        await seen.reboots()
        seen.shown.process.kill()
        assert await seen.ends() == -signal.SIGKILL
        assert seen.run.outcome is None
        seen.nothing_left()


async def test_a_console_without_its_terminal_costs_little(tmp_path: Path, state: Path) -> None:
    """Textual's input thread reads the end of a closed terminal again and again."""
    async with watched(tmp_path, state, speed=1.0) as seen:
        await seen.well()
        await seen.reboots()
        seen.shown.hang_up()
        await asyncio.sleep(2)
        before, began = seen.shown.cpu, time.monotonic()
        await asyncio.sleep(5)
        assert seen.shown.process.poll() is None
        assert (seen.shown.cpu - before) / (time.monotonic() - began) < 0.25, "of one core"
        os.kill(seen.shown.process.pid, signal.SIGTERM)
        assert await seen.ends() == 128 + signal.SIGTERM


async def test_the_demo_goes_on_without_its_terminal_and_leaves_nothing(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "console", "demo", "--speed", "10"]
    async with terminal(argv, TMPDIR=str(tmp_path), PYTHONPATH=HERE) as shown:
        seen = Watched(shown, None, "demo", tmp_path)  # type: ignore[arg-type]
        await seen.well()
        await seen.reboots()
        began = time.monotonic()
        shown.hang_up()
        assert await seen.ends() == 0
        assert time.monotonic() - began > 1.0
    assert not list(tmp_path.iterdir())


async def test_a_command_goes_on_without_its_terminal(tmp_path: Path, state: Path) -> None:
    async with Simulator(tmp_path / "sim", speed=10.0) as sim:
        argv = [sys.executable, "-m", "console", "-i", str(sim.inventory), "reboot", "demo", "node1", "--yes"]
        async with terminal(argv, DRAINBOARD_STATE=str(state), PYTHONPATH=HERE) as shown:
            await shown.shows(lambda lines: any("take node1 out" in line for line in lines))
            shown.hang_up()
            assert await asyncio.to_thread(shown.process.wait, PATIENCE) == 0
    (record,) = Journal(journal_dir() / "demo").records()
    assert record.outcome == "done"
