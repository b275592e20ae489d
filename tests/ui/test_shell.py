"""The key `o`: the terminal is lent to ssh, and everything else goes on."""

import asyncio
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from console.sim import Simulator
from console.sim.node import APACHE
from console.ui.lent import run

from .conftest import cluster_of, shown
from .test_terminal import PATIENCE, Watched, processes, until_closed, watched

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="NOT TESTED: no ssh on this machine")


async def enters(seen: Watched, machine: str = "node2") -> None:
    seen.shown.keys("o")
    await seen.shown.shows(lambda lines: any(f"root@{machine}:~#" in line for line in lines))


async def test_read_only_has_no_shell(sim: Simulator) -> None:
    async with shown(cluster_of(sim), read_only=True) as seen:
        await seen.well()
        await seen.press("o")
        await seen.until(lambda: "Read-only is on: a shell could change anything" in (seen.dialog or ""))


async def test_without_an_ssh_program_it_says_what_it_would_run(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        monkeypatch.setenv("PATH", str(tmp_path))
        await seen.press("j", "o")
        await seen.until(lambda: "no shell on node2 There is no program `ssh`" in (seen.dialog or ""))
        assert "-l root -- 127.0.0.1" in (seen.dialog or "")


async def test_a_finding_has_no_shell(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        seen.screen.pane.picked = "finding"
        await seen.press("o")
        await seen.until(lambda: "Select a machine first" in seen.text)


async def test_the_shell_is_the_selected_machine_s_and_leads_back(tmp_path: Path, state: Path) -> None:
    async with watched(tmp_path, state) as seen:
        await seen.well()
        seen.shown.keys("j")
        await enters(seen)
        assert any(f"ssh -F {tmp_path}" in line for line in seen.shown.grid.text)
        seen.sim.world.nodes["node3"].stop_unit(APACHE)
        seen.shown.keys("\x03cat /etc/machine-id\r")
        await seen.shown.shows(lambda lines: any(seen.sim.world.nodes["node2"].machine_id.hex in one for one in lines))
        seen.shown.keys("exit\r")
        await seen.shown.shows(lambda lines: "node3" in lines[1] and any("►node2" in line for line in lines))
        await seen.quits()


async def test_a_run_goes_on_meanwhile(tmp_path: Path, state: Path) -> None:
    async with watched(tmp_path, state) as seen:
        await seen.well()
        await seen.reboots()
        seen.shown.keys("j")
        await enters(seen)
        assert (await until_closed(seen)).outcome == "done"
        seen.shown.keys("\x04")
        await seen.shown.shows(lambda lines: any("reboot node1: done" in line for line in lines))
        await seen.quits()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_a_signal_ends_shell_and_screen(tmp_path: Path, state: Path, number: signal.Signals) -> None:
    async with watched(tmp_path, state) as seen:
        await seen.well()
        await enters(seen, "node1")
        os.kill(seen.shown.process.pid, number)
        assert await seen.ends() == 128 + number
        await nothing_left(seen, tmp_path)


@pytest.mark.parametrize("owned", [False, True])
@pytest.mark.parametrize("wrapped", [False, True], ids=["", "in a shell that outlives it"])
async def test_a_closed_terminal_ends_shell_and_screen(tmp_path: Path, state: Path, wrapped: bool, owned: bool) -> None:
    async with watched(tmp_path, state, wrapped, owned=owned) as seen:
        await seen.well()
        await enters(seen, "node1")
        seen.shown.hang_up()
        assert await seen.ends() == 0
        await nothing_left(seen, tmp_path)


async def test_a_run_goes_on_when_the_terminal_is_closed_under_a_shell(tmp_path: Path, state: Path) -> None:
    async with watched(tmp_path, state, owned=True) as seen:
        await seen.well()
        await seen.reboots()
        seen.shown.keys("j")
        await enters(seen)
        seen.shown.hang_up()
        assert await seen.ends() == 0
        assert seen.run.outcome == "done"


async def nothing_left(seen: Watched, tmp_path: Path) -> None:
    seen.nothing_left()
    async with asyncio.timeout(PATIENCE):
        while processes(tmp_path / "sim"):
            await asyncio.sleep(0.05)


async def test_ctrl_c_ends_an_ssh_that_waits_and_nothing_else(tmp_path: Path, state: Path) -> None:
    async with watched(tmp_path, state, owned=True) as seen:
        await seen.well()
        seen.sim.world.nodes["node1"].cut()
        seen.shown.keys("o")
        await seen.shown.shows(lambda lines: any("ssh -F" in line for line in lines))
        async with asyncio.timeout(PATIENCE):
            while not processes(tmp_path / "sim"):
                await asyncio.sleep(0.05)
        seen.shown.keys("\x03")
        await seen.shown.shows(lambda lines: "node1" in lines[1] and "SITE" in lines[0])
        await seen.quits()


async def test_why_ssh_failed_can_be_read(tmp_path: Path, state: Path) -> None:
    async with watched(tmp_path, state) as seen:
        await seen.well()
        (tmp_path / "sim" / "known_hosts").write_text("")
        seen.shown.keys("o")
        await seen.shown.shows(lambda lines: any("Host key verification failed" in line for line in lines))
        await seen.shown.shows(lambda lines: any("ssh ended with status 255. Press enter" in line for line in lines))
        seen.shown.keys("\r")
        await seen.well()
        await seen.quits()


def test_a_program_that_stops_itself_goes_on() -> None:
    argv = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGSTOP); raise SystemExit(7)"]
    assert run(argv, -1, lambda: False) == 7


def test_a_program_that_does_not_end_is_ended() -> None:
    argv = [sys.executable, "-c", "import signal, time; signal.signal(signal.SIGHUP, signal.SIG_IGN); time.sleep(600)"]
    assert run(argv, -1, lambda: True) in (-signal.SIGKILL, -signal.SIGHUP)
