"""The key space: the picture stands still to be read. And Ctrl-Z, and the times that are shown."""

import os
import signal
import time
from pathlib import Path

import pytest

from console.cli.main import main
from console.session.runner import Note
from console.sim import Simulator
from console.sim.node import APACHE
from console.text import ago
from console.ui.board.events import event

from .conftest import Seen, cluster_of, shown
from .test_terminal import watched


async def newer(seen: Seen, than: float) -> None:
    await seen.until(lambda: seen.session.picture.nodes[1].host.at > than)  # type: ignore[union-attr]


async def test_space_freezes_the_picture_and_lets_it_go_on(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("space")
        await seen.until(lambda: "frozen at" in seen.text)
        before = seen.text.splitlines()[:15]
        sim.world.nodes["node2"].stop_unit(APACHE)
        await seen.until(lambda: "Apache" in str([note.message for note in seen.session.events]))
        assert seen.text.splitlines()[:15] == before
        assert "space goes on" in seen.text
        await seen.press("j")
        assert "►node2" in seen.text, "rows are still selected"
        await seen.press("enter")
        await seen.until(lambda: "node2  of demo" in seen.top and "frozen at" in seen.top)
        assert "fit to serve" in seen.text
        await seen.press("escape", "space")
        await seen.until(lambda: "frozen" not in seen.text and "Apache on node2" in seen.sentences)


async def test_a_key_that_changes_something_lets_it_go_on(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("space", "j")
        await seen.until(lambda: "frozen at" in seen.text)
        await seen.press("b")
        await seen.until(lambda: seen.dialog and "frozen" not in seen.text)


async def test_ctrl_z_suspends_and_fg_brings_it_back(tmp_path: Path, state: Path) -> None:
    async with watched(tmp_path, state) as seen:
        await seen.well()
        seen.shown.keys("\x1a")
        os.waitid(os.P_PID, seen.shown.process.pid, os.WSTOPPED | os.WNOWAIT)
        os.killpg(seen.shown.process.pid, signal.SIGCONT)
        await seen.well()
        await seen.quits()


async def test_ctrl_z_holds_up_no_run(tmp_path: Path, state: Path) -> None:
    async with watched(tmp_path, state) as seen:
        await seen.well()
        await seen.reboots()
        seen.shown.keys("\x1a")
        await seen.shown.shows(lambda lines: any("reboot node1 is under way: Ctrl-Z would" in line for line in lines))


def test_a_time_of_another_day_has_its_date() -> None:
    now = time.mktime((2026, 11, 29, 0, 5, 0, 0, 0, -1))
    assert event(Note(now - 60, "node1", "seen", "x"), 80, now).text.startswith(" 00:04:00 ")
    assert event(Note(now - 600, "node1", "seen", "x"), 80, now).text.startswith(" 2026-11-28 23:55 ")
    assert (ago(30), ago(240)) == ("", ", 4 min ago")


def test_utc_by_a_switch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert main(["--utc", "-i", str(tmp_path / "none.toml"), "runs"]) == 4
        assert time.strftime("%Z") == "UTC"
    finally:
        monkeypatch.undo()
        time.tzset()
