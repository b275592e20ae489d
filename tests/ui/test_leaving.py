"""The command in a terminal of its own: what stands there when the screen is gone."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from console.inventory.paths import journal_dir
from console.session.journal import Journal
from tests.bench.terminal import Gone, Terminal, terminal

INVENTORY = """
[cluster.web1.firewalls]
fw1 = '127.0.0.1'
fw2 = '127.0.0.2'
[cluster.web1.nodes]
node1 = '127.0.0.3'
node2 = '127.0.0.4'
[cluster.web1.ssh]
port = 1
"""


async def last_words(shown: Terminal) -> str:
    """The text on the terminal once the command has ended."""
    try:
        await shown.shows(lambda _lines: False)
    except Gone as end:
        return " ".join(str(end).split())
    raise AssertionError


async def test_what_is_open_is_said_with_the_command_that_goes_on(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("inventory.toml").write_text(INVENTORY)
    journal = Journal(journal_dir() / "web1")
    journal.write(journal.open("node2", "drain"), "halted", by="ops@desk")
    journal.open("ghost", "drain")
    argv = [sys.executable, "-m", "console", "-i", "inventory.toml"]
    async with terminal(argv, DRAINBOARD_STATE=str(state), PYTHONPATH=str(Path(__file__).parents[2])) as shown:
        await shown.shows(lambda lines: any("a run is open" in line for line in lines))
        shown.keys("\x1b")
        await shown.shows(lambda lines: any("ghost is not in the inventory" in line for line in lines))
        shown.keys("\x1b")
        await shown.shows(lambda lines: not any("a run is open" in line for line in lines))
        shown.keys("q")
        said = await last_words(shown)
        assert shown.process.wait(5) == 0
    assert "drainboard: open: drain node2, begun " in said
    assert "stopped by ops@desk" in said
    assert "to go on: drainboard -i inventory.toml resume web1 node2" in said
    assert "ghost" in said
    assert "resume web1 ghost" not in said, "the inventory knows no such node"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_a_demo_that_is_killed_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    argv = [sys.executable, "-m", "console", "demo"]
    async with terminal(argv, TMPDIR=str(tmp_path)) as shown:
        await shown.shows(lambda lines: "nothing is wrong" in lines[1])
        assert list(tmp_path.iterdir())
        shown.process.send_signal(number)
        assert f"drainboard: ended by {number.name}; a run that was under way is open" in await last_words(shown)
        assert shown.process.wait(5) == 128 + number
    assert not list(tmp_path.iterdir())


async def test_a_terminal_that_is_closed_ends_the_screen(tmp_path: Path) -> None:
    """Nothing can be written to it any more, not even why."""
    argv = [sys.executable, "-m", "console", "demo"]
    async with terminal(argv, TMPDIR=str(tmp_path)) as shown:
        await shown.shows(lambda lines: "nothing is wrong" in lines[1])
        shown.hang_up()
        shown.process.send_signal(signal.SIGHUP)  # the kernel does this to a process whose controlling terminal it is
        await asyncio.to_thread(shown.process.wait, 10)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("locale", ["LANG=C", "LC_ALL=de_DE.ISO-8859-1"])
async def test_a_terminal_that_knows_ascii_only_gets_nothing_else(tmp_path: Path, locale: str) -> None:
    """Marks, borders and what a dialog is framed with."""
    name, _, value = locale.partition("=")
    settings = {"LC_ALL": "", "LC_CTYPE": "", "LANG": "", "TMPDIR": str(tmp_path), name: value}
    argv = [sys.executable, "-m", "console", "demo"]
    async with terminal(argv, **settings) as shown:
        await shown.shows(lambda lines: "+ nothing is wrong" in lines[1])
        shown.keys("j")
        await shown.shows(lambda lines: any(" >node" in line for line in lines))
        board = list(shown.grid.text)
        shown.keys("?")
        await shown.shows(lambda lines: lines[0].startswith("+-") and any("The keys" in line for line in lines))
        assert all(line.isascii() for line in (*board, *shown.grid.text))
